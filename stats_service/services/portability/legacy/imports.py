"""Bring files of other counters into a site's numbers: what is new of them, once, and undoable."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from stats_service.errors import ConflictError, InvalidInputError
from stats_service.models.bounds import COUNT_MAX
from stats_service.models.legacy import (
    GROWING_TOLD,
    DayPart,
    FileSummary,
    Growth,
    ImportedFile,
    LegacySummary,
    OpeningPart,
)
from stats_service.models.sites import Site
from stats_service.services.polls.polls import POLLS_MAX
from stats_service.services.portability.legacy.exports import READERS, Source, read_rows
from stats_service.services.portability.legacy.files import LegacyFile, opened_files, readable
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.known_lines import KnownLines
from stats_service.services.portability.legacy.lines import Lines, Recount, check_days, skipping
from stats_service.services.portability.legacy.logs import LogReader
from stats_service.services.portability.legacy.series import LogContext, log_summary, read_logs
from stats_service.services.portability.legacy.tally import Tally
from stats_service.services.portability.legacy.undo import spans_of, undo_import
from stats_service.services.portability.legacy.wp_polls import LegacyPoll
from stats_service.services.sites.sites import BALANCE_MAX, Sites
from stats_service.store.portability.legacy import LegacyStore

ACCESS_LOG = "access-log"
KINDS = (ACCESS_LOG, *READERS)
#: What knows no dates, so that it can only become opening balances.
UNDATED = frozenset(("wp-postviews", "wp-postratings"))

#: Hexadecimal digits by which an import is named.
ID_LENGTH = 16

Progress = Callable[[int], None]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done with the files of one command."""

    kind: str
    #: Add to the opening balances instead of to days.
    opening: bool = False
    #: Days from this one on are left out; empty: from the first that was counted live.
    before: str = ""
    #: Days on which only tests were counted live: none of them is the first.
    tests: tuple[str, ...] = ()
    #: Add days although the site's opening balance may have them in it.
    keep_opening: bool = False
    #: Add days although an import of another kind brought their views.
    beside: bool = False
    dry_run: bool = False
    #: What an access log does not say itself.
    log: LogOptions = LogOptions()


