"""Clicks over HTTP: once in a reader's visit to a document, whatever is sent again."""

import asyncio
import json
import random
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stats_service.config import Settings
from stats_service.models.clicks import NAMES_MAX
from stats_service.models.sites import Site
from stats_service.models.traffic.views import PageAnswer, PageQuery, Visitor
from stats_service.services.articles.documents import ENDING
from stats_service.services.container import Services
from stats_service.services.traffic.spans import Span
from stats_service.store.keys import SiteKeys
from stats_service.web import embed
from tests.support.away import lose_redis
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, ORIGIN, new_hit, view
from tests.support.processes import wait_until

DOCUMENT = "/van-ban/12.pdf"
SOURCES = Path(embed.__file__).parent / "src"


@pytest.fixture(autouse=True)
def _site(site: Site) -> None:
    """Every test here has the site."""


def click(
    client: FlaskClient,
    name: str = DOCUMENT,
    kind: str = "document",
    *,
    address: str = "192.0.2.1",
    origin: str = ORIGIN,
    user_agent: str = BROWSER,
    headers: dict[str, str] | None = None,
    **fields: Any,
) -> TestResponse:
    """Send a click; `fields` go into the body as they are."""
    return client.post(
        "/v1/kimson/clicks",
        data=json.dumps({"kind": kind, "name": name, "hit": new_hit()} | fields),
        content_type="text/plain",
        headers={"User-Agent": user_agent, "Origin": origin} | (headers or {}),
        environ_base={"REMOTE_ADDR": address},
    )


def outcome(response: TestResponse) -> str:
    """Return what became of a click that was understood."""
    assert response.status_code == 200, response.data
    return str(response.get_json()["outcome"])


def downloads(client: FlaskClient, document: str = DOCUMENT) -> int:
    """Return how often a document was opened."""
    answer = client.get("/v1/kimson/downloads", query_string={"document": document})
    return int(answer.get_json()["downloads"][document])


def test_a_document_counts_once_in_a_visit(client: FlaskClient, clock: FakeClock) -> None:
    """Clicks of one reader with no gap of 30 minutes are one; another reader is another."""
    first = click(client)
    clock.advance(1799)
    again = click(client)
    clock.advance(1799)
    later = click(client, f"{ORIGIN}{DOCUMENT}")
    other = click(client, address="192.0.2.2")
    clock.advance(1800)

    anew = click(client)

    assert first.get_json() == {"outcome": "counted", "clicks": 1}
    assert [outcome(answer) for answer in (again, later, other)] == [
        "repeated",
        "repeated",
        "counted",
    ]
    assert anew.get_json() == {"outcome": "counted", "clicks": 3}
    assert downloads(client) == 3


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"out": True}, "opt-out"),
        ({"bot": True}, "bot"),
        ({"user_agent": "curl/8"}, "bot"),
        ({"origin": "https://other.example"}, "host"),
        ({"frame": "https://other.example"}, "frame"),
    ],
)
def test_what_is_no_view_is_no_click(
    client: FlaskClient, redis_client: redis.Redis, settings: Settings, fields: Any, expected: str
) -> None:
    """The rules are those of page views, and nothing is stored."""
    answer = click(client, **fields)

    assert answer.get_json() == {"outcome": expected, "clicks": None}
    assert not redis_client.keys(f"{settings.key_prefix}:{{kimson}}:click*")


def test_who_asks_not_to_be_tracked_has_no_pseudonym(client: FlaskClient) -> None:
    """With GPC the load of the page is what counts once, retries included."""
    private = {"Sec-GPC": "1"}
    hit = new_hit()

    first = click(client, headers=private, hit=hit)
    again = click(client, headers=private, hit=hit)
    next_load = click(client, headers=private)

    assert [outcome(one) for one in (first, again, next_load)] == [
        "counted",
        "repeated",
        "counted",
    ]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("document", "https://other.example/1.pdf"),
        ("document", "javascript:alert(1)"),
        ("document", "/" + "a" * 513),
        ("outgoing", "kimson.example.vn"),
        ("outgoing", "https://x.example/path"),
        ("outgoing", "nohost"),
        ("action", "two words"),
        ("action", "<b>"),
        ("action", "a" * 65),
        ("video", "x"),
    ],
)
def test_what_names_nothing_is_refused(client: FlaskClient, kind: str, name: str) -> None:
    """Only documents of the site's own hosts, hosts alone, and plain names."""
    assert click(client, name, kind).status_code == 400


