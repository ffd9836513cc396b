"""Visitors: addresses, programs, hosts, pseudonyms, voter tokens."""
