"""Real systems of portals, in which the script and the modules run as a webmaster installs them."""
