"""The state of an installation, as the layers exchange it."""
