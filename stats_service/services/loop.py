"""The event loop of a process, in which page views, ballots and ratings are taken.

The worker brings the loop that serves its connections (`start`, `stop`). Anywhere else, under a
plain WSGI server or in a command, the first `run` starts one in a thread of the process: then,
and not at the start of the service, because no thread survives a fork.
"""

import asyncio
import atexit
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from stats_service.errors import StoreUnavailableError
from stats_service.services.known_sites.loop import LoopSites
from stats_service.services.views.recorder import ViewRecorder

#: Longest wait for what is under way when the process ends, in seconds.
STOP_SECONDS = 2.0
#: Longest wait of a thread for the loop, in seconds. Whatever the loop waits for ends sooner.
PATIENCE_SECONDS = 30.0

T = TypeVar("T")


class ServiceLoop:
    """Runs coroutines of the services, and ends when they have.

    Args:
        sites: read for the loop; ended with it.
        recorder: holds the connection to Redis of all; started and ended with the loop.
    """

    def __init__(self, sites: LoopSites, recorder: ViewRecorder) -> None:
        self._sites = sites
        self._recorder = recorder
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        #: The thread of a loop of our own; None: the worker's loop, or none yet.
        self._thread: threading.Thread | None = None
        self._ended = False
        self._under_way: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Take everything in the running loop from now on; connect to Redis, if it is there."""
        self._loop = asyncio.get_running_loop()
        await self._recorder.start()

    async def stop(self) -> None:
        """Let what is under way end, then part from Redis; whoever still waits is refused."""
        with self._lock:
            self._ended = True
        for _ in range(2):  # what other threads have handed over begins
            await asyncio.sleep(0)
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=STOP_SECONDS)
        await self._sites.stop()
        await self._recorder.stop()
        late = set(self._under_way)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def begin(self, coroutine: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Run a coroutine, from within the loop."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine from another thread, and wait for what it returns or raises.

        Raises:
            StoreUnavailableError: the service ends; whether anything was stored is unknown.
        """
        with self._lock:
            if self._ended:
                coroutine.close()
                raise _ending()
            loop = self._loop or self._start_thread()
            future = asyncio.run_coroutine_threadsafe(self._awaited(coroutine), loop)
        try:
            return future.result(PATIENCE_SECONDS)
        except (CancelledError, TimeoutError) as error:
            future.cancel()
            raise _ending() from error

    def close(self) -> None:
        """End the loop, if it has a thread of its own."""
        thread, loop = self._thread, self._loop
        if thread and loop:
            self._thread = None
            atexit.unregister(self.close)
            asyncio.run_coroutine_threadsafe(self.stop(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    async def _awaited(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return await self.begin(coroutine)

    def _start_thread(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=_serve, args=(loop,), name="service-loop", daemon=True
        )
        self._thread.start()
        atexit.register(self.close)
        asyncio.run_coroutine_threadsafe(self.start(), loop).result()
        return loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


def _ending() -> StoreUnavailableError:
    return StoreUnavailableError("The service ends. Send the same again shortly.")
