"""Pages for administrators, below `/panel/admin`."""
