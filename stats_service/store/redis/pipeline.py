"""One pipelined connection to Redis for an event loop.

Commands are sent at once, without waiting for earlier replies; replies come in the same order.
A background task connects, and connects again after a loss. Without a connection a command fails
at once, so no request waits for an unreachable Redis.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import hiredis
import redis
from redis.asyncio.connection import SSLConnection, parse_url

from stats_service.errors import ConfigurationError, StoreUnavailableError
from stats_service.meters import Meters
from stats_service.store.redis import refusals
from stats_service.store.redis.client import (
    RECHECK_SECONDS,
    MasterPool,
    connect,
    store_errors,
)

#: Seconds between two attempts to connect.
RECONNECT_SECONDS = 0.2
#: Idle seconds after which a PING tests the connection: a firewall may have dropped it.
IDLE_SECONDS = 15.0

#: Error replies of a server that is no longer the master.
_MOVED_AWAY = ("READONLY", "MASTERDOWN")

#: Receives the reply, or an exception.
Callback = Callable[[Any], None]

#: A key of the command (or its hash tag), the packed command, and the callback for its reply.
Command = tuple[str, bytes, Callback]

logger = logging.getLogger(__name__)

pack: Callable[[tuple[Any, ...]], bytes] = hiredis.pack_command


@dataclass(frozen=True)
class Endpoint:
    """A server, and the handshake for it."""

    #: Coroutine function that returns the current address, `(host, port)` or a socket path.
    locate: Callable[[], Awaitable[tuple[str, int] | str]]
    tls: SSLContext | None
    greeting: tuple[tuple[Any, ...], ...]
    #: Whether the address can change while the connection still works (Sentinels).
    moves: bool = False


class LoopConnection(Protocol):
    """A connection for an event loop: to one server, or to a cluster."""

    async def start(self) -> None:
        """Connect and stay connected; return when connected or after one failed attempt."""

    async def stop(self) -> None:
        """Close every connection; pending commands fail."""

    def ready_for(self, key: str) -> bool:
        """Return whether a command for `key` (or a hash tag) can be sent."""

    def send(self, commands: Sequence[Command]) -> None:
        """Send commands; each callback is called once, now or later. This does not raise."""

    def error_of(self, reply: Exception) -> Exception:
        """Return the error to raise for an error reply."""


def endpoint(url: str, timeout: float) -> Endpoint:
    """Return the server that `url` (as `REDIS_URL`, not of a cluster) names.

    Raises:
        ConfigurationError: the URL is invalid.
    """
    scheme, _, kind = urlsplit(url).scheme.partition("+")
    if kind == "sentinel":
        pool = cast("redis.Redis", connect(url, timeout)).connection_pool
        return Endpoint(
            locate=_sentinel(cast("MasterPool", pool)),
            # As redis-py does by default: certificates are verified.
            tls=SSLConnection().ssl_context.get() if scheme == "rediss" else None,
            greeting=greeting(pool.connection_kwargs),
            moves=True,
        )
    try:
        options: dict[str, Any] = dict(parse_url(url))
        options.pop("connection_class", None)
        place = options.get("path") or (options.get("host", "localhost"), options.get("port", 6379))
        tls = None
        if scheme == "rediss":
            wanted = {name: value for name, value in options.items() if name.startswith("ssl_")}
            tls = SSLConnection(**wanted).ssl_context.get()
    except (ValueError, TypeError, OSError) as error:
        raise ConfigurationError(f"REDIS_URL cannot be used: {error}") from error

    async def locate() -> tuple[str, int] | str:
        return place

    return Endpoint(locate, tls, greeting(options))


def greeting(options: Mapping[str, Any]) -> tuple[tuple[Any, ...], ...]:
    """Return the commands of the handshake; `options` are those of a redis-py connection."""
    commands: list[tuple[Any, ...]] = []
    if options.get("password"):
        # With a user, as redis-py does: a server without a password then accepts any, and both
        # clients of the service behave alike.
        commands.append(("AUTH", options.get("username") or "default", options["password"]))
    if options.get("db"):
        commands.append(("SELECT", int(options["db"])))
    # The last command also fails while the server is still loading its data.
    return (*commands, ("CLIENT", "SETNAME", "stats-service"), ("PING",))


class NoMaster(StoreUnavailableError):  # noqa: N818 - it is a state, and no fault
    """The Sentinels consider the master down, and have not elected another yet."""


def _sentinel(pool: MasterPool) -> Callable[[], Awaitable[tuple[str, int] | str]]:
    def ask() -> tuple[str, int]:
        with store_errors():
            master = pool.current_master()
        if master is None:
            raise NoMaster(
                "The Sentinels name no master now. Nothing was stored; try again shortly."
            )
        return master

    async def locate() -> tuple[str, int] | str:
        return await asyncio.to_thread(ask)

    return locate


class Pipeline(asyncio.Protocol):
    """The connection. All methods run in the thread of the loop.

    Args:
        server: The server to connect to.
        timeout: Longest wait, in seconds, for a connection and for a reply. After that the
            connection is closed and all pending commands fail, because a late reply would be
            taken for that of another command.
        meters: Counts unexpected faults.
    """

    def __init__(self, server: Endpoint, timeout: float, meters: Meters | None = None) -> None:
        self._server = server
        self._meters = meters or Meters()
        self._timeout = timeout
        self._transport: asyncio.Transport | None = None
        self._reader = hiredis.Reader()
        #: Pending commands in the order sent, each with the loop's time of sending.
        self._sent: deque[tuple[Callback, float]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._lost = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._place: tuple[str, int] | str = ""
        #: Why the connection was closed, if the reply was not in Redis' protocol.
        self._fault: Exception | None = None
        #: Whether commands can be sent.
        self.ready = False

    @property
    def host(self) -> str:
        """The host of the server; empty for a Unix socket or before the first connection."""
        return "" if isinstance(self._place, str) else self._place[0]

    @property
    def idle(self) -> bool:
        """Whether no reply is pending."""
        return not self._sent

    async def start(self) -> None:
        """Connect and stay connected; return when connected or after one failed attempt."""
        self._loop = asyncio.get_running_loop()
        first_try = self._loop.create_future()
        self._keeper = self._loop.create_task(self._keep_connected(first_try))
        await first_try

    async def stop(self) -> None:
        """Close the connection; pending commands fail."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._transport:
            self._transport.abort()
            await self._lost.wait()

    def ready_for(self, key: str) -> bool:  # noqa: ARG002 - all keys are on the one server
        """Return whether commands can be sent."""
        return self.ready

    def send(self, commands: Sequence[Command]) -> None:
        """Send commands, in one write.

        Each callback is called once, with its reply or with the error. A callback that raises is
        logged, and the others are still called.
        """
        callbacks = [callback for _, _, callback in commands]
        if self.ready:
            self._write(b"".join([packed for _, packed, _ in commands]), callbacks)
            return
        error = StoreUnavailableError(
            "Redis is not connected. Nothing was stored; try again shortly."
        )
        for callback in callbacks:
            self._tell(callback, error)

    def drop(self) -> None:
        """Close the connection: the server is not, or no longer, the right one."""
        self.ready = False
        if self._transport:
            self._transport.abort()

    def error_of(self, reply: Exception) -> Exception:
        """Return the error to raise for an error reply; drop a server that is not the master."""
        if not isinstance(reply, hiredis.ReplyError):
            return reply
        if str(reply).startswith(_MOVED_AWAY):
            self.drop()
        return refusals.of_reply(str(reply)) or reply

    # Callbacks of asyncio.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start with no pending commands."""
        self._transport = transport
        # None and False are replies; Ellipsis is none.
        self._reader = hiredis.Reader(notEnoughData=Ellipsis)
        self._lost.clear()

    def data_received(self, data: bytes) -> None:
        """Pass each reply to its callback."""
        reader, sent = self._reader, self._sent
        try:
            reader.feed(data)
            while (reply := reader.gets()) is not Ellipsis:
                if not sent:
                    raise hiredis.ProtocolError("a reply that nobody asked for")
                self._tell(sent.popleft()[0], reply)
        except hiredis.ProtocolError as error:
            self._fault = error
            if self.ready:  # else the connecting task reports it
                logger.error("Redis sent what is not its protocol: %s", error)
            self.drop()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Fail all pending commands; whether Redis ran them is unknown."""
        self._transport, self.ready = None, False
        self._lost.set()
        sent, self._sent = self._sent, deque()
        error = StoreUnavailableError("Redis did not answer. Try again shortly.")
        if self._fault:
            error, self._fault = refusals.of_error(self._fault), None
        for callback, _ in sent:
            self._tell(callback, error)

    def _tell(self, callback: Callback, reply: Any) -> None:
        try:
            callback(reply)
        except Exception as error:  # noqa: BLE001 - later callbacks must still be called
            self._meters.fault("answer of Redis", error)

    def _write(self, commands: bytes, callbacks: list[Callback]) -> None:
        if self._transport is None:  # never: `ready` implies a transport
            raise StoreUnavailableError("Redis is not connected.")
        now = self._loop.time()
        self._sent.extend((callback, now) for callback in callbacks)
        if self._timer is None:
            self._timer = self._loop.call_later(self._timeout, self._check)
        self._transport.write(commands)

    def _check(self) -> None:
        self._timer = None
        if not self._sent:
            return
        left = self._sent[0][1] + self._timeout - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._check)
        else:
            logger.warning("Redis did not answer within %g s", self._timeout)
            self.drop()

    async def _keep_connected(self, first_try: asyncio.Future[None]) -> None:
        reported = ""
        while True:
            try:
                await self._connect()
            except Exception as error:  # noqa: BLE001 - this task must go on connecting
                if not isinstance(error, OSError | StoreUnavailableError | hiredis.ReplyError):
                    self._meters.fault("connection to Redis", error)
                tls = self._server.tls is not None
                if (reason := str(refusals.of_error(error, tls=tls))) != reported:
                    logger.warning("Redis cannot be reached: %s", reason)
                    reported = reason
                self.drop()
            else:
                if reported:
                    logger.warning("Redis is reached again")
                    reported = ""
            finally:
                if not first_try.done():
                    first_try.set_result(None)
            try:
                if not self.ready:
                    await asyncio.sleep(RECONNECT_SECONDS)
                await self._watch()
            except Exception as error:  # noqa: BLE001 - the same
                self._meters.fault("connection to Redis", error)
                self.drop()
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _watch(self) -> None:
        """Return when the connection is lost; test it when idle, drop a replaced master."""
        tried = self._loop.time()
        while self.ready:
            # Not wait_for: before Python 3.12 it loses the cancellation of `stop` when the
            # connection breaks in the same turn, and `stop` would wait for ever.
            try:
                async with asyncio.timeout(RECHECK_SECONDS if self._server.moves else IDLE_SECONDS):
                    await self._lost.wait()
            except TimeoutError:
                if self._server.moves and await self._is_elsewhere():
                    logger.warning("The Sentinels name another master, or none")
                    self.drop()
                elif self._loop.time() >= tried + IDLE_SECONDS - RECHECK_SECONDS:
                    tried = self._loop.time()
                    self.send([("", pack(("PING",)), lambda _: None)])

    async def _is_elsewhere(self) -> bool:
        """Return whether the address has changed; False if it cannot be found out."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._server.locate() != self._place
        except NoMaster:
            return True
        except (OSError, StoreUnavailableError):
            return False

    async def _connect(self) -> None:
        """Connect and greet; TimeoutError, which is an OSError, when that takes too long."""
        async with asyncio.timeout(self._timeout):
            place = self._place = await self._server.locate()
            if isinstance(place, str):
                await self._loop.create_unix_connection(lambda: self, place)
            else:
                host, port = place
                await self._loop.create_connection(lambda: self, host, port, ssl=self._server.tls)
            answers = [self._loop.create_future() for _ in self._server.greeting]
            self._write(b"".join(map(pack, self._server.greeting)), [resolver(f) for f in answers])
            for reply in await asyncio.gather(*answers):
                if isinstance(reply, Exception):
                    raise reply
            if self._transport is None:  # lost in the turn in which the last reply came
                raise ConnectionError("the connection was closed after the greeting")
            self.ready = True


def lacks_script(reply: object) -> bool:
    """Return whether the reply is NOSCRIPT: nothing was run, so the full script can be sent."""
    return isinstance(reply, hiredis.ReplyError) and str(reply).startswith("NOSCRIPT")


def resolver(future: asyncio.Future[Any]) -> Callback:
    """Return a callback that resolves a future with the reply."""

    def resolve(reply: Any) -> None:
        if not future.done():
            future.set_result(reply)

    return resolve
