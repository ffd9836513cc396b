"""What comes in and goes out: archives, sheets, uploads, files of other counters."""
