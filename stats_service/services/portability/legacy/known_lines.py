"""What is known about the log lines of earlier imports."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import repeat

from stats_service.models.portability.legacy import ImportedFile
from stats_service.services.portability.legacy.lines import KnownLine
from stats_service.services.portability.legacy.marks import (
    DAY_SECONDS,
    Flip,
    Reader,
    unpack_flips,
    unpack_marks,
    unpack_readers,
)
from stats_service.store.portability.legacy import ImportedLines, LegacyStore


class KnownLines:
    """The log lines of the complete imports of one site.

    Args:
        store: the store of imports.
        slug: the site.
        imports: every import of the site.
        kind: the system that wrote the lines; several are joined by `+`.
        field: the field that identifies readers now; None: readers are not compared.
    """

    def __init__(
        self,
        store: LegacyStore,
        slug: str,
        imports: Mapping[str, ImportedFile],
        kind: str,
        field: str | None = None,
    ) -> None:
        self._store = store
        self._slug = slug
        #: Imports that identified readers by the same field.
        self._comparable = {name for name, file in imports.items() if file.reader == field}
        kinds = set(kind.split("+"))
        self._imports = [
            (name, *_days(file))
            for name, file in imports.items()
            if file.complete and file.id and kinds.intersection(file.kind.split("+"))
        ]

    def on(self, day: int) -> list[KnownLine]:
        """Return the lines of a day of UTC, by time."""
        some = self._stored(day)
        flipped: Counter[tuple[int, int, str]] = Counter()
        for one in some:
            if one.flips:
                flipped.update(map(_key, unpack_flips(one.flips)))
        found = []
        for one in some:
            if not one.marks:
                continue
            marks = list(unpack_marks(one.marks))
            readers: Iterator[Reader | None] = repeat(None, len(marks))
            if one.readers and one.id in self._comparable:
                known = unpack_readers(one.readers)
                readers = iter(known) if len(known) == len(marks) else readers
            for mark, reader in zip(marks, readers, strict=True):
                visit = mark.visit
                key = (mark.second, mark.print, one.id)
                if visit and flipped[key] > 0:
                    flipped[key] -= 1
                    visit = 0
                at = day * DAY_SECONDS + mark.second
                found.append(KnownLine(at, mark.print, visit, one.id, reader))
        found.sort(key=lambda line: line[:2])
        return found

    def flips_of(self, owner: str, day: int) -> Iterator[tuple[str, list[Flip], list[Flip]]]:
        """Yield the imports with flips for `owner`: the import, those flips, its other flips."""
        for one in self._stored(day):
            flips = unpack_flips(one.flips) if one.flips and one.id != owner else []
            caused = [flip for flip in flips if flip.owner == owner]
            if caused:
                yield one.id, caused, [flip for flip in flips if flip.owner != owner]

    def _stored(self, day: int) -> list[ImportedLines]:
        ids = [name for name, first, last in self._imports if first <= day <= last]
        return self._store.lines(self._slug, ids, day) if ids else []


def _key(flip: Flip) -> tuple[int, int, str]:
    return flip.second, flip.print, flip.owner


def _days(file: ImportedFile) -> tuple[int, int]:
    """Return the first and last day of UTC that an import may have lines of.

    An import that joins two others may have only flips, up to half an hour away from its lines.
    """
    if file.line_days:
        return file.line_days
    if not file.first_day or file.kind != "access-log":
        return 1, 0
    first, last = (
        datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (file.first_day, file.last_day)
    )
    before, after = first - timedelta(days=2), last + timedelta(days=2)
    return int(before.timestamp() // DAY_SECONDS), int(after.timestamp() // DAY_SECONDS)
