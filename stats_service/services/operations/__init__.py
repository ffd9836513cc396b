"""What keeps an installation alive: health, backups, ticks, alarms, the overview."""