def test_invented_names_stay_bounded(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """A name with one click gives way; all sums stay exact, and a known name stays."""
    for reader in range(3):
        click(client, "dang-ky", "action", address=f"198.51.100.{reader}")
    for n in range(70):
        answer = click(client, f"n{n}", "action", address=f"203.0.113.{n}")
        assert outcome(answer) == "counted"

    today = datetime.fromtimestamp(clock.now(), ZoneInfo("Asia/Ho_Chi_Minh")).date()
    entry = services.sites.directory.entry("kimson", clock.now())
    counts = services.traffic.clicks.of_span(entry.site, Span(today, today))

    actions = counts.kinds[2]
    assert (actions.kind, actions.clicks) == ("action", 73)
    assert len(actions.names) == NAMES_MAX["action"]
    assert (actions.names[0].name, actions.names[0].clicks) == ("dang-ky", 3)


def test_a_storm_of_clicks_counts_exactly(services: Services, client: FlaskClient) -> None:
    """Double clicks and retries at the same moment: one for each reader."""
    app = client.application

    def send(number: int) -> str:
        return outcome(click(app.test_client(), address=f"192.0.2.{number % 8}"))

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(send, range(160)))

    assert outcomes.count("counted") == 8
    assert outcomes.count("repeated") == 152
    assert downloads(client) == 8


