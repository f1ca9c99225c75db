"""The door for Home Assistant and others that speak the Wyoming protocol: events in, speech out."""

import warnings

with warnings.catch_warnings():
    # it is for converting sound, which nobody does here; from Python 3.13 on the library brings its own
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import wyoming.audio  # noqa: F401 - the first time it is imported
