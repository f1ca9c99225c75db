"""Where audio comes from: marks in what leaves, and what can be told of a file that comes back."""
