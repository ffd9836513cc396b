"""Import what other counters counted: read a file, add it up on disk, bring it in once."""
