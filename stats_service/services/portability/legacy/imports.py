"""Import files of other counters into a site: new data only, once, and with undo."""

import gc
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from stats_service.errors import InvalidInputError
from stats_service.models.portability.legacy import (
    ARTICLES_TOLD,
    GROWING_TOLD,
    ArticleViews,
    DayPart,
    FileSummary,
    Growth,
    ImportedFile,
    LegacySummary,
    MonthPart,
    Part,
    PollOutcome,
    SpanGrowth,
)
from stats_service.models.sites import Site
from stats_service.services.articles.keys import shown_address
from stats_service.services.periods import days_of_month
from stats_service.services.polls.polls import POLLS_MAX
from stats_service.services.portability.legacy.exports.dialects import is_table
from stats_service.services.portability.legacy.exports.polls import LegacyPoll
from stats_service.services.portability.legacy.exports.reading import (
    ExportReader,
    Outcome,
    event_recount,
    with_events,
)
from stats_service.services.portability.legacy.exports.recognise import KINDS as TABLE_KINDS
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.files import opened_file, opened_files, readable
from stats_service.services.portability.legacy.formats.recognise import SAMPLE_LINES, format_of
from stats_service.services.portability.legacy.known_lines import KnownLines
from stats_service.services.portability.legacy.lines import Lines, Recount, check_days, skipping
from stats_service.services.portability.legacy.log_blocks import (
    COLLECTED_FROM,
    LogSetup,
    log_readers,
)
from stats_service.services.portability.legacy.refusals import (
    check_balance,
    check_others,
    check_room,
    has_begun,
)
from stats_service.services.portability.legacy.series import LogContext, log_summary, read_logs
from stats_service.services.portability.legacy.tally import Tally
from stats_service.services.portability.legacy.undo import is_month_kept, spans_of, undo_import
from stats_service.services.portability.legacy.work import Plan, Work
from stats_service.services.sites.sites import Sites
from stats_service.services.visitors.countries import Countries
from stats_service.store.portability.legacy import LegacyStore
from stats_service.store.sites.aliases import AliasStore
from stats_service.store.traffic.article_changes import ArticleChangeStore
from stats_service.store.traffic.readers import ReadersStore

ACCESS_LOG = "access-log"
#: Values of `--from`; without it, the system is detected.
KINDS = (ACCESS_LOG, *TABLE_KINDS)

#: Most spans of a chart; a span is a day, a month or a year.
SPANS_MAX = 120
#: Hexadecimal digits of an import's id.
ID_LENGTH = 16

Progress = Callable[[int], None]


class Articles(NamedTuple):
    """What an administrator has changed of articles."""

    #: Keys that stand for other articles.
    aliases: AliasStore
    changes: ArticleChangeStore


