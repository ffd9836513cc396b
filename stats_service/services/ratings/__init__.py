"""Ratings of articles, and bursts that are taken out."""
