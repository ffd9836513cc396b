"""The socket of the embedded server, and single commands without a client library."""

import hashlib
import os
import socket
import tempfile
from pathlib import Path
from urllib.parse import quote

#: Longest path of a Unix socket, in bytes, that both Linux and macOS accept.
SOCKET_PATH_MAX = 103


def socket_path(data_dir: Path) -> Path:
    """Return the socket path of the server of `data_dir`."""
    usual = data_dir.absolute() / "redis" / "redis.sock"
    if len(os.fsencode(usual)) <= SOCKET_PATH_MAX:
        return usual
    digest = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f"stats-service-{os.getuid()}-{digest}", "redis.sock")


def socket_url(path: Path) -> str:
    """Return the `unix://` URL of a socket."""
    return "unix://" + quote(str(path))


def ping(path: Path) -> str:
    """Return the first word of the server's reply to PING; empty without a reply."""
    try:
        answer = command(path, "PING")
    except OSError:
        return ""
    return answer.lstrip("+-").split(" ")[0].strip()


def command(path: Path, line: str, timeout: float = 5.0) -> str:
    """Send one command without a client library and return the raw reply.

    Raises:
        OSError: no server listens at `path`, or no reply came in time.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        connection.connect(str(path))
        connection.sendall(f"{line}\r\nQUIT\r\n".encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer.decode(errors="replace")
