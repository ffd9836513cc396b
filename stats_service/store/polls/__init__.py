"""Polls, ballots and held ballots in Redis."""
