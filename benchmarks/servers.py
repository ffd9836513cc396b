"""What is measured: the service and its competitors, each with two workers and a fresh Redis."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import cpu_seconds, family, rss_mb
from benchmarks.requests import ARTICLES, CHOICES, HOST, POLL, SITES
from stats_service.config import Settings
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.polls import Choice, Poll
from stats_service.models.sites import Site
from stats_service.services.articles.keys import canonical_article
from stats_service.services.container import Services, create_services
from stats_service.store.keys import SiteKeys
from stats_service.store.polls.polls import PollStore
from stats_service.store.redis.client import connect

SECRET = "bench-" + "0" * 32
ROOT = Path(__file__).parent.parent
WORKERS = 2
THREADS = 8

#: How each candidate is started: the arguments of gunicorn, and further environment variables.
CANDIDATES: dict[str, tuple[Sequence[str], dict[str, str]]] = {
    "ours": (
        ("-c", "python:stats_service.run.gunicorn_conf", "stats_service.app:create_asgi_app()"),
        {},
    ),
    "ours-plain": (
        (
            *("-c", "python:stats_service.run.gunicorn_conf"),
            *("-k", "stats_service.web.server.worker.Worker"),
            "stats_service.app:create_asgi_app()",
        ),
        {},
    ),
    "ours-flask": (("-k", "gthread", "stats_service.app:create_app()"), {}),
    "raw": (("-k", "gthread", "benchmarks.hello:raw_app"), {}),
    "hello": (("-k", "gthread", "benchmarks.hello:flask_app"), {}),
}
GTHREAD = (
    f"--workers={WORKERS}",
    f"--threads={THREADS}",
    "--reuse-port",
    "--no-control-socket",
    "--keep-alive=75",
    "--log-level=warning",
)


@dataclass(frozen=True)
class Server:
    """A candidate that runs."""

    name: str
    url: str
    pid: int
    redis: EmbeddedRedis
    services: Services

    def cpu(self) -> float:
        """Return the processor time of the service so far, in seconds."""
        return cpu_seconds(family(self.pid))

    def redis_cpu(self) -> float:
        """Return the processor time of Redis so far, in seconds."""
        return cpu_seconds([self.redis.pid or 0])

    def rss_mb(self) -> float:
        """Return the memory of the service's processes."""
        return rss_mb(family(self.pid))


@contextlib.contextmanager
def running(name: str) -> Iterator[Server]:
    """Start a Redis as `stats-service serve` does, put the sites in, start a candidate."""
    arguments, environ = CANDIDATES[name]
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        EmbeddedRedis(Path(folder)) as server,
    ):
        settings = Settings(
            secret=SECRET,
            data_dir=Path(folder),
            redis_url=server.url,
            bind=f"127.0.0.1:{free_port()}",
            workers=WORKERS,
            trusted_proxies=1,
        )
        services = create_services(settings)
        register_sites(services)
        if "-c" not in arguments:
            arguments = (*GTHREAD, f"--bind={settings.bind}", *arguments)
        log = Path(folder, "gunicorn.log")
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", *arguments],
                env=os.environ | _variables(settings) | environ,
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _wait_until_listening(process, settings.bind, log)
            yield Server(name, f"http://{settings.bind}", process.pid, server, services)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


#: Ten months of daily numbers, as a site has them that has counted for a while.
PAST = {
    f"{metric}:2025-{month:02d}-{day:02d}": 1000 + day
    for metric in ("views", "visits")
    for month in range(1, 11)
    for day in range(1, 29)
}


def register_sites(services: Services) -> None:
    """Register the sites, each with a past, an open poll and every article viewed once.

    Only an article that was viewed can be rated; a hash of many days costs more than a new one.
    """
    settings = services.settings
    client = connect(settings.redis_url, 5)
    polls = PollStore(client, settings.key_prefix)
    for slug in SITES:
        services.sites.sites.add(Site(slug=slug, name=f"Cổng {slug}", hosts=(HOST,)))
        poll = Poll(
            id=POLL,
            question={"vi": "Bạn quan tâm mục gì nhất trong Website của chúng tôi?"},
            choices=tuple(Choice(id=name, text={"vi": name.title()}) for name in CHOICES),
            status="open",
            created=time.time(),
            opened=time.time(),
            revision=1,
        )
        polls.save(slug, poll, None, voteless=False, new=True)
        keys = SiteKeys(settings.key_prefix, slug)
        client.zadd(keys.articles, dict.fromkeys(map(canonical_article, ARTICLES), 1))
        client.hset(keys.counts, mapping=PAST | {"views": len(ARTICLES)})


def _variables(settings: Settings) -> dict[str, str]:
    return {
        "STATS_SECRET": settings.secret,
        "STATS_DATA_DIR": str(settings.data_dir),
        "REDIS_URL": settings.redis_url,
        "STATS_BIND": settings.bind,
        "STATS_WORKERS": str(settings.workers),
        "STATS_TRUSTED_PROXIES": str(settings.trusted_proxies),
        "STATS_LOG_LEVEL": "warning",
    }


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_listening(process: subprocess.Popen[bytes], bind: str, log: Path) -> None:
    host, port = bind.split(":")
    deadline = time.monotonic() + 60
    while len(family(process.pid)) < 1 + WORKERS or not _answers(host, int(port)):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the server does not start: {log.read_text()}")
        time.sleep(0.05)
    time.sleep(0.5)  # until the second worker listens as well


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), 2) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            return connection.recv(5) == b"HTTP/"
    except OSError:
        return False
