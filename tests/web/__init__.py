"""Tests of what concerns HTTP."""
