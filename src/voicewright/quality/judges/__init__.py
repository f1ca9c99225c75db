"""The judges themselves: heavy libraries, imported in the host process of the measures only."""
