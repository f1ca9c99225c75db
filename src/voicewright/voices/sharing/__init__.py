"""Whose voice somebody may see, use or change, and voices that are shared with other accounts."""
