"""From a folder of recordings to a registered, evaluated voice."""
