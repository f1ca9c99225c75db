"""Tells people what they should know, by e-mail."""
