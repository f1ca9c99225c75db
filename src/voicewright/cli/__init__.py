"""The command line: what `voicewright` understands, shows and answers.

Importing this package, and every module in it, stays cheap: numpy, SQLAlchemy and the like are imported by
the command that needs them, when it runs.
"""
