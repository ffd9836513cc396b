"""What goes into an installation and out of it: archives, files of other counters, uploads."""
