"""Tests of stats_service; the folders mirror the package."""
