"""Spans of days, the spans that they are compared with, and the buckets that both are shown in.

One rule for every page, file, mail and answer of the API:

* A month, quarter or year, whole or up to today, is compared with the one before it, and any span
  of whole months with as many months before.
* A span that is shown by month is compared with the same months a year before (of twelve months and
  fewer; else two or more years before): November with November.
* Any other span, and one that is named by its days (today, this week, 28 days), is compared with
  the same weekdays: it is moved by whole weeks, as few as are no shorter than the span.
* "The year before" is the same months, or the same weekdays 52 weeks before; of a site in Viet Nam,
  as many weeks as bring Tết beside Tết where one of the two would hold it (`tet`).
* Where a span is not over, the one that it is compared with ends at the same moment.
* A day stands beside the one that has its place there: the same day of another month, of which a
  shorter one has none; the same weekday of another week.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from stats_service.errors import InvalidInputError
from stats_service.services.traffic.tet import weeks_to_year_before

DAY = timedelta(days=1)
WEEK = 7 * DAY
#: How a span is divided.
UNITS = ("hour", "day", "week", "month")
#: What a span is compared with; an ISO date is the first day of a span of one's choice.
BEFORE, YEAR, NOTHING = "before", "year", "nothing"
#: The spans that have a name; `365` is twelve months, `all` all since the first number.
PRESETS = (
    *("today", "yesterday", "week", "last-week", "month", "last-month"),
    *("quarter", "last-quarter", "year", "last-year", "7", "28", "91", "365", "all"),
)

#: In place of the months of a span: it is a number of days.
NO_MONTHS = -1


class Span(NamedTuple):
    """Days from the first to the last, both included."""

    first: date
    last: date
    #: Of a month, quarter or year, also one that is not over: how many months it has when it is.
    #: `NO_MONTHS`: it is a number of days, even if it begins with a month. 0: its days say it.
    months: int = 0

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def each(self) -> Iterator[date]:
        """Give its days in order."""
        return (self.first + n * DAY for n in range(self.days))


class Bucket(NamedTuple):
    """A day, week or month of a span, as far as the span has it."""

    #: `2026-11-23`, `2026-W48` or `2026-11`.
    name: str
    first: date
    last: date
    #: Whether all of it is in the span.
    whole: bool


class Comparison(NamedTuple):
    """The span that another one is compared with."""

    span: Span
    #: By how many months it is earlier; 0: by days.
    months: int

    def counterpart(self, day: date, compared: Span) -> date | None:
        """Return the day that stands where `day` stands in the `compared` span.

        None: the other month has no such day.
        """
        if not self.months:
            return self.span.first + (day - compared.first)
        shifted = shift_months(day, self.months)
        return shifted if shifted.day == day.day else None

    def part(self, bucket: Bucket, compared: Span) -> Span | None:
        """Return the days that stand where those of a bucket stand; None: there are none."""
        first = self.counterpart(bucket.first, compared)
        if first is None:
            return None
        if not self.months:
            return Span(first, first + (bucket.last - bucket.first))
        last = shift_months(bucket.last, self.months)
        if bucket.first != bucket.last and bucket.last == last_of_month(bucket.last):
            last = last_of_month(last)  # the whole of February, however long
        return Span(first, last)

    def moment(self, local: datetime, compared: Span) -> datetime:
        """Return the moment that stands where `local` stands, without a zone."""
        if self.months:
            return moment_before(local, self.months)
        return local.replace(tzinfo=None) + (self.span.first - compared.first)


def buckets(span: Span, unit: str) -> list[Bucket]:
    """Divide a span into days (also by hour), weeks or months, in order."""
    if unit in ("hour", "day"):
        return [Bucket(day.isoformat(), day, day, whole=True) for day in span.each()]
    found, first = [], span.first
    while first <= span.last:
        if unit == "week":
            begin, name = first - first.weekday() * DAY, f"{first:%G-W%V}"
            end = begin + 6 * DAY
        else:
            begin, name, end = first.replace(day=1), f"{first:%Y-%m}", last_of_month(first)
        whole = first == begin and end <= span.last
        found.append(Bucket(name, first, min(end, span.last), whole))
        first = end + DAY
    return found


def compared_with(
    span: Span, unit: str, compare: str, today: date, zone: str = ""
) -> Comparison | None:
    """Return what a span is compared with; None: with nothing.

    Args:
        span: what is compared.
        unit: how it is divided.
        compare: `before`, `year`, `nothing`, or the ISO date on which the other span begins.
        today: today where the site is; a span may end there before it is over.
        zone: the site's zone, which says whether it keeps Tết.

    Raises:
        InvalidInputError: `compare` is none of these.
    """
    if compare == NOTHING:
        return None
    if compare not in (BEFORE, YEAR):
        first = _date(compare)
        return Comparison(Span(first, first + (span.days - 1) * DAY), 0)
    months = 0 if span.months == NO_MONTHS else span.months or _whole_months(span, today)
    if unit == "month":
        months = 12 if compare == YEAR else -(-months_of(span) // 12) * 12
    elif unit == "week" or not months:
        weeks = -(-span.days // 7)
        if compare == YEAR:
            weeks = weeks_to_year_before(span.first, span.last, zone)
        return Comparison(Span(span.first - weeks * WEEK, span.last - weeks * WEEK), 0)
    elif compare == YEAR:
        months = 12
    last = shift_months(span.last, months)
    if span.last == last_of_month(span.last):
        last = last_of_month(last)
    return Comparison(Span(shift_months(span.first, months), last), months)


def preset(name: str, today: date, begin: date) -> Span | None:
    """Return the span that has a name; None if none has.

    Args:
        name: one of `PRESETS`.
        today: today where the site is.
        begin: the first day of which there is a number.
    """
    monday, month, year = today - today.weekday() * DAY, today.replace(day=1), _january(today)
    quarter = _quarter(today)
    return {
        "today": Span(today, today, NO_MONTHS),
        "yesterday": Span(today - DAY, today - DAY, NO_MONTHS),
        "week": Span(monday, today, NO_MONTHS),
        "last-week": Span(monday - WEEK, monday - DAY, NO_MONTHS),
        "month": Span(month, today, 1),
        "last-month": Span((month - DAY).replace(day=1), month - DAY, 1),
        "quarter": Span(quarter, today, 3),
        "last-quarter": Span(_quarter(quarter - DAY), quarter - DAY, 3),
        "year": Span(year, today, 12),
        "last-year": Span(_january(year - DAY), year - DAY, 12),
        "7": Span(today - 6 * DAY, today, NO_MONTHS),
        "28": Span(today - 27 * DAY, today, NO_MONTHS),
        "91": Span(today - 90 * DAY, today, NO_MONTHS),
        "365": Span(shift_months(month, 11), today, 12),
        "all": Span(min(begin, today), today),
    }.get(name)


def months_of(span: Span) -> int:
    """Return in how many calendar months a span has days."""
    first, last = span.first, span.last
    return (last.year - first.year) * 12 + last.month - first.month + 1


def shift_months(day: date, months: int) -> date:
    """Return the same day some months earlier, or the last of that month if it has no such day."""
    number = day.year * 12 + day.month - 1 - months
    first = date(number // 12, number % 12 + 1, 1)
    return first.replace(day=min(day.day, last_of_month(first).day))


def moment_before(local: datetime, months: int) -> datetime:
    """Return the same moment some months earlier, without a zone.

    A day that the other month does not have comes after the whole of that month.
    """
    day = shift_months(local.date(), months)
    if day.day == local.day:
        return datetime.combine(day, local.time())
    return datetime.combine(day + DAY, time())


def last_of_month(day: date) -> date:
    """Return the last day of a day's month."""
    return (day.replace(day=28) + 4 * DAY).replace(day=1) - DAY


def _whole_months(span: Span, today: date) -> int:
    """Return how many whole months a span is, or 1 for a month up to today; else 0."""
    if span.first.day != 1:
        return 0
    if span.last == last_of_month(span.last):
        return months_of(span)
    return int(span.last == today and span.days > 1 and months_of(span) == 1)


def _january(day: date) -> date:
    return day.replace(month=1, day=1)


def _quarter(day: date) -> date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(
            "compare {compare!r}: use before, year, nothing, or a day as 2026-11-23.",
            compare=text[:40],
        ) from None
