"""Health, snapshots, ticks, the overview."""
