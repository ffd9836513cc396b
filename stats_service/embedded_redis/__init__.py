"""The Redis server that comes with the service.

This layer is below the store: it finds, locks and starts the server, and does not use redis-py.
"""
