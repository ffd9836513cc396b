"""Tests of `services/operations`."""
