"""Tables of other counters: what they hold, before anything becomes of it."""
