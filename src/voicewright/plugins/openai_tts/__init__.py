"""OpenAI: custom voices with a recorded consent, and `audio.speech`."""
