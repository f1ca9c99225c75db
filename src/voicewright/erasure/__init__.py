"""Deletes an account with all that belongs to it, and says what was deleted."""
