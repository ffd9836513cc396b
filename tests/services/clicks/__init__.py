"""Clicks: what counts."""
