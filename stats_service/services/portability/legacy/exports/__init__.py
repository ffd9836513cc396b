"""Tables of other counters in any format: CSV, TSV, JSON, SQL dumps.

`dialects` parses a file into tables, `recognise` detects the system that wrote a table by its
columns, a module for each system interprets the rows, and `reading` goes through the files of one
command. The module of a system imports only `cells`, `schema` and `source` from this package.
"""
