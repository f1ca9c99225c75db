"""Voice models: the registry of trained voices, and the way from a row to files that an engine loads."""
