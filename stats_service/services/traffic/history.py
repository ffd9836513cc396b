"""Reading the past: cards with their change, series, and what was not counted."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from stats_service.errors import InvalidInputError
from stats_service.models.history import (
    PROGRAM_SIGN,
    SHORTFALLS,
    SIGNS,
    Card,
    DayHistory,
    Ignored,
    Pair,
    Part,
    Point,
    Series,
    Shortfall,
    StoredHistory,
)
from stats_service.models.sites import Site
from stats_service.models.traffic import LOST
from stats_service.store.keys import HOURS_DAYS_KEPT
from stats_service.store.traffic.history import HistoryStore

#: Most names of programs in a list.
PROGRAMS_MAX = 50
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
#: Longest range by unit, in days: hours are kept for 91 days, and the period before is read too.
RANGE_MAX_DAYS = {"hour": 45, "day": 1100, "month": 3660}
#: Days whose hours are kept, for the web layer, which does not look into the store.
HOURS_KEPT_DAYS = HOURS_DAYS_KEPT
#: Fewer views than this are a silence that nobody notices.
SILENCE_MIN_VIEWS = 20
DAY = timedelta(days=1)


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
        today = local.date()
        first = date(today.year - 1, 1, 1)
        week_before, month_before = today - 7 * DAY, _month_before(today)
        year_before = _same_day(today.year - 1, today.month, today.day)
        partial_days = (week_before, month_before, year_before)
        stored = self._store.read(
            site,
            _fields(_iso(_days(first, today))),
            [day.isoformat() for day in dict.fromkeys(partial_days)],
            (),
        )

        def so_far(begin: date, last: date) -> Pair:
            whole = _sum(stored, begin, last - DAY)
            return whole + part_of_day(stored, last, local)

        monday = today - today.weekday() * DAY
        return [
            Card("today", stored.pair(today.isoformat()), so_far(week_before, week_before)),
            Card(
                "yesterday",
                stored.pair((today - DAY).isoformat()),
                stored.pair((today - 8 * DAY).isoformat()),
            ),
            Card("week", _sum(stored, monday, today), so_far(monday - 7 * DAY, week_before)),
            Card(
                "month",
                _sum(stored, today.replace(day=1), today),
                so_far(month_before.replace(day=1), month_before),
            ),
            Card("year", _sum(stored, date(today.year, 1, 1), today), so_far(first, year_before)),
        ]

    def series(self, site: Site, unit: str, first: date, last: date) -> Series:
        """Return the range from `first` to `last`, both included, and the period before it.

        Raises:
            InvalidInputError: the range is empty or too long for `unit`.
        """
        if unit not in RANGE_MAX_DAYS:
            raise InvalidInputError(
                "unit {unit!r}: use {range_max_days}.",
                unit=unit[:40],
                range_max_days=", ".join(RANGE_MAX_DAYS),
            )
        days = (last - first).days + 1
        if not 1 <= days <= RANGE_MAX_DAYS[unit]:
            raise InvalidInputError(
                "The range from {first} to {last} must have 1 to {range_max_days} days.",
                first=first,
                last=last,
                range_max_days=RANGE_MAX_DAYS[unit],
            )
        if unit == "month":
            return self._by_month(site, first, last)
        before = first - days * DAY
        if unit == "day":
            stored = self._store.read(site, _fields(_iso(_days(before, last))), (), ())
            points = tuple(
                Point(
                    day.isoformat(),
                    stored.pair(day.isoformat()),
                    stored.pair((day - days * DAY).isoformat()),
                )
                for day in _days(first, last)
            )
        else:
            stored = self._store.read(site, (), _iso(_days(before, last)), ())
            points = tuple(
                Point(
                    f"{day}T{hour:02d}",
                    stored.hour(day.isoformat(), hour),
                    stored.hour((day - days * DAY).isoformat(), hour),
                )
                for day in _days(first, last)
                for hour in range(24)
            )
        return Series(unit, first, last, points)

    def ignored(self, site: Site, first: date, last: date) -> list[Ignored]:
        """Return what was not counted from `first` to `last`, the most frequent reason first."""
        if not 0 <= (last - first).days < RANGE_MAX_DAYS["day"]:
            raise InvalidInputError("The range is too long.")
        names = _iso(_days(first, last))
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
        names = _iso(_days(first, last))
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
            tuple(ignored), parts(SHORTFALLS), parts(SIGNS), self._programs(site, first, last)
        )

    def _programs(self, site: Site, first: date, last: date) -> tuple[Part, ...]:
        """Return how many views of which programs were not counted, the most first."""
        span = (first.isoformat(), last.isoformat())
        found = self._store.signs(site, PROGRAM_SIGN, *span)
        programs = [Part(name.removeprefix(PROGRAM_SIGN), n) for name, n in found.items()]
        return tuple(sorted(programs, key=lambda part: (-part.n, part.reason))[:PROGRAMS_MAX])

    def share_by_now(self, site: Site, days_ago: int, now: float) -> float:
        """Return how much of a day's views had come by this time of the day, as a share of 1."""
        local = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(site.timezone))
        day = local.date() - days_ago * DAY
        name = day.isoformat()
        stored = self._store.read(site, _fields([name]), (name,), ())
        whole, part = stored.pair(name).views, part_of_day(stored, day, local).views
        return min(1.0, part / whole) if whole else 1.0

    def is_silent(self, site: Site, now: float, hours: int) -> bool:
        """Tell whether nothing came for `hours` in which, a week ago, at least 20 views did."""
        local = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(site.timezone))
        days = silence_days(local, hours)
        return was_silent(self._store.read(site, (), days, ()), local, hours)

    def write(self, site: Site, days: Sequence[DayHistory]) -> None:
        """Write days on which the site has counted nothing yet, in order; each once ever."""
        if days:
            self._store.write(site, days, HOURS_DAYS_KEPT)

    def _by_month(self, site: Site, first: date, last: date) -> Series:
        months = list(_months(first, last))
        names = [_shift_month(months[0], -n) for n in range(len(months), 0, -1)]
        stored = self._store.read(site, _fields(names + months), (), ())
        points = tuple(
            Point(month, stored.pair(month), stored.pair(before))
            for month, before in zip(months, names, strict=True)
        )
        return Series("month", first, last, points)


