"""One article: reading what it is called, from the portal's pages or feed, and its own page."""
