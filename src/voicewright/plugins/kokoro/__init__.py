"""Kokoro behind the engine port: stock voices and mixtures of them; it learns no voices.

`phones` reads the text with espeak-ng, `inference` runs the model, `styles` knows the voices and mixes them;
`engine` puts them together.
"""
