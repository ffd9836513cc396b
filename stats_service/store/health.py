"""What Redis says of itself."""

from stats_service.store.connection import RedisClient, store_errors


class HealthStore:
    """The state of the server behind the store."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    def ping(self) -> None:
        """Return if Redis answers; StoreUnavailableError if not."""
        with store_errors():
            self._client.ping()
