"""The key under which an article is counted."""
