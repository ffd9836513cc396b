"""A circuit breaker: while a server does not respond, requests fail at once.

Without a breaker each request waits for its own timeout: with eight threads and 0.3 s a worker
then serves 27 requests a second, and all others queue. With a breaker the first few requests wait,
the next ones fail at once, and one thread at a time tries the server again.

The breaker is part of the connection, below every client, pipeline and script, so no caller can
bypass it.
"""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from stats_service.errors import StoreUnavailableError
from stats_service.store.redis import refusals

#: Consecutive refused or broken connections that open the breaker: a single one may have been idle
#: for long. A timeout opens it at once, so that the same request does not wait again.
FAILURES = 3
#: Seconds between two tries while the breaker is open.
TRY_SECONDS = 0.5


class Breaker:
    """Whether to send commands to one server; thread-safe."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._failures = 0
        self._next_try = 0.0
        #: Cause of the last failure.
        self._fault: Exception | None = None
        #: The thread that tries while the breaker is open.
        self._trying: int | None = None

    def check(self) -> None:
        """Return if a command may be sent.

        Raises:
            StoreUnavailableError: the server failed recently, and the next try is not due yet.
        """
        if self._failures < FAILURES:
            return
        with self._lock:
            me = threading.get_ident()
            if self._trying == me:
                return
            now = self._monotonic()
            if now >= self._next_try:
                self._next_try = now + TRY_SECONDS
                self._trying = me
                return
        if self._fault:  # a new object: one error raised repeatedly collects tracebacks
            why = refusals.of_error(self._fault)
            raise type(why)(str(why))
        raise StoreUnavailableError(
            "Redis did not answer a moment ago. Nothing was stored; try again shortly."
        )

    def failed(self, fault: Exception | None = None, *, timed_out: bool = False) -> None:
        """Record a failure and its cause."""
        with self._lock:
            self._fault = fault.with_traceback(None) if fault else None
            self._failures += FAILURES if timed_out else 1
            self._trying = None
            self._next_try = self._monotonic() + TRY_SECONDS

    def succeeded(self) -> None:
        """Record that the server replied; an error reply counts too."""
        if self._failures:
            with self._lock:
                self._failures, self._trying = 0, None


class Breakers:
    """One breaker for each server, created on first use."""

    def __init__(self) -> None:
        self._breakers: dict[Hashable, Breaker] = {}

    def of(self, server: Hashable) -> Breaker:
        """Return the breaker of a server."""
        return self._breakers.setdefault(server, Breaker())


def guarded(connection_class: type[Any], name_of: Callable[[Any], Hashable]) -> type[Any]:
    """Return a subclass of a redis-py connection with a breaker for each server.

    Args:
        connection_class: the base class.
        name_of: returns the name of a connection's server.
    """
    breakers = Breakers()

    class Guarded(connection_class):  # type: ignore[misc] # a class known only at run time
        """A connection that does not wait for a server which has just failed."""

        def connect(self, *args: Any, **kwargs: Any) -> Any:
            """Connect, unless the breaker is open."""
            if self._sock:
                return None
            breakers.of(name_of(self)).check()
            return self._note(super().connect, *args, **kwargs)

        def send_packed_command(self, *args: Any, **kwargs: Any) -> Any:
            """Send, unless the breaker is open."""
            breakers.of(name_of(self)).check()
            return self._note(super().send_packed_command, *args, **kwargs)

        def read_response(self, *args: Any, **kwargs: Any) -> Any:
            """Read a reply, and record whether one came; an error reply counts too."""
            # No check: a reply left unread would be taken for that of the next command.
            try:
                answer = self._note(super().read_response, *args, **kwargs)
            except ResponseError:
                breakers.of(name_of(self)).succeeded()
                raise
            breakers.of(name_of(self)).succeeded()
            return answer

        def _note(self, step: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            try:
                return step(*args, **kwargs)
            except (RedisConnectionError, RedisTimeoutError) as error:
                timed_out = isinstance(error, RedisTimeoutError)
                breakers.of(name_of(self)).failed(error, timed_out=timed_out)
                raise

    return Guarded
