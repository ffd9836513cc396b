"""Page views in Redis, and the spool on the disk."""
