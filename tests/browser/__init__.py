"""The embed in a real browser, against the real service."""
