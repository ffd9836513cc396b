"""Tests of `embedded_redis`."""
