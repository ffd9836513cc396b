"""Open a file of another counter: compressed or not, with a digest and a progress of its own."""

import codecs
import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from stats_service.errors import InvalidInputError

_GZIP = b"\x1f\x8b"
#: Lines between two reports of the progress.
PROGRESS_LINES = 2_000
#: Longest line read at once; what is longer comes in pieces.
LINE_MAX_BYTES = 1_000_000
#: Longest line that is put together of pieces, in characters: a file of some megabytes may unpack
#: into one line that no memory holds.
TEXT_LINE_MAX = 8_000_000


class LegacyFile:
    """A file while it is read; made by `opened_file`."""

    def __init__(self, raw: IO[bytes], file: IO[bytes], progress: Callable[[int], None]) -> None:
        self._raw = raw
        self._file = file
        self._progress = progress
        self._told = 0
        self._sha256 = hashlib.sha256()

    @property
    def digest(self) -> str:
        """Digest of everything read so far, before compression."""
        return self._sha256.hexdigest()

    def lines(self) -> Iterator[bytes]:
        """Give the lines; call the progress with the bytes of the file on disk."""
        number = 0
        while line := self._file.readline(LINE_MAX_BYTES):
            self._sha256.update(line)
            number += 1
            if number % PROGRESS_LINES == 0:
                self._tell()
            yield line
        self._tell()

    def text(self) -> Iterator[str]:
        """Give the lines as text: UTF-8, or UTF-16 with its mark, as Matomo writes it.

        Raises:
            InvalidInputError: a line is too long.
        """
        decoder: codecs.IncrementalDecoder | None = None
        rest = ""
        for line in self.lines():
            if decoder is None:
                utf16 = line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
                decoder = codecs.getincrementaldecoder("utf-16" if utf16 else "utf-8-sig")(
                    "replace"
                )
            *whole, rest = (rest + decoder.decode(line)).split("\n")
            yield from (f"{text}\n" for text in whole)
            if len(rest) > TEXT_LINE_MAX:
                raise InvalidInputError(
                    "A line has more than {text_line_max:,} characters: the file is no CSV.",
                    text_line_max=TEXT_LINE_MAX,
                )
        if rest:
            yield rest

    def _tell(self) -> None:
        at = self._raw.tell()
        self._progress(at - self._told)
        self._told = at


@contextmanager
def opened_file(
    path: Path, progress: Callable[[int], None] = lambda _: None
) -> Iterator[LegacyFile]:
    """Open `path` for reading; InvalidInputError if that cannot be done to its end."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(len(_GZIP)) == _GZIP
            raw.seek(0)
            file = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if packed else raw
            yield LegacyFile(raw, file, progress)
    except EOFError as error:
        raise InvalidInputError(
            "{path} is cut off. Nothing of it was imported.", path=path
        ) from error
    except (OSError, zlib.error) as error:
        raise InvalidInputError("{path} cannot be read: {error}", path=path, error=error) from error
