"""Two browsers that Playwright does not drive: Debian's Firefox and WebKitGTK's MiniBrowser.

Both speak the commands of W3C WebDriver: WebKit over HTTP, by its driver; Firefox over a socket
of its own (Marionette), which saves a driver that Debian does not have.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol
from urllib.request import Request, urlopen

import pytest

from tests.browser.field.php import listens
from tests.support.processes import free_port, wait_until

#: Longest wait for one command, in seconds.
PATIENCE = 120


#: Paths below a session, by the names of the commands.
PATHS = {
    "NewSession": "/session",
    "Navigate": "/url",
    "ExecuteScript": "/execute/sync",
    "ElementClick": "/element/{id}/click",
}


class Wire(Protocol):
    """How commands come to a browser."""

    def send(self, command: str, fields: dict[str, Any]) -> Any:
        """Send a command by its name in the standard; return its value."""


class Driven:
    """A browser that a test drives."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def open(self, url: str) -> None:
        """Open a page and wait until it has loaded."""
        self._wire.send("Navigate", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of a function in the page; return what it returns."""
        return self._wire.send("ExecuteScript", {"script": script, "args": list(arguments)})

    def until(self, expression: str) -> None:
        """Look again and again until an expression is true in the page."""
        wait_until(lambda: bool(self.run(f"return Boolean({expression})")))

    def click(self, expression: str) -> None:
        """Click the element that an expression gives, as a reader's mouse does."""
        self.until(expression)
        (element,) = self.run(f"return {expression}").values()
        self._wire.send("ElementClick", {"id": element})


class _Marionette:
    """Firefox: `length:[0, number, name, fields]`, answered `length:[1, number, error, value]`."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._stream = self._socket.makefile("rb")
        assert self._read()["marionetteProtocol"] == 3

    def send(self, command: str, fields: dict[str, Any]) -> Any:
        message = json.dumps([0, 1, f"WebDriver:{command}", fields]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, value = self._read()
        assert error is None, f"{command}: {error}"
        return value["value"] if isinstance(value, dict) and set(value) == {"value"} else value

    def _read(self) -> Any:
        digits = b""
        while (digit := self._stream.read(1)) not in (b":", b""):
            digits += digit
        assert digits, "Firefox is gone"
        return json.loads(self._stream.read(int(digits)))

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


class _Http:
    """WebKit's driver: the standard's own paths."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}"
        self._session = ""

    def send(self, command: str, fields: dict[str, Any]) -> Any:
        url = self._base + self._session + PATHS[command].format(**fields)
        head = {"Content-Type": "application/json"}
        with urlopen(Request(url, json.dumps(fields).encode(), head), timeout=PATIENCE) as answer:
            value = json.load(answer)["value"]
        if command == "NewSession":
            self._session = f"/session/{value['sessionId']}"
        return value

    def close(self) -> None:
        url = self._base + self._session
        with urlopen(Request(url, method="DELETE"), timeout=PATIENCE):
            """The browser ends with its session."""


def _program(name: str, package: str, *elsewhere: str) -> str:
    """Return the path of a program, or skip the test with what to install."""
    found = shutil.which(name) or next(filter(os.path.exists, elsewhere), None)
    if found is None:
        pytest.skip(f"{name} is not here: apt install {package}")
    return found


@contextlib.contextmanager
def _running(command: list[str], folder: Path, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program with a home of its own, and end it."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            command,
            env=os.environ | {"HOME": str(folder), "LANG": "C.UTF-8"} | environ,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def running_firefox(folder: Path) -> Iterator[Driven]:
    """Run Firefox ESR without a window."""
    program = _program("firefox-esr", "firefox-esr")
    port, profile = free_port(), folder / "profile"
    profile.mkdir()
    (profile / "user.js").write_text(
        f'user_pref("marionette.port", {port});\nuser_pref("intl.accept_languages", "vi-VN, vi");\n'
    )
    command = [program, "--headless", "--marionette", "--no-remote", "--profile", str(profile)]
    with _running(command, folder) as process:
        wait_until(lambda: process.poll() is not None or listens(port), 90)
        assert process.poll() is None, (folder / "log").read_text()
        wire = _Marionette(port)
        wire.send("NewSession", {"capabilities": {}})
        try:
            yield Driven(wire)
        finally:
            wire.close()


@contextlib.contextmanager
def running_webkit(folder: Path) -> Iterator[Driven]:
    """Run WebKitGTK's MiniBrowser on a screen that nobody sees."""
    driver = _program("WebKitWebDriver", "webkit2gtk-driver")
    screen = _program("Xvfb", "xvfb")
    browsers = sorted(map(str, Path("/usr/lib").glob("*/webkit2gtk-4.?/MiniBrowser")))
    browser = _program("MiniBrowser", "webkit2gtk-driver", *browsers)
    port, number = free_port(), f":{free_port()}"
    display = {
        "DISPLAY": number,
        "GDK_BACKEND": "x11",
        "NO_AT_BRIDGE": "1",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "WEBKIT_DISABLE_DMABUF_RENDERER": "1",
    }
    options = {"binary": browser, "args": ["--automation"]}
    with (
        _running([screen, number, "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], folder),
        _running([driver, f"--port={port}"], folder, **display) as process,
    ):
        wait_until(lambda: process.poll() is not None or listens(port), 60)
        assert process.poll() is None, (folder / "log").read_text()
        wait_until(Path(f"/tmp/.X11-unix/X{number[1:]}").exists)
        wire = _Http(port)
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        wire.send("NewSession", {"capabilities": wanted})
        try:
            yield Driven(wire)
        finally:
            wire.close()
