"""Admin pages with the numbers: overview, a site, its articles."""
