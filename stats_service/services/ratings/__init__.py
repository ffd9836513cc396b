"""Ratings of articles, and the removal of bursts."""
