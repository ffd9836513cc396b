"""Run the service: a small parent process of the embedded Redis and of gunicorn.

The children run in their own sessions, so Ctrl-C reaches only this parent, which stops gunicorn
first and Redis last. On Linux the children also end when this parent is killed.

INT, TERM   stop, within 5 seconds; a second one ends the web server at once
HUP         start fresh workers, then end the old ones; in a terminal, which sends HUP when it is
            closed, stop
"""

import contextlib
import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import FrameType

from stats_service import processes
from stats_service.config import Settings
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.errors import StartupError
from stats_service.run.listening import answers, require_free

#: Module that runs gunicorn.
WEB = "stats_service.run.web"

#: What gunicorn runs.
APP = "stats_service.app:create_asgi_app()"

GUNICORN_CONFIGURATION = "python:stats_service.run.gunicorn_conf"

#: Longest wait, in seconds, for the first response of the web server.
READY_SECONDS = 60.0

#: Longest wait, in seconds, for gunicorn to end: a little more than its own graceful timeout.
WEB_STOP_SECONDS = 3.4

#: Longest wait, in seconds, for Redis to end. Both together stay below 5 seconds.
REDIS_STOP_SECONDS = 1.2

#: Seconds before Redis is restarted, by the number of consecutive crashes.
REDIS_RESTART_SECONDS = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)

#: Seconds between two rewrites of the append-only file. A salt lives 26 hours, so after 38 hours
#: no file contains it.
REDIS_REWRITE_SECONDS = 12 * 3600.0

#: Uptime of Redis, in seconds, after which the count of consecutive crashes starts again.
REDIS_SOUND_SECONDS = 60.0

#: Seconds between two checks of the children. Signals and a child's end wake the parent at once.
LOOK_SECONDS = 1.0
LOOK_SECONDS_AT_START = 0.05

log = logging.getLogger(__name__)


