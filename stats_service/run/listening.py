"""The address that the service listens on: whether it is free, and whether it responds."""

import contextlib
import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from stats_service.errors import StartupError

#: Longest wait for a response of the service, in seconds.
ANSWER_SECONDS = 0.5

_UNIX = "unix:"


def require_free(bind: str) -> None:
    """Check that the service may listen on `bind`, and that no other process does.

    gunicorn would not notice a second service of the same user: their workers share a port.

    Raises:
        StartupError: the address is in use, is not one of this machine, or is not allowed.
    """
    try:
        with _listening_socket(bind) as (listener, address):
            listener.bind(address)
    except OSError as error:
        raise StartupError(_reason(bind, error)) from error


def answers(bind: str) -> bool:
    """Return whether a web server at `bind` responds, with any status."""
    host, port = _host_and_port(bind) if not bind.startswith(_UNIX) else ("", 0)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    try:
        if bind.startswith(_UNIX):
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(bind.removeprefix(_UNIX))
        else:
            connection = socket.create_connection((host, port), ANSWER_SECONDS)
        with connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return connection.recv(5) == b"HTTP/"
    except OSError:
        return False


@contextlib.contextmanager
def _listening_socket(bind: str) -> Iterator[tuple[socket.socket, tuple[object, ...] | str]]:
    if bind.startswith(_UNIX):
        path = Path(bind.removeprefix(_UNIX))
        if _someone_listens(path):
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        # Probe a temporary path beside it: binding would replace gunicorn's socket file.
        probe = path.with_name(f".{os.getpid()}")
        try:
            with socket.socket(socket.AF_UNIX) as listener:
                yield listener, str(probe)
        finally:
            probe.unlink(missing_ok=True)
    else:
        host, port = _host_and_port(bind)
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            yield listener, address


def _someone_listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_SECONDS)
        return connection.connect_ex(str(path)) == 0


def _host_and_port(bind: str) -> tuple[str, int]:
    host, _, port = bind.rpartition(":")
    return host.strip("[]"), int(port)


def _reason(bind: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"The address {bind} is taken by another program. Stop that one, or choose another "
            "address, for example STATS_BIND=127.0.0.1:8081."
        )
    if error.errno == errno.EACCES:
        return (
            f"This user may not listen at {bind}: {error.strerror}. Choose a port from 1024 up, "
            "or a folder that it may write to, with STATS_BIND."
        )
    return f"The service cannot listen at STATS_BIND={bind}: {error.strerror or error}."
