"""The way to Redis: clients, breaker, pipelines, scripts, request counts."""
