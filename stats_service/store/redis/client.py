"""The connection to Redis: one client for a single server, a Sentinel group or a cluster.

redis-py's defaults wait 5 seconds and send a command up to eleven times, so one slow reply can
count a view twice and block a worker for a minute. Here a command is sent once, with a short
timeout. A caller whose command is idempotent repeats it itself.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
)
from redis.exceptions import (
    RedisClusterException,
    RedisError,
    ResponseError,
)
from redis.exceptions import (
    TimeoutError as RedisTimeoutError,
)
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry
from redis.sentinel import (
    MasterNotFoundError,
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)

from stats_service.errors import ConfigurationError
from stats_service.store.redis import refusals
from stats_service.store.redis.breaker import guarded

#: A client of one server (also behind Sentinels), or of a cluster; `LazyCluster` acts as a cluster.
RedisClient = redis.Redis | RedisCluster

#: The reply to XRANGE and XREVRANGE, as redis-py types it.
_Stream = Sequence[tuple[bytes | str | None, Mapping[bytes | str, bytes | str] | None]] | None

#: Most connections of one process; when all are in use, a thread waits for a free one.
MAX_CONNECTIONS = 32

#: Seconds for which the Sentinels' reply is cached. After a failover the old master accepts writes
#: for about 10 s that are lost.
RECHECK_SECONDS = 1.0
#: The reply is cached for at least this many times the duration of the query, because some of the
#: Sentinels may be unreachable.
RECHECK_FACTOR = 10
#: Seconds for which a Sentinel that did not reply is skipped, so that queries do not wait for it.
LEFT_OUT_SECONDS = 10.0


def connect(url: str, timeout: float) -> RedisClient:
    """Return a client for `url`; nothing is sent before its first command.

    Args:
        url: `redis://`, `rediss://`, `unix://`;
            `redis+sentinel://user:password@host:port,host:port/master[/db]`, the Sentinels' own
            credentials as `?sentinel_username=…&sentinel_password=…`;
            `redis+cluster://user:password@host:port,host:port`.
        timeout: longest wait, in seconds, for a connection and for a reply.

    Raises:
        ConfigurationError: the URL is invalid.
    """
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
        "health_check_interval": 15,
        "client_name": "stats-service",
        # No CLIENT SETINFO: it costs two round trips for each connection, and Redis 7.0 lacks it.
        "driver_info": None,
        # No maintenance notifications of managed services: they lengthen the handshake.
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }
    parts = urlsplit(url)
    scheme, _, kind = parts.scheme.partition("+")
    try:
        if kind:
            options |= credentials_in(parts)
        if kind == "sentinel":
            return _sentinel_master(parts, options, tls=scheme == "rediss")
        if kind == "cluster":
            return _cluster(parts, options, tls=scheme == "rediss")
        pool = redis.BlockingConnectionPool.from_url(
            url, max_connections=MAX_CONNECTIONS, **options
        )
        pool.timeout = timeout
        pool.connection_class = guarded(pool.connection_class, lambda _: url)
        return redis.Redis(connection_pool=pool)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"REDIS_URL cannot be used: {error}") from error


def primaries(client: RedisClient) -> list[RedisClient]:
    """Return a client for every server that accepts writes: one, or each master of a cluster."""
    if not isinstance(client, LazyCluster):
        return [client]
    return [client.get_redis_connection(node) for node in client.get_primaries()]


class LazyCluster:
    """A `RedisCluster` that is created on first use.

    redis-py's class queries the slots in its constructor, so the service could not start while its
    cluster is unreachable. All attributes are those of the cluster's client.
    """

    def __init__(self, make: Callable[[], RedisCluster]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._client: RedisCluster | None = None

    def close(self) -> None:
        """Close every connection; do not connect to a cluster that was never reached."""
        if self._client is not None:
            self._client.close()

    def __getattr__(self, name: str) -> Any:
        if self._client is None:
            with self._lock:
                if self._client is None:
                    self._client = self._make()
        return getattr(self._client, name)


def credentials_in(parts: SplitResult) -> dict[str, str | None]:
    """Return the user and password of a URL with several hosts, as redis-py calls them."""
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    return {"username": unquote(user) or None, "password": unquote(password) or None}


def hosts_in(parts: SplitResult, default_port: int) -> list[tuple[str, int]]:
    """Return the hosts of a URL with several hosts; ValueError if one is invalid."""
    hosts = []
    for item in parts.netloc.rpartition("@")[2].split(","):
        host, colon, port = item.rpartition(":")
        if not colon or item.endswith("]"):
            host, port = item, str(default_port)
        if not host:
            raise ValueError(f"{item!r} is no host")
        hosts.append((host.strip("[]"), int(port)))
    return hosts


class Sentinels(Sentinel):
    """The Sentinels; the reply with the latest configuration wins.

    redis-py takes the first reply. While a failover spreads, which takes a second or two, that
    reply may still name the old master, and as a usable one if it has just come back.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]
        #: By position in the list: until when a Sentinel that did not reply is skipped.
        self._left_out: dict[int, float] = {}
        #: When the Sentinels last considered the master down.
        self.refused = -math.inf

    def discover_master(self, service_name: str) -> tuple[str, int]:
        """Return where the master is.

        Raises:
            MasterNotFoundError: no Sentinel replies, or those with the latest configuration
                consider the master down or are electing another.
        """
        states = self._states(service_name)
        latest = max((state["config-epoch"] for state in states), default=0)
        known = [state for state in states if state["config-epoch"] == latest]
        usable = [s for s in known if self.check_master_state(s, service_name)]  # type: ignore[no-untyped-call]
        if not usable or any("failover_in_progress" in state["flags"] for state in known):
            if states:
                self.refused = time.monotonic()
            raise MasterNotFoundError(f"The Sentinels name no master {service_name!r} now.")
        return usable[0]["ip"], usable[0]["port"]

    def _states(self, service_name: str) -> list[dict[str, Any]]:
        now, states = time.monotonic(), []
        for place, sentinel in enumerate(self.sentinels):
            if self._left_out.get(place, now) > now:
                continue
            try:
                masters: Any = sentinel.sentinel_masters()
            except (RedisConnectionError, RedisTimeoutError):
                self._left_out[place] = time.monotonic() + LEFT_OUT_SECONDS
                continue
            if service_name in masters:
                states.append(masters[service_name])
        if not states:
            self._left_out.clear()
        return states


