"""Open the files of other counters, compressed or not, with a digest and a progress report."""

import bz2
import codecs
import gzip
import hashlib
import lzma
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import IO, Any, cast

from stats_service.errors import InvalidInputError

#: First bytes of formats that are read.
_GZIP, _BZIP2, _XZ, _ZIP = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"PK\x03\x04"
#: First bytes of formats that are refused, with their usual name.
_FOREIGN = {
    b"7z\xbc\xaf": "7z",
    b"Rar!": "RAR",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"\xd0\xcf\x11\xe0": "Excel",
    b"SQLite format 3": "SQLite",
}
#: Names in a zip that do not belong to a counter.
_OTHER_NAMES = ("__MACOSX/", ".")
#: Most files in one zip.
ZIP_FILES_MAX = 5000
#: Bytes of a table that are read at once.
BLOCK_BYTES = 65_536
#: Bytes of a log that are read at once.
LOG_BLOCK_BYTES = 262_144
#: Longest line of a log that is read at once; a longer one comes in pieces.
LINE_MAX_BYTES = 1_000_000
#: Longest line of a log that is parsed: longer ones are garbage or an attack.
LOG_LINE_MAX = 32_768
#: Longest line that is put together from pieces, in characters: a file of some megabytes may
#: decompress to one line that does not fit in memory.
TEXT_LINE_MAX = 8_000_000


class LegacyFile:
    """A file that is being read; created by `opened_file`."""

    def __init__(
        self, name: str, raw: IO[bytes], file: IO[bytes], progress: Callable[[int], None]
    ) -> None:
        self.name = name
        self._raw = raw
        self._file = file
        self._progress = progress
        self._told = raw.tell()
        self._sha256 = hashlib.sha256()
        self._first: list[str] = []
        self._first_blocks: list[bytes] = []
        self._blocks: Iterator[bytes] | None = None

    @property
    def digest(self) -> str:
        """Digest of all bytes read so far, before decompression."""
        return self._sha256.hexdigest()

    def blocks(self) -> Iterator[bytes]:
        """Yield the lines of a log in UTF-8, some hundred kilobytes of whole lines at a time.

        A line of more than `LINE_MAX_BYTES` comes in pieces, each in a block of its own.
        """
        rest = self._begun()
        while self._first_blocks:
            yield self._first_blocks.pop(0)
        yield from rest
        # The rest refers to this object: without it, what is in memory goes when it is not needed.
        self._blocks = iter(())

    def first_lines(self, number: int) -> list[str]:
        """Return the first lines of a log; `blocks` yields them again."""
        rest = self._begun()
        while len(self._first) < number and (block := next(rest, b"")):
            self._first_blocks.append(block)
            self._first += log_lines(block)[:number]
        return self._first[:number]

    def _begun(self) -> Iterator[bytes]:
        if self._blocks is None:
            self._blocks = self._whole_lines()
        return self._blocks

    def text(self) -> Iterator[str]:
        """Yield the lines as text: UTF-8, or UTF-16 with a byte order mark, as Matomo writes it.

        Raises:
            InvalidInputError: a line is too long.
        """
        decoder: codecs.IncrementalDecoder | None = None
        rest = ""
        while block := self._file.read(BLOCK_BYTES):
            self._sha256.update(block)
            self._tell()
            if decoder is None:
                decoder = codecs.getincrementaldecoder(_encoding(block))("replace")
            *whole, rest = (rest + decoder.decode(block)).split("\n")
            for text in whole:
                yield text + "\n"
            if len(rest) > TEXT_LINE_MAX:
                raise InvalidInputError(
                    "A line has more than {text_line_max:,} characters: the file is no CSV.",
                    text_line_max=TEXT_LINE_MAX,
                )
        if rest:
            yield rest

    def _whole_lines(self) -> Iterator[bytes]:
        rest = b""
        for block in self._utf8():
            data = rest + block
            end = data.rfind(b"\n") + 1
            if end:
                yield data[:end]
            rest = data[end:]
            while len(rest) >= LINE_MAX_BYTES:
                yield rest[:LINE_MAX_BYTES]
                rest = rest[LINE_MAX_BYTES:]
        if rest:
            yield rest

    def _utf8(self) -> Iterator[bytes]:
        """Yield the bytes of a log in UTF-8, without a byte order mark."""
        decoder: codecs.IncrementalDecoder | None = None
        first = True
        while block := self._file.read(LOG_BLOCK_BYTES):
            self._sha256.update(block)
            self._tell()
            if first and _encoding(block) == "utf-16":
                decoder = codecs.getincrementaldecoder("utf-16")("replace")
            elif first:
                block = block.removeprefix(codecs.BOM_UTF8)
            first = False
            yield decoder.decode(block).encode("utf-8", "replace") if decoder else block
        self._tell()

    def _tell(self) -> None:
        at = self._raw.tell()
        if at > self._told:
            self._progress(at - self._told)
            self._told = at


