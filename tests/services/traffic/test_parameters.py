"""Parameters that split or merge articles are told within the day, by name; programs by kind."""

import re
from datetime import date

import pytest
from flask.testing import FlaskClient

from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.traffic.parameters import splitting
from stats_service.services.visitors.bots import _KINDS, _PATTERNS, bot_kind
from tests.support.admin import Person
from tests.support.clock import FakeClock
from tests.support.pages import view
from tests.web.admin.conftest import operator
from tests.web.api.manage.conftest import Program, reader, writer

__all__ = ["operator", "reader", "writer"]


def told(services: Services, clock: FakeClock) -> list[tuple[str, str]]:
    """Return what the regular work finds, by name and kind."""
    list(services.operations.ticks.run(clock.now()))
    site = services.sites.sites.get("kimson")
    return [(one.name, one.kind) for one in services.traffic.parameters.known(site)]


@pytest.mark.parametrize(
    ("views", "names"),
    [
        # Drawn for each reader, of one article that somebody shared.
        ({f"/tin/1?tk=a7f3c{n:05d}e": 1 for n in range(150)}, ["tk"]),
        # Of several articles, read with it and without.
        (
            {f"/tin/{n}": 9 for n in range(6)}
            | {f"/tin/{n}?menu={m}": 5 for n in range(6) for m in range(4)},
            ["menu"],
        ),
        # Articles behind one address, in numbers and in words.
        ({f"/?id={n}": 1 for n in range(500)} | {"/": 900}, []),
        ({f"/tin?bai=ten-bai-viet-{'abcde'[n % 5]}x{n}": 4 for n in range(200)}, []),
        ({f"/tin/{n}": 1 for n in range(500)}, []),
    ],
)
def test_what_splits_articles_is_told_by_name(views: dict[str, int], names: list[str]) -> None:
    """And what names them is not."""
    assert [one.name for one in splitting(views)] == names


def test_a_parameter_that_splits_is_told_and_dropped(
    client: FlaskClient, services: Services, site: Site, clock: FakeClock, operator: Person
) -> None:
    """On the overview, on the page of articles with two buttons, and no more once decided."""
    for n in range(120):
        view(client, f"/tin/1?tk=a7f3c{n:05d}e", address=f"192.0.2.{n}")

    assert told(services, clock) == [("tk", "splits")]
    (overview,) = services.operations.overview.of_sites([site], clock.now())
    assert [(one.kind, one.parameter, one.n) for one in overview.alarms] == [("splits", "tk", 120)]
    page = operator.get("/admin/sites/kimson/articles").get_data(as_text=True)
    assert 'name="name" value="tk"' in page

    answer = operator.post("/admin/sites/kimson/articles/changes/parameter", name="tk", do="drop")

    assert "parameter" in answer.headers["Location"]
    assert services.sites.sites.get("kimson").article_parameters == ("-tk",)
    assert told(services, clock) == []
    clock.advance(services.settings.site_cache_seconds)
    assert view(client, "/tin/1?tk=zzz").get_json()["article"]["key"] == "/tin/1"


@pytest.mark.parametrize(
    ("parameters", "address", "name", "kept"),
    [
        (("none",), "/index.php?id={}", "id", ("id",)),
        (("id",), "/tin?id=1&muc={}", "muc", ("id", "muc")),
        ((), "/tin/1?page={}", "page", ("+page",)),
    ],
)
def test_one_key_under_many_addresses_is_told(
    client: FlaskClient,
    services: Services,
    clock: FakeClock,
    parameters: tuple[str, ...],
    address: str,
    name: str,
    kept: tuple[str, ...],
    site: Site,
) -> None:
    """Within the day, with the parameter's name; a button keeps it from then on."""
    services.sites.sites.edit(site.slug, None, article_parameters=parameters)
    for n in range(25):
        view(client, address.format(n), address=f"192.0.2.{n}")

    assert told(services, clock) == [(name, "merges")]

    site = services.sites.sites.get(site.slug)
    by = Author("lan", clock.now())
    services.traffic.parameters.decide(site, name, by, keep=True)
    assert services.sites.sites.get(site.slug).article_parameters == kept
    clock.advance(services.settings.site_cache_seconds)
    clock.advance(3600)
    assert told(services, clock) == []


