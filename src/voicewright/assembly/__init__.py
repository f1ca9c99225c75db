"""Puts together what takes many parts: the services of an API process, and what several programs need.

One file for each, imported by whoever needs it: a command that exports a voice loads no web framework.
"""
