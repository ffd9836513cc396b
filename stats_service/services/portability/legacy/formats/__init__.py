"""How access logs are written: a module for each family, which knows its own lines.

`recognise.format_of` asks them in turn. A module imports nothing of the import but `hit`, `times`
and `options`.
"""
