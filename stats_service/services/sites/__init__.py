"""The portals that are tracked, and their end."""
