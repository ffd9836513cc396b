"""Admin pages about polls."""
