"""Tests of the ratings' services."""
