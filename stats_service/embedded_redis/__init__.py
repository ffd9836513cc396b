"""The Redis server that the service brings along.

Below the store: it starts, finds and locks the server, and speaks to it without redis-py.
"""
