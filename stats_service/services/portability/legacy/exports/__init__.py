"""Tables of other counters, in whatever way they are written: CSV, TSV, JSON, dumps of SQL.

`dialects` takes a file apart into tables, `recognise` tells by their columns what wrote them, a
module for each system knows what they mean, and `reading` goes through the files of one command.
A module of a system imports nothing of the import but `cells`, `schema` and `source`.
"""
