"""The script that records views: a batch is the same as its views one by one."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec
import pytest
import redis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.polls import Choice, Poll
from stats_service.models.sites import Site
from stats_service.models.traffic.views import ViewCommand, ViewResult
from stats_service.services.periods import periods_at
from stats_service.store.keys import ADDRESS_BUCKET_SECONDS
from stats_service.store.redis.client import connect
from stats_service.store.sites.sites import SiteStore
from stats_service.store.traffic.traffic import TrafficStore
from tests.support.clock import FakeClock

NOW = FakeClock().now()
SITE = Site(
    slug="a",
    name="a",
    hosts=("a.example",),
    article_cap=100,
    identity_cap=2,
    view_ceiling=6,
    token_ceiling=1,
)

POLL = Poll(
    id="p",
    question={"vi": "?"},
    choices=(Choice(id="a", text={"vi": "A"}),),
    status="open",
    created=NOW,
    opened=NOW,
    revision=1,
)

few_ids = st.sampled_from([b"11111111", b"22222222", b"33333333"])
commands = st.builds(
    ViewCommand,
    kind=st.sampled_from(["view", "view", "view", "view", "beat", "bot", "excluded"]),
    hit=st.sampled_from([bytes((n,)) * 8 for n in range(1, 30)]),
    visitor=few_ids | st.just(b""),
    visitor_before=st.sampled_from([b"", b"", b"", b"00000000"]),
    address=few_ids | st.just(b""),
    article=st.sampled_from(["", "/1", "/2", "/3", "/4", "/5", "(other)"]),
    rated=st.booleans(),
    poll=st.sampled_from([None, POLL]),
    voter=few_ids | st.just(b""),
    issue=st.sampled_from([False, False, True]),
    ipv6_48=st.just(b""),
)
#: Two networks of three belong to the same customer, if their addresses are IPv6.
IPV6_48S = {b"11111111": b"cccccccc", b"22222222": b"cccccccc"}


@st.composite
def views_of_a_batch(draw: st.DrawFn) -> list[ViewCommand]:
    """Give views, their addresses all IPv4 or all IPv6."""
    views = draw(st.lists(commands, min_size=1, max_size=25))
    if draw(st.booleans()):
        return views
    return [
        msgspec.structs.replace(view, ipv6_48=IPV6_48S.get(view.address, b"")) for view in views
    ]


@dataclass
class Pair:
    """Two installations on one server."""

    client: redis.Redis
    stores: tuple[TrafficStore, TrafficStore]

    def begin(self) -> None:
        """Empty both, register the site, and have things from before in both."""
        self.client.flushdb()
        for prefix in "xy":
            SiteStore(self.client, prefix).add(SITE)
            keys = f"{prefix}:{{a}}:"
            self.client.zadd(f"{keys}online", {"00000000": int(NOW * 1000) - 60_000})
            self.client.zadd(f"{keys}articles", {"/1": 7})
            self.client.hset(f"{keys}opening", "/2", 100)
            self.client.hset(f"{keys}ratings", "/1", "0,1,0,0,2")
            self.client.hset(f"{keys}poll:p:tally", mapping={"ballots": 1, "c:a": 1})
            self.client.hset(f"{keys}poll:p:voters", "22222222", b"\xff" * 8 + b"c")

    def stored(self, prefix: str) -> dict[str, tuple[Any, int]]:
        """Return the content of every key, and its lifetime to five minutes.

        Lifetimes are rounded, because the two installations are written one after the other. The
        site itself is left out: part of it is random, and no view changes it.
        """
        found = {}
        for key in self.client.keys(f"{prefix}:*"):
            if re.search(rb":(site|site:.*|founded)$", key):
                continue
            read = {
                b"string": self.client.get,
                b"hash": self.client.hgetall,
                b"set": self.client.smembers,
                b"zset": lambda name: dict(self.client.zrange(name, 0, -1, withscores=True)),
            }[self.client.type(key)]
            found[key.decode()[2:]] = (read(key), (self.client.ttl(key) + 150) // 300)
        return found


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Give two installations of the same site, on a server of their own."""
    with EmbeddedRedis(tmp_path_factory.mktemp("pair")) as server:
        client = connect(server.url, 5)
        yield Pair(client, (TrafficStore(client, "x"), TrafficStore(client, "y")))
        client.close()


def plain(results: Sequence[ViewResult]) -> list[Any]:
    """Return what each view was answered."""
    return [(r.ignored, r.note, r.article, r.tally, r.voted, r.burst) for r in results]


