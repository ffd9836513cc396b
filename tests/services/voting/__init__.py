"""Tests of `services/voting`."""
