"""The steps from an empty database to the newest tables, in the order of their numbers.

A change of a table: change the model, add `versions/NNNN_<what>.py` after the model of the last one, set
`HEAD`. A test compares the models with what the steps make, and `HEAD` with the last step.
"""

HEAD = "0029"
"""The newest revision; kept here so that an up-to-date database opens without importing Alembic."""
