"""The state of Redis, as Redis reports it."""

from typing import Any

from redis.exceptions import NoPermissionError, ResponseError

from stats_service.models.operations.health import ServerFacts
from stats_service.store.redis.client import RedisClient, primaries, store_errors, text_of


class HealthStore:
    """The state of the Redis server or cluster."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    def ping(self) -> None:
        """Return if Redis responds; otherwise StoreUnavailableError."""
        with store_errors():
            self._client.ping()

    def times(self) -> list[float]:
        """Return the clock of each server in seconds since 1970; empty if an ACL forbids TIME.

        Raises:
            StoreUnavailableError: a server does not respond.
        """
        with store_errors():
            try:
                times = [server.time() for server in primaries(self._client)]
            except NoPermissionError:
                return []
        return [seconds + millionths / 1e6 for seconds, millionths in times]

    def facts(self) -> list[ServerFacts]:
        """Return what the server, or each primary of a cluster, reports.

        Raises:
            StoreUnavailableError: a server does not respond.
        """
        with store_errors():
            return [_facts(server) for server in primaries(self._client)]


def _facts(server: RedisClient) -> ServerFacts:
    info: dict[str, Any] = server.info()
    settings = _settings(server)
    return ServerFacts(
        name=str(info.get("server_name", "redis")),
        version=str(info.get("valkey_version") or info["redis_version"]),
        role=str(info["role"]),
        append_only=bool(info["aof_enabled"]),
        append_fsync=settings.get("appendfsync"),
        snapshots=settings.get("save"),
        writes_ok=info.get("aof_last_write_status", "ok") == "ok",
        snapshot_ok=info.get("rdb_last_bgsave_status", "ok") == "ok",
        eviction_policy=str(info["maxmemory_policy"]),
        memory_limit=int(info["maxmemory"]),
        memory_used=int(info["used_memory"]),
        evicted=int(info.get("evicted_keys", 0)),
        replicas=int(info.get("connected_slaves", 0)),
        # Reported only if min-replicas-to-write and min-replicas-max-lag are set.
        wants_replicas="min_slaves_good_slaves" in info,
    )


def _settings(server: RedisClient) -> dict[str, str]:
    try:
        found = server.config_get("appendfsync", "save")
    except ResponseError:  # many hosted servers, and strict ACLs, forbid it
        return {}
    return {text_of(name): text_of(value) for name, value in found.items()}
