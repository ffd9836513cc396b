"""Ballots: cast, counted, held, proved, reported."""
