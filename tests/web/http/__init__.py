"""Tests of `web/http`."""
