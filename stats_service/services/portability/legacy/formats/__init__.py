"""Formats of access logs: a module for each family of programs.

`recognise.format_of` asks the modules in order. A module imports only `hit`, `times` and `options`
from the import.
"""
