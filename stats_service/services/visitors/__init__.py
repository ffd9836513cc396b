"""Who reads: addresses, programs, hosts, identities, voter tokens."""
