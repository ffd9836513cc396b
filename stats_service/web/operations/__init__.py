"""Routes for whoever runs the service: health and metrics."""