@hypothesis_settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(views_of_a_batch())
def test_a_batch_is_the_same_as_its_views_one_by_one(pair: Pair, views: list[ViewCommand]) -> None:
    """Duplicates, ceilings, caps, midnight: the same content of every key, the same answers."""
    together, singly = pair.stores
    periods = periods_at(NOW, SITE.timezone)
    pair.begin()

    counts, results = together.record_views(SITE, periods, NOW, views)
    one_by_one = [singly.record_views(SITE, periods, NOW, (view,)) for view in views]

    assert plain(results) == plain([result for _, (result,) in one_by_one])
    assert counts == one_by_one[-1][0]
    assert pair.stored("x") == pair.stored("y")


def test_lists_are_as_they_are_after_the_batch(pair: Pair) -> None:
    """Also those of the same articles that the batch counts, with balances and ratings."""
    together, _ = pair.stores
    pair.begin()
    views = [
        ViewCommand(kind="view", hit=b"aaaaaaaa", listed=("/1", "/2", "/9"), rated=True),
        ViewCommand(kind="view", hit=b"bbbbbbbb", article="/1", listed=("/1",)),
    ]

    _, (first, second) = together.record_views(SITE, periods_at(NOW, SITE.timezone), NOW, views)

    assert [(a.views, a.today, a.opening) for a in first.listed] == [
        (8, 1, 0),
        (0, 0, 100),
        (0, 0, 0),
    ]
    assert first.listed[0].ratings == (0, 1, 0, 0, 2)
    assert second.listed[0].ratings == ()
    assert second.article
    assert second.article.views == 8


def test_a_batch_may_be_large(pair: Pair) -> None:
    """As many views as the spool sends, of as many readers; more listed articles than of one."""
    together, _ = pair.stores
    pair.begin()
    site = Site(slug="a", name="a", hosts=("a.example",))
    views = [
        ViewCommand(
            kind="view",
            hit=b"h%07d" % n,
            visitor=b"v%07d" % n,
            visitor_before=b"w%07d" % n,
            address=b"a%07d" % n,
            article=f"/{n}",
            listed=tuple(f"/{n + more}" for more in range(0, 2000, 20)),
            poll=POLL,
            voter=b"p%07d" % n,
            issue=True,
            ipv6_48=b"c%07d" % n,
        )
        for n in range(500)
    ]

    counts, results = together.record_views(site, periods_at(NOW, site.timezone), NOW, views)

    assert (counts.views.total, counts.visits.total, counts.online) == (500, 500, 501)
    assert [r.article.views for r in results if r.article] == [1, 8, *[1] * 498]
    assert [[a.views for a in r.listed] for r in results[2:]] == [
        [int(n + more < 500) for more in range(0, 2000, 20)] for n in range(2, 500)
    ]


def test_who_returns_after_half_an_hour_is_one_identity_more(pair: Pair) -> None:
    """Also before the minute is over in which those who have gone are swept out."""
    together, _ = pair.stores
    pair.begin()
    site = Site(slug="a", name="a", hosts=("a.example",), identity_cap=2)

    def view(at: float, visitor: bytes) -> ViewResult:
        command = ViewCommand(
            kind="view", hit=int(at).to_bytes(8), visitor=visitor, address=b"1" * 8
        )
        return together.record_views(site, periods_at(at, site.timezone), at, (command,))[1][0]

    view(NOW, b"11111111")
    pair.client.hset("x:{a}:counts", "swept", int((NOW + 1780) * 1000))
    later = f"x:{{a}}:addresses:{int((NOW + 1800) // ADDRESS_BUCKET_SECONDS)}"
    pair.client.hset(later, mapping={"*": 1, "n11111111": 2})

    assert view(NOW + 1801, b"11111111").note == "identity-cap"
    assert pair.client.hget(later, "n11111111") == b"3"


def views_from(networks: int, ipv6_48: bytes, number: int = 1) -> list[ViewCommand]:
    """Return `number` views of as many readers from each of as many networks of a /48."""
    return [
        ViewCommand(
            kind="view",
            hit=ipv6_48[:2] + (network * 1000 + n).to_bytes(6),
            visitor=ipv6_48[:2] + (network * 1000 + n).to_bytes(6),
            address=ipv6_48[:2] + network.to_bytes(6),
            ipv6_48=ipv6_48,
        )
        for network in range(networks)
        for n in range(number)
    ]


@pytest.mark.parametrize("size", [1, 7, 200])
def test_a_customer_with_many_networks_has_ceilings_too(pair: Pair, size: int) -> None:
    """Ten times those of one: else a /48 would have 65,536 times as many."""
    together, _ = pair.stores
    pair.begin()
    periods = periods_at(NOW, SITE.timezone)
    views = [*views_from(100, b"a" * 8), *views_from(1, b"b" * 8)]

    results = []
    for at in range(0, len(views), size):
        counts, some = together.record_views(SITE, periods, NOW, views[at : at + size])
        results += some

    # The site's: 6 views and 2 new readers from one network.
    assert [r.ignored for r in results] == [""] * 60 + ["ceiling"] * 40 + [""]
    assert [r.note for r in results[:60]] == [""] * 20 + ["identity-cap"] * 40
    assert (results[-1].note, counts.visits.total, counts.views.total) == ("", 21, 61)


