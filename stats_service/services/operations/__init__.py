"""Operation of an installation: health, backups, ticks, alarms, the overview."""
