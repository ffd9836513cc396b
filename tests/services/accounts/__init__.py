"""Tests of `services/accounts`."""
