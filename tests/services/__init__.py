"""Tests of the rules, without a server."""
