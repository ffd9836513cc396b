"""Import the counts of other counters: read a file, add it up on disk, import it once."""
