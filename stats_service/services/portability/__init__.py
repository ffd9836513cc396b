"""Imports and exports: archives, sheets, uploads, files of other counters."""
