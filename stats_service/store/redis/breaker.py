"""A breaker: while a server does not answer, nobody waits for it.

Without one, each request waits for its own time-out: with eight threads and 0.3 s a worker then
serves 27 requests a second, and all others queue. With it the first few requests wait, the next
ones are told at once, and one at a time tries whether the server is back.

It stands in the connection, below every client, pipeline and script, so that no caller can
forget it.
"""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from stats_service.errors import StoreUnavailableError

#: Refused or broken connections in a row that open the breaker: one may have been idle for long.
#: A time-out opens it at once, so that the next command of the same request does not wait too.
FAILURES = 3
#: Seconds between two tries while it is open.
TRY_SECONDS = 0.5


class Breaker:
    """Whether one server is worth a try; safe for threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._failures = 0
        self._next_try = 0.0
        #: The thread that tries while the breaker is open.
        self._trying: int | None = None

    def check(self) -> None:
        """Return if the server may be asked.

        Raises:
            StoreUnavailableError: it did not answer lately, and it is not the time to try again.
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
        raise StoreUnavailableError(
            "Redis did not answer a moment ago. Nothing was stored; try again shortly."
        )

    def failed(self, *, timed_out: bool = False) -> None:
        """Note that no answer came."""
        with self._lock:
            self._failures += FAILURES if timed_out else 1
            self._trying = None
            self._next_try = self._monotonic() + TRY_SECONDS

    def succeeded(self) -> None:
        """Note that an answer came, whatever it says."""
        if self._failures:
            with self._lock:
                self._failures, self._trying = 0, None


class Breakers:
    """One breaker a server, made when it is first asked for."""

    def __init__(self) -> None:
        self._breakers: dict[Hashable, Breaker] = {}

    def of(self, server: Hashable) -> Breaker:
        """Return the breaker of a server."""
        return self._breakers.setdefault(server, Breaker())


def guarded(connection_class: type[Any], name_of: Callable[[Any], Hashable]) -> type[Any]:
    """Return `connection_class`, a connection of redis-py, with a breaker for each server.

    Args:
        connection_class: what it is derived from.
        name_of: names the server of a connection.
    """
    breakers = Breakers()

    class Guarded(connection_class):  # type: ignore[misc] # a class known only at run time
        """A connection that does not wait for a server which just failed to answer."""

        def connect(self, *args: Any, **kwargs: Any) -> Any:
            """Connect, unless the server is known to be away."""
            if self._sock:
                return None
            breakers.of(name_of(self)).check()
            return self._note(super().connect, *args, **kwargs)

        def send_packed_command(self, *args: Any, **kwargs: Any) -> Any:
            """Send, unless the server is known to be away."""
            breakers.of(name_of(self)).check()
            return self._note(super().send_packed_command, *args, **kwargs)

        def read_response(self, *args: Any, **kwargs: Any) -> Any:
            """Read an answer, and note whether there was one; an error reply is one too."""
            # No check: an answer left unread would be taken for that of the next command.
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
                breakers.of(name_of(self)).failed(timed_out=timed_out)
                raise

    return Guarded
