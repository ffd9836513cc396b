"""Instances of the service behind a real nginx with the example configuration."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import which

from stats_service.config import Settings
from tests.support.processes import free_port, service_processes, wait_until
from tests.support.server import APP, _is_live, _variables

NGINX = Path(__file__).parents[2] / "examples" / "nginx.conf"


class Instance:
    """One instance of the service on a port of its own, to be stopped and started again."""

    def __init__(self, settings: Settings, port: int) -> None:
        self.port = port
        self.settings = replace(settings, bind=f"127.0.0.1:{port}")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = (self.settings.data_dir / f"{self.settings.bind[-5:]}.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "gunicorn",
                    "-c",
                    "python:stats_service.run.gunicorn_conf",
                    APP,
                ],
                env=os.environ | _variables(self.settings),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(lambda: _is_live(f"http://{self.settings.bind}"), 60)

    def signal(self, number: signal.Signals) -> None:
        """Send its master a signal."""
        assert self._process
        self._process.send_signal(number)

    def workers(self) -> set[int]:
        """Return its workers."""
        assert self._process
        return {
            pid
            for pid in service_processes(self.settings.data_dir)
            if parent(pid) == self._process.pid
        }

    def stop(self) -> None:
        """End it with TERM."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(20)


def renewed(instance: Instance, before: set[int]) -> bool:
    """Tell whether an instance serves, with none of the workers that it had."""
    now = instance.workers()
    return len(now) == 2 and not now & before and _is_live(f"http://{instance.settings.bind}")


def parent(pid: int) -> int:
    """Return the parent of a process, 0 if it is gone."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


@dataclass(frozen=True, slots=True)
class Nginx:
    """Where a running nginx listens."""

    #: In the clear, HTTP/1.1.
    url: str
    #: With TLS and a certificate of its own, HTTP/1.1 and HTTP/2.
    tls_port: int


@contextlib.contextmanager
def running_nginx(folder: Path, ports: Sequence[int], *, rate: int = 10_000) -> Iterator[Nginx]:
    """Run nginx with the example configuration before instances at `ports`.

    What is changed of it: ports, paths, the certificate, and the `rate` (requests a second) that
    one address may send, as all the load of a test comes from one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port, tls_port, text = free_port(), free_port(), NGINX.read_text()
    server = re.search(r"^    (server 127\.0\.0\.1:)\d+(.*;)", text, re.MULTILINE)
    assert server
    servers = "".join(f"{server[1]}{number}{server[2]}" for number in ports)
    text = re.sub(
        r"(upstream stats_service \{).*?(keepalive)", rf"\1 {servers} \2", text, flags=re.DOTALL
    )
    text = text[: text.rindex("server {")]  # the redirection to https
    text = re.sub(r"listen \[::\].*\n", "", text)
    listen = f"listen 127.0.0.1:{port}; listen 127.0.0.1:{tls_port} ssl http2;"
    text, changed = re.subn(r"listen 443 ssl http2;", listen, text)
    text, limited = re.subn(r"rate=\d+r/s", f"rate={rate}r/s", text)
    assert (changed, limited) == (1, 1)
    for kind, suffix in (("certificate", "pem"), ("certificate_key", "key")):
        text = re.sub(rf"ssl_{kind} .*;", f"ssl_{kind} {folder}/own.{suffix};", text)
    text = re.sub(r"/var/log/nginx/", f"{folder}/", text)
    (folder / "site.conf").write_text(text)
    own = ["-keyout", f"{folder}/own.key", "-out", f"{folder}/own.pem", "-subj", "/CN=localhost"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *own],
        check=True,
        capture_output=True,
    )
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; user root;"
        f"events {{ worker_connections 1024; }} http {{ {temporary} include {folder}/site.conf; }}"
    )
    process = subprocess.Popen(
        [str(which("nginx")), "-p", str(folder), "-c", str(folder / "nginx.conf")],
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: _is_live(f"http://127.0.0.1:{port}"))
        yield Nginx(f"http://127.0.0.1:{port}", tls_port)
    finally:
        process.terminate()
        process.wait(10)
