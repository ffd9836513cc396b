"""Admin pages for exports and uploads."""
