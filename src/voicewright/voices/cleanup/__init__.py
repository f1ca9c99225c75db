"""Old, poor voices that nobody uses are deleted, on a schedule or on request."""
