"""Numbers of other counters, added part by part, each part once, and subtracted the same way."""

import re
import secrets
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from stats_service.errors import ConflictError, UnknownSiteError
from stats_service.models.polls import Poll, PollTally
from stats_service.models.portability.legacy import (
    DayPart,
    ImportedFile,
    Largest,
    MonthPart,
    OpeningPart,
    Part,
)
from stats_service.models.sites import Site, stored_site
from stats_service.models.traffic.periods import Periods
from stats_service.store.keys import IMPORT_READERS_SECONDS, SiteKeys
from stats_service.store.redis.client import RedisClient, bytes_of, store_errors, text_of
from stats_service.store.redis.scripts import Script, load_script
from stats_service.store.site_writes import WRITE_TO_SITE

_READERS, _ARTICLES = "portability/legacy_readers", "portability/legacy_articles"
ADD_LEGACY_DAY = load_script(_READERS, _ARTICLES, "portability/add_legacy_day")
UNDO_LEGACY_DAY = load_script(_READERS, _ARTICLES, "portability/undo_legacy_day")
ADD_LEGACY_MONTH = load_script(_READERS, "portability/add_legacy_month")
UNDO_LEGACY_MONTH = load_script(_READERS, "portability/undo_legacy_month")
ADD_LEGACY_POLL = load_script("portability/add_legacy_poll")
ADD_LEGACY_OPENINGS = load_script(_ARTICLES, "portability/add_legacy_openings")
SETTLE_LEGACY_RECORDS = load_script("portability/settle_legacy_records")
BEGIN_IMPORT = load_script("portability/begin_import")
END_IMPORT = load_script("portability/end_import")

_DAY = re.compile(rb"views:(\d{4}-\d{2}-\d{2})")
#: Number of fields sent together.
BATCH = 200
_part: msgspec.msgpack.Decoder[Part] = msgspec.msgpack.Decoder(Part)


class ImportedLines(NamedTuple):
    """The stored lines of one import on one day of UTC, packed."""

    id: str
    marks: bytes
    flips: bytes | None
    readers: bytes | None


class Spans(NamedTuple):
    """The spans for adding to a day, or subtracting from it."""

    #: The spans that contain the day.
    periods: Periods
    #: Seconds until the day's hours and articles expire; 0: they have expired.
    hours_live: int = 0
    articles_live: int = 0
    #: Whether every day of the month is kept: then it is summed from them, else it is added to.
    month_kept: bool = True


