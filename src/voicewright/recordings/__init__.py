"""Recordings: from a folder of whatever people record to measured, judged clips of one speaker."""
