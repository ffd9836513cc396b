"""Sites in Redis, and their copies on the disk."""
