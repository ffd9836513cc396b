"""Where the time of one page view goes: `python -m benchmarks.stages`.

Each stage of the service's own code by itself, in one process without load: the shortest of many
repetitions, which is what a busy machine disturbs least. What the libraries and the kernel do
with a request (parsing HTTP, reading and writing sockets) is not in it.
"""

import tempfile
import time
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hiredis
import msgspec
import redis

from benchmarks.requests import HIT, SITES, page_repeat, readers
from benchmarks.servers import SECRET, register_sites
from stats_service.config import Settings
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.traffic.views import PageQuery, ViewCommand
from stats_service.services.container import Services, create_services
from stats_service.services.periods import periods_at
from stats_service.services.polls.presentation import PresentedPolls
from stats_service.services.views.numbers import site_counts
from stats_service.services.views.page_views import answer_view, decide_view
from stats_service.store.traffic.traffic import RECORD_VIEWS
from stats_service.store.traffic.view_batch import ViewBatch
from stats_service.web.http.answers import page_answer_json
from stats_service.web.http.bodies import decode_body
from stats_service.web.http.visitor import client_address, visitor_of

#: Views in one script call: about as many as meet at 64 connections on four sites.
BATCH = 4
REPEATS, NUMBER = 30, 1000


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedRedis(Path(folder)) as server:
        settings = Settings(
            secret=SECRET, data_dir=Path(folder), redis_url=server.url, trusted_proxies=1
        )
        services = create_services(settings)
        register_sites(services)
        stages = measure_stages(services)
    print("| Stage | us a view |\n|---|---|")
    for name, microseconds in stages.items():
        print(f"| {name} | {microseconds:.1f} |")
    print(f"| together | {sum(stages.values()):.1f} |")


def measure_stages(services: Services) -> dict[str, float]:
    """Return the microseconds of each stage for one view in a batch of `BATCH`."""
    now, slug = time.time(), SITES[0]
    entry = services.sites.directory.load(slug, now)
    people = [reader for reader in readers(services.polls.voters, now, 64) if reader.site == slug]
    requests = [_parsed(template, at) for at, template in enumerate(page_repeat(people)[:BATCH])]
    headers, body = requests[0]
    raw = [(name.title(), value) for name, value in headers.items()]

    def visitor() -> Any:
        text = {name: value.decode("latin-1") for name, value in headers.items()}
        address = client_address("127.0.0.1", text[b"x-forwarded-for"], 1)
        return visitor_of(address, text[b"origin"], text[b"user-agent"], "", "", "")

    queries = [decode_body(content, PageQuery) for _, content in requests]
    who = visitor()
    commands: list[ViewCommand] = [decide_view(entry, query, who, now) for query in queries]
    periods = periods_at(now, entry.site.timezone)

    def call() -> bytes:
        batch = ViewBatch("st", entry.site, periods, now, commands)
        command = ("EVALSHA", RECORD_VIEWS.sha, len(batch.keys), *batch.keys, *batch.args)
        packed: bytes = hiredis.pack_command(command)
        return packed

    batch = ViewBatch("st", entry.site, periods, now, commands)
    with redis.Redis.from_url(services.settings.redis_url) as client:
        reply = RECORD_VIEWS.run(client, batch.keys, batch.args)
    stored, results = batch.results(reply)
    counts = site_counts(entry.site, stored)
    polls = PresentedPolls()
    answered = answer_view(entry, queries[0], commands[0], counts, results[0], now, polls)
    site = msgspec.Raw(msgspec.json.encode(counts))
    poll = msgspec.Raw(msgspec.json.encode(answered.poll))
    return {
        "headers by name": best(lambda: {name.lower(): value for name, value in raw}),
        "JSON in": best(lambda: decode_body(body, PageQuery)),
        "the site, from the worker's memory": best(
            lambda: services.sites.directory.cached(slug, now)
        ),
        "who it is: address, headers": best(visitor),
        "the rules: article, bot, pseudonyms, voter": best(
            lambda: decide_view(entry, queries[0], who, now)
        ),
        "the script's keys and arguments": best(call) / BATCH,
        "the script's reply": best(lambda: batch.results(reply)) / BATCH,
        "the site's numbers and their JSON": best(
            lambda: msgspec.json.encode(site_counts(entry.site, stored))
        )
        / BATCH,
        "the answer": best(
            lambda: answer_view(entry, queries[0], commands[0], counts, results[0], now, polls)
        ),
        "JSON out": best(lambda: page_answer_json(answered, site, poll)),
    }


def best(stage: Callable[[], object]) -> float:
    """Return the microseconds of one call."""
    return min(timeit.repeat(stage, number=NUMBER, repeat=REPEATS)) / NUMBER * 1e6


def _parsed(template: bytes, at: int) -> tuple[dict[bytes, bytes], bytes]:
    """Return the headers, by lower-case name, and the body of a request."""
    head, _, body = template.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")[1:]
    headers = {name.lower(): value for name, _, value in (line.partition(b": ") for line in lines)}
    return headers, body.replace(HIT.encode(), b"%016d" % at)


if __name__ == "__main__":
    main()
