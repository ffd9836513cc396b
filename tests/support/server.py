"""The service as it runs in production: gunicorn, its configuration, its workers."""

import contextlib
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from stats_service.config import Settings
from tests.support.hosts import LOCAL, Host
from tests.support.processes import free_port, wait_until

APP = "stats_service.app:create_asgi_app()"


@contextlib.contextmanager
def running_service(
    settings: Settings,
    *,
    app: str = APP,
    worker: str = "",
    environ: dict[str, str] | None = None,
    host: Host = LOCAL,
) -> Iterator[str]:
    """Run the service with `settings` on a free port; give its URL, without a slash at the end.

    Args:
        settings: whatever `Settings` holds is handed over as environment variables.
        app: the application factory that gunicorn loads.
        worker: another class of workers than that of the configuration.
        environ: further environment variables.
        host: where it runs.
    """
    settings = replace(settings, bind=f"{host.address}:{free_port()}")
    log = settings.data_dir / f"gunicorn-{settings.bind.rpartition(':')[2]}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                *host.prefix,
                sys.executable,
                "-m",
                "gunicorn",
                "-c",
                "python:stats_service.run.gunicorn_conf",
                *(["-k", worker] if worker else []),
                app,
            ],
            env=os.environ | _variables(settings) | (environ or {}),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://{settings.bind}"
    try:
        wait_until(lambda: process.poll() is not None or _is_live(url), 60)
        assert process.poll() is None, log.read_text()
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _variables(settings: Settings) -> dict[str, str]:
    return {
        "STATS_SECRET": settings.secret,
        "STATS_DATA_DIR": str(settings.data_dir),
        "REDIS_URL": settings.redis_url,
        "STATS_KEY_PREFIX": settings.key_prefix,
        "STATS_BIND": settings.bind,
        "STATS_WORKERS": str(settings.workers),
        "STATS_TRUSTED_PROXIES": str(settings.trusted_proxies),
        "STATS_CLIENT_IP_HEADER": settings.client_ip_header,
        "STATS_PROXY_NETWORKS": " ".join(settings.proxy_networks),
        "STATS_PATH_PREFIX": settings.path_prefix,
        "STATS_SITE_CACHE_SECONDS": str(settings.site_cache_seconds),
        "STATS_WRITE_LIMIT": str(settings.write_limit),
        "STATS_REDIS_TIMEOUT": str(settings.redis_timeout),
        "STATS_SPOOL_MEGABYTES": str(settings.spool_megabytes),
        "STATS_UPLOAD_MEGABYTES": str(settings.upload_megabytes),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }


def _is_live(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
