"""Who uses the platform, how they prove it, and who may do what."""
