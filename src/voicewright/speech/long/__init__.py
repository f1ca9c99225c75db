"""Long texts and batches: queued, spoken chunk by chunk by a worker, joined to files."""
