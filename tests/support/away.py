"""Services that have lost Redis, of whichever kind it is."""

from collections.abc import Callable, Sequence

import redis

from stats_service.errors import StoreUnavailableError
from stats_service.services.container import Services
from stats_service.store.redis.pipeline import Command, LoopConnection


class Away:
    """Stands for the event loop's connection, to a Redis that does not answer."""

    def __init__(self, connection: LoopConnection) -> None:
        self.start = connection.start
        self.stop = connection.stop

    def ready_for(self, key: str) -> bool:  # noqa: ARG002
        """Tell that nothing can be sent."""
        return False

    def send(self, commands: Sequence[Command]) -> None:
        """Let each of them fail."""
        for _, _, callback in commands:
            callback(StoreUnavailableError("Redis is not connected."))

    def error_of(self, reply: Exception) -> Exception:
        """Return what failed."""
        return reply


class NoLoopClient:
    """Stands for the event loop's client of scripts, to a Redis that does not answer."""

    async def run(self, *_: object) -> object:
        """Fail."""
        raise StoreUnavailableError("Redis is not connected.")


def lose_redis(services: Services) -> Callable[[], None]:
    """Let what views need lead to where nobody listens; return what undoes it."""
    traffic, sites = services.traffic.views._store, services.sites.directory._store
    commit, clicks = services.traffic.recorder._commit, services.traffic.clicks._store
    before = traffic._client, sites._client, commit._connection, clicks._loop

    def find() -> None:
        traffic._client, sites._client, commit._connection, clicks._loop = before

    traffic._client = sites._client = redis.Redis(port=1, retry=None)
    commit._connection = Away(commit._connection)
    clicks._loop = NoLoopClient()
    return find
