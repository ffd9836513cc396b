"""Tests of `web/hosted`."""
