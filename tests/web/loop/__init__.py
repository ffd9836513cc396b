"""Tests of `web/loop`."""
