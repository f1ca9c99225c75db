"""The door for Home Assistant and others that speak the Wyoming protocol: events in, speech out."""