class Legacy:
    """Imports files, lists imports, and undoes them."""

    def __init__(
        self,
        store: LegacyStore,
        readers: ReadersStore,
        articles: Articles,
        sites: Sites,
        countries: Countries,
    ) -> None:
        self._store = store
        self._readers = readers
        self._articles = articles
        self._sites = sites
        #: Where addresses of access logs are looked up.
        self._countries = countries

    def files(self, slug: str) -> list[ImportedFile]:
        """Return every import into a site, oldest first."""
        return self._store.files(self._sites.get(slug).slug)

    def undo(self, slug: str, name: str, now: float) -> ImportedFile:
        """Undo an import; see `undo_import`."""
        return undo_import(self._store, self._articles.changes, self._sites.get(slug), name, now)

    def add_polls(
        self, slug: str, polls: Iterator[LegacyPoll | str], *, dry_run: bool
    ) -> Iterator[tuple[str, bool]]:
        """Add polls of another system; return what happened to each, and whether it is new.

        A dry run adds nothing.

        Raises:
            InvalidInputError: the file, or the site with it, has too many polls.
        """
        site = self._sites.get(slug)
        room = POLLS_MAX - self._store.number_of_polls(site.slug)
        for number, found in enumerate(polls, 1):
            if number > POLLS_MAX:  # the results are stored and shown on one page
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
        """Import what is new in the files of `paths`, in any order; all or nothing.

        Data of earlier imports is recognised: lines of logs one by one, numbers of exports by day
        and article. An interrupted import continues where it stopped when the same command runs
        again. If there is nothing to add, nothing about the files is stored.

        Raises:
            InvalidInputError: a file does not have the named format, or there is more than can be
                added to the existing numbers.
            ConflictError: the opening balance, or an import of another system, may include the
                days; or another import came in between, or was interrupted.
        """
        site = source.site
        check_days((*filter(None, [plan.before]), *plan.tests))
        changes, imports = self._store.imports(site.slug)
        before = plan.before or self._store.first_live_day(site.slug, plan.tests)
        with _few_collections(), Tally() as tally, Lines() as lines:
            outcome, known_views, addresses = None, 0, source.addresses
            kind = ACCESS_LOG if plan.kind == ACCESS_LOG else _kind_of(paths, plan)
            salt = self._store.salt(site, keep=not plan.dry_run)
            work = Work(site, plan, paths[0].name, kind, before, imports, tally, lines)
            if kind == ACCESS_LOG:
                files, overlapping = self._read_logs(work, paths, salt, progress, addresses)
            else:
                outcome = _read_tables(source, paths, work, salt, progress)
                work = work._replace(kind=outcome.kind)
                files, overlapping, known_views = self._new_of_tables(work, outcome)
            summary = self._summary(work, files, overlapping, known_views, addresses)
            summary = msgspec.structs.replace(summary, spans=self._spans(work))
            # Errors are raised before anything is added.
            polls = self._polls(site.slug, outcome, now, dry_run=True)
            if summary.adds:
                summary = self._bring_in(work, summary, changes, salt, now)
            if not plan.dry_run:
                polls = self._polls(site.slug, outcome, now, dry_run=False)
            return msgspec.structs.replace(summary, polls=polls)

    def _spans(self, work: Work) -> tuple[SpanGrowth, ...]:
        """Return existing and added numbers, in spans long enough to fit on a chart."""
        days = {} if work.opening else work.tally.day_sums(work.before)
        metric = 0 if any(views for views, _ in days.values()) else 1
        for length in (10, 7, 4):  # characters of `2026-11-23`, `2026-11`, `2026`
            sums: Counter[str] = Counter()
            for day, numbers in days.items():
                sums[day[:length]] += numbers[metric]
            if len(sums) <= SPANS_MAX:
                break
        names = sorted(sums)
        there = self._store.counted(work.site.slug, ("views", "visits")[metric], names)
        return tuple(
            SpanGrowth(name, number, sums[name]) for name, number in zip(names, there, strict=True)
        )

    def _polls(
        self, slug: str, outcome: Outcome | None, now: float, *, dry_run: bool
    ) -> tuple[PollOutcome, ...]:
        polls = outcome.polls(now) if outcome else iter(())
        return tuple(PollOutcome(*fate) for fate in self.add_polls(slug, polls, dry_run=dry_run))

    def _read_logs(
        self,
        work: Work,
        paths: list[Path],
        salt: bytes,
        progress: Progress,
        addresses: dict[str, str],
    ) -> tuple[list[FileSummary], int]:
        """Read access logs; return their summaries, and how many views were counted live.

        Into `addresses` comes what the logs call articles.
        """
        site, tally, lines = work.site, work.tally, work.lines
        options = msgspec.structs.replace(work.plan.log, hosts=site.hosts)
        former = {name for name, file in work.imports.items() if not file.undoable}
        setup = LogSetup(site, salt, options, str(self._countries.path or ""))
        with log_readers(setup, sum(path.stat().st_size for path in paths)) as readers:
            files = read_logs(paths, LogContext(readers, options, lines, former), progress)
        for file in files:
            tally.lines += file.contents.lines
            tally.ignored += file.contents.ignored
            addresses.update(file.contents.addresses)
        known = KnownLines(self._store, site.slug, work.imports, work.kind, options.reader)
        recount = Recount(site, known.on, skipping(work.before), tally, len(files))
        for some in recount.run(lines):
            lines.keep(some)
        tally.bound_readers()
        summaries = [log_summary(*pair) for pair in zip(files, recount.files, strict=True)]
        return summaries, recount.overlapping

    def _new_of_tables(self, work: Work, outcome: Outcome) -> tuple[list[FileSummary], int, int]:
        """Leave in the tally what is new.

        Returns:
            What is in the files, how many views were counted live, and how many were in already.
        """
        tally, site = work.tally, work.site
        overlapping = tally.totals()[0] - tally.totals(work.before)[0]
        if work.opening:
            tally.undate(work.before)
        self._settle_readers(work)
        with Tally() as beside:
            # What is known of sums is subtracted from those alone; events are known one by one.
            events = beside if tally.has_sums() else tally
            known = KnownLines(self._store, site.slug, work.imports, work.kind, "")
            skips = skipping(work.before)
            recount = event_recount(site, known.on, skips, events, outcome)
            for some in recount.run(work.lines):
                work.lines.keep(some)
            known_views = 0
            if events is beside:
                known_lines = sum(count.known for count in recount.files)
                known_views = tally.subtract(
                    self._earlier(work), rest=outcome.rest, known_visits=known_lines
                )
                tally.join(events, add=True)
        files = [
            with_events(file, count)
            for file, count in zip(outcome.files, recount.files, strict=True)
        ]
        known_views += sum(file.known_views for file in files)
        return files, overlapping + recount.overlapping, known_views

    def _settle_readers(self, work: Work) -> None:
        """Bound what visits tell to those of the files, or of imports of the same systems.

        Raises:
            InvalidInputError: the files tell of visits, and no visit of their days is known.
        """
        tally = work.tally
        told = sum(tally.told().values())
        if not told:
            return
        earlier: Counter[str] = Counter()
        for part in self._earlier(work):
            if isinstance(part, DayPart):
                earlier[part.day] += part.visits
        tally.settle_readers(earlier)
        if not (tally.told() or any(tally.totals()) or tally.article_views()):
            raise InvalidInputError(
                "{file} says what visits were like ({told:,} times), and of its days no visits are "
                "known: send it together with the file that has the visits of each day.",
                file=work.name,
                told=told,
            )

    def _summary(
        self,
        work: Work,
        files: list[FileSummary],
        overlapping: int,
        known_views: int,
        addresses: Mapping[str, str],
    ) -> LegacySummary:
        """Return the summary of what is new; `addresses` has what the files call an article."""
        tally, before = work.tally, work.before
        days = tally.days(before)
        digests = [file.digest for file in files]
        known_views = known_views or sum(file.known_views for file in files)
        if work.opening:
            tally.undate(before)
            before = ""
        views, visits = tally.totals(before)
        day_views = {} if work.opening else tally.day_views(before)
        there = self._store.imported_views(work.site.slug, list(day_views))
        growing = [Growth(day, there[day], more) for day, more in day_views.items() if day in there]
        name = files[0].name if files else ""
        targets = self._articles.aliases.read(work.site.slug).targets
        articles, most_viewed = tally.articles(ARTICLES_TOLD, before, targets)
        summary = LegacySummary(
            name=name if len(files) < 2 else f"{name} +{len(files) - 1}",
            kind=work.kind,
            digest=digests[0] if len(files) == 1 else _digest(digests),
            lines=tally.lines,
            views=views,
            visits=visits,
            articles=articles,
            days=len(days),
            first_day=days[0] if days else "",
            last_day=days[-1] if days else "",
            ratings=sum(map(Counter.total, tally.ratings.values())),
            readers=tally.told(before),
            ignored=dict(tally.ignored.most_common()),
            overlapping=overlapping,
            known_views=known_views,
            growing=tuple(growing[:GROWING_TOLD]),
            growing_days=len(growing),
            files=tuple(files),
            most_viewed=tuple(
                ArticleViews(key, views, shown_address(addresses.get(former) or former, key))
                for key, views, former in most_viewed
            ),
        )
        if not summary.adds:
            seen = {digest for file in work.imports.values() for digest in file.digests}
            known = bool(known_views) or bool(digests and seen.union(work.imports) >= set(digests))
            return msgspec.structs.replace(summary, known=known)
        return summary

    def _earlier(self, work: Work) -> Iterator[Part]:
        """Yield the parts that imports of the same systems have added to the same days."""
        kinds = set(work.kind.split("+"))
        for name, file in work.imports.items():
            same = kinds.intersection(file.kind.split("+"))
            if same and file.opening == work.opening and file.complete:
                yield from (part for _, part in self._store.parts(work.site.slug, name))

    def _bring_in(
        self, work: Work, summary: LegacySummary, changes: int, salt: bytes, now: float
    ) -> LegacySummary:
        record = self._record(work, summary, now)
        summary = msgspec.structs.replace(summary, id=record.id)
        begun = has_begun(work, record)
        if not work.opening:
            if not work.plan.keep_opening:
                check_balance(work.site, work.tally.days(work.before))
            if not work.plan.beside:
                check_others(self._store, work, summary)
        if not begun:  # the room of an interrupted import was checked when it began
            check_room(self._store, work, summary)
        if work.plan.dry_run:
            return summary
        if not begun:
            self._store.begin(work.site, record, changes)
        self._write(work, record, salt, now)
        return summary

    def _write(self, work: Work, record: ImportedFile, salt: bytes, now: float) -> None:
        """Add everything, each part once, however often this is started again."""
        for number, part in enumerate(work.parts()):
            if isinstance(part, DayPart):
                spans = spans_of(part.day, now)
                self._store.add_day(work.site, record.id, number, part, spans)
            elif isinstance(part, MonthPart):
                self._month(work.site, record.id, number, part, now)
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

    def _month(self, site: Site, import_id: str, number: int, part: MonthPart, now: float) -> None:
        """Add a month that is no longer kept by day to what there is of it."""
        kept = is_month_kept(part.month, now)
        if not kept:
            self._readers.roll_up_month(site.slug, part.month, days_of_month(part.month))
        self._store.add_month(site, import_id, number, part, kept=kept)

    def _record(self, work: Work, summary: LegacySummary, now: float) -> ImportedFile:
        """Return the record of the import; its id is derived from everything that it adds."""
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
            line_days=work.lines.kept_days(),
        )


