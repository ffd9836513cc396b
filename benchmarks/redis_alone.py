"""What Redis alone does: PING by redis-benchmark, and the script that records views."""

import subprocess
import tempfile
import time
from pathlib import Path

import redis

from benchmarks.load import require_program
from benchmarks.machine import cpu_seconds
from benchmarks.requests import ARTICLES, SITES
from benchmarks.servers import SECRET, register_sites
from stats_service.config import Settings
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.traffic.views import ViewCommand
from stats_service.services.container import create_services
from stats_service.services.periods import periods_at
from stats_service.store.traffic.traffic import RECORD_VIEWS
from stats_service.store.traffic.view_batch import ViewBatch

#: Views in one call of the script: alone, and as they meet under load.
BATCHES = (1, 4, 16, 64)
PINGS, VIEWS = 100_000, 16_000
#: Calls that are under way together, as those of several sites are.
IN_FLIGHT = 4
#: The least that counts a view and reads its numbers: no ceilings, no articles of the day, no spans
#: but the day, no poll, one view a call. It was measured before this project began: 24 us a view.
LEAST = """
redis.call('HINCRBY', KEYS[1], 'views', 1)
redis.call('HINCRBY', KEYS[1], ARGV[2], 1)
redis.call('HINCRBY', KEYS[2], ARGV[3], 1)
redis.call('ZADD', KEYS[3], ARGV[1], ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[1] - 300000)
local online = redis.call('ZCARD', KEYS[3])
redis.call('PFADD', KEYS[4], ARGV[4])
local visitors = redis.call('PFCOUNT', KEYS[4])
local counts = redis.call('HMGET', KEYS[1], 'views', ARGV[2])
return { online, visitors, counts, redis.call('HMGET', KEYS[2], ARGV[3]) }
"""
#: Calls of it that are under way together.
LEAST_IN_FLIGHT = 16


def measure_redis_alone() -> dict[str, float]:
    """Return the processor time of Redis, in microseconds, for a PING and for a view.

    redis-benchmark cannot send what the script takes: its arguments hold NUL bytes.
    """
    require_program("redis-benchmark", "redis-tools")
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        EmbeddedRedis(Path(folder)) as server,
        redis.Redis.from_url(server.url) as client,
    ):
        services = create_services(
            Settings(secret=SECRET, data_dir=Path(folder), redis_url=server.url, trusted_proxies=1)
        )
        register_sites(services)
        client.script_load(RECORD_VIEWS.body)
        now = time.time()
        site = services.sites.directory.load(SITES[0], now).site
        periods = periods_at(now, site.timezone)

        def record(first: int, batch: int) -> None:
            with client.pipeline(transaction=False) as pipe:
                for call in range(first, first + batch * IN_FLIGHT, batch):
                    views = [_view(number) for number in range(call, call + batch)]
                    batched = ViewBatch("st", site, periods, now, views)
                    pipe.execute_command(
                        "EVALSHA", RECORD_VIEWS.sha, len(batched.keys), *batched.keys, *batched.args
                    )
                pipe.execute()

        before = cpu_seconds([server.pid or 0])
        socket = str(server.socket_path)
        ping = ["redis-benchmark", "-q", "-s", socket, "-c", "64", "-n", str(PINGS), "PING"]
        subprocess.run(ping, capture_output=True, timeout=60, check=True)
        figures = {"redis_ping_us": _microseconds(server, before, PINGS)}
        before = cpu_seconds([server.pid or 0])
        least = client.script_load(LEAST)
        for first in range(0, VIEWS, LEAST_IN_FLIGHT):
            with client.pipeline(transaction=False) as pipe:
                for number in range(first, first + LEAST_IN_FLIGHT):
                    view = _view(number)
                    keys = ("{least}:counts", "{least}:articles", "{least}:online", "{least}:day")
                    moment = int(now * 1000) + number
                    args = (moment, periods.day, view.article, view.visitor)
                    pipe.execute_command("EVALSHA", least, len(keys), *keys, *args)
                pipe.execute()
        figures["redis_least_script_us"] = _microseconds(server, before, VIEWS)
        for place, batch in enumerate(BATCHES, 1):
            before = cpu_seconds([server.pid or 0])
            for first in range(place * 10 * VIEWS, place * 10 * VIEWS + VIEWS, batch * IN_FLIGHT):
                record(first, batch)
            figures[f"redis_script_us_{batch}"] = _microseconds(server, before, VIEWS)
    return figures


def _microseconds(server: EmbeddedRedis, before: float, number: int) -> float:
    return round((cpu_seconds([server.pid or 0]) - before) / number * 1e6, 1)


def _view(number: int) -> ViewCommand:
    """Return the view of one of 4,096 readers."""
    reader = (number % 4096).to_bytes(8, "big", signed=False)
    return ViewCommand(
        kind="view",
        hit=number.to_bytes(8, "big"),
        visitor=b"v" + reader[1:],
        address=b"a" + reader[1:],
        article=ARTICLES[number % len(ARTICLES)],
        rated=True,
    )
