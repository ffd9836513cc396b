"""Reading the past: cards with their change, series, and what was not counted."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from stats_service.errors import InvalidInputError
from stats_service.models.sites import Site
from stats_service.models.traffic.history import (
    HOST_SIGN,
    PROGRAM_SIGN,
    SHORTFALLS,
    SIGNS,
    Card,
    DayHistory,
    Ignored,
    Pair,
    Part,
    Series,
    Shortfall,
    StoredHistory,
)
from stats_service.models.traffic.views import LOST
from stats_service.services.traffic.beginning import FIRST_YEAR, first_day
from stats_service.services.traffic.series import SeriesReader
from stats_service.services.traffic.spans import BEFORE, DAY, Span, moment_before
from stats_service.services.traffic.sums import fields_of, iso_days, part_of_day, sum_of_days
from stats_service.store.keys import HOURS_DAYS_KEPT
from stats_service.store.traffic.history import HistoryStore

#: Most names of programs, and of hosts, in a list.
NAMES_MAX = 50
#: Why a view is not counted, as `services.page_views` and `lua/record_views.lua` say it.
REASONS = (
    "bot",
    "prefetch",
    "no-user-agent",
    "host",
    "frame",
    "excluded",
    "opt-out",
    "duplicate",
    "ceiling",
    LOST,
)
#: Longest span by unit, in days: hours are kept for 91 days, and the span compared is read too.
RANGE_MAX_DAYS = {"hour": 45, "day": 1100, "week": 3660, "month": 3660}
#: Days whose hours are kept, for the web layer, which does not look into the store.
HOURS_KEPT_DAYS = HOURS_DAYS_KEPT
#: Fewer views than this are a silence that nobody notices.
SILENCE_MIN_VIEWS = 20


class History:
    """The past of sites."""

    def __init__(self, store: HistoryStore) -> None:
        self._store = store

    def cards(self, site: Site, now: float) -> list[Card]:
        """Return today, yesterday, week, month and year, each beside as much of the one before.

        A single day stands beside the same weekday of the week before: a Monday against a Sunday
        would always seem a success.
        """
        local = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(site.timezone))
        today, plain = local.date(), local.replace(tzinfo=None)
        first, week_before = date(today.year - 1, 1, 1), plain - 7 * DAY
        month_before, year_before = moment_before(local, 1), moment_before(local, 12)
        cuts = (week_before, month_before, year_before)
        years = [f"{year:04d}" for year in range(FIRST_YEAR, first.year)]
        stored = self._store.read(
            site,
            fields_of([*years, *iso_days(Span(first, today).each())]),
            list(dict.fromkeys(iso_days(cut.date() for cut in cuts))),
            (),
        )
        begin = first if any(stored.pair(year) != Pair() for year in years) else None
        begin = begin or next(
            (day for day in Span(first, today).each() if stored.pair(day.isoformat()) != Pair()),
            today,
        )

        def before(day: date, cut: datetime) -> Pair | None:
            if day < begin:
                return None
            whole = sum_of_days(stored, day, cut.date() - DAY)
            return whole + part_of_day(stored, cut.date(), cut)

        def card(span: str, day: date, last: date, before: Pair | None) -> Card:
            return Card(span, sum_of_days(stored, day, last), before)

        monday, yesterday, week = today - today.weekday() * DAY, today - DAY, week_before.date()
        month = (today.replace(day=1) - DAY).replace(day=1)
        midnight = datetime.combine(week, time())
        return [
            card("today", today, today, before(week, week_before)),
            card("yesterday", yesterday, yesterday, before(week - DAY, midnight)),
            card("week", monday, today, before(monday - 7 * DAY, week_before)),
            card("month", today.replace(day=1), today, before(month, month_before)),
            card("year", date(today.year, 1, 1), today, before(first, year_before)),
        ]

    def series(
        self, site: Site, unit: str, span: Span, now: float, compare: str = BEFORE
    ) -> Series:
        """Return a span, and the one that it is compared with (`services.traffic.spans`).

        Raises:
            InvalidInputError: the span is empty or too long for `unit`, or `compare` is unknown.
        """
        if unit not in RANGE_MAX_DAYS:
            raise InvalidInputError(
                "unit {unit!r}: use {range_max_days}.",
                unit=unit[:40],
                range_max_days=", ".join(RANGE_MAX_DAYS),
            )
        if not 1 <= span.days <= RANGE_MAX_DAYS[unit]:
            raise InvalidInputError(
                "The range from {first} to {last} must have 1 to {range_max_days} days.",
                first=span.first,
                last=span.last,
                range_max_days=RANGE_MAX_DAYS[unit],
            )
        local = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(site.timezone))
        return SeriesReader(self._store, site, local).read(unit, span, compare)

    def visits(self, site: Site, span: Span) -> int:
        """Return the visits of a span."""
        names = iso_days(span.each())
        stored = self._store.read(site, [f"visits:{name}" for name in names], (), ())
        return sum(stored.counts.values())

    def first_day(self, site: Site, now: float) -> date:
        """Return the first day of which there is a number; today if there is none."""
        today = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(site.timezone)).date()
        return first_day(self._store, site, today) or today

    def ignored(self, site: Site, first: date, last: date) -> list[Ignored]:
        """Return what was not counted from `first` to `last`, the most frequent reason first."""
        if not 0 <= (last - first).days < RANGE_MAX_DAYS["day"]:
            raise InvalidInputError("The range is too long.")
        names = iso_days(Span(first, last).each())
        fields = [f"{reason}:{name}" for reason in REASONS for name in names]
        stored = self._store.read(site, [f"views:{name}" for name in names], (), fields)
        sums = {
            reason: sum(stored.ignored.get(f"{reason}:{name}", 0) for name in names)
            for reason in REASONS
        }
        arrived = sum(stored.counts.values()) + sum(sums.values())
        found = [Ignored(reason, n, n / arrived) for reason, n in sums.items() if n]
        return sorted(found, key=lambda row: -row.n)

    def shortfall(self, site: Site, first: date, last: date) -> Shortfall:
        """Return what was not counted from `first` to `last`, or only in part."""
        ignored = self.ignored(site, first, last)
        names = iso_days(Span(first, last).each())
        reasons = (*SHORTFALLS, *SIGNS)
        fields = [f"{reason}:{name}" for reason in reasons for name in names]
        stored = self._store.read(site, [f"private:{name}" for name in names], (), fields)
        # Views without a visit for the reader's wish have been counted elsewhere from the first.
        found = stored.counts | stored.ignored

        def parts(wanted: Sequence[str]) -> tuple[Part, ...]:
            sums = [
                Part(reason, sum(found.get(f"{reason}:{name}", 0) for name in names))
                for reason in wanted
            ]
            return tuple(part for part in sums if part.n)

        return Shortfall(
            tuple(ignored),
            parts(SHORTFALLS),
            parts(SIGNS),
            self._names(site, PROGRAM_SIGN, first, last),
            self._names(site, HOST_SIGN, first, last),
        )

    def _names(self, site: Site, sign: str, first: date, last: date) -> tuple[Part, ...]:
        """Return how many views of which programs or hosts were not counted, the most first."""
        found = self._store.signs(site, sign, first.isoformat(), last.isoformat())
        named = [Part(name.removeprefix(sign), n) for name, n in found.items()]
        return tuple(sorted(named, key=lambda part: (-part.n, part.reason))[:NAMES_MAX])

    def is_silent(self, site: Site, now: float, hours: int) -> bool:
        """Tell whether nothing came for `hours` in which, a week ago, at least 20 views did."""
        local = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(site.timezone))
        days = silence_days(local, hours)
        return was_silent(self._store.read(site, (), days, ()), local, hours)

    def write(self, site: Site, days: Sequence[DayHistory]) -> None:
        """Write days on which the site has counted nothing yet, in order; each once ever."""
        if days:
            self._store.write(site, days, HOURS_DAYS_KEPT)


def silence_days(local: datetime, hours: int) -> list[str]:
    """Return the days whose hours `was_silent` wants to know."""
    moments, before = _silence_moments(local, hours)
    return list(dict.fromkeys(moment.date().isoformat() for moment in moments + before))


def was_silent(stored: StoredHistory, local: datetime, hours: int) -> bool:
    """Tell whether nothing came in the hours up to `local` in which, a week ago, 20 views did."""

    def views(moments: list[datetime]) -> int:
        return sum(stored.hour(m.date().isoformat(), m.hour).views for m in moments)

    moments, before = _silence_moments(local, hours)
    return views(moments) == 0 and views(before) >= SILENCE_MIN_VIEWS


def _silence_moments(local: datetime, hours: int) -> tuple[list[datetime], list[datetime]]:
    moments = [local - timedelta(hours=n) for n in range(hours + 1)]
    return moments, [moment - timedelta(days=7) for moment in moments[1:]]
