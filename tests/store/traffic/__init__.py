"""Tests of `store/traffic`."""
