"""Archives, uploads and the numbers of other counters."""
