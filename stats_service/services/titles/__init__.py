"""Reading what articles are called: from the portal's own pages, and from its feed."""
