"""Tests of `services/sites`."""
