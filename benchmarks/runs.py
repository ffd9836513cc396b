"""One run: load on one server, what it cost, and whether Redis holds what was answered."""

import random
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from benchmarks.load import Load, run_wrk
from benchmarks.machine import busy_seconds
from benchmarks.requests import (
    ARTICLES,
    LIST_LENGTH,
    POLL,
    SITES,
    Reader,
    Templates,
    ballot,
    beat,
    page,
    page_bare,
    page_first,
    page_list,
    page_repeat,
    page_votes,
    rating,
    readers,
    reading,
)
from benchmarks.servers import Server
from stats_service.store.keys import SiteKeys

#: A run in which other programs took more than this part of a core is repeated.
OTHERS_MAX = 0.25
REPEATS_MAX = 3

MAKERS: dict[str, Callable[[Sequence[Reader]], Templates]] = {
    "page": page,
    "page_first": page_first,
    "page_repeat": page_repeat,
    "page_bare": page_bare,
    "page_list": page_list,
    "page_votes": page_votes,
    "beat": beat,
    "ballot": ballot,
    "rating": rating,
    "counts": reading("/v1/{site}/counts"),
    "badge": reading("/v1/{site}/badge/total.svg"),
    "articles": reading(
        "/v1/{site}/articles/views?" + "&".join(f"key={key}" for key in ARTICLES[:LIST_LENGTH])
    ),
    "poll": reading("/v1/{site}/polls/current"),
    "pixel": reading(f"/v1/{{site}}/dot.gif?article={ARTICLES[0]}"),
    "health": reading("/healthz"),
    "hello": reading("/hello"),
}
#: Requests that count a view each, and those with votes or ratings: one reader, one request.
VIEWS = frozenset({"page", "page_first", "page_repeat", "page_bare", "page_list", "pixel"})
ONCE_EACH = frozenset({"ballot", "rating", "page_votes"})


@dataclass(frozen=True, slots=True)
class Run:
    """What one run showed."""

    server: str
    kind: str
    connections: int
    load: Load
    #: Microseconds of processor time for each request.
    service_us: float
    redis_us: float
    #: Script calls, of all commands in `calls`, for each request.
    scripts: float
    #: Cores that other programs used meanwhile.
    others: float
    #: What Redis counted, less what was answered; None if nothing is counted. wrk gives up on
    #: what is under way when the time is over, so that up to one a connection is right.
    surplus: int | None

    @property
    def exact(self) -> bool:
        """Whether every answered request, and no other, was counted."""
        return self.surplus is None or 0 <= self.surplus <= self.connections


class BadAnswersError(Exception):
    """Requests failed, or were answered by a status of 400 or more."""


def measure(server: Server, kind: str, connections: int, seconds: float) -> Run:
    """Run once, or again while other programs disturb; return the least disturbed run.

    Raises:
        BadAnswersError: not even the last try was answered well.
    """
    runs: list[Run] = []
    for tries_left in reversed(range(REPEATS_MAX)):
        try:
            runs.append(_measure(server, kind, connections, seconds))
        except BadAnswersError as error:
            print(f"{error}; {tries_left} tries left", file=sys.stderr)
            if not tries_left and not runs:
                raise
            continue
        if runs[-1].others < OTHERS_MAX:
            break
    return min(runs, key=lambda run: run.others)


def warm_up(server: Server, kind: str) -> None:
    """Let the workers import, connect and fill their caches."""
    people = readers(server.services.polls.voters, time.time())
    run_wrk(server.url, MAKERS["hello" if kind == "hello" else "page_repeat"](people), 16, 1)


def _measure(server: Server, kind: str, connections: int, seconds: float) -> Run:
    number = int(25_000 * seconds) if kind in ONCE_EACH else 4096
    people = readers(server.services.polls.voters, time.time(), number)
    if kind in ONCE_EACH:
        random.shuffle(people)
    templates = MAKERS[kind](people)
    counted = _settled(server, kind)
    scripts = _scripts(server)
    cpu, redis_cpu, busy, begin = server.cpu(), server.redis_cpu(), busy_seconds(), time.monotonic()
    wrk = cpu_seconds_of_children()
    load = run_wrk(server.url, templates, connections, seconds)
    used, redis_used = server.cpu() - cpu, server.redis_cpu() - redis_cpu
    wrk = cpu_seconds_of_children() - wrk
    others = (busy_seconds() - busy - used - redis_used - wrk) / (time.monotonic() - begin)
    time.sleep(0.2)  # what wrk gave up on is still recorded
    if load.errors or load.bad:
        raise BadAnswersError(f"{server.name} {kind}: {load.errors} errors, {load.bad} bad answers")
    if kind in ONCE_EACH and load.requests > number:
        raise RuntimeError(f"{server.name} {kind}: {number} readers are not enough")
    surplus = None if counted is None else (_settled(server, kind) or 0) - counted - load.requests
    return Run(
        server=server.name,
        kind=kind,
        connections=connections,
        load=load,
        service_us=used / load.requests * 1e6,
        redis_us=redis_used / load.requests * 1e6,
        scripts=(_scripts(server) - scripts) / load.requests,
        others=others,
        surplus=surplus,
    )


def cpu_seconds_of_children() -> float:
    """Return the processor time of ended children, wrk among them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _settled(server: Server, kind: str) -> int | None:
    """Return what Redis holds once nothing more comes: a busy machine may be late with it."""
    before, deadline = _counted(server, kind), time.monotonic() + 5
    while before is not None and time.monotonic() < deadline:
        time.sleep(0.3)
        after = _counted(server, kind)
        if after == before:
            break
        before = after
    return before


def _counted(server: Server, kind: str) -> int | None:
    """Return what Redis holds of this kind; None if requests of it leave no number."""
    if kind not in VIEWS and kind not in ONCE_EACH:
        return None
    total = 0
    with redis.Redis.from_url(server.redis.url) as client:
        for slug in SITES:
            keys = SiteKeys(server.services.settings.key_prefix, slug)
            total += _COUNTERS.get(kind, _views)(client, keys)
    return total


def _views(client: Any, keys: SiteKeys) -> int:
    """Return the views of a site; those of its articles must not be more."""
    with client.pipeline() as pipe:
        pipe.hget(keys.counts, "views")
        pipe.zrange(keys.articles, 0, -1, withscores=True)
        stored, articles = pipe.execute()
    views, of_articles = int(stored or 0), sum(int(score) for _, score in articles)
    if of_articles > views:
        raise RuntimeError(f"{keys.slug}: {of_articles} views of articles, {views} of the site")
    return views


def _ballots(client: Any, keys: SiteKeys) -> int:
    return int(client.hget(keys.poll(POLL, "tally"), "ballots") or 0)


def _ratings(client: Any, keys: SiteKeys) -> int:
    stored = client.hvals(keys.ratings)
    return sum(int(number) for counts in stored for number in counts.split(b","))


_COUNTERS: dict[str, Callable[[Any, SiteKeys], int]] = {
    "ballot": _ballots,
    "rating": _ratings,
    "page_votes": lambda client, keys: _views(client, keys) + _ballots(client, keys),
}


def _scripts(server: Server) -> int:
    with redis.Redis.from_url(server.redis.url) as client:
        stats: dict[str, Any] = client.info("commandstats")
    return sum(
        int(stats.get(f"cmdstat_{name}", {}).get("calls", 0)) for name in ("evalsha", "eval")
    )
