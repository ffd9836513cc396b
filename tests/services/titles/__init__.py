"""Tests of `services.titles`."""
