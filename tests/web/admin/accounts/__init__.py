"""Tests of `web/admin/accounts`."""
