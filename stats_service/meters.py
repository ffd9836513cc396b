"""Counters of this process since it started, for `/metrics`.

Counting adds to an int in memory. Once a second, if metrics are enabled, each process writes its
sums to its own file in a shared folder, and the process that serves `/metrics` adds up the files.
So a page view costs two additions and no lock.
"""

import atexit
import json
import logging
import os
import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

#: Folder for the sums of all processes of one service; `gunicorn_conf` creates it.
FOLDER_VARIABLE = "STATS_METERS_DIR"
#: File with the sums of processes that have ended.
ENDED = "ended.json"
#: Seconds between two writes of the sums; a killed process loses at most that much.
WRITE_SECONDS = 1.0
#: One page view in this many is timed.
TIMED_VIEWS = 16
#: Upper bounds of the histogram's buckets, in seconds.
BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

#: Least seconds between two log lines about faults of one kind.
FAULT_SECONDS = 60.0

#: Name of a counter, and its labels' values.
Key = tuple[str, ...]

logger = logging.getLogger(__name__)


class Times:
    """A histogram of durations with the buckets `BOUNDS`."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        """Add one duration."""
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds

    def join(self, buckets: Iterable[int], seconds: float) -> None:
        """Add the histogram of another process."""
        self.buckets = [old + new for old, new in zip(self.buckets, buckets, strict=True)]
        self.seconds += seconds


class Sums:
    """The sums of one process, or of all processes."""

    def __init__(self) -> None:
        self.counts: defaultdict[Key, int] = defaultdict(int)
        self.times: defaultdict[Key, Times] = defaultdict(Times)

    def join(self, document: dict[str, Any]) -> None:
        """Add the sums in `document`, made by `to_document`."""
        for key, number in document["counts"]:
            self.counts[tuple(key)] += number
        for key, buckets, seconds in document["times"]:
            self.times[tuple(key)].join(buckets, seconds)

    def to_document(self) -> dict[str, Any]:
        """Return the sums as JSON values."""
        return {
            "counts": [[key, number] for key, number in list(self.counts.items())],
            "times": [[key, t.buckets, t.seconds] for key, t in list(self.times.items())],
        }


class Meters:
    """The meters of one process."""

    def __init__(self) -> None:
        #: Page views by result. Changed only in the thread of the event loop, or under the lock.
        self.views: defaultdict[str, int] = defaultdict(int)
        self.view_times = Times()
        self._sums = Sums()
        self._watched: list[tuple[Key, Callable[[], int]]] = []
        self._lock = threading.Lock()
        self._folder: Path | None = None
        #: By kind of fault: when it may be logged again, and how many were not logged.
        self._faults: dict[str, tuple[float, int]] = {}

    def view(self, result: str) -> bool:
        """Count a page view in the event loop; return whether to time it."""
        number = self.views[result] = self.views[result] + 1
        return number % TIMED_VIEWS == 0

    def count(self, *key: str) -> None:
        """Add one to a counter, from any thread."""
        with self._lock:
            self._sums.counts[key] += 1

    def fault(self, kind: str, error: BaseException) -> None:
        """Count an unexpected fault, and log it: one line a minute for each kind.

        Args:
            kind: The part that failed while the rest goes on; one of a few words.
            error: The exception raised.
        """
        now = time.monotonic()
        with self._lock:
            self._sums.counts["faults", kind] += 1
            again, left_out = self._faults.get(kind, (0.0, 0))
            quiet = now < again
            self._faults[kind] = (again, left_out + 1) if quiet else (now + FAULT_SECONDS, 0)
        if not quiet:
            more = f" ({left_out} more since the last line)" if left_out else ""
            logger.error("A fault that nobody foresaw: %s%s", kind, more, exc_info=error)

    def time(self, seconds: float, *key: str) -> None:
        """Add a duration, from any thread."""
        with self._lock:
            self._sums.times[key].add(seconds)

    def watch(self, read: Callable[[], int], *key: str) -> None:
        """Read the value of a counter from `read`: the counter lives elsewhere in this process."""
        self._watched.append((key, read))

    def document(self) -> dict[str, Any]:
        """Return this process's sums."""
        with self._lock:
            sums = Sums()
            sums.join(self._sums.to_document())
        for result, number in list(self.views.items()):
            sums.counts["views", result] += number
        sums.times["view",].join(self.view_times.buckets, self.view_times.seconds)
        for key, read in self._watched:
            sums.counts[key] += read()
        return sums.to_document()

    def share(self, folder: Path) -> None:
        """Start a thread that writes the sums to `folder`."""
        if self._folder:
            return
        self._folder = folder
        atexit.register(self._write)
        threading.Thread(target=self._write_regularly, name="meters", daemon=True).start()

    def total(self) -> tuple[Sums, int]:
        """Return the sums of all processes, and the number of running processes."""
        sums, processes = Sums(), 1
        sums.join(self.document())
        own_file = _name(os.getpid())
        for path in self._folder.glob("*.json") if self._folder else ():
            if path.name != own_file:
                processes += path.name != ENDED
                sums.join(_read(path))
        return sums, processes

    def _write_regularly(self) -> None:
        wait = threading.Event()
        while not wait.wait(WRITE_SECONDS):
            self._write()

    def _write(self) -> None:
        if self._folder:
            try:
                _put(self._folder / _name(os.getpid()), self.document())
            except OSError as error:
                logger.warning("The meters cannot be written: %s", error)


def process_ended(folder: Path, pid: int) -> None:
    """Add the sums of an ended process to those of all ended ones; called in one process only."""
    path = folder / _name(pid)
    if path.exists():
        sums = Sums()
        for part in (path, folder / ENDED):
            sums.join(_read(part))
        _put(folder / ENDED, sums.to_document())
        path.unlink()


def _name(pid: int) -> str:
    return f"{pid}.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:  # the process has just ended
        return {"counts": [], "times": []}
    return document


def _put(path: Path, document: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(document))
    part.replace(path)
