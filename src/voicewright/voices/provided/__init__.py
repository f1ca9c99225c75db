"""The voices that lie at providers as well, as long as they do."""
