"""Tests of `web/admin/portability`."""
