"""The past of a site: bounded reads, each one pipeline, and the writing of a whole past."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from redis.typing import EncodableT, FieldT

from stats_service.models.sites import Site
from stats_service.models.traffic.history import DayHistory, Pair, StoredHistory
from stats_service.models.traffic.readers import DIMENSIONS, ENTRY_SOURCE
from stats_service.store.keys import ARTICLE_DAYS_KEPT, DAY_SECONDS, HOURS_DAYS_KEPT, SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.traffic.day_names import MARK, both_names, known_keys, with_keys

#: As in `lua/record_views.lua`.
HOURS_TTL_SECONDS = HOURS_DAYS_KEPT * DAY_SECONDS
DAY_ARTICLES_TTL_SECONDS = ARTICLE_DAYS_KEPT * DAY_SECONDS


class HistoryStore:
    """The past of every site of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def read(
        self, site: Site, counts: Sequence[str], hours: Sequence[str], ignored: Sequence[str]
    ) -> StoredHistory:
        """Read fields of `counts`, the hours of days, and fields of `ignored`, in one round trip.

        The caller bounds the number of each.
        """
        names = SiteKeys(self._prefix, site.slug)
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            pipe.hmget(names.counts, counts or ("-",))
            pipe.hmget(names.ignored, ignored or ("-",))
            for day in hours:
                pipe.hgetall(names.hours(day))
            found, found_ignored, *found_hours = pipe.execute()
        return StoredHistory(
            stored_numbers(counts, found),
            {day: hour_fields(row) for day, row in zip(hours, found_hours, strict=True)},
            stored_numbers(ignored, found_ignored),
        )

    def signs(self, site: Site, begin: str, first: str, last: str) -> dict[str, int]:
        """Return the sums of days of what begins with `begin` among what was not counted.

        Args:
            site: the site.
            begin: of a reason or sign; letters and hyphens.
            first: first day.
            last: last day.
        """
        key, sums = SiteKeys(self._prefix, site.slug).ignored, Counter[str]()
        with store_errors():
            for field, n in self._client.hscan_iter(key, f"{begin}*:*", count=2000):
                name, _, day = text_of(field).rpartition(":")
                if first <= day <= last:
                    sums[name] += int(n)
        return dict(sums)

    def top(self, site: Site, days: Sequence[str], limit: int) -> list[dict[str, int]]:
        """Return the most viewed articles of each day or month (`2026-11`).

        Without any, of all time (counted here).
        """
        names = SiteKeys(self._prefix, site.slug)
        keys = [_articles_key(names, day) for day in days] or [names.articles]
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.zrange(key, 0, limit - 1, desc=True, withscores=True)
            found = pipe.execute()
            rows = [{text_of(member): int(views) for member, views in row} for row in found]
            known = known_keys(self._client, names, (member for row in rows for member in row))
        # One that has given way has no key to be listed by.
        gone = {m for row in rows for m in row if m.startswith(MARK)} - known.keys()
        return [with_keys({m: n for m, n in row.items() if m not in gone}, known) for row in rows]

    def views(self, site: Site, articles: Sequence[str], days: Sequence[str]) -> list[list[int]]:
        """Return, for each day or month (`2026-11`), the views of `articles` in their order."""
        names = SiteKeys(self._prefix, site.slug)
        if not articles:
            return [[] for _ in days]
        members = both_names(articles)
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for day in days:
                pipe.zmscore(_articles_key(names, day), list(members))
            rows = pipe.execute()
        return [_sums(len(articles), members.values(), row) for row in rows]

    def openings(self, site: Site, articles: Sequence[str]) -> list[int]:
        """Return the opening balances of `articles` in their order."""
        if not articles:
            return []
        with store_errors():
            rows = self._client.hmget(SiteKeys(self._prefix, site.slug).opening, articles)
        return [int(row or 0) for row in rows]

    def write(self, site: Site, days: Sequence[DayHistory], with_hours: int) -> None:
        """Write whole days on which a site has counted nothing yet, in one pipeline.

        Args:
            site: the site.
            days: in order, each at most once ever.
            with_hours: how many of the last days keep their hours.
        """
        names = SiteKeys(self._prefix, site.slug)
        counts, ignored, articles = Counter[str](), Counter[str](), Counter[str]()
        for day in days:
            counts.update(_span_counts(day))
            articles.update(day.articles)
            for reason, n in day.ignored.items():
                ignored.update({reason: n, f"{reason}:{day.day.isoformat()}": n})
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for field, n in counts.items():
                pipe.hincrby(names.counts, field, n)
            for field, n in ignored.items():
                pipe.hincrby(names.ignored, field, n)
            for article, views in articles.items():
                pipe.zincrby(names.articles, views, article)
            for day in days[-with_hours:]:
                _add_hours(pipe, names.hours(day.day.isoformat()), day)
            for day in days:
                if day.articles:
                    key = names.day_articles(day.day.isoformat())
                    pipe.zadd(key, day.articles)
                    pipe.expire(key, DAY_ARTICLES_TTL_SECONDS, nx=True)
            _add_told(pipe, names, days)
            pipe.hset(names.counts, mapping=_records(days))
            pipe.execute()


