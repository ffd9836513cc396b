"""Tests of `services/notices`."""
