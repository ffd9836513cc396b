"""Tests of `web/operations`."""
