"""Tests of `cli/notices`."""
