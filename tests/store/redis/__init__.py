"""Tests of `store/redis`."""
