"""A whole site out of Redis as rows, and back; one `Table` for each kind of row."""
