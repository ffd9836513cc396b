"""Sums of what visits tell, against a naive model that counts the same stream of views."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
import redis

from stats_service.config import Settings
from stats_service.errors import ViewSpooledError
from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.models.traffic.article_changes import ArticleRule
from stats_service.models.traffic.readers import DIMENSIONS, DimensionCounts
from stats_service.models.traffic.views import PageQuery, Visitor
from stats_service.services.container import Services
from stats_service.services.traffic.spans import NOTHING, Span
from stats_service.services.visitors.countries import Countries
from stats_service.store.keys import SiteKeys
from stats_service.store.traffic import readers as store
from tests.support.away import lose_redis
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, new_hit
from tests.support.processes import wait_until

ZALO = (
    "Mozilla/5.0 (Linux; Android 14; SM-A546E Build/UP1A; wv) AppleWebKit/537.36 (KHTML, like "
    "Gecko) Version/4.0 Chrome/141.0.0.0 Mobile Safari/537.36 Zalo android/24100 ZaloTheme/light"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
IPAD = (
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
#: User agents with what they tell.
AGENTS = {
    BROWSER: {
        "device": "computer",
        "browser": "Chrome",
        "browser_version": "Chrome 142",
        "system": "Linux",
    },
    ZALO: {"device": "phone", "browser": "Zalo", "system": "Android"},
    IPHONE: {
        "device": "phone",
        "browser": "Safari",
        "browser_version": "Safari 18",
        "system": "iOS",
    },
    IPAD: {
        "device": "tablet",
        "browser": "Safari",
        "browser_version": "Safari 17",
        "system": "iOS",
    },
}
#: What the script sends of where a reader came from, with what that is.
VIAS = {
    "": {},
    "kimson.example.vn": {},
    "www.google.com.vn": {"source": "Google"},
    "l.facebook.com": {"source": "Facebook"},
    "baoninhbinh.org.vn": {"source": "baoninhbinh.org.vn"},
    "mail.google.com": {"source": "@mail"},
    "0n-line.tv": {"source": "@spam"},
    "<b>x": {"source": ""},
    "zalo.me,utm_source=zalo,utm_campaign=T%E1%BA%BFt+2026,utm_medium=social": {
        "source": "Zalo",
        "campaign_source": "zalo",
        "campaign": "Tết 2026",
        "campaign_medium": "social",
    },
    ",fbclid=IwAR0secret": {"source": "Facebook", "click": "Facebook"},
    ",utm_term=an%40example.vn": {"campaign_term": ""},
}
LANGUAGES = {
    "vi-VN,vi;q=0.9,en;q=0.8": {"language": "vi"},
    "en-US,en;q=0.5": {"language": "en"},
    "qx-notone": {},
    "": {},
}
COUNTRIES = {"192.0.2.1": "VN", "198.51.100.7": "FR"}
ARTICLES = {"/tin/1": "/tin/1", "/tin/2?utm_source=x": "/tin/2", None: None}


class KnownCountries:
    """Stands for a database."""

    def get(self, address: str) -> Any:
        """Return a record as such databases have them."""
        code = COUNTRIES.get(address)
        return {"country": {"iso_code": code}} if code else None


@pytest.fixture
def countries(services: Services) -> None:
    """Let the recorder know countries."""
    found = Countries()
    found._reader = KnownCountries()
    services.traffic.recorder._countries = found


@dataclass
class Model:
    """Counts visits one by one, in the plainest way."""

    zone: ZoneInfo
    sums: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    last: dict[tuple[str, str], float] = field(default_factory=dict)
    visits: Counter[str] = field(default_factory=Counter)

    def view(self, now: float, reader: tuple[str, str], told: dict[str, str]) -> None:
        """Count a view at `now` (seconds) of who is told by address and user agent."""
        last = self.last.get(reader)
        self.last[reader] = now
        if last is not None and now - last < 1800:
            return
        day = datetime.fromtimestamp(now, UTC).astimezone(self.zone).date().isoformat()
        self.visits[day] += 1
        for dimension, value in told.items():
            self.sums[day, dimension, value] += 1


def record(
    services: Services, site: Site, visitor: Visitor, clock: FakeClock, **fields: Any
) -> bool:
    """Send a view; tell whether Redis has it."""
    entry = services.sites.directory.entry(site.slug, clock.now())
    query = PageQuery(**({"hit": new_hit()} | fields))
    try:
        services.loop.run(services.traffic.recorder.record(entry, query, visitor, clock.now()))
    except ViewSpooledError:
        return False
    return True


def reader(agent: str = BROWSER, address: str = "192.0.2.1", **fields: Any) -> Visitor:
    """Return who sends a view."""
    return msgspec.structs.replace(
        Visitor(address, agent, "https://kimson.example.vn", private=False, prefetch=False),
        **fields,
    )


def stored(services: Services, site: Site, spans: list[str]) -> Counter[tuple[str, str, str]]:
    """Return what Redis has, by span, dimension and value."""
    rows = services.traffic.readers._store.read(site, spans)
    return Counter(
        {
            (span, name, value): n
            for span, row in zip(spans, rows, strict=True)
            for name, values in row.items()
            for value, n in values.items()
        }
    )


def told_of(
    services: Services, site: Site, clock: FakeClock, name: str, days: int = 1
) -> DimensionCounts:
    """Return one dimension of the days up to now."""
    today = datetime.fromtimestamp(clock.now(), UTC).astimezone(ZoneInfo(site.timezone)).date()
    span = Span(today - timedelta(days=days - 1), today)
    found = services.traffic.readers.of_span(site, span, clock.now(), NOTHING, [name])
    return found.dimensions[0]


@pytest.mark.usefixtures("countries")
@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "America/St_Johns", "Pacific/Auckland"])
def test_a_naive_model_counts_the_same(  # noqa: C901 - one stream from begin to end
    services: Services, clock: FakeClock, zone: str
) -> None:
    """In every dimension and day of a random stream, also of hours in which Redis was away."""
    site = services.sites.sites.add(
        Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",), timezone=zone)
    )
    chance, model = random.Random(zone), Model(ZoneInfo(zone))
    clock.set(datetime(2026, 1, 29, 8, tzinfo=ZoneInfo(zone)))
    kept = 0
    while clock.now() < datetime(2026, 2, 2, 20, tzinfo=ZoneInfo(zone)).timestamp():
        local = datetime.fromtimestamp(clock.now(), UTC).astimezone(ZoneInfo(zone))
        find = None
        if local.hour in (11, 15):
            services.sites.directory.entry("kimson", clock.now())
            find = lose_redis(services)
        for _ in range(chance.randrange(1, 9)):
            agent, told_by_agent = chance.choice([*AGENTS.items()])
            via, told_by_via = chance.choice([*VIAS.items()])
            language, told_by_language = chance.choice([*LANGUAGES.items()])
            article, key = chance.choice([*ARTICLES.items()])
            address = f"192.0.2.{chance.randrange(1, 4)}"
            private = chance.random() < 0.1
            source = "Zalo" if agent == ZALO else "@direct"
            told = {"source": source} | told_by_agent | told_by_via | told_by_language
            if key:
                told["entry"] = key
            if address in COUNTRIES:
                told["country"] = COUNTRIES[address]
            sent = record(
                services,
                site,
                reader(agent, address, private=private, language=language),
                clock,
                via=via,
                article=article,
            )
            kept += not sent
            if not private:
                model.view(clock.now(), (address, agent), told)
            clock.advance(chance.randrange(60))
        if find:
            find()
            wait_until(lambda: not services.traffic.replay.run(clock.now()))
        clock.advance(chance.choice([120, 600, 1500, 2500, 7000]))

    days = sorted(model.visits)
    found = stored(services, site, days)

    assert kept > 10
    assert {dimension for _, dimension, _ in found} >= {*DIMENSIONS} - {"campaign_content"}
    assert found == model.sums
    span = Span(date.fromisoformat(days[0]), date.fromisoformat(days[-1]))
    assert services.traffic.history.visits(site, span) == sum(model.visits.values())

    clock.advance(3 * 86400)
    services.traffic.retention.retain(site, clock.now())

    expected = Counter[tuple[str, str, str]]()
    for (day, dimension, value), n in model.sums.items():
        if dimension != "browser_version" or n >= 50:
            expected[day, dimension, value] += n
    january = Counter[tuple[str, str, str]]()
    for (day, dimension, value), n in expected.items():
        if day < "2026-02":
            january["2026-01", dimension, value] += n
    assert stored(services, site, days) == expected
    assert stored(services, site, ["2026-01"]) == january
    shown = services.traffic.readers.of_span(site, span, clock.now())
    for counts in shown.dimensions:
        of = counts.dimension.removesuffix("_version")
        told_in_all = sum(n for (_, name, _), n in expected.items() if name == of)
        assert counts.told == told_in_all
        assert sum(value.visits for value in counts.values) + counts.other == told_in_all
        assert all(value.visits >= 3 for value in counts.values)


def test_a_value_is_named_from_three_visits_on(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """Two visits are among the others; the sum is exact either way."""
    for number in range(2):
        record(services, site, reader(address=f"192.0.2.{number}"), clock, via="bao.example.vn")

    before = told_of(services, site, clock, "source")
    record(services, site, reader(address="192.0.2.9"), clock, via="www.bao.example.vn")
    after = told_of(services, site, clock, "source")

    assert (before.values, before.other, before.told) == ((), 2, 2)
    assert [(value.value, value.visits) for value in after.values] == [("example.vn", 3)]
    assert (after.other, after.told) == (0, 3)


def test_only_the_first_view_of_a_visit_tells(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """Whatever later views say of where they come from."""
    record(services, site, reader(), clock, via="zalo.me", article="/tin/1")
    for article in ("/tin/2", "/tin/3"):
        record(services, site, reader(), clock, via="facebook.com,utm_campaign=x", article=article)

    found = stored(services, site, ["2026-03-04"])

    assert found["2026-03-04", "source", "Zalo"] == 1
    assert found["2026-03-04", "entry", "/tin/1"] == 1
    assert {name for _, name, _ in found} & {"campaign", "click"} == set()
    assert sum(n for (_, name, _), n in found.items() if name == "source") == 1


def test_readers_who_ask_not_to_be_known_tell_nothing(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """GPC or DNT, opted out, a program, another host: no key is made."""
    record(services, site, reader(private=True), clock, via="zalo.me")
    record(services, site, reader(), clock, via="zalo.me", out=True)
    record(services, site, reader(), clock, via="zalo.me", bot=True)
    record(services, site, reader(origin="https://other.example"), clock, via="zalo.me")
    record(services, site, reader(address=""), clock, via="zalo.me")

    assert stored(services, site, ["2026-03-04"]) == Counter()


@pytest.mark.parametrize("off", [("all",), ("source", "campaign", "browser")])
def test_what_is_switched_off_is_not_counted(
    services: Services, site: Site, clock: FakeClock, off: tuple[str, ...]
) -> None:
    """By group, or all at once."""
    site = services.sites.sites.edit("kimson", readers_off=off)

    record(services, site, reader(), clock, via="zalo.me,utm_campaign=x", article="/tin/1")

    groups = {DIMENSIONS[name].group for _, name, _ in stored(services, site, ["2026-03-04"])}
    assert groups & {*off} == set()
    assert bool(groups) == (off != ("all",))


def test_a_flood_of_invented_sources_is_bounded_and_told(
    services: Services,
    site: Site,
    clock: FakeClock,
    redis_client: redis.Redis,
    settings: Settings,
) -> None:
    """What comes later has its name all the same, and the sum stays exact."""
    key = SiteKeys(settings.key_prefix, "kimson").readers("2026-03-04")
    for number in range(620):
        visitor = reader(address=f"198.51.{number // 250}.{number % 250}")
        record(services, site, visitor, clock, via=f"flood-{number}.vn")
    for number in range(4):
        record(services, site, reader(address=f"203.0.113.{number}"), clock, via="zalo.me")

    found = told_of(services, site, clock, "source")
    names = [name for name in redis_client.hkeys(key) if name[:1] == "s" and len(name) > 1]

    assert len(names) == 500
    assert [(value.value, value.visits) for value in found.values] == [("Zalo", 4)]
    assert (found.told, found.other) == (624, 620)
    ignored = redis_client.hget(SiteKeys(settings.key_prefix, "kimson").ignored, "readers-cap")
    assert int(ignored or 0) == 624 - sum(
        n for (_, name, value), n in stored(services, site, ["2026-03-04"]).items()
        if name == "source" and value
    )  # fmt: skip


def test_entries_follow_their_articles(services: Services, site: Site, clock: FakeClock) -> None:
    """One that is merged, and one with a long key; a hidden one is among the others."""
    long = "/tin/" + "x" * 300
    for number in range(3):
        for article in ("/tin/a", "/tin/b", "/tin/c", long):
            visitor = reader(address=f"192.0.2.{number}", user_agent=f"{BROWSER} {article[:20]}")
            record(services, site, visitor, clock, article=article)
    changes, by = services.traffic.article_changes, Author("admin", clock.now())
    at_first = told_of(services, site, clock, "entry")

    merged = changes.apply(site, ArticleRule("merge", key="/tin/b", into="/tin/a"), by)
    changes.apply(site, ArticleRule("hide", key="/tin/c"), by)
    after = told_of(services, site, clock, "entry")
    changes.take_back(site, merged.id, by)
    at_last = told_of(services, site, clock, "entry")

    names = ["/tin/a", "/tin/b", "/tin/c", long]
    assert {value.value: value.visits for value in at_first.values} == dict.fromkeys(names, 3)
    assert {value.value: value.visits for value in after.values} == {"/tin/a": 6, long: 3}
    assert (after.other, after.told) == (3, 12)
    assert {value.value for value in at_last.values} == {"/tin/a", "/tin/b", long}


def test_a_day_that_is_over_keeps_the_most(
    services: Services,
    site: Site,
    clock: FakeClock,
    redis_client: redis.Redis,
    settings: Settings,
) -> None:
    """By name; the others are one sum, and the day ends when it would have."""
    key = SiteKeys(settings.key_prefix, "kimson").readers("2026-03-01")
    kept = store.KEPT["entry"]
    redis_client.hset(key, mapping={f"e/tin/{n}": n + 1 for n in range(kept + 5)} | {"*": "*"})
    redis_client.expire(key, 1_000_000)

    services.traffic.retention.retain(site, clock.now())

    day = redis_client.hgetall(key)
    assert len(day) == kept + 1
    assert int(day["e"]) == 1 + 2 + 3 + 4 + 5
    assert sum(map(int, day.values())) == (kept + 5) * (kept + 6) // 2
    assert 0 < redis_client.ttl(key) <= 1_000_000


def test_entries_have_their_sources(
    services: Services, site: Site, clock: FakeClock, redis_client: redis.Redis, settings: Settings
) -> None:
    """Of each visit that tells both; the day over, of the 200 articles with most entries."""

    def visit(number: int, article: str, via: str) -> None:
        entry = services.sites.directory.entry(site.slug, clock.now())
        visitor = Visitor(
            address=f"192.0.2.{number}",
            user_agent=BROWSER,
            origin=f"https://{site.hosts[0]}",
            private=False,
            prefetch=False,
        )
        for _ in range(2):  # the second view of a visit tells nothing
            query = PageQuery(hit=new_hit(), article=article, via=via)
            services.loop.run(services.traffic.recorder.record(entry, query, visitor, clock.now()))

    long = "/" + "x" * 300
    for number in range(9):
        visit(number, "/tin/1", "l.facebook.com" if number < 4 else "www.google.com.vn")
        visit(20 + number, long, "zalo.me")
    visit(50, "/tin/1", "")
    today = date(2026, 3, 4)

    page = services.traffic.article_pages.get(
        site, "/tin/1", Span(today, today), "day", clock.now()
    )
    of_long = services.traffic.article_pages.get(site, long, Span(today, today), "day", clock.now())

    assert (page.entries, page.sources) == (10, (("Google", 5), ("Facebook", 4)))
    assert of_long.sources == (("Zalo", 9),)
    key = SiteKeys(settings.key_prefix, "kimson").readers("2026-03-01")
    pairs = {f"f/tin/{n}\tGoogle": 1 for n in range(250)}
    entries = {f"e/tin/{n}": 1000 - n for n in range(250)}
    redis_client.hset(key, mapping=pairs | entries | {"*": "*"})
    services.traffic.retention.retain(site, clock.now())
    left = {field for field in redis_client.hkeys(key) if field.startswith("f")}
    assert left == {f"f/tin/{n}\tGoogle" for n in range(200)}


def test_pairs_are_bounded(
    services: Services, site: Site, clock: FakeClock, redis_client: redis.Redis, settings: Settings
) -> None:
    """One with few visits gives way, and nothing of it is told: the article's entries are exact."""
    key = SiteKeys(settings.key_prefix, "kimson").readers("2026-03-04")
    pairs = {f"f/tin/{n}\tx.vn": 1 for n in range(2_000)}
    redis_client.hset(key, mapping=pairs | {"#f": 2_000, "*": "*" * 65})
    entry = services.sites.directory.entry(site.slug, clock.now())
    visitor = Visitor("192.0.2.1", BROWSER, f"https://{site.hosts[0]}", False, False)
    query = PageQuery(hit=new_hit(), article="/neu", via="zalo.me")

    services.loop.run(services.traffic.recorder.record(entry, query, visitor, clock.now()))

    fields = redis_client.hgetall(key)
    assert fields["f/neu\tZalo"] == "1"
    assert "f" not in fields
    assert sum(field.startswith("f") for field in fields) <= 2_000
