"""Access to Redis: clients, breaker, pipelines, scripts, request counts."""
