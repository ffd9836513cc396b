"""Tests of `web/embed`."""
