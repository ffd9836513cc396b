"""Tests of `services/polls`."""
