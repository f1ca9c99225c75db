"""What is known of voices from their use: statistics, analytics, ratings, comparison, choice."""