def test_a_flood_from_one_network_is_not_its_neighbour_s(pair: Pair) -> None:
    """Views and readers beyond its own ceilings are not counted against those of the /48."""
    together, _ = pair.stores
    pair.begin()
    views = [*views_from(1, b"a" * 8, 500), *views_from(9, b"a" * 8, 1)[1:]]

    _, results = together.record_views(SITE, periods_at(NOW, SITE.timezone), NOW, views)

    assert {r.ignored for r in results[6:500]} == {"ceiling"}
    assert {(r.ignored, r.note) for r in results[500:]} == {("", "")}


def test_large_numbers_stay_whole(pair: Pair) -> None:
    """Counts beyond what Lua writes without an exponent."""
    together, _ = pair.stores
    pair.begin()
    many = 9_000_000_000_000_000
    pair.client.hset("x:{a}:counts", "views", many)
    pair.client.zadd("x:{a}:articles", {"/1": many})
    view = ViewCommand(kind="view", hit=b"aaaaaaaa", article="/1")

    counts, (result,) = together.record_views(SITE, periods_at(NOW, SITE.timezone), NOW, (view,))

    assert counts.views.total == many + 1
    assert result.article
    assert result.article.views == many + 1
    assert pair.client.hget("x:{a}:counts", "views") == str(many + 1).encode()


def test_the_estimate_of_visitors_follows(pair: Pair) -> None:
    """Exact while it is small, within two percent when it is worked out less often."""
    together, _ = pair.stores
    site = Site(slug="a", name="a", hosts=("a.example",))
    periods = periods_at(NOW, site.timezone)
    pair.begin()
    seen = []

    for begin in range(1, 6001, 50):
        views = [
            ViewCommand(kind="view", hit=n.to_bytes(8), visitor=n.to_bytes(8))
            for n in range(begin, begin + 50)
        ]
        together.record_views(site, periods, NOW, views)
        seen.append(int(pair.client.hget("x:{a}:counts", f"visitors:{periods.day}")))

    assert seen[0] == 50
    assert all(abs(n - 50 * at) <= 0.02 * 50 * at + 1 for at, n in enumerate(seen, 1))


def sums(pair: Pair) -> tuple[int, int]:
    """Return the views of all articles of all time and of today."""
    keys = pair.client.keys("x:{a}:articles*")
    assert len(keys) == 2
    total, today = (
        sum(int(views) for _, views in pair.client.zrange(key, 0, -1, withscores=True))
        for key in sorted(keys)
    )
    return total, today


def read(pair: Pair, site: Site, *articles: str, networks: int = 10**6) -> list[ViewResult]:
    """Record a view of each article, one call each, each of another reader."""
    store, results = pair.stores[0], []
    for article in articles:
        number = next(NUMBERS)
        view = ViewCommand(
            kind="view",
            hit=(number * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8),
            visitor=number.to_bytes(8),
            address=(number % networks).to_bytes(8),
            article=article,
        )
        results += store.record_views(site, periods_at(NOW, site.timezone), NOW, (view,))[1]
    return results


NUMBERS = count(1)


def test_what_nobody_reads_gives_way_to_a_new_article(pair: Pair) -> None:
    """The cap is full of invented names: a real article has its own number, and sums stay exact."""
    site = Site(slug="a", name="a", hosts=("a.example",), article_cap=50)
    pair.begin()
    pair.client.zrem("x:{a}:articles", "/1")
    read(pair, site, *["/rated", "/balance", *["/loved"] * 11])
    pair.client.hset("x:{a}:ratings", "/rated", "0,0,0,0,1")
    pair.client.hset("x:{a}:opening", "/balance", 5)

    invented = read(pair, site, *(f"/x{n}" for n in range(300)))
    real = read(pair, site, *["/tin/that"] * 5)

    assert {r.note for r in invented} == {""}
    assert {r.article.views for r in invented if r.article} == {1}
    assert [r.article.views for r in real if r.article] == [1, 2, 3, 4, 5]
    kept = dict(pair.client.zrange("x:{a}:articles", 0, -1, withscores=True))
    assert len(kept) == 51
    assert {b"/rated": 1, b"/balance": 1, b"/loved": 11}.items() <= kept.items()
    assert sums(pair) == (318, 318)