def _add_told(pipe: Any, names: SiteKeys, days: Sequence[DayHistory]) -> None:
    """Write what visits told, by day, as far as days are kept, and by month that is over."""
    last = days[-1].day
    first_kept, settled = last - timedelta(ARTICLE_DAYS_KEPT), last - timedelta(2)
    sums: dict[str, Counter[str]] = {}
    for day in days:
        told = {
            (DIMENSIONS.get(name) or ENTRY_SOURCE).letter + value: n
            for name, values in day.told.items()
            for value, n in values.items()
        }
        month = f"{day.day:%Y-%m}"
        if told and day.day > first_kept:
            sums[day.day.isoformat()] = Counter(told)
        if told and month < f"{settled + timedelta(1):%Y-%m}":
            by_month = {f: n for f, n in told.items() if f[:1] != ENTRY_SOURCE.letter}
            sums.setdefault(month, Counter()).update(by_month)
    for span, fields in sums.items():
        pipe.hset(names.readers(span), mapping=fields)
        if len(span) > len("2026-11"):
            pipe.expire(names.readers(span), DAY_ARTICLES_TTL_SECONDS, nx=True)


def _articles_key(names: SiteKeys, span: str) -> str:
    is_month = len(span) == len("2026-11")
    return names.month_articles(span) if is_month else names.day_articles(span)


def _sums(number: int, places: Iterable[Sequence[int]], scores: Sequence[Any]) -> list[int]:
    """Return the scores of `number` articles, each of which may have several."""
    sums = [0] * number
    for at, score in zip(places, scores, strict=True):
        for place in at:
            sums[place] += int(score or 0)
    return sums


def _span_counts(day: DayHistory) -> dict[str, int]:
    year, week, _ = day.day.isocalendar()
    name, total = day.day.isoformat(), sum(day.hours, Pair())
    spans = ("", f":{name}", f":{year:04d}-W{week:02d}", f":{name[:7]}", f":{name[:4]}")
    private = {f"private:{name}": day.private} if day.private else {}
    return private | {
        metric + span: total.of(metric)
        for metric in ("visits", "views")
        for span in spans
        if total.of(metric)
    }


def _add_hours(pipe: Any, key: str, day: DayHistory) -> None:
    fields = {
        f"{metric}:{hour:02d}": pair.of(metric)
        for hour, pair in enumerate(day.hours)
        for metric in ("visits", "views")
        if pair.of(metric)
    }
    if fields:
        pipe.hset(key, mapping=fields)
        pipe.expire(key, HOURS_TTL_SECONDS, nx=True)


def _records(days: Sequence[DayHistory]) -> dict[FieldT, EncodableT]:
    fields: dict[FieldT, EncodableT] = {}
    for metric in ("visits", "views"):
        n, name = max((sum(d.hours, Pair()).of(metric), d.day.isoformat()) for d in days)
        fields |= {f"record:{metric}": n, f"record:{metric}:day": name}
    return fields


def stored_numbers(fields: Sequence[str], values: Sequence[Any]) -> dict[str, int]:
    """Return the fields of a hash that are there, by name."""
    return {field: int(n) for field, n in zip(fields, values, strict=False) if n}


def hour_fields(row: dict[Any, Any]) -> dict[str, int]:
    """Return the hours of a day as `StoredHistory` has them."""
    return {text_of(field): int(n) for field, n in row.items()}
