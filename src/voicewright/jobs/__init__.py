"""The durable queue behind one small port: nothing else knows which library carries it."""
