"""The server under the application: worker, fast lane, ASGI, limits of connections."""
