"""Bring files of other counters into a site's numbers, each file once."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from stats_service.errors import ConflictError, InvalidInputError
from stats_service.models.bounds import COUNT_MAX
from stats_service.models.legacy import DayPart, ImportedFile, LegacySummary, OpeningPart
from stats_service.models.sites import Site
from stats_service.services.periods import periods_at
from stats_service.services.polls.polls import POLLS_MAX
from stats_service.services.portability.legacy.exports import READERS, Source, read_rows
from stats_service.services.portability.legacy.files import opened_file
from stats_service.services.portability.legacy.logs import LogReader
from stats_service.services.portability.legacy.tally import Tally
from stats_service.services.portability.legacy.wp_polls import LegacyPoll
from stats_service.services.sites.sites import BALANCE_MAX, Sites
from stats_service.store.keys import ARTICLE_DAYS_KEPT, HOURS_DAYS_KEPT
from stats_service.store.portability.legacy import LegacyStore

ACCESS_LOG = "access-log"
KINDS = (ACCESS_LOG, *READERS)
#: What knows no dates, so that it can only become opening balances.
UNDATED = frozenset(("wp-postviews", "wp-postratings"))

Progress = Callable[[int], None]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done with the files of one command."""

    kind: str
    #: Add to the opening balances instead of to days.
    opening: bool = False
    #: Days from this one on are left out; empty: from the first that was counted live.
    before: str = ""
    #: Add days although the site's opening balance may have them in it.
    keep_opening: bool = False
    dry_run: bool = False


class Legacy:
    """Import files, and tell which were imported."""

    def __init__(self, store: LegacyStore, sites: Sites) -> None:
        self._store = store
        self._sites = sites

    def files(self, slug: str) -> list[ImportedFile]:
        """Return every file imported into a site, oldest first."""
        return self._store.files(self._sites.get(slug).slug)

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
    ) -> Iterator[LegacySummary]:
        """Import `paths` in their order; give what became of each.

        Visits go on from one access log to the next. A file that was imported before, whatever
        its name, adds nothing. One whose import was cut off goes on where it stopped. One of
        which there is nothing to add is not remembered, so that it can come again in another way.

        Raises:
            InvalidInputError: a file cannot be read as what it is said to be, or has more than can
                be added to what is there.
            ConflictError: the days may be in the opening balance already.
        """
        opening = plan.opening or plan.kind in UNDATED
        before = plan.before or self._store.first_live_day(source.site.slug)
        logs = LogReader(source.site)
        for path in paths:
            with Tally() as tally, opened_file(path, progress) as file:
                if plan.kind == ACCESS_LOG:
                    logs.read(file.lines(), tally)
                else:
                    READERS[plan.kind](source, read_rows(file.text()), tally)
                _check_readable(path.name, plan.kind, tally)
                digest = file.digest
                summary = _summary(path.name, plan.kind, digest, tally, before)
                known = self._store.file(source.site.slug, digest)
                if known and known.complete:
                    yield msgspec.structs.replace(summary, known=True)
                    continue
                if not opening and not plan.keep_opening:
                    _check_balance(source.site, tally.days(before))
                if summary.adds and not known:  # what was cut off had room when it began
                    self._check_room(source.site, summary, tally.article_views(before), opening)
                if not plan.dry_run and (summary.adds or known):
                    self._add(source.site, tally, summary, known, before, now, opening=opening)
                yield summary

    def _check_room(
        self, site: Site, summary: LegacySummary, article_views: int, opening: bool
    ) -> None:
        """Refuse what would be more than is added exactly, or than an archive may have.

        All views of articles are held against the article that has most: which of them are its own
        is known part by part, when it would be too late.
        """
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

    def _add(
        self,
        site: Site,
        tally: Tally,
        summary: LegacySummary,
        known: ImportedFile | None,
        before: str,
        now: float,
        *,
        opening: bool,
    ) -> None:
        def parts() -> Iterator[DayPart | OpeningPart]:
            return tally.opening_parts(before) if opening else tally.day_parts(before)

        plan = hashlib.sha256()
        for part in parts():
            plan.update(msgspec.json.encode(part))
        if known and known.plan != plan.hexdigest():
            raise ConflictError(
                "An import of {name} was cut off, and what is to be added now is not what was "
                "then: repeat it with the same files, options and settings.",
                name=summary.name,
            )
        record = ImportedFile(
            name=summary.name,
            kind=summary.kind,
            at=now,
            views=summary.views,
            visits=summary.visits,
            first_day=summary.first_day,
            last_day=summary.last_day,
            plan=plan.hexdigest(),
        )
        self._store.set_file(site.slug, summary.digest, record)
        number = 0
        for number, part in enumerate(parts(), 1):
            mark = f"{summary.digest}:{number - 1}"
            if isinstance(part, DayPart):
                self._add_day(site, mark, part, now)
            else:
                self._store.add_opening(site, mark, part)
        complete = msgspec.structs.replace(record, complete=True)
        self._store.set_file(site.slug, summary.digest, complete, number)

    def _add_day(self, site: Site, mark: str, part: DayPart, now: float) -> None:
        noon = datetime.combine(date.fromisoformat(part.day), datetime.min.time(), UTC)
        periods = periods_at((noon + timedelta(hours=12)).timestamp(), "UTC")
        end = (noon + timedelta(days=1)).timestamp()
        lives = [max(0, int(end + kept * 86_400 - now)) for kept in _KEPT]
        self._store.add_day(site, mark, part, periods, (lives[0], lives[1]))


_KEPT = (HOURS_DAYS_KEPT, ARTICLE_DAYS_KEPT)


def _too_many_polls() -> InvalidInputError:
    return InvalidInputError(
        "A site has at most {polls_max:,} polls; these would be more.", polls_max=POLLS_MAX
    )


def _summary(name: str, kind: str, digest: str, tally: Tally, before: str) -> LegacySummary:
    days = tally.days(before)
    views, visits = tally.totals(before)
    return LegacySummary(
        name=name,
        kind=kind,
        digest=digest,
        lines=tally.lines,
        views=views,
        visits=visits,
        articles=tally.article_number(before),
        days=len(days),
        first_day=days[0] if days else "",
        last_day=days[-1] if days else "",
        ratings=sum(map(Counter.total, tally.ratings.values())),
        ignored=dict(tally.ignored.most_common()),
        overlapping=tally.totals()[0] - views,
    )


def _check_readable(name: str, kind: str, tally: Tally) -> None:
    if tally.lines and tally.ignored["unreadable"] == tally.lines:
        raise InvalidInputError(
            "{name}: none of its {lines:,} lines can be read as {kind}. Is it a file of "
            "another kind?",
            name=name,
            lines=tally.lines,
            kind=kind,
        )


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