class Legacy:
    """Import files, tell which were imported, and take them out again."""

    def __init__(self, store: LegacyStore, sites: Sites) -> None:
        self._store = store
        self._sites = sites

    def files(self, slug: str) -> list[ImportedFile]:
        """Return every import into a site, oldest first."""
        return self._store.files(self._sites.get(slug).slug)

    def undo(self, slug: str, name: str, now: float) -> ImportedFile:
        """Take an import out of a site again; see `undo_import`."""
        return undo_import(self._store, self._sites.get(slug), name, now)

    def add_polls(
        self, slug: str, polls: Iterator[LegacyPoll | str], *, dry_run: bool
    ) -> Iterator[tuple[str, bool]]:
        """Add polls that were held elsewhere; say of each what became of it, and if it is new.

        Nothing is added in a dry run.

        Raises:
            InvalidInputError: the file, or the site with it, has more polls than a site may have.
        """
        site = self._sites.get(slug)
        room = POLLS_MAX - self._store.number_of_polls(site.slug)
        for number, found in enumerate(polls, 1):
            if number > POLLS_MAX:  # what is told of each is kept, and shown on one page
                raise _too_many_polls()
            if isinstance(found, str):
                yield found, False
                continue
            name = f"{found.poll.id}: {found.poll.question[found.poll.lang]}"
            text = f"{name} ({found.tally.ballots:,} ballots)"
            new = not self._store.has_poll(site.slug, found.poll.id)
            room -= new
            if room < 0:
                raise _too_many_polls()
            if dry_run:
                yield f"would add {text}" if new else f"there already: {name}", new
            elif self._store.add_poll(site.slug, found.poll, found.tally):
                yield f"added {text}", True
            else:
                yield f"there already: {name}", False

    def run(
        self,
        source: Source,
        paths: list[Path],
        plan: Plan,
        now: float,
        progress: Progress = lambda _: None,
    ) -> LegacySummary:
        """Bring in what is new in the files of `paths`, whatever their order: all or nothing.

        What an earlier import brought is recognised: lines of logs one by one, of exports the
        numbers of a day and an article. One that was cut off goes on where it stopped, if the
        same is done again. If there is nothing to add, nothing is remembered of the files.

        Raises:
            InvalidInputError: a file cannot be read as what it is said to be, or has more than can
                be added to what is there.
            ConflictError: the days may be in the opening balance already, or are of an import of
                another kind; or another import came in between, or was cut off.
        """
        site = source.site
        check_days((*filter(None, [plan.before]), *plan.tests))
        changes, imports = self._store.imports(site.slug)
        before = plan.before or self._store.first_live_day(site.slug, plan.tests)
        with Tally() as tally, Lines() as lines:
            work = _Work(site, plan, before, imports, tally, lines)
            salt = b""
            if plan.kind == ACCESS_LOG:
                salt = self._store.salt(site, keep=not plan.dry_run)
                files, overlapping = self._read_logs(work, paths, salt, progress)
            else:
                files = self._read_exports(source, paths, plan, imports, tally, progress)
                overlapping = tally.totals()[0] - tally.totals(before)[0]
            summary = self._summary(work, files, overlapping)
            if not summary.adds:
                return summary
            return self._bring_in(work, summary, changes, salt, now)

    def _read_logs(
        self, work: "_Work", paths: list[Path], salt: bytes, progress: Progress
    ) -> tuple[list[FileSummary], int]:
        """Return what is in the files, and how many views were counted live."""
        site, tally, lines = work.site, work.tally, work.lines
        options = msgspec.structs.replace(work.plan.log, hosts=site.hosts)
        former = {name for name, file in work.imports.items() if not file.undoable}
        context = LogContext(LogReader(site, salt, options), options, lines, former)
        files = list(read_logs(paths, context, progress))
        for file in files:
            tally.lines += file.contents.lines
            tally.ignored += file.contents.ignored
        known = KnownLines(self._store, site.slug, work.imports, options.reader)
        recount = Recount(site, known.on, skipping(work.before), tally, len(files))
        for some in recount.run(lines):
            lines.keep(some)
        summaries = [log_summary(*pair) for pair in zip(files, recount.files, strict=True)]
        return summaries, recount.overlapping

    def _read_exports(
        self,
        source: Source,
        paths: list[Path],
        plan: Plan,
        imports: Mapping[str, ImportedFile],
        tally: Tally,
        progress: Progress,
    ) -> list[FileSummary]:
        files = []
        for path in paths:
            for file in opened_files(path, progress):
                with readable(file.name), Tally() as one:
                    READERS[plan.kind](source, read_rows(file.text()), one)
                    files.append(_export_summary(file, plan.kind, one))
                    former = imports.get(file.digest)
                    if not (former and former.complete):  # of a time that kept no parts
                        tally.join(one)
        return files

    def _summary(self, work: "_Work", files: list[FileSummary], overlapping: int) -> LegacySummary:
        """Return what there is to add, after what is in already was taken away from it."""
        plan, tally, before = work.plan, work.tally, work.before
        days = tally.days(before)
        digests = [file.digest for file in files]
        known_views = sum(file.known_views for file in files)
        if work.opening:
            tally.undate(before)
            before = ""
        if plan.kind != ACCESS_LOG:
            known_views = tally.subtract(self._earlier(work))
            days = [] if work.opening else tally.days(before)
        views, visits = tally.totals(before)
        day_views = {} if work.opening else tally.day_views(before)
        there = self._store.imported_views(work.site.slug, list(day_views))
        growing = [Growth(day, there[day], more) for day, more in day_views.items() if day in there]
        name = files[0].name if files else ""
        summary = LegacySummary(
            name=name if len(files) < 2 else f"{name} +{len(files) - 1}",
            kind=plan.kind,
            digest=digests[0] if len(files) == 1 else _digest(digests),
            lines=tally.lines,
            views=views,
            visits=visits,
            articles=tally.article_number(before),
            days=len(days),
            first_day=days[0] if days else "",
            last_day=days[-1] if days else "",
            ratings=sum(map(Counter.total, tally.ratings.values())),
            ignored=dict(tally.ignored.most_common()),
            overlapping=overlapping,
            known_views=known_views,
            growing=tuple(growing[:GROWING_TOLD]),
            growing_days=len(growing),
            files=tuple(files),
        )
        if not summary.adds:
            seen = {digest for file in work.imports.values() for digest in file.digests}
            known = bool(known_views) or bool(digests and seen.union(work.imports) >= set(digests))
            return msgspec.structs.replace(summary, known=known)
        return summary

    def _earlier(self, work: "_Work") -> Iterator[DayPart | OpeningPart]:
        """Give the parts that imports of the same kind have added to the same."""
        for name, file in work.imports.items():
            if file.kind == work.plan.kind and file.opening == work.opening and file.complete:
                yield from (part for _, part in self._store.parts(work.site.slug, name))

    def _bring_in(
        self, work: "_Work", summary: LegacySummary, changes: int, salt: bytes, now: float
    ) -> LegacySummary:
        record = self._record(work, summary, now)
        summary = msgspec.structs.replace(summary, id=record.id)
        begun = self._begun(work, record)
        if not work.opening:
            if not work.plan.keep_opening:
                _check_balance(work.site, work.tally.days(work.before))
            if not work.plan.beside:
                self._check_others(work, summary)
        if not begun:  # what was cut off had room when it began
            self._check_room(work, summary)
        if work.plan.dry_run:
            return summary
        if not begun:
            self._store.begin(work.site, record, changes)
        self._write(work, record, salt, now)
        return summary

    def _write(self, work: "_Work", record: ImportedFile, salt: bytes, now: float) -> None:
        """Add everything, each part once however often this is begun."""
        for number, part in enumerate(work.parts()):
            if isinstance(part, DayPart):
                spans = spans_of(part.day, now)
                self._store.add_day(work.site, record.id, number, part, spans)
            else:
                self._store.add_opening(work.site, record.id, number, part)
        for day, marks, flips, readers in work.lines.kept():
            fields = {f"l{day}": marks, f"f{day}": flips}
            fields = {name: value for name, value in fields.items() if value}
            self._store.add_lines(work.site, record.id, fields)
            if readers:
                self._store.add_readers(work.site, record.id, {str(day): readers}, salt)
        self._store.settle_records(work.site, record.id)
        self._store.note(work.site, msgspec.structs.replace(record, complete=True))

    def _record(self, work: "_Work", summary: LegacySummary, now: float) -> ImportedFile:
        """Return what is to be remembered; its id is drawn from everything that it adds."""
        digests = tuple(file.digest for file in summary.files)
        plan = hashlib.sha256("".join((summary.kind, *digests)).encode())
        for part in work.parts():
            plan.update(msgspec.json.encode(part))
        for day, marks, flips, _ in work.lines.kept():
            plan.update(b"%d" % day + marks + flips)
        return ImportedFile(
            name=summary.name,
            kind=summary.kind,
            at=now,
            views=summary.views,
            visits=summary.visits,
            first_day=summary.first_day,
            last_day=summary.last_day,
            plan=plan.hexdigest(),
            id=plan.hexdigest()[:ID_LENGTH],
            files=tuple(file.name for file in summary.files),
            digests=digests,
            opening=work.opening,
            reader=work.plan.log.reader,
            timezone=work.site.timezone,
        )

    def _begun(self, work: "_Work", record: ImportedFile) -> bool:
        """Tell whether just this import was begun, and was cut off.

        Raises:
            ConflictError: another one was.
        """
        for name, file in work.imports.items():
            if file.complete or not file.undoable:
                continue
            if name == record.id and not file.leaving:
                return True
            raise ConflictError(
                "An import of {name} was cut off, and what is to be added now is not what was "
                "then: repeat it with the same files, options and settings; or take it out with "
                "`stats-service legacy undo {site} {id}`.",
                name=file.name,
                site=work.site.slug,
                id=name,
            )
        return False

    def _check_others(self, work: "_Work", summary: LegacySummary) -> None:
        """Refuse views of days that an import of another kind brought: they are the same."""
        days = set(work.tally.day_views(work.before)) if summary.views else set()
        for name, file in work.imports.items():
            apart = file.last_day < summary.first_day or summary.last_day < file.first_day
            if file.kind == summary.kind or file.opening or not file.views or apart:
                continue
            both = sorted(
                part.day
                for _, part in self._store.parts(work.site.slug, name)
                if isinstance(part, DayPart) and part.views and part.day in days
            )
            if both:
                raise ConflictError(
                    "{number:,} days from {first_day} on have the views of {name} ({kind}) "
                    "already: the same readers would count twice. Take that out first "
                    "(`legacy undo`), leave the days out with --before, or say --beside if these "
                    "are other readers.",
                    number=len(set(both)),
                    first_day=both[0],
                    name=file.name,
                    kind=file.kind,
                )

    def _check_room(self, work: "_Work", summary: LegacySummary) -> None:
        """Refuse what would be more than is added exactly, or than an archive may have.

        All views of articles are held against the article that has most: which of them are its own
        is known part by part, when it would be too late.
        """
        site, opening = work.site, work.opening
        article_views = work.tally.article_views("" if opening else work.before)
        largest = self._store.largest(site.slug)
        most = BALANCE_MAX if opening else COUNT_MAX
        sums = {
            "views": (site.opening_views if opening else largest.views, summary.views),
            "visits": (site.opening_visits if opening else largest.visits, summary.visits),
            "views of an article": (
                largest.article_opening if opening else largest.article_views,
                article_views,
            ),
        }
        for name, (there, more) in sums.items():
            if more and there + more > most:
                raise InvalidInputError(
                    "{file}: {more:,} {field} cannot be added to the {there:,} that are there, for "
                    "there may be {most:,}. Correct the file, or leave it out.",
                    file=summary.name,
                    more=more,
                    field=name,
                    there=there,
                    most=most,
                )


