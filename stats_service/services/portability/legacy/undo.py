"""Undo an import: subtract exactly what it added, part by part."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import msgspec

from stats_service.errors import ConflictError, NotFoundError
from stats_service.models.portability.legacy import DayPart, ImportedFile, MonthPart
from stats_service.models.sites import Site
from stats_service.services.periods import periods_at
from stats_service.services.portability.legacy.known_lines import KnownLines
from stats_service.services.portability.legacy.marks import DAY_SECONDS, Flip, pack_flips
from stats_service.store.keys import ARTICLE_DAYS_KEPT, HOURS_DAYS_KEPT
from stats_service.store.portability.legacy import LegacyStore, Spans
from stats_service.store.traffic.article_changes import ArticleChangeStore

_KEPT = (HOURS_DAYS_KEPT, ARTICLE_DAYS_KEPT)
#: Days that the first day of a month must still be kept for, so that the month is summed from its
#: days once more before any of them is gone.
MARGIN_DAYS = 5


def spans_of(day: str, now: float) -> Spans:
    """Return the spans that contain a day, to add to them or to subtract from them."""
    midnight = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    periods = periods_at((midnight + timedelta(hours=12)).timestamp(), "UTC")
    end = (midnight + timedelta(days=1)).timestamp()
    hours, articles = (max(0, int(end + kept * DAY_SECONDS - now)) for kept in _KEPT)
    return Spans(periods, hours, articles, month_kept=is_month_kept(day[:7], now))


def is_month_kept(month: str, now: float) -> bool:
    """Return whether every day of a month (`2026-11`) is kept for some days yet."""
    first = datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC).timestamp()
    return now - first < (ARTICLE_DAYS_KEPT - MARGIN_DAYS) * DAY_SECONDS


def undo_import(
    store: LegacyStore, changes: ArticleChangeStore, site: Site, name: str, now: float
) -> ImportedFile:
    """Undo an import; return its record.

    An import that was interrupted, or whose undo was interrupted, is undone as far as it is in.

    Args:
        store: the store of imports.
        changes: the changes of articles: what was merged since is taken from whoever has it.
        site: the site of the import.
        name: the import's id, a prefix of the id, or the name of one of the files.
        now: seconds since 1970.

    Raises:
        NotFoundError: the import does not exist.
        ConflictError: the name fits several imports; or an old version, which recorded no parts,
            made the import.
    """
    imports = store.imports(site.slug)[1]
    found = _found(imports.values(), name)
    leaving = msgspec.structs.replace(found, complete=False, leaving=True)
    store.note(site, leaving)
    # Lines of this import that begin no visit for another one's sake go with this import.
    others = {key: file for key, file in imports.items() if key != found.id}
    known = KnownLines(store, site.slug, others, found.kind)
    for day in store.line_days(site.slug, found.id):
        for other, caused, rest in known.flips_of(found.id, day):
            zone = others[other].timezone or site.timezone
            for flip in caused:
                back, at = _visit_back(flip, day, zone)
                spans = spans_of(back.day, now)
                # The number identifies the line, so that it is not added twice.
                store.add_day(site, other, f"9{at}{flip.print:010d}", back, spans)
            store.set_flips(site, other, day, pack_flips(rest) if rest else b"")
            store.settle_records(site, other)
    since = _changes_since(changes, site, found)
    for number, part in store.parts(site.slug, found.id):
        if isinstance(part, DayPart):
            store.undo_day(site, found.id, number, part, spans_of(part.day, now), since)
        elif isinstance(part, MonthPart):
            kept = is_month_kept(part.month, now)
            store.undo_month(site, found.id, number, part, kept=kept)
        else:
            store.undo_opening(site, found.id, number, part, since)
    store.settle_records(site, found.id)
    store.forget(site, found.id)
    return found


def _changes_since(changes: ArticleChangeStore, site: Site, file: ImportedFile) -> list[str]:
    """Return the ids of the changes since an import that can be taken back, the oldest first."""
    made = reversed(changes.changes(site.slug))
    return [one.change.id for one in made if one.kept and one.change.at >= file.at]


def _visit_back(flip: Flip, day: int, zone: str) -> tuple[DayPart, int]:
    at = day * DAY_SECONDS + flip.second
    periods = periods_at(at, zone)
    return DayPart(day=periods.day, visits=1, hours={periods.hour: (0, 1)}), at


def _found(imports: Iterable[ImportedFile], name: str) -> ImportedFile:
    found = [
        file
        for file in imports
        if name in file.files or name == file.name or name in file.digests
        or (len(name) >= 4 and file.id.startswith(name))
    ]  # fmt: skip
    if not found:
        raise NotFoundError(
            "There is no import {name!r}. `stats-service legacy list SITE` has them all.",
            name=name[:80],
        )
    if len(found) > 1:
        raise ConflictError(
            "{name!r} is in several imports: {ids}. Say which one by its id.",
            name=name[:80],
            ids=", ".join(file.id or "?" for file in found),
        )
    (one,) = found
    if not one.undoable:
        raise ConflictError(
            "{name} was imported by a version of the service that kept no parts of an import, "
            "so that it cannot be taken out. Restore a backup or an archive of before.",
            name=one.name,
        )
    return one
