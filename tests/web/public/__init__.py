"""Tests of `web/public`."""
