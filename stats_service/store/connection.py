"""The connection to Redis: one client for a single server, a Sentinel group or a cluster.

redis-py's own defaults wait 5 seconds and send a command up to eleven times, so that one slow
answer can count a view twice and hold a worker for a minute. Here a command is sent once, with
a short wait. A caller whose command may be repeated says so and repeats it itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.exceptions import (
    AuthenticationError,
    RedisError,
    ResponseError,
)
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
)
from redis.exceptions import (
    TimeoutError as RedisTimeoutError,
)
from redis.retry import Retry
from redis.sentinel import Sentinel

from stats_service.errors import ConfigurationError, StoreUnavailableError

# redis-py's clients share no useful base type; every command used here exists on each of them.
RedisClient = Any

#: Most connections that one process keeps; a thread waits for a free one rather than fail.
MAX_CONNECTIONS = 32

#: Error replies that mean "not now" rather than "wrong command".
_UNAVAILABLE_REPLIES = (
    "OOM",
    "READONLY",
    "LOADING",
    "MISCONF",
    "MASTERDOWN",
    "CLUSTERDOWN",
    "TRYAGAIN",
    "NOREPLICAS",
    "BUSY",
)


def connect(url: str, timeout: float) -> RedisClient:
    """Return a client for `url`; nothing is sent before its first command.

    Args:
        url: `redis://`, `rediss://`, `unix://`; `redis+sentinel://host:port,host:port/master[/db]`;
            `redis+cluster://host:port,host:port`.
        timeout: longest wait, in seconds, for a connection and for an answer.

    Raises:
        ConfigurationError: the URL cannot be understood.
    """
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
        "health_check_interval": 15,
        "client_name": "stats-service",
    }
    parts = urlsplit(url)
    scheme, _, kind = parts.scheme.partition("+")
    if kind:
        options |= {"ssl": scheme == "rediss"}
        if parts.username:
            options["username"] = parts.username
        if parts.password:
            options["password"] = parts.password
    try:
        if kind == "sentinel":
            return _sentinel_master(parts.netloc.rpartition("@")[2], parts.path, options)
        if kind == "cluster":
            return _cluster(parts.netloc.rpartition("@")[2], options)
        pool = redis.BlockingConnectionPool.from_url(
            url, max_connections=MAX_CONNECTIONS, **options
        )
        pool.timeout = timeout
        return redis.Redis(connection_pool=pool)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"REDIS_URL cannot be used: {error}") from error


def _hosts(netloc: str, default_port: int) -> list[tuple[str, int]]:
    hosts = []
    for item in netloc.split(","):
        host, colon, port = item.rpartition(":")
        hosts.append((host, int(port)) if colon else (item, default_port))
    return hosts


def _sentinel_master(netloc: str, path: str, options: dict[str, Any]) -> RedisClient:
    name, _, db = path.strip("/").partition("/")
    if not name:
        raise ValueError("a Sentinel URL names the master: redis+sentinel://host:26379/mymaster")
    short = {"socket_timeout": options["socket_timeout"], "retry": options["retry"]}
    sentinel = Sentinel(_hosts(netloc, 26379), sentinel_kwargs=short)
    return sentinel.master_for(name, db=int(db or 0), max_connections=MAX_CONNECTIONS, **options)


def _cluster(netloc: str, options: dict[str, Any]) -> RedisClient:
    nodes = [redis.cluster.ClusterNode(host, port) for host, port in _hosts(netloc, 6379)]
    return RedisCluster(startup_nodes=nodes, dynamic_startup_nodes=True, **options)


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn what redis-py raises into the service's own errors, once, at the store's boundary."""
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError) as error:
        raise StoreUnavailableError(
            f"Redis did not answer ({type(error).__name__}). Nothing was stored; try again shortly."
        ) from error
    except AuthenticationError as error:
        raise StoreUnavailableError("Redis refused the password of REDIS_URL.") from error
    except ResponseError as error:
        unavailable = unavailable_reply(str(error))
        if unavailable:
            raise unavailable from error
        raise
    except RedisError as error:
        raise StoreUnavailableError(f"Redis failed ({type(error).__name__}).") from error


def unavailable_reply(text: str) -> StoreUnavailableError | None:
    """Return the error for an error reply that means "not now"; None for any other."""
    if not text.startswith(_UNAVAILABLE_REPLIES):
        return None
    return StoreUnavailableError(
        f"Redis cannot take commands now ({text.split(' ', 1)[0]}). "
        "Nothing was stored; try again shortly."
    )
