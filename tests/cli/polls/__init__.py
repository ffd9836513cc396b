"""Tests of `cli/polls`."""
