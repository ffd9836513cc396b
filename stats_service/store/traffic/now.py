"""What happens now: each process sums what it has counted, and writes that down every few seconds.

A page view pays for two additions in the process, and Redis for one write of a process and site in
`WRITE_SECONDS`, whatever the number of views. A process writes what it has counted of a span as a
whole into a field of its own, so that a repeated write changes nothing. What a process had not
written when it was killed is missing here, and here alone: no total is made of these sums.

Nobody is in them: an article has views, a source has visits, and nothing joins the two.
"""

import asyncio
import secrets
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from stats_service.errors import StatsError
from stats_service.models.sites import Site
from stats_service.models.traffic.now import MINUTES, SLOTS, NowSums, StoredNow
from stats_service.models.traffic.views import (
    AHEAD_SECONDS,
    ONLINE_SECONDS,
    OTHER_ARTICLES,
    ViewCommand,
    ViewResult,
)
from stats_service.store.keys import ADDRESS_BUCKET_SECONDS, NOW_SLOT_SECONDS, SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors
from stats_service.store.redis.loop_client import LoopClient
from stats_service.store.site_writes import WRITE_TO_SITE
from stats_service.store.traffic.day_names import day_name, known_keys, with_keys

#: Seconds after which what was counted is written down.
WRITE_SECONDS = 5.0
#: Seconds for which a span is kept from its first write on: until no page shows it any more.
KEPT_SECONDS = 2400
#: Names that a process keeps of a kind, a site and a span; what comes beyond has no name.
NAMES_MAX = 1000
#: Longest wait for the last write of a process, in seconds.
STOP_SECONDS = 1.0
#: Field of the minutes; `record_views.lua` has the same.
MINUTES_FIELD = "o"
MINUTE_SECONDS = 60

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(NowSums).decode
_decode_minutes = msgspec.msgpack.Decoder(list[int]).decode


