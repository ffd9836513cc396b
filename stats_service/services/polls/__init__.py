"""Polls as administrators write them and readers see them."""
