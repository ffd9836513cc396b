"""Pictures that people upload: made small, and kept by site."""
