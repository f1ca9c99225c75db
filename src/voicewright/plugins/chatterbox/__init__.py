"""Chatterbox behind the engine port: a voice from seconds of speech, in 23 languages.

`library` imports the package as it can be here, `weights` says which files make which model, `model` listens
and speaks; `engine` puts them together.
"""
