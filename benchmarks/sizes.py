"""What one of each thing costs Redis: `python -m benchmarks.sizes`, half a minute.

Bytes are the growth of `used_memory` (and of the append-only file) by many of one kind, divided
by their number, in a fresh Redis. Microseconds are what Redis itself says that a call of the script
took (INFO commandstats), divided by the views in it; one client, so that nothing waits.
"""

import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis

from benchmarks.servers import SECRET
from stats_service.config import Settings
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.polls import BallotQuery, Choice, Poll, Protection
from stats_service.models.ratings import RatingQuery
from stats_service.models.sites import Site
from stats_service.models.traffic.views import ViewCommand, Visitor
from stats_service.services.container import Services, create_services
from stats_service.services.periods import periods_at
from stats_service.store.traffic.traffic import TrafficStore

HOST = "kimson.example.vn"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
VIEWS, BALLOTS = 20_000, 3_000
BATCHES = (1, 4, 16, 64, 128)

_hits = itertools.count(1)


class Sizes:
    """A fresh Redis, and what things cost it."""

    def __init__(self, services: Services, client: "redis.Redis", folder: Path) -> None:
        self._services = services
        self._client = client
        self._folder = folder
        self._store = TrafficStore(client, services.settings.key_prefix)
        self._now = time.time()

    def site(self, slug: str) -> Site:
        """Register a site without ceilings."""
        return self._services.sites.sites.add(
            Site(slug=slug, name=slug, hosts=(HOST,), view_ceiling=10**8, identity_cap=10**6)
        )

    def record(self, site: Site, number: int, batch: int, **fields: Callable[[int], Any]) -> None:
        """Record views in batches; `fields` give the fields of each by its number."""
        periods = periods_at(self._now, site.timezone)
        for start in range(0, number, batch):
            commands = [
                ViewCommand(
                    kind="view",
                    hit=next(_hits).to_bytes(8),
                    **{name: make(n) for name, make in fields.items()},
                )
                for n in range(start, min(number, start + batch))
            ]
            self._store.record_views(site, periods, self._now, commands)

    def memory(self) -> int:
        """Return the bytes that Redis uses for what it stores."""
        info: dict[str, Any] = self._client.info("memory")  # type: ignore[assignment]
        return int(info["used_memory_dataset"])

    def appended(self) -> int:
        """Return the bytes of the append-only file."""
        return sum(path.stat().st_size for path in self._folder.rglob("*.aof"))

    def script_microseconds(self) -> int:
        """Return the time that Redis has spent in scripts."""
        stats: dict[str, Any] = self._client.info("commandstats")  # type: ignore[assignment]
        return sum(int(v["usec"]) for k, v in stats.items() if k.startswith("cmdstat_eval"))

    def bytes_of_things(self) -> dict[str, float]:
        """Return the bytes of one of each thing."""
        found = {}
        before = self.memory()
        for number in range(100):
            self.site(f"empty{number}")
        found["a site without views"] = (self.memory() - before) / 100

        def grown(number: int, make: Callable[[], None]) -> float:
            before = self.memory()
            make()
            return (self.memory() - before) / number

        plain, articles, people = self.site("plain"), self.site("articles"), self.site("people")
        hit = grown(VIEWS, lambda: self.record(plain, VIEWS, 64))
        found["a hit id, for 40 minutes"] = hit
        found["an article, read on one day (its key has 21 bytes)"] = (
            grown(VIEWS, lambda: self.record(articles, VIEWS, 64, article=_article)) - hit
        )
        found["a visitor, for 31 minutes"] = (
            grown(VIEWS, lambda: self.record(people, VIEWS, 64, visitor=_visitor)) - hit
        )
        found |= self._voting(people)
        return found

    def _voting(self, site: Site) -> dict[str, float]:
        services, now = self._services, self._now
        services.polls.polls.create(
            site.slug,
            Poll(
                id="poll",
                question={"vi": "?"},
                choices=(Choice(id="a", text={"vi": "A"}), Choice(id="b", text={"vi": "B"})),
                status="open",
                protection=Protection(wait=0, per_address=10**6),
            ),
            "bench",
            now,
        )
        self.record(site, 1, 1, article=lambda _: "/tin/1")
        entry = services.sites.directory.load(site.slug, now)
        voters = [services.polls.voters.issue(site.slug, now - 60) for _ in range(2 * BALLOTS)]
        people = [
            Visitor(
                f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", BROWSER, f"https://{HOST}", False, False
            )
            for n in range(2 * BALLOTS)
        ]
        before = self.memory()
        for number in range(BALLOTS):
            ballot = BallotQuery(
                ballot=f"ballot-{number:010d}", choices=("a",), voter=voters[number]
            )
            services.loop.run(
                services.polls.ballots.cast_ballot(entry, "poll", ballot, people[number], now)
            )
        between = self.memory()
        for number in range(BALLOTS, 2 * BALLOTS):
            rating = RatingQuery(article="/tin/1", score=5, voter=voters[number])
            services.loop.run(
                services.ratings.ratings.rate_article(entry, rating, people[number], now)
            )
        return {
            "a ballot": (between - before) / BALLOTS,
            "a rating": (self.memory() - between) / BALLOTS,
        }

    def costs_of_batches(self) -> dict[int, tuple[float, float]]:
        """Return, by views in a call, microseconds and appended bytes a view."""
        found = {}
        for batch in BATCHES:
            site = self.site(f"batch{batch}")
            number = 2_000 if batch == 1 else VIEWS
            fields = {"article": lambda n: _article(n % 500), "visitor": _visitor}
            self.record(site, 500, 100, **fields)
            spent, size = self.script_microseconds(), self.appended()
            self.record(site, number, batch, **fields)
            time.sleep(0.1)  # Redis writes before it sleeps
            found[batch] = (
                (self.script_microseconds() - spent) / number,
                (self.appended() - size) / number,
            )
        return found


def _article(number: int) -> str:
    return f"/tin-tuc/bai-{number:08d}"


def _visitor(number: int) -> bytes:
    return (number * 7919 + 1).to_bytes(8)


def main() -> None:
    """Print both tables."""
    with tempfile.TemporaryDirectory() as name, EmbeddedRedis(Path(name)) as server:
        folder = Path(name)
        settings = Settings(secret=SECRET, data_dir=folder, redis_url=server.url, redis_timeout=5)
        services = create_services(settings)
        client = redis.Redis.from_url(server.url)
        client.config_set("auto-aof-rewrite-percentage", 0)
        sizes = Sizes(services, client, folder)
        print("| What | Bytes |\n|---|---|")
        for what, size in sizes.bytes_of_things().items():
            print(f"| {what} | {size:,.0f} |")
        print("\n| Views in a call | Redis, us a view | Appended bytes a view |\n|---|---|---|")
        for batch, (microseconds, appended) in sizes.costs_of_batches().items():
            print(f"| {batch} | {microseconds:.1f} | {appended:,.0f} |")
        services.close()


if __name__ == "__main__":
    main()
