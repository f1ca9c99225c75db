"""Voicewright: from recordings to a voice that its owner can train, judge, keep and speak with."""

__version__ = "0.1.0"