class LegacyStore:
    """The imports of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def files(self, slug: str) -> list[ImportedFile]:
        """Return every import, oldest first."""
        return list(self.imports(slug)[1].values())

    def imports(self, slug: str) -> tuple[int, dict[str, ImportedFile]]:
        """Return the revision of the imports, and the imports by Redis name, oldest first."""
        with store_errors():
            values = self._client.hgetall(SiteKeys(self._prefix, slug).legacy)
        found = [
            (text_of(name), msgspec.json.decode(document, type=ImportedFile))
            for name, document in values.items()
            if bytes_of(document).startswith(b"{")
        ]
        found.sort(key=lambda pair: (pair[1].at, pair[0]))
        return int(values.get(b"imports", 0)), dict(found)

    def begin(self, site: Site, file: ImportedFile, changes: int) -> None:
        """Record that an import begins.

        Args:
            site: the site.
            file: the record of the import.
            changes: the revision that `imports` returned when the sums were computed.

        Raises:
            ConflictError: another import was made since.
        """
        names = SiteKeys(self._prefix, site.slug)
        keys = [names.alive(site.birth), names.legacy]
        with store_errors():
            args = [file.id, msgspec.json.encode(file), changes]
            outcome = BEGIN_IMPORT.run(self._client, keys, args)
        if outcome < 0:
            raise UnknownSiteError(site.slug)
        if not outcome:
            raise ConflictError(
                "Another import into {slug!r} came in while these files were being read. Nothing "
                "was added; import them again.",
                slug=site.slug,
            )

    def note(self, site: Site, file: ImportedFile) -> None:
        """Record that an import is complete, or is being undone."""
        self._end(site, file.id, msgspec.json.encode(file))

    def forget(self, site: Site, import_id: str) -> None:
        """Delete the record of an import whose parts were all subtracted."""
        self._end(site, import_id, b"")

    def _end(self, site: Site, import_id: str, document: bytes) -> None:
        names = SiteKeys(self._prefix, site.slug)
        keys = [names.alive(site.birth), names.legacy]
        keys += [names.imported(import_id), names.import_readers(import_id)]
        with store_errors():
            outcome = END_IMPORT.run(self._client, keys, [import_id, document])
        if outcome < 0:
            raise UnknownSiteError(site.slug)

    def salt(self, site: Site, *, keep: bool) -> bytes:
        """Return the salt of the readers of imported lines; `keep` stores a new one."""
        names, new = SiteKeys(self._prefix, site.slug), secrets.token_bytes(16)
        key, alive = names.import_salt, names.alive(site.birth)
        with store_errors():
            known = bytes_of(self._client.get(key))
            if not known and keep:  # two concurrent imports use the salt of the first
                args = [IMPORT_READERS_SECONDS, "SET", new, "NX"]
                WRITE_TO_SITE.run(self._client, [alive, key], args)
                known = bytes_of(self._client.get(key))
        return known or new

    def lines(self, slug: str, ids: Sequence[str], day: int) -> list[ImportedLines]:
        """Return the stored lines of imports on a day of UTC."""
        names = SiteKeys(self._prefix, slug)
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for one in ids:
                pipe.hmget(names.imported(one), f"l{day}", f"f{day}")
                pipe.hget(names.import_readers(one), str(day))
            found = pipe.execute()
        return [
            ImportedLines(one, kept[0] or b"", kept[1], readers)
            for one, kept, readers in zip(ids, found[::2], found[1::2], strict=True)
            if kept[0] or kept[1]
        ]

    def add_lines(self, site: Site, import_id: str, fields: Mapping[str, bytes]) -> None:
        """Store marks and flips of lines (`l<day>`, `f<day>`)."""
        flat = [item for pair in fields.items() for item in pair]
        self._write(site, SiteKeys(self._prefix, site.slug).imported(import_id), "HSET", *flat)

    def add_readers(
        self, site: Site, import_id: str, readers: Mapping[str, bytes], salt: bytes
    ) -> None:
        """Store the readers of lines, by day of UTC, until their salt expires."""
        names = SiteKeys(self._prefix, site.slug)
        with store_errors():
            left = self._client.ttl(names.import_salt)
            same = bytes_of(self._client.get(names.import_salt)) == salt
        if same and left > 0:
            flat = [item for pair in readers.items() for item in pair]
            self._write(site, names.import_readers(import_id), "HSET", *flat, seconds=left)

    def line_days(self, slug: str, import_id: str) -> list[int]:
        """Return the days of UTC with lines or flips of an import."""
        with store_errors():
            fields = self._client.hkeys(SiteKeys(self._prefix, slug).imported(import_id))
        return sorted({int(field[1:]) for field in fields if field[:1] in (b"l", b"f")})

    def set_flips(self, site: Site, import_id: str, day: int, flips: bytes) -> None:
        """Store the flips of a day; an empty text deletes them."""
        command = ("HSET", f"f{day}", flips) if flips else ("HDEL", f"f{day}")
        self._write(site, SiteKeys(self._prefix, site.slug).imported(import_id), *command)

    def parts(self, slug: str, import_id: str) -> Iterator[tuple[str, Part]]:
        """Yield the parts that an import added, with their names."""
        key = SiteKeys(self._prefix, slug).imported(import_id)
        with store_errors():
            names = [name for name in self._client.hkeys(key) if name[:1].isdigit()]
            names = sorted((name for name in names if b":" not in name), key=int)
            for first in range(0, len(names), BATCH):
                some = names[first : first + BATCH]
                for name, kept in zip(some, self._client.hmget(key, some), strict=True):
                    if kept:
                        yield text_of(name), decoded_part(bytes_of(kept))

    def first_live_day(self, slug: str, tests: Sequence[str] = ()) -> str:
        """Return the first day with views that were not imported, or an empty text.

        The days in `tests` do not count.
        """
        names = SiteKeys(self._prefix, slug)
        with store_errors():
            imported = {name: int(n) for name, n in self._days(names.legacy)}
            live = [
                name
                for name, n in self._days(names.counts)
                if int(n) > imported.get(name, 0) and name not in tests
            ]
        return min(live, default="")

    def counted(self, slug: str, metric: str, spans: Sequence[str]) -> list[int]:
        """Return the views, or visits, of days, months or years."""
        if not spans:
            return []
        key = SiteKeys(self._prefix, slug).counts
        with store_errors():
            values = self._client.hmget(key, [f"{metric}:{span}" for span in spans])
        return [int(value or 0) for value in values]

    def imported_views(self, slug: str, days: Sequence[str]) -> dict[str, int]:
        """Return the imported views of days that have any."""
        key = SiteKeys(self._prefix, slug).legacy
        found: dict[str, int] = {}
        with store_errors():
            for first in range(0, len(days), 1000):
                some = days[first : first + 1000]
                values = self._client.hmget(key, [f"views:{day}" for day in some])
                found |= {day: int(n) for day, n in zip(some, values, strict=True) if n}
        return found

    def largest(self, slug: str) -> Largest:
        """Return the numbers of a site that reach their limit first."""
        names = SiteKeys(self._prefix, slug)
        with store_errors():
            views, visits = self._client.hmget(names.counts, "views", "visits")
            first = self._client.zrange(names.articles, 0, 0, desc=True, withscores=True)
            openings = self._client.hscan_iter(names.opening, count=1000)
            return Largest(
                views=int(views or 0),
                visits=int(visits or 0),
                article_views=int(first[0][1]) if first else 0,
                article_opening=max((int(number) for _, number in openings), default=0),
            )

    def add_day(
        self, site: Site, import_id: str, number: int | str, part: DayPart, spans: Spans
    ) -> None:
        """Add a part of a day, unless it was added before.

        Args:
            site: the site.
            import_id: the import.
            number: the number of the part.
            part: the part.
            spans: the spans of the day.
        """
        args: list[Any] = [number, part.day, *_spans(spans.periods), part.views, part.visits]
        args += [site.article_cap, spans.hours_live, spans.articles_live, _kept(part)]
        self._day(ADD_LEGACY_DAY, site, import_id, part, spans, args)

    def undo_day(
        self,
        site: Site,
        import_id: str,
        number: str,
        part: DayPart,
        spans: Spans,
        changes: Sequence[str] = (),
    ) -> None:
        """Subtract a part of a day, unless it was subtracted before.

        Args:
            site: the site.
            import_id: the import.
            number: the number of the part.
            part: the part.
            spans: the spans of the day.
            changes: ids of the changes of articles since the import, oldest first: whoever got the
                numbers loses them, and so does what is kept to take those changes back.
        """
        args: list[Any] = [number, part.day, *_spans(spans.periods), part.views, part.visits]
        args.append(spans.articles_live)
        self._day(UNDO_LEGACY_DAY, site, import_id, part, spans, args, changes)

    def _day(
        self,
        script: Script,
        site: Site,
        import_id: str,
        part: DayPart,
        spans: Spans,
        args: list[Any],
        changes: Sequence[str] = (),
    ) -> None:
        names = SiteKeys(self._prefix, site.slug)
        keys = [names.alive(site.birth), names.legacy, names.counts, names.hours(part.day)]
        keys += [names.articles, names.day_articles(part.day)]
        keys += [names.month_articles(spans.periods.month), names.imported(import_id)]
        keys += [names.readers(part.day), names.readers(spans.periods.month), names.aliases]
        keys += map(names.moved, changes)
        args += [int(spans.month_kept), len(part.hours), len(part.readers)]
        for hour, (views, visits) in part.hours.items():
            args += (hour, views, visits)
        args += _lines(part)
        for article, views in part.articles.items():
            args += (article, views)
        with store_errors():
            outcome = script.run(self._client, keys, args)
        if outcome < 0:
            raise UnknownSiteError(site.slug)

    def add_month(
        self, site: Site, import_id: str, number: int, part: MonthPart, *, kept: bool
    ) -> None:
        """Add what visits of a month told, unless it was added before.

        Args:
            site: the site.
            import_id: the import.
            number: the number of the part.
            part: the part.
            kept: as `Spans.month_kept`.
        """
        self._month(ADD_LEGACY_MONTH, site, import_id, part, [number, _kept(part), int(not kept)])

    def undo_month(
        self, site: Site, import_id: str, number: str, part: MonthPart, *, kept: bool
    ) -> None:
        """Subtract what visits of a month told, unless it was subtracted before."""
        self._month(UNDO_LEGACY_MONTH, site, import_id, part, [number, int(not kept)])

    def _month(
        self, script: Script, site: Site, import_id: str, part: MonthPart, args: list[Any]
    ) -> None:
        names = SiteKeys(self._prefix, site.slug)
        keys = [names.alive(site.birth), names.readers(part.month), names.imported(import_id)]
        with store_errors():
            outcome = script.run(self._client, keys, args + _lines(part))
        if outcome < 0:
            raise UnknownSiteError(site.slug)

    def settle_records(self, site: Site, import_id: str) -> None:
        """Determine the busiest days again, if the import has changed one of them."""
        names = SiteKeys(self._prefix, site.slug)
        keys = [names.counts, names.imported(import_id)]
        with store_errors():
            SETTLE_LEGACY_RECORDS.run(self._client, keys, [])

    def add_opening(self, site: Site, import_id: str, number: int, part: OpeningPart) -> None:
        """Add a part to the opening balances of `site`, unless it was added before."""
        self._opening(site, import_id, number, part, 1)

    def undo_opening(
        self,
        site: Site,
        import_id: str,
        number: str,
        part: OpeningPart,
        changes: Sequence[str] = (),
    ) -> None:
        """Subtract a part from the opening balances, unless it was subtracted before.

        `changes` as in `undo_day`.
        """
        self._opening(site, import_id, number, part, -1, changes)

    def _opening(
        self,
        site: Site,
        import_id: str,
        number: int | str,
        part: OpeningPart,
        sign: int,
        changes: Sequence[str] = (),
    ) -> None:
        names = SiteKeys(self._prefix, site.slug)
        keys = [names.site, names.imported(import_id), names.opening, names.ratings]
        keys += [names.aliases, *map(names.moved, changes)]
        with store_errors():
            before = self._client.get(names.site)
            if before is None:
                raise UnknownSiteError(site.slug)
            after: bytes | str = ""
            if part.views or part.visits:
                known = stored_site(before)
                after = msgspec.json.encode(
                    msgspec.structs.replace(
                        known,
                        opening_views=max(0, known.opening_views + sign * part.views),
                        opening_visits=max(0, known.opening_visits + sign * part.visits),
                    )
                )
            kept = _kept(part) if sign > 0 else ""
            args: list[Any] = [number, kept, before, after, len(part.articles)]
            for article, views in part.articles.items():
                args += (article, views)
            for article, counts in part.ratings.items():
                args += (article, ",".join(map(str, counts)))
            outcome = ADD_LEGACY_OPENINGS.run(self._client, keys, args)
        if outcome < 0:
            raise ConflictError(
                f"The settings of {site.slug!r} were changed meanwhile. Do it again: "
                "what was done is not done twice."
            )

    def number_of_polls(self, slug: str) -> int:
        """Return the number of polls of a site."""
        with store_errors():
            return int(self._client.hlen(SiteKeys(self._prefix, slug).polls))

    def has_poll(self, slug: str, poll: str) -> bool:
        """Return whether a poll exists."""
        with store_errors():
            return bool(self._client.hexists(SiteKeys(self._prefix, slug).polls, poll))

    def add_poll(self, slug: str, poll: Poll, tally: PollTally) -> bool:
        """Add a poll with its result; False, and nothing changed, if the id is taken."""
        names = SiteKeys(self._prefix, slug)
        keys = [names.site, names.polls, names.poll_revisions, names.poll(poll.id, "tally")]
        args: list[Any] = [poll.id, msgspec.json.encode(poll), "ballots", tally.ballots]
        for choice, votes in tally.votes.items():
            args += (f"c:{choice}", votes)
        with store_errors():
            outcome = ADD_LEGACY_POLL.run(self._client, keys, args)
        if outcome < 0:
            raise UnknownSiteError(slug)
        return bool(outcome)

    def _write(self, site: Site, key: str, *command: Any, seconds: int = 0) -> None:
        alive = SiteKeys(self._prefix, site.slug).alive(site.birth)
        with store_errors():
            done = WRITE_TO_SITE.run(self._client, [alive, key], [seconds, *command])
        if done is None:
            raise UnknownSiteError(site.slug)

    def _days(self, key: str) -> list[tuple[str, Any]]:
        return [
            (match[1].decode(), value)
            for field, value in self._client.hscan_iter(key, count=1000)
            if (match := _DAY.fullmatch(field))
        ]


def _lines(part: DayPart | MonthPart) -> list[Any]:
    """Return the lines that visits told, each with its visits."""
    return [item for pair in part.readers.items() for item in pair]


def _spans(periods: Periods) -> tuple[str, str, str]:
    return periods.week, periods.month, periods.year


def decoded_part(kept: bytes) -> Part:
    """Return a part from its stored form; zlib.error or MsgspecError if it is not valid."""
    return _part.decode(zlib.decompress(kept))


def _kept(part: Part) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(part))
