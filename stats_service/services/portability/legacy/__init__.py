"""Imports from other counters: read the files, sum them on disk, import the sums once."""
