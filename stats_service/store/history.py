"""The past of a site: bounded reads, each one pipeline, and the writing of a whole past."""

from collections.abc import Iterable, Sequence
from typing import Any

from stats_service.models.history import DayHistory, Pair, StoredHistory
from stats_service.models.sites import Site
from stats_service.store.connection import RedisClient, store_errors
from stats_service.store.keys import SiteKeys

#: As in `lua/record_views.lua`.
HOURS_TTL_SECONDS = 91 * 86400
DAY_ARTICLES_TTL_SECONDS = 400 * 86400


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
            _numbers(counts, found),
            {
                day: {_text(field): int(n) for field, n in row.items()}
                for day, row in zip(hours, found_hours, strict=True)
            },
            _numbers(ignored, found_ignored),
        )

    def top(self, site: Site, days: Sequence[str], limit: int) -> list[dict[str, int]]:
        """Return the most viewed articles of each day; without days, of all time (counted here)."""
        names = SiteKeys(self._prefix, site.slug)
        keys = [names.day_articles(day) for day in days] or [names.articles]
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.zrange(key, 0, limit - 1, desc=True, withscores=True)
            rows = pipe.execute()
        return [{_text(article): int(views) for article, views in row} for row in rows]

    def views(self, site: Site, articles: Sequence[str], days: Sequence[str]) -> list[list[int]]:
        """Return, for each day, the views of `articles` in their order."""
        names = SiteKeys(self._prefix, site.slug)
        if not articles:
            return [[] for _ in days]
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for day in days:
                pipe.zmscore(names.day_articles(day), articles)
            rows = pipe.execute()
        return [[int(score or 0) for score in row] for row in rows]

    def openings(self, site: Site, articles: Sequence[str]) -> list[int]:
        """Return the opening balances of `articles` in their order."""
        if not articles:
            return []
        with store_errors():
            rows = self._client.hmget(SiteKeys(self._prefix, site.slug).opening, articles)
        return [int(row or 0) for row in rows]

    def article_count(self, site: Site) -> int:
        """Return how many articles are kept by name."""
        with store_errors():
            return int(self._client.zcard(SiteKeys(self._prefix, site.slug).articles))

    def write(self, site: Site, days: Iterable[DayHistory], newest: int) -> None:
        """Add whole days to a site that did not count on them, a pipeline every 50 days.

        Args:
            site: the site.
            days: each at most once ever; a second writing would add them again.
            newest: how many days before the last keep hours; older ones get none.
        """
        names = SiteKeys(self._prefix, site.slug)
        all_days = list(days)
        best = {"visits": (0, ""), "views": (0, "")}
        for start in range(0, len(all_days), 50):
            with store_errors(), self._client.pipeline(transaction=False) as pipe:
                for at, day in enumerate(all_days[start : start + 50], start):
                    total = sum(day.hours, Pair())
                    name = day.day.isoformat()
                    for metric in ("visits", "views"):
                        best[metric] = max(best[metric], (total.of(metric), name))
                    self._add_counts(pipe, names, day, total)
                    if at >= len(all_days) - newest:
                        self._add_hours(pipe, names, day)
                    self._add_articles(pipe, names, day)
                pipe.execute()
        with store_errors():
            for metric, (n, name) in best.items():
                if n:
                    fields = {f"record:{metric}": n, f"record:{metric}:day": name}
                    self._client.hset(names.counts, mapping=fields)

    def _add_counts(self, pipe: Any, names: SiteKeys, day: DayHistory, total: Pair) -> None:
        year, week, _ = day.day.isocalendar()
        name = day.day.isoformat()
        spans = ("", f":{name}", f":{year:04d}-W{week:02d}", f":{name[:7]}", f":{name[:4]}")
        for metric in ("visits", "views"):
            for span in spans:
                pipe.hincrby(names.counts, metric + span, total.of(metric))
        for reason, n in day.ignored.items():
            pipe.hincrby(names.ignored, reason, n)
            pipe.hincrby(names.ignored, f"{reason}:{name}", n)

    def _add_hours(self, pipe: Any, names: SiteKeys, day: DayHistory) -> None:
        key = names.hours(day.day.isoformat())
        for hour, pair in enumerate(day.hours):
            for metric in ("visits", "views"):
                if pair.of(metric):
                    pipe.hincrby(key, f"{metric}:{hour:02d}", pair.of(metric))
        pipe.expire(key, HOURS_TTL_SECONDS, nx=True)

    def _add_articles(self, pipe: Any, names: SiteKeys, day: DayHistory) -> None:
        key = names.day_articles(day.day.isoformat())
        for article, views in day.articles.items():
            pipe.zincrby(names.articles, views, article)
            pipe.zincrby(key, views, article)
        if day.articles:
            pipe.expire(key, DAY_ARTICLES_TTL_SECONDS, nx=True)


def _numbers(fields: Sequence[str], values: Sequence[Any]) -> dict[str, int]:
    return {field: int(n) for field, n in zip(fields, values, strict=False) if n}


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
