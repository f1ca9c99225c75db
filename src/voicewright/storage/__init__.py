"""Files that must not be lost or mixed up: the content-addressed blobs and the folders of unfinished work."""
