"""Sort more rows than fit in memory."""

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO

import msgspec

#: Number of rows sorted in memory at a time; article keys of usual length take some 20 MB.
CHUNK_ROWS = 100_000

Pair = tuple[bytes, bytes]


def sorted_pairs(pairs: Iterable[Pair], chunk_rows: int = CHUNK_ROWS) -> Iterator[Pair]:
    """Yield `pairs` by their first element, each once, with at most `chunk_rows` in memory.

    A scan of Redis may return a member twice; within a chunk, the last value counts.
    """
    source = iter(pairs)
    files: list[IO[bytes]] = []
    try:
        while True:
            chunk = sorted(dict(islice(source, chunk_rows)).items())
            if not files and len(chunk) < chunk_rows:
                yield from _once(chunk)
                return
            if not chunk:
                break
            file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
            files.append(file)
            file.writelines(msgspec.json.encode(pair) + b"\n" for pair in chunk)
            file.seek(0)
        yield from _once(heapq.merge(*map(_read, files)))
    finally:
        for file in files:
            file.close()


def _read(file: IO[bytes]) -> Iterator[Pair]:
    decoder = msgspec.json.Decoder(Pair)  # bytes are base64 in JSON
    for line in file:
        yield decoder.decode(line)


def _once(pairs: Iterable[Pair]) -> Iterator[Pair]:
    last: bytes | None = None
    for pair in pairs:
        if pair[0] != last:
            yield pair
            last = pair[0]
