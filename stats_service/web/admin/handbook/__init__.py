"""The documentation as pages of the service: no other host is asked for it."""