class Supervisor:
    """Runs the service until a stop is requested or it cannot go on.

    Args:
        settings: The settings.
        environ: The environment that `settings` were read from; passed to gunicorn.
        prepare: Called once when Redis responds, with the settings including the URL of Redis.
        on_ready: Called once when the service responds.
        app: The application that gunicorn runs.
    """

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        *,
        prepare: Callable[[Settings], None] = lambda _: None,
        on_ready: Callable[[], None] = lambda: None,
        app: str = APP,
    ) -> None:
        self._settings = settings
        self._environ = environ
        self._prepare = prepare
        self._on_ready = on_ready
        self._app = app
        self._in_terminal = sys.stdin is not None and sys.stdin.isatty()
        self._stop_requests = 0
        self._reload_requested = False
        self._redis = _RestartingRedis(settings) if not settings.redis_url else None
        self._web: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Run, and return the exit code: 0 after a clean stop that was requested, else 1.

        Raises:
            StartupError: the address is in use, or Redis or gunicorn cannot be started.
        """
        require_free(self._settings.bind)
        with self._signals() as pause:
            try:
                self._start()
                self._watch(pause)
            finally:
                orderly = self._stop(pause)
        return 0 if self._stop_requests and orderly else 1

    def _start(self) -> None:
        settings = self._settings
        if self._redis:
            self._redis.start(cancelled=lambda: self._stop_requests > 0)
            settings = replace(settings, redis_url=self._redis.url)
        if self._stop_requests:
            return
        self._prepare(settings)
        try:
            self._web = processes.spawn(
                [sys.executable, "-P", "-m", WEB, "-c", GUNICORN_CONFIGURATION, self._app],
                environ={**self._environ, "REDIS_URL": settings.redis_url},
            )
        except OSError as error:
            raise StartupError(f"gunicorn cannot be started: {error}") from error

    def _watch(self, pause: Callable[[float], None]) -> None:
        """Supervise the children until a stop is requested or the web server has ended."""
        ready = False
        deadline = time.monotonic() + READY_SECONDS
        while self._web and not self._stop_requests:
            code = self._web.poll()
            if code is not None:
                log.error("The web server ended (%s).", processes.describe_exit(code))
                return
            if self._reload_requested:
                self._reload_requested = False
                self._web.send_signal(signal.SIGHUP)
            if self._redis:
                self._redis.tend()
            if not ready and answers(self._settings.bind):
                ready = True
                self._on_ready()
            if not ready and time.monotonic() > deadline:
                log.error("The web server did not answer within %g s.", READY_SECONDS)
                return
            pause(LOOK_SECONDS if ready else LOOK_SECONDS_AT_START)

    def _stop(self, pause: Callable[[float], None]) -> bool:
        """Stop gunicorn, then Redis; return whether Redis ended without being killed."""
        if self._web and self._web.poll() is None:
            requests = self._stop_requests
            self._web.terminate()
            deadline = time.monotonic() + WEB_STOP_SECONDS
            while self._web.poll() is None and time.monotonic() < deadline:
                if self._stop_requests > requests:
                    break
                pause(LOOK_SECONDS_AT_START)
        if self._web:
            processes.kill(self._web)  # includes workers that outlived their master
        return self._redis.stop() if self._redis else True

    @contextlib.contextmanager
    def _signals(self) -> Iterator[Callable[[float], None]]:
        """Record signals instead of dying from them; yield a pause that they interrupt."""
        awake, wake = os.pipe()
        os.set_blocking(awake, False)
        os.set_blocking(wake, False)
        handled = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
        before = {number: signal.signal(number, self._note) for number in handled}
        wakeup_before = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

        def pause(seconds: float) -> None:
            if select.select([awake], [], [], seconds)[0]:
                os.read(awake, 4096)

        try:
            yield pause
        finally:
            signal.set_wakeup_fd(wakeup_before)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(awake)
            os.close(wake)

    def _note(self, number: int, _: FrameType | None) -> None:
        if number in (signal.SIGINT, signal.SIGTERM):
            self._stop_requests += 1
        elif number == signal.SIGHUP:
            self._stop_requests += self._in_terminal
            self._reload_requested = not self._in_terminal


class _RestartingRedis:
    """The embedded Redis, restarted whenever it crashes."""

    def __init__(self, settings: Settings) -> None:
        self._server = EmbeddedRedis(settings.data_dir)
        self._deaths = 0
        self._started = 0.0
        self._start_at: float | None = None
        self._rewritten = time.monotonic()

    @property
    def url(self) -> str:
        return self._server.url

    def start(self, cancelled: Callable[[], bool]) -> None:
        self._server.start(cancelled)
        self._started = time.monotonic()

    def stop(self) -> bool:
        return self._server.stop(REDIS_STOP_SECONDS)

    def tend(self) -> None:
        """Detect a crash; restart Redis when its delay has passed."""
        now = time.monotonic()
        code = self._server.poll()
        if self._start_at is None and code is not None:
            if now - self._started >= REDIS_SOUND_SECONDS:
                self._deaths = 0
            delay = self._put_off(now)
            how = processes.describe_exit(code)
            log.error("The embedded Redis ended (%s); starting it again in %g s.", how, delay)
        if self._start_at is None and now - self._rewritten >= REDIS_REWRITE_SECONDS:
            self._rewritten = now
            with contextlib.suppress(OSError):  # the next try is in half a day
                self._server.rewrite()
        if self._start_at is None or now < self._start_at:
            return
        try:
            self._server.spawn()
        except StartupError as error:
            log.error("%s Trying again in %g s.", error, self._put_off(now))
        else:
            self._started, self._start_at = now, None

    def _put_off(self, now: float) -> float:
        delay = REDIS_RESTART_SECONDS[min(self._deaths, len(REDIS_RESTART_SECONDS) - 1)]
        self._deaths += 1
        self._start_at = now + delay
        return delay
