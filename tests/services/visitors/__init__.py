"""Tests of `services/visitors`."""
