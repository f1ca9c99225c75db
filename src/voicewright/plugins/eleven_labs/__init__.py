"""Voices that ElevenLabs makes and speaks with."""