def test_a_new_article_for_which_there_is_no_room_shows_no_number(pair: Pair) -> None:
    """Where every article is read, it is counted among the others, and its number is no one's."""
    site = Site(slug="a", name="a", hosts=("a.example",), article_cap=2)
    pair.begin()
    read(pair, site, *["/1", "/2"] * 11)

    (late,) = read(pair, site, "/late")
    beat = ViewCommand(kind="bot", article="/late", listed=("/1", "/late"))
    _, (asked,) = pair.stores[0].record_views(site, periods_at(NOW, "UTC"), NOW, (beat,))

    assert (late.ignored, late.note) == ("", "article-cap")
    for shown in (late.article, asked.article, asked.listed[1]):
        assert shown
        assert (shown.views, shown.today) == (None, None)
    assert asked.listed[0].views == 18
    assert pair.client.hmget("x:{a}:ignored", "article-cap") == [b"1"]
    assert sums(pair) == (30, 23)


def test_one_network_names_a_bounded_number_of_new_articles(pair: Pair) -> None:
    """A thousand in half an hour while there is room, a hundred where others must give way."""
    site = Site(slug="a", name="a", hosts=("a.example",), article_cap=2000)
    pair.begin()

    first = read(pair, site, *(f"/x{n}" for n in range(1100)), networks=1)
    rest = read(pair, site, *(f"/y{n}" for n in range(1000)))
    other = read(pair, site, "/z", networks=1)

    assert [r.note for r in first] == [""] * 1000 + ["article-network"] * 100
    assert {r.note for r in rest} == {""}
    assert [r.note for r in other] == ["article-network"]
    assert pair.client.zcard("x:{a}:articles") == 1002
    assert sums(pair)[1] == 2101


def test_a_long_key_is_kept_once(pair: Pair) -> None:
    """A day has a digest of it; how many bytes long keys have together is bounded."""
    site = Site(slug="a", name="a", hosts=("a.example",), article_cap=100)
    pair.begin()
    key = "/tin/" + "dài" * 300

    read(pair, site, key, key)
    listed = ViewCommand(kind="bot", article=key, listed=(key,))
    _, (asked,) = pair.stores[0].record_views(site, periods_at(NOW, "UTC"), NOW, (listed,))
    read(pair, site, *(f"/{n:01000}" for n in range(60)))

    today = pair.client.keys("x:{a}:articles:*")[0]
    assert all(len(member) <= 25 for member in pair.client.zrange(today, 0, -1))
    stored = pair.client.hgetall("x:{a}:names")
    size = sum(len(stored[name]) for name in stored if name[:1] == b"\x01")
    assert int(stored[b"*"]) == size <= 100 * 128
    assert sums(pair) == (69, 62)
    for shown in (asked.article, *asked.listed):
        assert shown
        assert (shown.views, shown.today) == (2, 2)


def test_a_crowd_behind_one_address_loses_nothing(pair: Pair) -> None:
    """A school of 2,000, each with five pages, and 5,000 phones of one /48; a flood is bounded."""
    site = Site(slug="a", name="a", hosts=("a.example",))
    pair.begin()
    store, periods = pair.stores[0], periods_at(NOW, site.timezone)

    def arrive(readers: int, pages: int, address: bytes, *, mobile: bool = False) -> Counter[str]:
        found = Counter[str]()
        for at in range(0, readers * pages, 500):
            views = [
                ViewCommand(
                    kind="view",
                    hit=next(NUMBERS).to_bytes(8),
                    visitor=address + (n % readers).to_bytes(4),
                    address=address + (n % readers if mobile else 0).to_bytes(4),
                    ipv6_48=address * 2 if mobile else b"",
                )
                for n in range(at, at + 500)
            ]
            counts, results = store.record_views(site, periods, NOW, views)
            found.update(result.ignored or result.note for result in results)
        found["visits"] = counts.visits.total
        return found

    assert arrive(2000, 5, b"aaaa") == {"": 10_000, "visits": 2000}
    assert arrive(5000, 3, b"bbbb", mobile=True) == {"": 15_000, "visits": 7000}
    assert arrive(10_000, 1, b"cccc") == {"": 2500, "identity-cap": 7500, "visits": 9500}
    ignored = pair.client.hgetall("x:{a}:ignored")
    assert ignored[b"identity-cap:" + periods.day.encode()] == b"7500"
    assert ignored[b"identity-addresses"] == b"1"


def test_ceilings_grow_with_the_site_s_past(pair: Pair) -> None:
    """One in fifty of yesterday's visits may come from one address in half an hour."""
    site = Site(slug="a", name="a", hosts=("a.example",), identity_cap=2)
    periods = periods_at(NOW, site.timezone)
    pair.begin()
    pair.client.hset("x:{a}:counts", f"visits:{periods.yesterday}", 251)

    _, results = pair.stores[0].record_views(site, periods, NOW, views_from(1, b"a" * 8, 7))

    assert [r.note for r in results] == [""] * 5 + ["identity-cap"] * 2