@contextmanager
def _few_collections() -> Iterator[None]:
    """Let Python look for circles of objects seldom: an import makes tuples, no circles."""
    before = gc.get_threshold()
    gc.set_threshold(COLLECTED_FROM, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def import_events(summary: LegacySummary) -> Iterator[tuple[str, str, dict[str, object] | None]]:
    """Yield the audit log entries of an import: action, subject, details."""
    if summary.id:
        after = {"file": summary.name, "kind": summary.kind, "views": summary.views}
        yield "legacy.imported", summary.id, after
    for poll in summary.polls:
        if poll.new:
            yield "poll.imported", poll.text.split()[1].rstrip(":"), None


def _too_many_polls() -> InvalidInputError:
    return InvalidInputError(
        "A site has at most {polls_max:,} polls; these would be more.", polls_max=POLLS_MAX
    )


def _kind_of(paths: list[Path], plan: Plan) -> str:
    """Return the kind of access log, or an empty text for tables.

    Raises:
        InvalidInputError: the files are mixed.
    """
    if plan.kind:
        return ""
    logs: list[str] = []
    tables: list[str] = []
    for path in paths:
        with opened_file(path) as file:
            lines = file.first_lines(SAMPLE_LINES)
        log = format_of(lines, plan.log) is not None or not is_table(lines)
        (logs if log else tables).append(path.name)
    if logs and tables:
        raise InvalidInputError(
            "{log} is an access log and {table} is a table: bring them in one after the other. "
            "Nothing was imported.",
            log=logs[0],
            table=tables[0],
        )
    return ACCESS_LOG if logs else ""


def _read_tables(
    source: Source, paths: list[Path], work: Work, salt: bytes, progress: Progress
) -> Outcome:
    with ExportReader(source, work.plan.kind, work.lines, salt) as reader:
        for path in paths:
            for file in opened_files(path, progress):
                with readable(file.name):
                    reader.read(file)
        # Files from versions that did not record the parts of an import.
        imports = work.imports.items()
        former = {name for name, file in imports if file.complete and not file.undoable}
        return reader.finish(work.tally, former)


def _digest(digests: list[str]) -> str:
    return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()