class MasterPool(SentinelConnectionPool):
    """Connections to the server that the Sentinels name as the master.

    redis-py queries the Sentinels only when it connects, so an idle connection would stay with the
    old master. Here taking a connection queries them at most once a second and discards
    connections to an old master.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._next_question = time.monotonic() + RECHECK_SECONDS
        self._asking = threading.Lock()
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]

    def current_master(self) -> tuple[str, int] | None:
        """Query the Sentinels; None if all that reply consider the master down.

        If the master has changed, idle connections are closed.

        Raises:
            RedisError: no Sentinel replies.
        """
        begin = time.monotonic()
        try:
            host, port = self.get_master_address()  # type: ignore[no-untyped-call]
        except MasterNotFoundError:
            if self.sentinel_manager.refused < begin:
                raise
            return None
        return str(host), int(port)

    def get_connection(self, *args: Any, **kwargs: Any) -> Any:
        """Return a connection to the master as the Sentinels see it."""
        if time.monotonic() >= self._next_question and self._asking.acquire(blocking=False):
            begin = time.monotonic()
            try:
                if self.current_master() is None:
                    self.disconnect(inuse_connections=False)
            except RedisError:
                pass  # no better information: use the existing connections
            finally:
                end = time.monotonic()
                self._next_question = end + max(RECHECK_SECONDS, RECHECK_FACTOR * (end - begin))
                self._asking.release()
        return super().get_connection(*args, **kwargs)


def _sentinel_master(parts: SplitResult, options: dict[str, Any], *, tls: bool) -> RedisClient:
    name, _, db = parts.path.strip("/").partition("/")
    if not name:
        raise ValueError("a Sentinel URL names the master: redis+sentinel://host:26379/mymaster")
    query = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    credentials = {
        "username": query.pop("sentinel_username", None),
        "password": query.pop("sentinel_password", None),
    }
    if query:
        raise ValueError(f"it knows no {', '.join(sorted(query))}")
    shared = ("socket_timeout", "socket_connect_timeout", "retry", "maint_notifications_config")
    sentinel = Sentinels(
        hosts_in(parts, 26379),
        sentinel_kwargs={n: options[n] for n in shared} | credentials | {"ssl": tls},
    )
    connection = SentinelManagedSSLConnection if tls else SentinelManagedConnection
    client: redis.Redis = sentinel.master_for(  # type: ignore[no-untyped-call]
        name,
        db=int(db or 0),
        connection_pool_class=MasterPool,
        max_connections=MAX_CONNECTIONS,
        connection_class=guarded(connection, lambda _: name),
        **options,
    )
    return client


def _cluster(parts: SplitResult, options: dict[str, Any], *, tls: bool) -> RedisClient:
    if parts.path.strip("/") not in ("", "0"):
        raise ValueError(f"a cluster has no database but 0, and not {parts.path.strip('/')!r}")
    (host, port), *others = hosts_in(parts, 6379)
    connection = guarded(
        redis.SSLConnection if tls else redis.Connection, lambda made: (made.host, made.port)
    )

    def pool(**kwargs: Any) -> redis.ConnectionPool:
        return redis.ConnectionPool(**kwargs | {"connection_class": connection})

    cluster = LazyCluster(
        lambda: RedisCluster(
            # Only a client made from a URL accepts a custom pool.
            url=f"redis://{f'[{host}]' if ':' in host else host}:{port}",
            startup_nodes=[redis.cluster.ClusterNode(*other) for other in others],
            # The hosts in REDIS_URL stay known even if the cluster changes.
            dynamic_startup_nodes=False,
            connection_pool_class=pool,
            max_connections=MAX_CONNECTIONS,
            **options,
        )
    )
    return cast("RedisCluster", cluster)


def disconnect(client: RedisClient) -> None:
    """Close every connection of `client`; its next command opens a new one."""
    if isinstance(client, redis.Redis):
        client.connection_pool.disconnect()
    else:
        client.close()


@contextmanager
def store_errors() -> Iterator[None]:
    """Convert redis-py's errors to the service's own, once, at the boundary of the store."""
    try:
        yield
    except ResponseError as error:
        # redis-py removes the code from error replies that it knows.
        unavailable = refusals.of_reply(f"{error.status_code or ''} {error}".strip())
        if unavailable:
            raise unavailable from error
        raise
    except (RedisError, RedisClusterException) as error:
        raise refusals.of_error(error) from error


def bytes_of(reply: bytes | str | None) -> bytes:
    """Return a part of a reply as bytes; None becomes empty."""
    return reply.encode() if isinstance(reply, str) else reply or b""


def text_of(reply: bytes | str | None) -> str:
    """Return a part of a reply as text, also if redis-py has decoded it (CONFIG, INFO)."""
    return reply.decode() if isinstance(reply, bytes) else reply or ""


def documents_of(entries: _Stream) -> list[tuple[str, bytes]]:
    """Return the id and the document of each entry of a stream whose entries have one field."""
    return [
        (text_of(number), bytes_of(next(iter((fields or {}).values()), None)))
        for number, fields in entries or ()
    ]
