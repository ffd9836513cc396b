"""`make docs`: docs/ as static pages with a search, a folder for each language, in build/docs."""
