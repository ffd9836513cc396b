"""Blocks of access logs, read here or in processes beside this one: one for each core.

What a block contains does not depend on who reads it, and the parts are taken in the order of the
blocks. So nothing that is counted depends on the number of processes.
"""

import gc
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO, cast

import msgspec

import stats_service
from stats_service.errors import WorkerLostError
from stats_service.models.sites import Site
from stats_service.services.portability.legacy.files import log_lines
from stats_service.services.portability.legacy.formats.hit import Format
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.formats.recognise import format_of
from stats_service.services.portability.legacy.logs import LogPart, LogReader
from stats_service.services.visitors.countries import Countries

#: Most processes: more would wait for the one that sorts what they read.
WORKERS_MAX = 4
#: Bytes of the files together, as they are on disk, from which on processes are worth their start.
WORKERS_FROM_BYTES = 4_000_000
#: Blocks that wait to be read or taken, for each process.
WAITING = 2
_LENGTH_BYTES = 4
#: New objects from which on Python looks for circles of them.
COLLECTED_FROM = 50_000
#: Bytes that fit into the pipes, where the system lets them be set: a block and what comes of it.
PIPE_BYTES = 524_288


class LogSetup(msgspec.Struct, frozen=True, array_like=True):
    """What is the same for all blocks of one command."""

    site: Site
    salt: bytes
    options: LogOptions
    #: File with the countries of addresses; empty: none.
    countries: str = ""
    #: The first number for what visits tell, and the step to the next: readers have none in common.
    first: int = 1
    step: int = 1


class LogBlock(msgspec.Struct, frozen=True, array_like=True):
    """Some lines of a log."""

    #: Number of the file; blocks are in the order of the files.
    file: int
    data: bytes
    #: The first lines of the file, by which its format is found.
    sample: list[str]
    #: The last heading before the block, if the format has any.
    heading: str = ""


#: Returns what a block contains, once it is read.
Result = Callable[[], LogPart]


class BlockReader:
    """Reads blocks in this process; a context manager."""

    #: Number of blocks that may wait for their turn.
    depth = 1

    def __init__(self, setup: LogSetup) -> None:
        self._options = setup.options
        countries = Countries(Path(setup.countries) if setup.countries else None)
        numbers = count(setup.first, setup.step)
        self._reader = LogReader(setup.site, setup.salt, setup.options, countries, numbers)
        self._file = -1
        self._form: Format | None = None

    def __enter__(self) -> "BlockReader":
        """Return the reader."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""

    def submit(self, block: LogBlock) -> Result:
        """Return what reads the block."""
        return partial(self.read, block)

    def read(self, block: LogBlock) -> LogPart:
        """Return what a block contains."""
        if block.file != self._file or self._form is None:
            self._file, self._form = block.file, format_of(block.sample, self._options)
        if self._form is None:
            raise ValueError("the sample has no format")
        if block.heading:
            self._form.parse(block.heading)
        return self._reader.read(log_lines(block.data), self._form, block.file)


class LogWorkers:
    """Reads blocks in `number` processes; a context manager that ends them."""

    def __init__(self, setup: LogSetup, number: int) -> None:
        self.depth = WAITING * number
        self._workers: list[_Worker] = []
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._threads = ThreadPoolExecutor(number, thread_name_prefix="log-workers")
        try:
            for first in range(1, number + 1):
                own = msgspec.structs.replace(setup, first=first, step=number)
                self._workers.append(_Worker(own))
                self._idle.put(self._workers[-1])
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> "LogWorkers":
        """Return the workers."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes, whatever they do."""
        for worker in self._workers:
            worker.kill()  # a thread that waits for an answer goes on
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()

    def submit(self, block: LogBlock) -> Result:
        """Let the next free process read a block; return what waits for it.

        Raises:
            WorkerLostError: of the result: a process has ended.
        """
        return self._threads.submit(self._read, block).result

    def _read(self, block: LogBlock) -> LogPart:
        worker = self._idle.get()
        try:
            return worker.read(block)
        finally:
            self._idle.put(worker)


class _Worker:
    """A process that reads blocks."""

    def __init__(self, setup: LogSetup) -> None:
        self._file = -1
        self._begun = False
        self._setup = msgspec.msgpack.encode(setup)
        self._decoder = msgspec.msgpack.Decoder(LogPart)
        # A session of its own: Ctrl-C reaches this process alone, which ends the other. If this
        # one is killed, the other finds no more input.
        self._process = subprocess.Popen(  # noqa: S603 - every argument is the service's own
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(Path(stats_service.__file__).parents[1])},
            start_new_session=True,
            pipesize=PIPE_BYTES,
        )

    def read(self, block: LogBlock) -> LogPart:
        """Return what a block contains; WorkerLostError if the process has ended."""
        if block.file == self._file:
            block = msgspec.structs.replace(block, sample=[])
        try:
            if not self._begun:
                self._begun = True
                _send(self._stdin, self._setup)
            _send(self._stdin, msgspec.msgpack.encode(block))
            answer = _receive(cast("BinaryIO", self._process.stdout))
        except (OSError, ValueError):  # a broken pipe, a closed one
            answer = b""
        if not answer:
            raise WorkerLostError(
                "A process that helped to read the files was ended from outside, for example "
                "because the machine has no more memory. Nothing was imported; run the import "
                "again."
            )
        self._file = block.file
        return self._decoder.decode(answer)

    @property
    def _stdin(self) -> BinaryIO:
        return cast("BinaryIO", self._process.stdin)

    def kill(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Close the pipes to it."""
        with suppress(OSError):
            self._stdin.close()
        cast("BinaryIO", self._process.stdout).close()


def log_readers(setup: LogSetup, size: int) -> BlockReader | LogWorkers:
    """Return what reads files of `size` bytes together, as they are on disk."""
    number = min(_cores(), WORKERS_MAX)
    if number > 1 and size >= WORKERS_FROM_BYTES and sys.executable:
        with suppress(OSError):  # no more processes may be started
            return LogWorkers(setup, number)
    return BlockReader(setup)


def _cores() -> int:
    """Return the number of cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _send(pipe: BinaryIO, message: bytes) -> None:
    pipe.write(len(message).to_bytes(_LENGTH_BYTES))
    pipe.write(message)
    pipe.flush()


def _receive(pipe: BinaryIO) -> bytes:
    """Return the next message; empty if there is no more."""
    length = int.from_bytes(pipe.read(_LENGTH_BYTES))
    message = pipe.read(length)
    return message if len(message) == length else b""


def _serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Read blocks until there are no more."""
    # Lines make millions of objects and hardly a circle: looking for them seldom saves a twentieth.
    gc.set_threshold(COLLECTED_FROM, *gc.get_threshold()[1:])
    reader = BlockReader(msgspec.msgpack.decode(_receive(requests), type=LogSetup))
    decoder = msgspec.msgpack.Decoder(LogBlock)
    encoder = msgspec.msgpack.Encoder()
    while request := _receive(requests):
        _send(answers, encoder.encode(reader.read(decoder.decode(request))))


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        _serve(sys.stdin.buffer, sys.stdout.buffer)
