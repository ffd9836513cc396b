"""Clicks on documents, outgoing links and named actions: their sums."""
