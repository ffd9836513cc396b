"""The way of a view."""
