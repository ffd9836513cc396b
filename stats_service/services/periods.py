"""The calendar of a site: which day, week, month and year a moment belongs to there."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from stats_service.models.traffic.periods import Periods

#: Every zone's offset is a multiple of this, so periods can change only at its multiples.
QUARTER_SECONDS = 900
#: Days that there may be numbers of. Beyond them calendars end, with weeks and zones still to add.
FIRST_DAY, LAST_DAY = "1970-01-01", "8999-12-31"
#: Moments, in seconds since 1970, that are in those days in every zone.
FIRST_MOMENT = 86_400
LAST_MOMENT = datetime(8999, 12, 30, tzinfo=UTC).timestamp()


def periods_at(now: float, timezone: str) -> Periods:
    """Return the periods in `timezone` (an IANA name) that hold `now`, in seconds since 1970."""
    return _periods_of_quarter(int(now // QUARTER_SECONDS), timezone)


@lru_cache(maxsize=4096)
def _periods_of_quarter(number: int, timezone: str) -> Periods:
    local = datetime.fromtimestamp(number * QUARTER_SECONDS, UTC).astimezone(ZoneInfo(timezone))
    iso_year, iso_week, _ = local.isocalendar()
    return Periods(
        hour=local.strftime("%H"),
        day=local.strftime("%Y-%m-%d"),
        yesterday=(local.date() - timedelta(days=1)).isoformat(),
        week=f"{iso_year:04d}-W{iso_week:02d}",
        month=local.strftime("%Y-%m"),
        year=local.strftime("%Y"),
    )


def day_of(now: float, timezone: str) -> str:
    """Return the ISO date of `now` in `timezone`."""
    return periods_at(now, timezone).day


@lru_cache(maxsize=1024)
def is_countable_day(text: str) -> bool:
    """Tell whether `text` is an ISO date (`2026-11-23`) that there may be numbers of."""
    try:
        return date.fromisoformat(text).isoformat() == text and FIRST_DAY <= text <= LAST_DAY
    except ValueError:
        return False


def days_of_month(month: str) -> list[str]:
    """Return the days of a month (`2026-11`)."""
    year, number = map(int, month.split("-"))
    return [f"{month}-{day:02d}" for day in range(1, monthrange(year, number)[1] + 1)]


def hour_label(now: float, timezone: str) -> str:
    """Return the hour of `now` in `timezone`, e.g. `2026-11-23T09`."""
    periods = periods_at(now, timezone)
    return f"{periods.day}T{periods.hour}"


def moment_of(text: str, timezone: str) -> float:
    """Return the seconds since 1970 of a date and time there, `2026-11-23T09:00`.

    Raises:
        ValueError: `text` is no date and time.
    """
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))).timestamp()


def local_minute(moment: float, timezone: str) -> str:
    """Return a moment as `moment_of` and the fields of forms take it: `2026-11-23T09:00`."""
    local = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(timezone))
    return local.strftime("%Y-%m-%dT%H:%M")


def local_time(now: float, timezone: str) -> str:
    """Return `now` as an ISO time, to the second, with the offset of `timezone`."""
    return (
        datetime.fromtimestamp(now, UTC)
        .astimezone(ZoneInfo(timezone))
        .isoformat(timespec="seconds")
    )
