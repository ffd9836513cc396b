"""Clicks on documents, outgoing links and named actions: what counts, and what is shown."""