def test_a_naive_model_agrees(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    """Readers, documents, hours, days and retries at random, over midnight of the site."""
    draw, zone = random.Random(17), ZoneInfo("Asia/Ho_Chi_Minh")
    last: dict[tuple[int, str], float] = {}
    model: dict[tuple[Any, str], int] = {}
    first_day = datetime.fromtimestamp(clock.now(), zone).date()
    for _ in range(300):
        clock.advance(draw.choice((1, 20, 600, 1799, 1800, 7200)))
        now = clock.now()
        reader, document = draw.randrange(4), f"/tai-lieu/{draw.randrange(3)}.docx"
        click(client, document, address=f"192.0.2.{reader}")
        if now - last.get((reader, document), -1e9) >= 1800:
            place = datetime.fromtimestamp(now, zone).date(), document
            model[place] = model.get(place, 0) + 1
        last[reader, document] = now

    site = services.sites.directory.entry("kimson", clock.now()).site
    last_day = datetime.fromtimestamp(clock.now(), zone).date()
    found: dict[tuple[Any, str], int] = {}
    for n in range((last_day - first_day).days + 1):
        day = first_day + timedelta(n)
        documents = services.traffic.clicks.of_span(site, Span(day, day)).kinds[0]
        found |= {(day, one.name): one.clicks for one in documents.names}
    assert found == model
    for name in {document for _, document in model}:
        assert downloads(client, name) == sum(n for (_, of), n in model.items() if of == name)


def test_the_page_brings_downloads_with_its_one_request(
    client: FlaskClient, services: Services
) -> None:
    """Of documents among the articles that it names, and only of those; and says that it counts."""
    for reader in range(3):
        click(client, address=f"192.0.2.{reader}")
    names = [DOCUMENT, f"{ORIGIN}{DOCUMENT}?utm_source=zalo", "/van-ban/chua-ai-tai.pdf", "khoa"]

    page, beat, bot = (
        view(client, articles=names, **fields).get_json()
        for fields in ({"rating": True}, {"beat": True}, {"bot": True})
    )
    plain = view(client, articles=["/tin/1", "khoa"]).get_json()

    for answer in (page, beat, bot):
        numbers = [answer["articles"][name].get("downloads") for name in names]
        assert numbers == [3, 3, 0, None]
        assert answer["clicks"] == ["document", "outgoing", "action"]
    assert "clicks" not in plain
    assert not any("downloads" in numbers for numbers in plain["articles"].values())


@pytest.mark.parametrize(
    ("changed", "named", "plain"),
    [
        ({"clicks_off": ("outgoing",)}, ["document", "action"], None),
        ({"clicks_off": ("document",)}, None, None),
        (
            {"clicks_off": ("document",), "clicks_everywhere": True},
            ["outgoing", "action"],
            ["outgoing", "action"],
        ),
        ({"clicks_off": (*NAMES_MAX,), "clicks_everywhere": True}, None, None),
    ],
)
def test_the_answer_says_what_the_page_counts(
    client: FlaskClient,
    services: Services,
    changed: dict[str, Any],
    named: list[str] | None,
    plain: list[str] | None,
) -> None:
    """As the site is set: a page that names a document, or every page; no kind that is off."""
    services.sites.sites.edit("kimson", **changed)
    client.application.extensions["stats_service"].sites.directory.load(
        "kimson", services.clock.now()
    )

    with_document = view(client, articles=[DOCUMENT]).get_json()
    without = view(client).get_json()

    assert with_document.get("clicks") == named
    assert without.get("clicks") == plain
    is_counted = named is not None and "document" in named
    assert ("downloads" in with_document["articles"][DOCUMENT]) == is_counted


def test_the_script_and_the_service_know_the_same_endings() -> None:
    """What the script counts by its ending is what the service gives a number."""
    source = (SOURCES / "documents/index.js").read_text("utf-8")
    script = re.search(r"const DOCUMENT = /\\\.\((.+)\)\$/i;", source)

    assert script
    assert ENDING.pattern == rf"\.({script[1]})$"


def test_more_documents_than_one_command_takes(client: FlaskClient, services: Services) -> None:
    """In one batch, beside pages that want none; a merged article keeps its document's clicks."""
    recorder, now = services.traffic.recorder, services.clock.now()
    entry = services.sites.directory.entry("kimson", now)
    click(client, "/d/1500.pdf")
    reader = Visitor("192.0.2.9", BROWSER, ORIGIN, private=False, prefetch=False)

    async def views() -> list[PageAnswer]:
        lists = [
            tuple(f"/d/{n * 100 + m}{'.pdf' if n % 2 else ''}" for m in range(100))
            for n in range(30)
        ]
        queries = [PageQuery(hit=new_hit(), articles=names) for n, names in enumerate(lists)]
        return list(
            await asyncio.gather(*[recorder.record(entry, one, reader, now) for one in queries])
        )

    answers = services.loop.run(views())

    found = {name: n.downloads for one in answers for name, n in one.articles.items()}
    assert found["/d/1500.pdf"] == 1
    assert sum(n or 0 for n in found.values()) == 1
    assert sum(n is not None for n in found.values()) == 1500


def test_a_click_while_redis_is_away_is_told(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """To the page that sent it, which sends it again; and to the administrator, once."""
    ours = client.application.extensions["stats_service"]
    ours.sites.directory.entry("kimson", clock.now())
    hit = new_hit()
    find = lose_redis(ours)

    statuses = [click(client, hit=hit).status_code, click(client, hit=hit, again=True).status_code]
    find()
    late = click(client, hit=hit, again=True)

    site = services.sites.sites.get("kimson")
    today = datetime.fromtimestamp(clock.now(), ZoneInfo(site.timezone)).date()
    assert statuses == [503, 503]
    assert outcome(late) == "counted"
    wait_until(lambda: services.traffic.clicks.of_span(site, Span(today, today)).lost == 1)


def test_nothing_of_a_reader_stays(
    client: FlaskClient, redis_client: redis.Redis, settings: Settings
) -> None:
    """A mark that names neither reader nor document goes after half an hour."""
    click(client)

    keys = SiteKeys(settings.key_prefix, "kimson")
    assert redis_client.zcard(keys.clicked) == 1
    assert 0 < redis_client.pttl(keys.clicked) <= 1_800_000