def test_a_canonical_link_that_merges_is_told_until_somebody_decides(
    client: FlaskClient, services: Services, clock: FakeClock, site: Site
) -> None:
    """A template that names every article by its folder: every worker counts alike meanwhile."""
    canonical = "https://kimson.example.vn/tin"
    for n in range(25):
        word = "abcdefghijklmnopqrstuvwxyz"[n] * 3
        view(client, f"/tin?ten={word}", address=f"192.0.2.{n}", canonical=canonical)
    for n in range(40):
        drawn = f"x{n}Kd93hQ2mZ8"
        view(
            client,
            f"/van-ban?clk={drawn}",
            address=f"198.51.100.{n}",
            canonical="https://kimson.example.vn/van-ban",
        )

    assert told(services, clock) == [("ten", "merges")]
    services.traffic.parameters.decide(site, "ten", Author("lan", clock.now()), keep=True)
    clock.advance(services.settings.site_cache_seconds)
    view(client, "/tin?ten=zzz", address="203.0.113.1", canonical=canonical)
    numbers = services.traffic.views.articles(
        site, ["/tin", "/tin?ten=zzz", "/van-ban"], clock.now()
    )
    assert [one.views for one in numbers.values()] == [25, 1, 40]


def test_a_program_reads_and_decides(
    client: FlaskClient, services: Services, clock: FakeClock, site: Site, writer: Program
) -> None:
    """The same by the API."""
    services.sites.sites.edit(site.slug, None, article_parameters=("none",))
    for n in range(25):
        view(client, f"/index.php?id={n}", address=f"192.0.2.{n}")
    told(services, clock)

    (found,) = writer.get("/articles/parameters")["parameters"]
    answer = writer.call("PUT", "/articles/parameters/id", {"keep": True})

    assert (found["name"], found["kind"]) == ("id", "merges")
    assert answer.get_json() == {"article_parameters": ["id"]}
    assert writer.get("/articles/parameters")["parameters"] == []
    assert writer.call("PUT", "/articles/parameters/fbclid", {"keep": True}).status_code == 400


def test_what_tracks_or_shows_alike_is_not_told(
    client: FlaskClient, services: Services, clock: FakeClock, site: Site
) -> None:
    """`fbclid` has another value with every reader, and never names an article."""
    for n in range(60):
        view(client, f"/tin/1?fbclid=x{n}&sort=s{n}&_={n}", address=f"192.0.2.{n}")

    assert told(services, clock) == []
    assert site


def test_programs_are_told_by_the_name_of_the_list(
    client: FlaskClient, services: Services, clock: FakeClock, site: Site, reader: Program
) -> None:
    """By day, and never what they say of themselves."""
    google = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    for agent in (google, google, "bi-mat-cua-toi/1.0", "curl/8.5"):
        view(client, user_agent=agent)
    view(client, bot=True)
    view(client)

    today = date(2026, 3, 4)
    found = services.traffic.history.shortfall(site, today, today)

    assert {one.reason: one.n for one in found.programs} == {
        "googlebot": 2,
        "other": 1,
        "curl": 1,
        "driven-browser": 1,
    }
    assert [(one.reason, one.n) for one in found.ignored] == [("bot", 5)]
    assert reader.get("/ignored")["programs"][0] == {"reason": "googlebot", "n": 2}


def test_a_kind_is_a_name_of_the_list() -> None:
    """Small letters and hyphens, however the pattern is written: no part of a user agent."""
    kinds = {*_KINDS.values(), *(kind for _, kind in _PATTERNS.items())}

    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", kind) and len(kind) <= 32 for kind in kinds)
    assert len(kinds) > 400
    assert bot_kind("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0 Safari") == ""
