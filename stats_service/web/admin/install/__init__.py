"""The install page: the snippet, where it goes, a preview."""
