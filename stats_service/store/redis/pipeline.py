"""One connection to Redis for an event loop, on which nobody waits for the answer before.

Commands go out as they come and are answered in their order. The connection is made, and made
anew after a loss, by a task of its own; while there is none, a command fails at once, so that
no request waits for a Redis that is away.
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

#: Seconds between two tries to connect.
RECONNECT_SECONDS = 0.2
#: Seconds of silence after which the connection is tried: a firewall may have forgotten it.
IDLE_SECONDS = 15.0

#: Replies of a server that is no longer the one to write to.
_MOVED_AWAY = ("READONLY", "MASTERDOWN")

#: Gets the reply, or the exception that stands for it.
Callback = Callable[[Any], None]

#: A key that the command touches or its hash tag, the command packed, and who gets its reply.
Command = tuple[str, bytes, Callback]

logger = logging.getLogger(__name__)

pack: Callable[[tuple[Any, ...]], bytes] = hiredis.pack_command


@dataclass(frozen=True)
class Endpoint:
    """A server, and what it wants to hear first."""

    #: Coroutine function: where the server is now, `(host, port)` or the path of a socket.
    locate: Callable[[], Awaitable[tuple[str, int] | str]]
    tls: SSLContext | None
    greeting: tuple[tuple[Any, ...], ...]
    #: Whether it may be elsewhere by now though the connection is as good as ever.
    moves: bool = False


class LoopConnection(Protocol):
    """What an event loop talks to: one server, or a cluster of them."""

    async def start(self) -> None:
        """Connect, and stay connected; return when connected or after one vain try."""

    async def stop(self) -> None:
        """Close every connection; what is still awaited fails."""

    def ready_for(self, key: str) -> bool:
        """Tell whether a command for `key`, or a hash tag, can be sent."""

    def send(self, commands: Sequence[Command]) -> None:
        """Send commands; each callback is called once, now or later. This does not raise."""

    def error_of(self, reply: Exception) -> Exception:
        """Return the error that a failed command raises."""


def endpoint(url: str, timeout: float) -> Endpoint:
    """Return where `url` (as `REDIS_URL`, not of a cluster) leads.

    Raises:
        ConfigurationError: the URL cannot be understood.
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
    """Return what a server wants to hear first; `options` as redis-py's connections have them."""
    commands: list[tuple[Any, ...]] = []
    if options.get("password"):
        # With a user, as redis-py: a server without a password takes any then, and both of the
        # service's connections are of one mind.
        commands.append(("AUTH", options.get("username") or "default", options["password"]))
    if options.get("db"):
        commands.append(("SELECT", int(options["db"])))
    # The last one also tells whether the server takes commands at all or still reads its data.
    return (*commands, ("CLIENT", "SETNAME", "stats-service"), ("PING",))


