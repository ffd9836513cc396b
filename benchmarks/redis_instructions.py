"""What a page view costs Redis, in instructions: `python -m benchmarks.redis_instructions`.

    python -m benchmarks.redis_instructions [--batches 1,4,8,16] [--functions N]
                                           [--ratings] [--ballots] [--first N]

Processor time drifts with whatever else the machine does, the number of instructions does not: two
runs differ by less than one in a hundred. The embedded server runs under callgrind (needs
valgrind), with sites that have ten months of numbers and readers who are online; then views come as
the bench's do, a quarter of them first ones (--first 1: all, --first 0: none). Everything that the
server itself executes is counted: reading from the socket, the script, the append-only file; not
what the kernel does for it.

With --functions N it says where they go: the N functions with the most, those that they call left
out and included. Static functions of the server have no names, only addresses.
"""

import argparse
import hashlib
import itertools
import re
import shlex
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import redis

from benchmarks.load import require_program
from benchmarks.requests import ARTICLES, FIRST_VIEWS, SITES
from benchmarks.servers import SECRET, register_sites
from stats_service.config import Settings
from stats_service.embedded_redis.binary import find_server_binary
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.polls import BallotCommand, Poll
from stats_service.models.ratings import RatingCommand
from stats_service.models.traffic.views import ViewCommand
from stats_service.services.articles.keys import canonical_article
from stats_service.services.container import create_services
from stats_service.services.periods import hour_label, periods_at
from stats_service.store.polls.ballots import CAST_BALLOT, cast_ballot_call
from stats_service.store.ratings.ratings import RATE_ARTICLE, rate_article_call
from stats_service.store.redis.packing import in_a_row
from stats_service.store.traffic.traffic import RECORD_VIEWS
from stats_service.store.traffic.view_batch import ViewBatch

#: Readers who are online at a site before anything is measured, as in the bench.
READERS = 1024
#: Views that are measured of each batch size, ratings, and ballots.
VIEWS, RATINGS, BALLOTS = 1600, 400, 800
#: Calls that are under way together: those of a worker, one of each site.
IN_FLIGHT = len(SITES)
#: What views tell, as the service sends it with each of them.
TRAITS = [
    in_a_row([f"s{source}", "e", f"d{device}", f"v{browser} {version}", f"o{system}", "lvi", "cVN"])
    for source in ("Google", "Facebook", "Zalo", "@direct", "example.vn")
    for device, system in (("phone", "Android"), ("phone", "iOS"), ("computer", "Windows"))
    for browser, version in (("Chrome", 142), ("Safari", 18))
]


class Callgrind:
    """The embedded server under callgrind."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        wrapper = folder / "server"
        command = [
            "valgrind", "--tool=callgrind", "--instr-atstart=no", "-q",
            f"--callgrind-out-file={folder}/profile", str(find_server_binary().path),
        ]  # fmt: skip
        wrapper.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        wrapper.chmod(0o700)
        self.redis = EmbeddedRedis(folder, binary=wrapper)

    def _control(self, *arguments: str) -> None:
        command = ["callgrind_control", *arguments, str(self.redis.pid)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    def measure(self, work: Callable[[], object]) -> Path:
        """Return the profile of `work`."""
        self._control("-i", "on")
        work()
        self._control("-d")
        self._control("-i", "off")
        return max(self._folder.glob("profile*"), key=lambda path: path.stat().st_mtime_ns)


class Portal:
    """Sites with a past, and views of them in batches."""

    def __init__(
        self, client: "redis.Redis", server: EmbeddedRedis, folder: Path, first: int
    ) -> None:
        self._first = first
        services = create_services(Settings(secret=SECRET, data_dir=folder, redis_url=server.url))
        register_sites(services)
        self._client = client
        self._now = time.time()
        self._entries = [services.sites.directory.load(slug, self._now) for slug in SITES]
        self._numbers = itertools.count()
        self._articles = [canonical_article(article) for article in ARTICLES]
        for script in (RECORD_VIEWS, RATE_ARTICLE, CAST_BALLOT):
            client.script_load(script.body)

    def record_views(self, number: int, batch: int) -> None:
        """Send `number` views in calls of `batch`, one call of each site at a time."""
        for _ in range(0, number, batch * IN_FLIGHT):
            with self._client.pipeline(transaction=False) as pipe:
                for entry in self._entries:
                    poll = entry.polls.find("current", self._now)
                    views = [self._view(next(self._numbers), poll) for _ in range(batch)]
                    periods = periods_at(self._now, entry.site.timezone)
                    call = ViewBatch("st", entry.site, periods, self._now, views)
                    pipe.execute_command(
                        "EVALSHA", RECORD_VIEWS.sha, len(call.keys), *call.keys, *call.args
                    )
                pipe.execute()

    def rate_articles(self, number: int) -> None:
        """Send first ratings, each of another voter."""
        for _ in range(0, number, IN_FLIGHT):
            with self._client.pipeline(transaction=False) as pipe:
                for entry in self._entries:
                    at = next(self._numbers)
                    command = RatingCommand(
                        article=self._articles[at % len(self._articles)],
                        score=at % 5 + 1,
                        rater=_id(b"r", at),
                        address=_id(b"a", at),
                    )
                    keys, args = rate_article_call("st", entry.site, command, self._now)
                    pipe.execute_command("EVALSHA", RATE_ARTICLE.sha, len(keys), *keys, *args)
                pipe.execute()

    def cast_ballots(self, number: int, networks: int) -> None:
        """Send ballots, each of another voter, from so many networks of each site."""
        for _ in range(0, number, IN_FLIGHT):
            with self._client.pipeline(transaction=False) as pipe:
                for entry in self._entries:
                    at = next(self._numbers)
                    poll = entry.polls.find("current", self._now)
                    assert poll is not None
                    command = BallotCommand(
                        poll=poll,
                        open=True,
                        voter=_id(b"p", at),
                        ballot=_id(b"b", at),
                        choices=(poll.choices[at % len(poll.choices)].id,),
                        address=_id(b"a", at // IN_FLIGHT % networks),
                        block=_id(b"w", at // IN_FLIGHT % networks // 16),
                        provider=_id(b"w", at // IN_FLIGHT % networks // 512),
                    )
                    hour = hour_label(self._now, entry.site.timezone)
                    keys, args = cast_ballot_call("st", entry.site, command, hour, self._now)
                    pipe.execute_command("EVALSHA", CAST_BALLOT.sha, len(keys), *keys, *args)
                pipe.execute()

    def _view(self, number: int, poll: Poll | None) -> ViewCommand:
        """Return a view as the bench's: a quarter are the first ones of readers without a token."""
        first = bool(self._first) and number % self._first == 0
        reader = number + READERS if first else number % READERS
        return ViewCommand(
            kind="view",
            hit=_id(b"h", number),
            visitor=_id(b"v", reader),
            address=_id(b"a", reader),
            article=self._articles[number * 7 % len(self._articles)],
            rated=True,
            poll=poll,
            voter=b"" if first else _id(b"p", reader),
            issue=first,
            traits=TRAITS[number % len(TRAITS)],
        )


