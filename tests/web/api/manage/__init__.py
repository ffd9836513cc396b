"""The API of programs."""