def silence_days(local: datetime, hours: int) -> list[str]:
    """Return the days whose hours `was_silent` wants to know."""
    moments, before = _silence_moments(local, hours)
    return list(dict.fromkeys(moment.date().isoformat() for moment in moments + before))


def was_silent(stored: StoredHistory, local: datetime, hours: int) -> bool:
    """Tell whether nothing came in the hours up to `local` in which, a week ago, 20 views did."""

    def views(of: list[datetime]) -> int:
        return sum(stored.hour(m.date().isoformat(), m.hour).views for m in of)

    moments, before = _silence_moments(local, hours)
    return views(moments) == 0 and views(before) >= SILENCE_MIN_VIEWS


def _silence_moments(local: datetime, hours: int) -> tuple[list[datetime], list[datetime]]:
    moments = [local - timedelta(hours=n) for n in range(hours + 1)]
    return moments, [moment - timedelta(days=7) for moment in moments[1:]]


def _days(first: date, last: date) -> Iterator[date]:
    return (first + n * DAY for n in range((last - first).days + 1))


def _iso(days: Iterator[date]) -> list[str]:
    return [day.isoformat() for day in days]


def _fields(names: list[str]) -> list[str]:
    return [f"{metric}:{name}" for metric in ("visits", "views") for name in names]


def _sum(stored: StoredHistory, first: date, last: date) -> Pair:
    return sum((stored.pair(day.isoformat()) for day in _days(first, last)), Pair())


def part_of_day(stored: StoredHistory, day: date, moment: datetime) -> Pair:
    """Return what `day` had counted by the time of day of `moment`."""
    name, into_hour = day.isoformat(), (moment.minute * 60 + moment.second) / 3600
    if not stored.hours.get(name):
        share, whole = (moment.hour + into_hour) / 24, stored.pair(name)
        return Pair(round(whole.visits * share), round(whole.views * share))
    hours = sum((stored.hour(name, hour) for hour in range(moment.hour)), Pair())
    current = stored.hour(name, moment.hour)
    return hours + Pair(round(current.visits * into_hour), round(current.views * into_hour))


def _month_before(day: date) -> date:
    last = day.replace(day=1) - DAY
    return _same_day(last.year, last.month, day.day)


def _same_day(year: int, month: int, day: int) -> date:
    """Return the day of that number, or the month's last day if there is none."""
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


def _shift_month(name: str, months: int) -> str:
    number = int(name[:4]) * 12 + int(name[5:7]) - 1 + months
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def _months(first: date, last: date) -> Iterator[str]:
    name = first.isoformat()[:7]
    while name <= last.isoformat()[:7]:
        yield name
        name = _shift_month(name, 1)
