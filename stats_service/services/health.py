"""Whether the service can do its work."""

from stats_service.store.health import HealthStore


class Health:
    """Ask what the service depends on."""

    def __init__(self, store: HealthStore) -> None:
        self._store = store

    def check_ready(self) -> None:
        """Return if Redis answers.

        Raises:
            StoreUnavailableError: it does not.
        """
        self._store.ping()
