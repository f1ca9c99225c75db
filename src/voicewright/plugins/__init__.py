"""The engines that ship with the platform, one folder each, found through entry points."""
