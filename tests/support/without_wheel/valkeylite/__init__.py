"""Stands before the package of this name, so that its server program is not found."""
