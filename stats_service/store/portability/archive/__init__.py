"""A whole site in Redis as rows, and back; a `Table` for each kind of row."""