def log_lines(block: bytes) -> list[str]:
    """Return the lines of a block as text, without line feeds; long ones are cut off."""
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()
    if not lines or max(map(len, lines)) < LOG_LINE_MAX:
        return block.decode("utf-8", "replace").split("\n")[: len(lines)]
    stream = BytesIO(block)
    pieces = iter(lambda: stream.readline(LINE_MAX_BYTES), b"")
    return [piece[:LOG_LINE_MAX].decode("utf-8", "replace").rstrip("\n") for piece in pieces]


@contextmanager
def opened_file(
    path: Path, progress: Callable[[int], None] = lambda _: None
) -> Iterator[LegacyFile]:
    """Open the single file of `path`; InvalidInputError if it cannot be read to the end."""
    files = opened_files(path, progress)
    try:
        with readable(path.name):
            yield next(files)
    finally:
        files.close()


def opened_files(
    path: Path, progress: Callable[[int], None] = lambda _: None
) -> Generator[LegacyFile]:
    """Yield the files of `path`, one after the other: those in a zip, else the file itself.

    Raises:
        InvalidInputError: a file cannot be read to the end, or its compression is unknown.
    """
    with readable(path.name), path.open("rb") as raw:
        if raw.read(len(_ZIP)) != _ZIP:
            raw.seek(0)
            yield LegacyFile(path.name, raw, _unpacked(path.name, raw), progress)
            return
        raw.seek(0)
        with zipfile.ZipFile(raw) as packed:
            members = [
                member
                for member in packed.infolist()
                if not member.is_dir()
                and not member.filename.startswith(_OTHER_NAMES)
                and not member.filename.rpartition("/")[2].startswith(".")
            ]
            if len(members) > ZIP_FILES_MAX:
                raise InvalidInputError(
                    "{name} has {number:,} files in it, and may have {most:,}. Make several of it.",
                    name=path.name,
                    number=len(members),
                    most=ZIP_FILES_MAX,
                )
            if any(member.filename == "[Content_Types].xml" for member in members):
                raise _foreign(path.name, "Excel")
            for member in members:
                with packed.open(member) as inside:
                    name = member.filename.rpartition("/")[2]
                    yield LegacyFile(name, raw, _unpacked(name, inside), progress)


def _unpacked(name: str, raw: IO[bytes]) -> IO[bytes]:
    """Return the decompressed stream of `raw`."""
    stream = raw if isinstance(raw, BufferedReader) else BufferedReader(cast("Any", raw))
    first = stream.peek(300)[:300]
    if first.startswith(_GZIP):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    if first.startswith(_BZIP2):
        return cast("IO[bytes]", BufferedReader(cast("Any", bz2.BZ2File(stream))))
    if first.startswith(_XZ):
        return cast("IO[bytes]", BufferedReader(cast("Any", lzma.LZMAFile(stream))))
    for begin, what in _FOREIGN.items():
        if first.startswith(begin):
            raise _foreign(name, what)
    if first[257:262] == b"ustar":
        raise _foreign(name, "tar")
    return stream


def _foreign(name: str, what: str) -> InvalidInputError:
    if what in ("Excel", "SQLite"):
        return InvalidInputError(
            "{name} is a file of {what}: export what is in it as CSV.", name=name, what=what
        )
    return InvalidInputError(
        "{name} is packed as {what}: unpack it, or pack what is in it as zip, gzip, bzip2 or xz.",
        name=name,
        what=what,
    )


def _encoding(first: bytes) -> str:
    utf16 = first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return "utf-16" if utf16 else "utf-8-sig"


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Translate errors of reading into one that names the file and the reason."""
    try:
        yield
    except EOFError as error:
        raise InvalidInputError(
            "{path} is cut off. Nothing of it was imported.", path=name
        ) from error
    except (OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
        raise InvalidInputError("{path} cannot be read: {error}", path=name, error=error) from error
    except (RuntimeError, NotImplementedError) as error:  # zipfile: a password, a rare method
        if "encrypted" not in str(error) and "compression" not in str(error):
            raise
        raise InvalidInputError("{path} cannot be read: {error}", path=name, error=error) from error