class NowWriter:
    """What this process has counted lately. All methods run in the thread of the loop."""

    def __init__(self, client: LoopClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        #: Drawn in the process that counts, not before a fork.
        self._name = ""
        #: By slug, birth and number of the span.
        self._sums: dict[tuple[str, str, int], NowSums] = {}
        self._unwritten: set[tuple[str, str, int]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._writing: set[asyncio.Task[None]] = set()

    def add(
        self,
        site: Site,
        now: float,
        commands: Sequence[ViewCommand],
        results: Sequence[ViewResult | Exception],
    ) -> None:
        """Add what was recorded at the moment `now`."""
        place = (site.slug, site.birth, int(now // NOW_SLOT_SECONDS))
        sums: NowSums | None = None
        for command, result in zip(commands, results, strict=True):
            if command.kind != "view" or not isinstance(result, ViewResult) or result.ignored:
                continue
            if sums is None:
                sums = self._sums.get(place)
                if sums is None:
                    sums = self._sums[place] = NowSums({}, {}, {})
            if command.article:
                article = result.article
                named = article is not None and article.views is not None
                _count(sums.articles, command.article if named else "")
            if result.begins:
                _count_visit(sums, command.traits)
        if sums is not None:
            self._unwritten.add(place)
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(WRITE_SECONDS, self._begin)

    async def write(self) -> None:
        """Write down what is not written yet; what Redis does not take is tried again."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._name = self._name or secrets.token_hex(4)
        newest = max((slot for _, _, slot in self._sums), default=0)
        for place in [place for place in self._sums if place[2] < newest - SLOTS]:
            # Redis was away for longer than anybody looks back.
            del self._sums[place]
            self._unwritten.discard(place)
        places, self._unwritten = self._unwritten, set()
        await asyncio.gather(*map(self._write, places))
        for place in [place for place in self._sums if place[2] < newest - 1]:
            if place not in self._unwritten:
                del self._sums[place]
        if self._unwritten and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WRITE_SECONDS, self._begin)

    async def stop(self) -> None:
        """Write down the last, if Redis takes it at once."""
        try:
            await asyncio.wait_for(self.write(), STOP_SECONDS)
        except TimeoutError:
            pass
        finally:
            if self._timer:
                self._timer.cancel()
                self._timer = None
        for task in self._writing:
            task.cancel()

    def _begin(self) -> None:
        self._timer = None
        task = asyncio.get_running_loop().create_task(self.write())
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, place: tuple[str, str, int]) -> None:
        slug, birth, slot = place
        names = SiteKeys(self._prefix, slug)
        packed = _encode(_with_day_names(self._sums[place]))
        keys = (names.alive(birth), names.now(slot))
        try:
            await self._client.run(WRITE_TO_SITE, keys, (KEPT_SECONDS, "HSET", self._name, packed))
        except StatsError:
            self._unwritten.add(place)


class NowStore:
    """What all processes have counted lately."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def read(self, site: Site, now: float) -> StoredNow:
        """Return what happened on a site before the moment `now` (seconds), in one round trip."""
        names = SiteKeys(self._prefix, site.slug)
        slot, minute = int(now // NOW_SLOT_SECONDS), int(now // MINUTE_SECONDS)
        minutes = range(minute - MINUTES + 1, minute + 1)
        bucket = int(now // ADDRESS_BUCKET_SECONDS)
        latest = int((now + AHEAD_SECONDS) * 1000)
        with store_errors():
            # Together: a minute that is not written yet is counted from who was seen last.
            with self._client.pipeline(transaction=True) as pipe:
                for number in range(slot - SLOTS + 1, slot + 1):
                    pipe.hvals(names.now(number))
                pipe.hget(names.addresses(bucket - 1), MINUTES_FIELD)
                pipe.hget(names.addresses(bucket), MINUTES_FIELD)
                pipe.hget(names.counts, "swept")
                for second in (*(number * MINUTE_SECONDS for number in minutes), now):
                    pipe.zcount(names.online, int((second - ONLINE_SECONDS) * 1000), latest)
                *rows, earlier, later, swept = (replies := pipe.execute())[: SLOTS + 3]
            sums = merged([_decode(packed) for row in rows for packed in row])
            known = known_keys(self._client, names, sums.articles)
        articles = with_keys(sums.articles, known)
        articles[""] = articles.pop("", 0) + articles.pop(OTHER_ARTICLES, 0)
        sums.articles = articles
        *counted, online = replies[SLOTS + 3 :]
        last = int(float(swept or 0) / 1000 // MINUTE_SECONDS)
        written = _minutes(earlier) | _minutes(later)
        return StoredNow(
            sums,
            tuple(
                written.get(number, n if number > last else None)
                for number, n in zip(minutes, counted, strict=True)
            ),
            online,
        )


def _minutes(packed: bytes | None) -> dict[int, int]:
    """Return who was online by minute, as `record_views.lua` has written it down."""
    if not packed:
        return {}
    first, *numbers = _decode_minutes(packed)
    return dict(enumerate(numbers, first))


def merged(parts: Sequence[NowSums]) -> NowSums:
    """Return the sums of several processes and spans."""
    whole = NowSums({}, {}, {})
    for part in parts:
        whole.visits += part.visits
        for into, values in (
            (whole.articles, part.articles),
            (whole.sources, part.sources),
            (whole.countries, part.countries),
        ):
            for name, n in values.items():
                into[name] = into.get(name, 0) + n
    return whole


def _count(values: dict[str, int], name: str) -> None:
    if name not in values and len(values) >= NAMES_MAX:
        name = ""
    values[name] = values.get(name, 0) + 1


def _count_visit(sums: NowSums, traits: bytes) -> None:
    sums.visits += 1
    source, country = _told(traits)
    if source is not None:
        _count(sums.sources, source)
    if country is not None:
        _count(sums.countries, country)


def _with_day_names(sums: NowSums) -> NowSums:
    articles = {day_name(key): n for key, n in sums.articles.items()}
    return NowSums(articles, sums.sources, sums.countries, sums.visits)


@lru_cache(maxsize=1024)
def _told(traits: bytes) -> tuple[str | None, str | None]:
    """Return the source and the country that a visit tells; None: it tells none."""
    found: dict[str, str] = {}
    at = 0
    while at < len(traits):
        # Texts of MessagePack, one after the other: up to 31 bytes, 255, or 65,535 of them.
        kind = traits[at]
        size = {0xD9: 1, 0xDA: 2}.get(kind, 0)
        length = int.from_bytes(traits[at + 1 : at + 1 + size], "big") if size else kind & 0x1F
        at += 1 + size
        line = traits[at : at + length].decode()
        at += length
        found[line[:1]] = line[1:]
    return found.get("s"), found.get("c")