def _id(kind: bytes, number: int) -> bytes:
    """Return 8 bytes that differ everywhere, as pseudonyms do."""
    return hashlib.blake2b(kind + number.to_bytes(8, "big"), digest_size=8).digest()


def main() -> None:
    """Measure what the arguments ask for, and print it."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.redis_instructions", description=__doc__
    )
    parser.add_argument("--batches", default="1,4,8,16", help="views in one call of the script")
    parser.add_argument("--functions", type=int, default=0, metavar="N", help="show the N dearest")
    parser.add_argument(
        "--first", type=int, default=FIRST_VIEWS, metavar="N", help="one in N begins a visit"
    )
    parser.add_argument("--ratings", action="store_true", help="first ratings as well")
    parser.add_argument("--ballots", action="store_true", help="ballots as well")
    arguments = parser.parse_args()
    require_program("valgrind", "valgrind")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        callgrind = Callgrind(folder)
        with callgrind.redis as server, redis.Redis.from_url(server.url) as client:
            portal = Portal(client, server, folder, arguments.first)
            portal.record_views(READERS * IN_FLIGHT * 2, 64)
            for batch in map(int, arguments.batches.split(",")):
                portal.record_views(VIEWS, batch)
                found = callgrind.measure(lambda batch=batch: portal.record_views(VIEWS, batch))
                show(f"a view, {batch} in a call", found, VIEWS, arguments.functions)
            if arguments.ratings:
                portal.rate_articles(RATINGS)
                found = callgrind.measure(lambda: portal.rate_articles(RATINGS))
                show("a rating", found, RATINGS, arguments.functions)
            for networks in (10_000, 1) if arguments.ballots else ():
                portal.cast_ballots(BALLOTS, networks)
                found = callgrind.measure(lambda n=networks: portal.cast_ballots(BALLOTS, n))
                title = f"a ballot, of {networks:,} networks"
                show(title, found, BALLOTS, arguments.functions)


def functions(profile: Path, *options: str) -> Counter[str]:
    """Return the instructions of each function."""
    listed = subprocess.run(
        ["callgrind_annotate", "--threshold=100", "--auto=no", *options, str(profile)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    lines = re.findall(r"^ *([\d,]+) \([ \d.]+%\)  *(?:\S*?:)?(.+?)(?: \[|$)", listed, re.MULTILINE)
    found: Counter[str] = Counter()
    for count, name in lines:
        number = int(count.replace(",", ""))
        # What slept when the counting began has counts that have run over.
        if name != "PROGRAM TOTALS" and number < 2**48:
            found[name] += number
    return found


def show(title: str, profile: Path, number: int, most: int) -> None:
    """Print the instructions of one of `number` things, and the `most` expensive functions."""
    for heading, options in (("alone", ()), ("with what they call", ("--inclusive=yes",))):
        found = functions(profile, *options)
        if not options:
            print(f"{title:<30}{found.total() / number:>10,.0f}", flush=True)
        if most:
            print(f"  {heading}:")
            for name, count in found.most_common(most):
                print(f"    {name:<36}{count / number:>10,.0f}")


if __name__ == "__main__":
    main()
