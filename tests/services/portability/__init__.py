"""Tests of `services/portability`."""
