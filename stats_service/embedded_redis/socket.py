"""Where the embedded server listens, and a few words with it before any client is there."""

import hashlib
import os
import socket
import tempfile
from pathlib import Path
from urllib.parse import quote

#: Longest path of a unix socket, in bytes, that Linux and macOS both take.
SOCKET_PATH_MAX = 103


def socket_path(data_dir: Path) -> Path:
    """Return where the server of `data_dir` listens."""
    usual = data_dir.absolute() / "redis" / "redis.sock"
    if len(os.fsencode(usual)) <= SOCKET_PATH_MAX:
        return usual
    digest = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f"stats-service-{os.getuid()}-{digest}", "redis.sock")


def socket_url(path: Path) -> str:
    """Return the `unix://` URL of a socket."""
    return "unix://" + quote(str(path))


def ping(path: Path) -> str:
    """Return the first word of the server's answer to PING; empty if there is none."""
    try:
        answer = command(path, "PING")
    except OSError:
        return ""
    return answer.lstrip("+-").split(" ")[0].strip()


def command(path: Path, line: str, timeout: float = 5.0) -> str:
    """Send one command without a client library and return the raw answer.

    Raises:
        OSError: nobody listens at `path`, or no answer came in time.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        connection.connect(str(path))
        connection.sendall(f"{line}\r\nQUIT\r\n".encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer.decode(errors="replace")
