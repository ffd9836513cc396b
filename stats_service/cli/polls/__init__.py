"""Commands about polls."""
