"""Commands that bring a site in or out."""
