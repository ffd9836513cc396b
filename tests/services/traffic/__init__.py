"""Tests of `services/traffic`."""
