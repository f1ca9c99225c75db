"""What is kept of an account: how much it is, and all of it in one archive to take away."""
