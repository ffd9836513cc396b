"""Uploads on disk: a folder for each below the data folder, for this user only.

They are not in Redis: they are too large for its memory, and are only needed until imported.
"""

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from stats_service.embedded_redis.lock import held
from stats_service.errors import InvalidInputError
from stats_service.models.portability.uploads import Upload

_ID = re.compile(r"[0-9a-f]{16}")
_RECORD = "upload.json"
#: Longest wait for a process that is ending, in seconds.
ENDING_SECONDS = 5.0
POLL_SECONDS = 0.02


class UploadStore:
    """The uploads of this host."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "uploads"

    def new_id(self) -> str:
        """Return the id of a new upload, and create its folder."""
        name = secrets.token_hex(8)
        with _disk():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self._folder / name).mkdir(mode=0o700)
        return name

    def file(self, upload: str, name: str, number: int = 1) -> Path:
        """Return the path of an upload's file; `name` is a plain name without a path."""
        folder = self._folder / upload / str(number)
        with _disk():
            folder.mkdir(mode=0o700, exist_ok=True)
        return folder / name

    def get(self, upload: str) -> Upload | None:
        """Return an upload, or None."""
        if not _ID.fullmatch(upload):
            return None
        try:
            document = (self._folder / upload / _RECORD).read_bytes()
        except FileNotFoundError:
            return None
        return msgspec.json.decode(document, type=Upload)

    def put(self, upload: Upload) -> None:
        """Write the record of an upload; readers see the former record or this one."""
        path = self._folder / upload.id / _RECORD
        part = path.with_suffix(f".{os.getpid()}")
        with _disk():
            part.write_bytes(msgspec.json.encode(upload))
            part.replace(path)

    def all(self) -> list[Upload]:
        """Return every upload, oldest first."""
        found = (self.get(path.name) for path in self._folder.glob("*"))
        return sorted((upload for upload in found if upload), key=lambda upload: upload.made)

    def erase_files(self, upload: str) -> None:
        """Delete the files of an upload; the record stays."""
        for number in (1, 2):
            shutil.rmtree(self._folder / upload / str(number), ignore_errors=True)

    def remove(self, upload: str) -> None:
        """Delete an upload."""
        if _ID.fullmatch(upload):
            shutil.rmtree(self._folder / upload, ignore_errors=True)

    def forget_before(self, moment: float) -> int:
        """Delete the uploads from before a moment, in seconds since 1970; return their number."""
        number = 0
        for path in self._folder.glob("*"):
            with contextlib.suppress(OSError):
                if path.is_dir() and path.stat().st_mtime < moment:
                    shutil.rmtree(path, ignore_errors=True)
                    number += 1
        return number

    def work_on(self, upload: str, start: Callable[[int], None]) -> bool:
        """Call `start` with a descriptor that represents the work; False: it has begun already.

        The process that inherits the descriptor holds the work until it ends, in whatever way. A
        process that has written its result may still be ending.
        """
        path = self._folder / upload / "lock"
        with _disk():
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + ENDING_SECONDS
        try:
            while not _locked(descriptor):
                if time.monotonic() > deadline:
                    return False
                time.sleep(POLL_SECONDS)
            start(descriptor)
        finally:
            os.close(descriptor)
        return True

    def is_worked_on(self, upload: str) -> bool:
        """Return whether a process holds the work on an upload."""
        try:
            descriptor = os.open(self._folder / upload / "lock", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return not _locked(descriptor)
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until no other process on this host works on an upload."""
        with held(self._folder / "turn", fcntl.LOCK_EX):
            yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidInputError(f"The file cannot be kept: {error.strerror}.") from error
