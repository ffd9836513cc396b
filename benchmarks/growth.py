"""What a page view costs on a site that has seen much, and what things cost in memory."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import redis

from benchmarks.load import run_wrk
from benchmarks.requests import SITES, page_repeat, readers
from benchmarks.runs import measure, warm_up
from benchmarks.servers import Server, running
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.services.periods import periods_at
from stats_service.store.keys import SiteKeys

VIEWS = 100_000_000
VISITORS = 1_000_000
ARTICLES = 100_000
ONLINE = 20_000

#: What is to be seen is a tenth; two runs of the same differ by as much.
ROUNDS = 6
#: Views after which the memory of the service is looked at again.
MANY_VIEWS = 1_000_000
#: The longest that this may take, in seconds.
MANY_VIEWS_SECONDS = 120
#: Things of one kind that are stored to see what one costs.
SAMPLE = 20_000


def measure_growth(seconds: float) -> dict[str, float]:
    """Return what a view costs on full sites, as a multiple of empty ones, and memory.

    Cost is processor time of service and Redis together. Which comes first changes from round to
    round, for a machine that gets slower meanwhile is not what is measured.
    """
    costs: dict[bool, list[float]] = {False: [], True: []}
    figures: dict[str, float] = {}
    for number in range(ROUNDS):
        for full in (False, True) if number % 2 else (True, False):
            with running("ours") as server:
                if full:
                    fill(server)
                warm_up(server, "page")
                run = measure(server, "page", 64, seconds)
                costs[full].append(run.service_us + run.redis_us)
                if full and number == ROUNDS - 1:
                    figures = _service_memory(server, seconds)
    pairs = zip(costs[True], costs[False], strict=True)
    return {"growth": round(median(full / empty for full, empty in pairs), 2)} | figures


def fill(server: Server) -> None:
    """Write what 100 million views leave behind into every site."""
    settings, now = server.services.settings, time.time()
    with redis.Redis.from_url(server.redis.url) as client:
        for slug in SITES:
            keys = SiteKeys(settings.key_prefix, slug)
            periods = periods_at(now, "Asia/Ho_Chi_Minh")
            client.hset(keys.counts, mapping={"views": VIEWS, "visits": VIEWS // 3})
            for numbers in _parts(VISITORS):
                client.pfadd(keys.visitors(periods.day), *(_name(n) for n in numbers))
            for numbers in _parts(ARTICLES):
                paths = {f"/tin-tuc/muc-{n % 40}/bai-viet-{n:06d}": n % 1000 for n in numbers}
                client.zadd(keys.articles, paths)
                client.zadd(keys.day_articles(periods.day), paths)
            for numbers in _parts(ONLINE):
                client.zadd(keys.online, {_name(n): int(now * 1000) - n % 1000 for n in numbers})
        # So much at once makes it rewrite its file, beside which everything is slow.
        while client.info("persistence")["aof_rewrite_in_progress"]:
            time.sleep(0.2)


def _parts(number: int) -> Iterator[range]:
    """Return the numbers below `number` in parts that one command can take."""
    step = 10_000
    return (range(at, min(at + step, number)) for at in range(0, number, step))


def _service_memory(server: Server, seconds: float) -> dict[str, float]:
    """Return the memory of both workers and their parent, early and after a million views.

    On a machine that others keep busy it is fewer views: the time is bounded.
    """
    early, views, begin = server.rss_mb(), 0, time.monotonic()
    templates = page_repeat(readers(server.services.voters, time.time()))
    while views < MANY_VIEWS and time.monotonic() - begin < MANY_VIEWS_SECONDS:
        views += run_wrk(server.url, templates, 64, max(seconds, 10)).requests
    return {
        "rss_mb_early": round(early, 1),
        "rss_mb": round(server.rss_mb(), 1),
        "rss_after_views": views,
    }


def measure_memory() -> dict[str, float]:
    """Return what one thing of each kind costs in Redis, in bytes."""
    found: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        EmbeddedRedis(Path(folder)) as server,
        redis.Redis.from_url(server.url) as client,
    ):
        for name, commands in _things().items():
            before = _used(client)
            with client.pipeline(transaction=False) as pipe:
                for command in commands:
                    pipe.execute_command(*command)
                pipe.execute()
            found[f"bytes_per_{name}"] = round((_used(client) - before) / SAMPLE, 1)
            client.flushall()
        client.pfadd("visitors", *(_name(n) for n in range(SAMPLE)))
        found["bytes_of_visitors_today"] = float(client.memory_usage("visitors") or 0)
    return found


def _things() -> dict[str, Iterator[tuple[Any, ...]]]:
    """Return, for each kind, the writes that its Lua script makes for `SAMPLE` of them."""
    return {
        "article": (("ZADD", "a", 1, f"/tin-tuc/bai-viet-so-{n:06d}.html") for n in range(SAMPLE)),
        "online_visitor": (("ZADD", "o", 1_700_000_000_000 + n, _name(n)) for n in range(SAMPLE)),
        "hit_id": (("SADD", "h", _name(n)) for n in range(SAMPLE)),
        "ballot": (("HSET", "v", _name(n), _name(n + 1) + b"c") for n in range(SAMPLE)),
        "rating": (("SADD", "r", _name(n)) for n in range(SAMPLE)),
        "rated_article": (
            ("HSET", "m", f"/tin-tuc/bai-viet-so-{n:06d}.html", "0,1,0,3,9") for n in range(SAMPLE)
        ),
    }


def _used(client: redis.Redis) -> int:
    info: dict[str, Any] = client.info("memory")
    return int(info["used_memory"])


def _name(number: int) -> bytes:
    """Return 8 bytes that look like a pseudonym."""
    return (number * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8, "big")
