"""Who read or changed what: an append-only record with a hash chain."""
