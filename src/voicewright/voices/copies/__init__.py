"""Copies of voices: export, import, backup, restore."""
