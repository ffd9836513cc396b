"""Tests of `web/server`."""