class _Work(NamedTuple):
    """What is done with the files of one command."""

    site: Site
    plan: Plan
    before: str
    imports: Mapping[str, ImportedFile]
    tally: Tally
    lines: Lines

    @property
    def opening(self) -> bool:
        """Tell whether it goes to the opening balances."""
        return self.plan.opening or self.plan.kind in UNDATED

    def parts(self) -> Iterator[DayPart | OpeningPart]:
        """Give what is to be added, in the same order and parts every time."""
        if self.opening:
            return self.tally.opening_parts()
        return self.tally.day_parts(self.before)


def _too_many_polls() -> InvalidInputError:
    return InvalidInputError(
        "A site has at most {polls_max:,} polls; these would be more.", polls_max=POLLS_MAX
    )


def _export_summary(file: LegacyFile, kind: str, tally: Tally) -> FileSummary:
    days = tally.days()
    views, visits = tally.totals()
    return FileSummary(
        name=file.name,
        format=kind,
        digest=file.digest,
        lines=tally.lines,
        views=views,
        visits=visits,
        first_day=days[0] if days else "",
        last_day=days[-1] if days else "",
        ignored=dict(tally.ignored.most_common()),
    )


def _digest(digests: list[str]) -> str:
    return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()


def _check_balance(site: Site, days: list[str]) -> None:
    balance = site.opening_views + site.opening_visits
    if days and balance and days[0] <= (site.opening_day or "9999"):
        raise ConflictError(
            "The opening balance of {slug!r} (of {opening_day}) may hold the views of {days} "
            "and later already. Lower it with `site edit`, or say --keep-opening if it does "
            "not.",
            slug=site.slug,
            opening_day=site.opening_day or "an unknown day",
            days=days[0],
        )
