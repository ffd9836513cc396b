"""A naive model of clicks, in several zones, with Redis away in between."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from stats_service.errors import StoreUnavailableError
from stats_service.models.clicks import CLICK_LOST, ClickQuery
from stats_service.models.sites import Site
from stats_service.models.traffic.views import Visitor
from stats_service.services.container import Services
from stats_service.services.traffic.spans import Span
from tests.support.away import lose_redis
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, ORIGIN, new_hit
from tests.support.processes import wait_until

NAMES = {
    "document": ("/van-ban/12.pdf", "/van-ban/Tờ khai.docx", f"{ORIGIN}/van-ban/12.pdf", "/a.zip"),
    "outgoing": ("bao.example", "BAO.example", "zalo.me"),
    "action": ("dang-ky", "đăng-ký"),
}
#: Names that are counted under another spelling.
SAME = {
    f"{ORIGIN}/van-ban/12.pdf": "/van-ban/12.pdf",
    "/van-ban/Tờ khai.docx": "/van-ban/T%E1%BB%9D%20khai.docx",
    "BAO.example": "bao.example",
}


@dataclass
class Model:
    """Counts clicks one by one, in the plainest way."""

    zone: ZoneInfo
    sums: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    last: dict[tuple[str, str, str], float] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)

    def day(self, now: float) -> str:
        """Return the day of a moment (seconds)."""
        return datetime.fromtimestamp(now, UTC).astimezone(self.zone).date().isoformat()

    def click(self, now: float, who: str, kind: str, name: str) -> bool:
        """Count a click at `now` (seconds) of a reader, or of one load of a page."""
        last = self.last.get((who, kind, name))
        self.last[who, kind, name] = now
        if last is not None and now - last < 1800:
            return False
        self.sums[self.day(now), kind, name] += 1
        return True


def send(services: Services, clock: FakeClock, query: ClickQuery, reader: Visitor) -> str:
    """Send a click; return what became of it."""
    entry = services.sites.directory.entry("kimson", clock.now())
    try:
        sent = services.traffic.clicks.record_click(entry, query, reader, clock.now())
        return services.loop.run(sent).outcome
    except StoreUnavailableError:
        return "away"


def found(services: Services, site: Site, days: list[str]) -> Counter[tuple[str, str, str]]:
    """Return what is stored, by day, kind and name."""
    sums = Counter[tuple[str, str, str]]()
    for day in days:
        one = Span(date.fromisoformat(day), date.fromisoformat(day))
        for kind in services.traffic.clicks.of_span(site, one).kinds:
            sums.update({(day, kind.kind, name.name): name.clicks for name in kind.names})
    return sums


def lost_of(services: Services, site: Site, days: list[str]) -> Counter[str]:
    """Return how many clicks may be missing, by day."""
    spans = {day: Span(date.fromisoformat(day), date.fromisoformat(day)) for day in days}
    return +Counter(
        {day: services.traffic.clicks.of_span(site, one).lost for day, one in spans.items()}
    )


@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "America/St_Johns", "Pacific/Auckland"])
def test_a_naive_model_counts_the_same(services: Services, clock: FakeClock, zone: str) -> None:
    """Double clicks, retries, readers with GPC, midnights, hours in which Redis was away.

    A click that Redis did not take is told, once, and counts if its retry comes when Redis is back.
    """
    site = services.sites.sites.add(
        Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",), timezone=zone)
    )
    chance, model = random.Random(zone), Model(ZoneInfo(zone))
    clock.set(datetime(2026, 3, 6, 9, tzinfo=ZoneInfo(zone)))
    end = datetime(2026, 3, 10, 9, tzinfo=ZoneInfo(zone)).timestamp()
    days = {model.day(clock.now())}
    while clock.now() < end:
        services.sites.directory.entry("kimson", clock.now())
        find = lose_redis(services) if chance.random() < 0.15 else None
        away: list[tuple[ClickQuery, Visitor, str]] = []
        for _ in range(chance.randrange(1, 6)):
            days.add(model.day(clock.now()))
            kind = chance.choice([*NAMES])
            query = ClickQuery(kind, chance.choice(NAMES[kind]), new_hit())
            address = f"192.0.2.{chance.randrange(4)}"
            reader = Visitor(address, BROWSER, ORIGIN, chance.random() < 0.2, prefetch=False)
            who = query.hit if reader.private else address
            for _ in range(chance.choice((1, 1, 2))):
                outcome = send(services, clock, query, reader)
                if find:
                    assert outcome == "away"
                    model.lost[model.day(clock.now())] += 1
                    away.append((query, reader, who))
                else:
                    counts = model.click(clock.now(), who, kind, SAME.get(query.name, query.name))
                    assert outcome == ("counted" if counts else "repeated")
            clock.advance(chance.randrange(400))
        if find:
            clock.advance(5)
            for query, reader, _ in away[::3]:
                again = ClickQuery(query.kind, query.name, query.hit, again=True)
                assert send(services, clock, again, reader) == "away"
            find()
            for query, reader, who in away[1::3]:
                again = ClickQuery(query.kind, query.name, query.hit, again=True)
                name = SAME.get(query.name, query.name)
                counts = model.click(clock.now(), who, query.kind, name)
                days.add(model.day(clock.now()))
                assert send(services, clock, again, reader) == ("counted" if counts else "repeated")
        clock.advance(chance.choice([1, 120, 900, 1799, 1800, 5000]))

    every = sorted(days)

    assert model.lost.total() > 10
    assert len(every) >= 4
    assert found(services, site, every) == model.sums
    wait_until(lambda: lost_of(services, site, every) == model.lost)
    span = Span(date.fromisoformat(every[0]), date.fromisoformat(every[-1]))
    of_all = services.traffic.clicks.of_span(site, span)
    assert sum(kind.clicks for kind in of_all.kinds) == model.sums.total()
    assert of_all.lost == model.lost.total()
    ignored = services.traffic.history.ignored(site, span.first, span.last)
    assert CLICK_LOST not in {row.reason for row in ignored}, "no view was lost"


def test_what_is_switched_off_is_not_stored(services: Services, clock: FakeClock) -> None:
    """No mark, no name, nothing of the lost; other kinds are counted as before."""
    site = services.sites.sites.add(
        Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",), clicks_off=("document",))
    )
    reader = Visitor("192.0.2.1", BROWSER, ORIGIN, private=False, prefetch=False)
    document = ClickQuery("document", "/a.pdf", new_hit())
    today = datetime.fromtimestamp(clock.now(), ZoneInfo(site.timezone)).date()

    outcomes = [
        send(services, clock, document, reader),
        send(services, clock, ClickQuery("action", "dang-ky", new_hit()), reader),
    ]
    find = lose_redis(services)
    outcomes.append(send(services, clock, document, reader))
    find()
    services.traffic.replay.run(clock.now())

    counts = services.traffic.clicks.of_span(site, Span(today, today))
    assert outcomes == ["off", "counted", "off"]
    assert [kind.clicks for kind in counts.kinds] == [0, 0, 1]
    assert counts.lost == 0
    assert services.traffic.clicks.downloads(site, ["/a.pdf"]).downloads == {}
    assert services.traffic.clicks.top_documents(site, Span(today, today), 5) == ()
