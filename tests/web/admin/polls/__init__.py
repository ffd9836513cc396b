"""Tests of `web/admin/polls`."""
