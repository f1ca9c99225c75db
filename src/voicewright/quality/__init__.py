"""Judging a voice: what the judges measure, how figures become scores, and the reasons in words."""
