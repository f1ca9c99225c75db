"""XTTS-v2: cloning in seconds and fine-tuning in minutes, in seventeen languages (coqui-tts 0.28)."""