class NoMaster(StoreUnavailableError):  # noqa: N818 - it is a state, and no fault
    """The Sentinels hold the master for gone, and have not yet chosen another."""


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
    """The connection. Everything here is called in the loop's own thread.

    Args:
        server: Where to connect.
        timeout: Longest wait, in seconds, for a connection and for an answer. After that the
            connection is given up with all that waits: a late answer would be taken for
            somebody else's.
        meters: Where faults are counted that nobody foresaw.
    """

    def __init__(self, server: Endpoint, timeout: float, meters: Meters | None = None) -> None:
        self._server = server
        self._meters = meters or Meters()
        self._timeout = timeout
        self._transport: asyncio.Transport | None = None
        self._reader = hiredis.Reader()
        #: What is awaited, in the order sent, with the loop's time then.
        self._sent: deque[tuple[Callback, float]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._lost = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._place: tuple[str, int] | str = ""
        #: Why the connection was given up, if what came was not Redis' protocol.
        self._fault: Exception | None = None
        #: Whether commands can be sent.
        self.ready = False

    @property
    def host(self) -> str:
        """The host of the server; empty if it is none of a network, or not connected yet."""
        return "" if isinstance(self._place, str) else self._place[0]

    @property
    def idle(self) -> bool:
        """Whether no answer is awaited."""
        return not self._sent

    async def start(self) -> None:
        """Connect, and stay connected; return when connected or after one vain try."""
        self._loop = asyncio.get_running_loop()
        first_try = self._loop.create_future()
        self._keeper = self._loop.create_task(self._keep_connected(first_try))
        await first_try

    async def stop(self) -> None:
        """Close the connection; what is still awaited fails."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._transport:
            self._transport.abort()
            await self._lost.wait()

    def ready_for(self, key: str) -> bool:  # noqa: ARG002 - all keys are on the one server
        """Tell whether commands can be sent."""
        return self.ready

    def send(self, commands: Sequence[Command]) -> None:
        """Send commands, in one write.

        A callback is called once, when its answer is there or cannot come any more; one that
        raises is noted, and the others have their answers.
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
        """Give the connection up: the server is not, or no longer, the one to talk to."""
        self.ready = False
        if self._transport:
            self._transport.abort()

    def error_of(self, reply: Exception) -> Exception:
        """Return the error that a failed command raises; leave a server that has moved away."""
        if not isinstance(reply, hiredis.ReplyError):
            return reply
        if str(reply).startswith(_MOVED_AWAY):
            self.drop()
        return refusals.of_reply(str(reply)) or reply

    # What asyncio calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin with an empty conversation."""
        self._transport = transport
        # None and False are replies; Ellipsis is none.
        self._reader = hiredis.Reader(notEnoughData=Ellipsis)
        self._lost.clear()

    def data_received(self, data: bytes) -> None:
        """Hand each reply to whoever waits for it."""
        reader, sent = self._reader, self._sent
        try:
            reader.feed(data)
            while (reply := reader.gets()) is not Ellipsis:
                if not sent:
                    raise hiredis.ProtocolError("a reply that nobody asked for")
                self._tell(sent.popleft()[0], reply)
        except hiredis.ProtocolError as error:
            self._fault = error
            if self.ready:  # else whoever connects tells of it
                logger.error("Redis sent what is not its protocol: %s", error)
            self.drop()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Tell everybody who waits that no answer comes: whether it was done is unknown."""
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
        except Exception as error:  # noqa: BLE001 - whoever waits behind has an answer too
            self._meters.fault("answer of Redis", error)

    def _write(self, commands: bytes, callbacks: list[Callback]) -> None:
        if self._transport is None:  # never: it is there as long as `ready` says so
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
            except Exception as error:  # noqa: BLE001 - without this task nobody connects again
                if not isinstance(error, OSError | StoreUnavailableError | hiredis.ReplyError):
                    self._meters.fault("connection to Redis", error)
                tls = self._server.tls is not None
                if (reason := str(refusals.of_error(error, tls=tls))) != reported:
                    logger.warning("Redis cannot be reached: %s", reason)
                    reported = reason
                self.drop()
                await asyncio.sleep(RECONNECT_SECONDS)
            else:
                if reported:
                    logger.warning("Redis is reached again")
                    reported = ""
            finally:
                if not first_try.done():
                    first_try.set_result(None)
            try:
                await self._watch()
            except Exception as error:  # noqa: BLE001 - the same
                self._meters.fault("connection to Redis", error)
                self.drop()
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _watch(self) -> None:
        """Return when the connection is lost; try it, and leave a server that has been replaced."""
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
        """Tell whether the server is another by now; not if nobody says where it is."""
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
            self.ready = True


def lacks_script(reply: object) -> bool:
    """Tell whether the server does not have the script: nothing was run, so send it as a whole."""
    return isinstance(reply, hiredis.ReplyError) and str(reply).startswith("NOSCRIPT")


def resolver(future: asyncio.Future[Any]) -> Callback:
    """Return a callback that lets a future have the reply."""

    def resolve(reply: Any) -> None:
        if not future.done():
            future.set_result(reply)

    return resolve
