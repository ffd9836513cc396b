"""Logs that overlap, and their numbers: counted by hand, and as they stand in Redis."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from redis.client import NEVER_DECODE

from stats_service.store.keys import SiteKeys
from tests.support.pages import BROWSER

AGENTS = (BROWSER, BROWSER.replace("Chrome/", "Chrome/9"))
VIETNAM = timedelta(hours=7)
#: Seconds since 1970, address, agent, path.
Row = tuple[int, str, str, str]


def text_of(row: Row) -> str:
    """Return a row as Apache writes it."""
    moment = datetime.fromtimestamp(row[0], UTC) + VIETNAM
    return (
        f'{row[1]} - - [{moment:%d/%b/%Y:%H:%M:%S} +0700] "GET {row[3]} HTTP/1.1" 200 5 "-" '
        f'"{row[2]}"\n'
    )


def independent_count(rows: list[Row]) -> dict[str, dict[str, int]]:
    """Count by hand: views, visits by day and hour, articles by day; nothing of the service's."""
    counts: Counter[str] = Counter()
    hours: Counter[str] = Counter()
    articles: Counter[str] = Counter()
    last: dict[tuple[str, str], int] = {}
    for at, address, agent, path in sorted(rows):
        local = datetime.fromtimestamp(at, UTC) + VIETNAM
        visit = at - last.get((address, agent), 0) >= 1800
        last[address, agent] = at
        for metric in ["views"] + ["visits"] * visit:
            counts[metric] += 1
            counts[f"{metric}:{local:%Y-%m-%d}"] += 1
            hours[f"{local:%Y-%m-%d} {metric}:{local:%H}"] += 1
        articles[path] += 1
        articles[f"{local:%Y-%m-%d} {path}"] += 1
    return {"counts": dict(counts), "hours": dict(hours), "articles": dict(articles)}


def stored(client: redis.Redis, keys: SiteKeys) -> dict[str, dict[str, int]]:
    """Return the same as it stands in Redis."""
    counts = {
        name: int(value)
        for name, value in client.hgetall(keys.counts).items()
        if name in ("views", "visits") or (len(name) > 15 and "record" not in name)
    }
    days = sorted({name.partition(":")[2] for name in counts if ":" in name})
    hours, articles = (
        {},
        {a: int(n) for a, n in client.zrange(keys.articles, 0, -1, withscores=True)},
    )
    for day in days:
        hours |= {f"{day} {f}": int(n) for f, n in client.hgetall(keys.hours(day)).items()}
        found = client.zrange(keys.day_articles(day), 0, -1, withscores=True)
        articles |= {f"{day} {article}": int(n) for article, n in found}
    return {"counts": counts, "hours": hours, "articles": articles}


def everything(client: redis.Redis, keys: SiteKeys) -> dict[str, Any]:
    """Return all that is kept of the site's numbers, expiries left aside."""
    found: dict[str, Any] = {}
    for key in client.scan_iter(keys.pattern):
        name = key.partition("}:")[2]
        if name.startswith("legacy:salt") or name == "audit":
            continue
        # Marks and pseudonyms are no text.
        kind = client.type(key)
        if kind == "hash":
            found[name] = client.execute_command("HGETALL", key, **{NEVER_DECODE: True})
            found[name].pop(b"imports", None)
        elif kind == "zset":
            scores = {NEVER_DECODE: True, "withscores": True}
            found[name] = client.execute_command("ZRANGE", key, 0, -1, "WITHSCORES", **scores)
    return {name: value for name, value in found.items() if value}


def some_rows(
    seed: int = 1, number: int = 400, begin: int = 1771300000, seconds: int = 100_000
) -> list[Row]:
    """Return readers who come, go on and come again, sorted by time; from 17 February 2026 on."""
    drawn = random.Random(seed)
    rows = [
        (
            begin + drawn.randrange(0, seconds, 7),
            f"192.0.2.{drawn.randrange(12)}",
            drawn.choice(AGENTS),
            f"/tin/{drawn.randrange(9)}",
        )
        for _ in range(number)
    ]
    return sorted(rows)


def in_file(rows: list[Row]) -> str:
    """Return a log."""
    return "".join(map(text_of, rows))
