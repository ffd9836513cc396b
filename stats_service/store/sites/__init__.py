"""Sites in Redis, and copies of their settings on disk."""
