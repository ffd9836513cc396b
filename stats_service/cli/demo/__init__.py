"""`stats-service demo`: a made-up portal with a past."""
