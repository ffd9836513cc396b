"""The fault programme: servers are broken here, and what the service does then is measured."""
