"""Tests of `cli/portability`."""
