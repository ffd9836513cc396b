"""A connection on which a test writes bytes as they are, and reads answers one by one."""

import contextlib
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

#: Longest wait for bytes that must come, in seconds.
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """One answer, headers by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """The client's end."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), PATIENCE)
        self._read = b""

    def send(self, data: bytes) -> "Wire":
        """Send `data`; a server that has closed meanwhile is no error yet."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)
        return self

    def answer(self, *, head: bool = False) -> WireAnswer:
        """Return the next answer; `head`: it has no body whatever its length says."""
        while b"\r\n\r\n" not in self._read:
            self._more()
        top, _, self._read = self._read.partition(b"\r\n\r\n")
        first, *lines = top.decode("latin-1").split("\r\n")
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
        status = int(first.split(" ")[1])
        length = 0 if head or status < 200 else int(headers["content-length"])
        while len(self._read) < length:
            self._more()
        body, self._read = self._read[:length], self._read[length:]
        return WireAnswer(status, headers, body)

    def statuses(self, number: int) -> list[int]:
        """Return the statuses of the next answers."""
        return [self.answer().status for _ in range(number)]

    def is_closed(self) -> bool:
        """Wait for the server to close; return whether it did, having sent nothing more."""
        if self._read:
            return False
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def rest(self) -> bytes:
        """Return what comes until the server closes."""
        rest, self._read = self._read, b""
        with contextlib.suppress(ConnectionResetError):
            while data := self.socket.recv(65536):
                rest += data
        return rest

    def close(self) -> None:
        """Leave."""
        self.socket.close()

    def _more(self) -> None:
        data = self.socket.recv(65536)
        assert data, f"closed instead of an answer; before that {self._read!r}"
        self._read += data
