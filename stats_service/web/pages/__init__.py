"""What the admin pages and the public pages share."""
