"""Tests of `web/admin/install`."""
