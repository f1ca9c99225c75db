"""The engine port: what an engine is, how one is found, and the process that it runs in."""
