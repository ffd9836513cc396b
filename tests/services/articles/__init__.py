"""Tests of `services/articles`."""
