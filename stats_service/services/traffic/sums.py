"""Sums of what is stored of a site's past: days, parts of days, and buckets."""

from collections.abc import Iterable
from datetime import date, datetime

from stats_service.models.traffic.history import Pair, StoredHistory
from stats_service.services.traffic.spans import Bucket, Span


def iso_days(days: Iterable[date]) -> list[str]:
    """Return days as they are named in Redis: `2026-11-23`."""
    return [day.isoformat() for day in days]


def fields_of(names: Iterable[str]) -> list[str]:
    """Return the fields of `counts` with the visits and views of days, weeks, months or years."""
    names = list(names)
    return [f"{metric}:{name}" for metric in ("visits", "views") for name in names]


def names_of(buckets: Iterable[Bucket]) -> dict[str, None]:
    """Return what has to be read for `sum_of_bucket` of each, in order and once."""
    names = dict[str, None]()
    for bucket in buckets:
        if bucket.whole:
            names[bucket.name] = None
        else:
            names |= dict.fromkeys(iso_days(Span(bucket.first, bucket.last).each()))
    return names


def sum_of_bucket(stored: StoredHistory, bucket: Bucket) -> Pair:
    """Return what was counted in a bucket."""
    if bucket.whole:
        return stored.pair(bucket.name)
    return sum_of_days(stored, bucket.first, bucket.last)


def sum_of_days(stored: StoredHistory, first: date, last: date) -> Pair:
    """Return what was counted from the first day to the last, both included."""
    return sum((stored.pair(day.isoformat()) for day in Span(first, last).each()), Pair())


def part_of_day(stored: StoredHistory, day: date, moment: datetime) -> Pair:
    """Return what `day` had counted by the time of day of `moment`."""
    name = day.isoformat()
    if not stored.hours.get(name):
        return part_of(stored.pair(name), (moment.hour + into_hour(moment)) / 24)
    hours = sum((stored.hour(name, hour) for hour in range(moment.hour)), Pair())
    return hours + part_of(stored.hour(name, moment.hour), into_hour(moment))


def part_of(pair: Pair, share: float) -> Pair:
    """Return a share of 1 of what was counted."""
    return Pair(round(pair.visits * share), round(pair.views * share))


def into_hour(moment: datetime) -> float:
    """Return how much of its hour has gone by at a moment, as a share of 1."""
    return (moment.minute * 60 + moment.second) / 3600
