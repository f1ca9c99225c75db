"""The data directory: its layout, its format marker, and the locks that order its processes."""
