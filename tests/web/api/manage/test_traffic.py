"""Numbers for programs."""

import gzip
import zipfile
from pathlib import Path
from typing import Any

import pytest

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.work import Plan
from tests.support.clock import FakeClock
from tests.support.filled import fill
from tests.support.visits_told import PLAUSIBLE
from tests.web.api.manage.conftest import Program


@pytest.fixture
def filled(services: Services, clock: FakeClock, site: Site) -> Site:
    """Give a site with three days of views, 11 a day that count."""
    fill(services, clock, site)
    return site


def test_the_numbers_are_those_of_the_site(
    services: Services, filled: Site, reader: Program, clock: FakeClock
) -> None:
    """The same as everywhere else, and not a minute old."""
    counts = reader.get("/counts")

    assert counts["views"]["total"] == 33
    assert (
        counts["views"]["total"] == services.traffic.views.counts(filled, clock.now()).views.total
    )


@pytest.mark.parametrize(
    ("query", "points", "views"),
    [
        ("", 28, 33),
        ("?unit=day&first=2026-03-04&last=2026-03-06", 3, 33),
        ("?unit=hour&first=2026-03-04&last=2026-03-04", 24, 11),
        ("?unit=month&first=2026-01-01&last=2026-03-31", 3, 33),
    ],
)
def test_the_past_comes_by_hour_day_and_month(
    filled: Site, reader: Program, query: str, points: int, views: int
) -> None:
    """One point each, beside the one of the range before."""
    series = reader.get(f"/history{query}")

    assert len(series["points"]) == points
    assert sum(point["now"]["views"] for point in series["points"]) == views
    assert series["points"][0]["before"] is None  # the site was not counting yet
    assert series["total_before"] is None


@pytest.mark.parametrize(
    "query",
    [
        "unit=year",
        "compare=always",
        "span=always",
        "first=2026-03-05&last=2026-03-04",
        "first=0001-01-01",
        "first=2026-02-30",
        "first=20260304",
        "last=2026-W10-1",
        "first=2000-01-01&unit=hour",
    ],
)
def test_a_range_that_is_none_is_refused(site: Site, reader: Program, query: str) -> None:
    """With the name of what is wrong."""
    assert reader.call("GET", f"/history?{query}").status_code == 400


@pytest.mark.parametrize(
    "path", ["/history?unit=day&from=2026-03-01", "/counts?fresh", "/polls?x=1"]
)
def test_a_parameter_that_the_route_does_not_have_is_refused(
    site: Site, reader: Program, path: str
) -> None:
    """A mistyped one would be lost in silence, and the answer be of other days."""
    answer = reader.call("GET", path)

    assert answer.status_code == 400
    assert path.partition("?")[2].split("&")[-1].partition("=")[0] in answer.get_json()["detail"]


def test_the_methods_of_a_route_can_be_asked_for(site: Site, reader: Program) -> None:
    """Whatever stands in the query."""
    answer = reader.call("OPTIONS", "/counts?x=1")

    assert answer.status_code == 200
    assert "GET" in answer.headers["Allow"]


def test_what_was_not_counted_has_its_reasons(filled: Site, reader: Program) -> None:
    """As shares of everything that arrived."""
    found = reader.get("/ignored?first=2026-03-04&last=2026-03-06")

    assert found["ignored"] == [{"reason": "bot", "n": 3, "share": pytest.approx(3 / 36)}]
    assert reader.call("GET", "/ignored?first=2026-03-05&last=2026-03-04").status_code == 400


def test_the_most_viewed_come_first(filled: Site, reader: Program) -> None:
    """By span, and of all time with their opening balances."""
    of_days, ever = reader.get("/articles?span=28"), reader.get("/articles?span=all")

    assert [row["views"] for row in of_days["articles"]] == [9, 9, 9, 6]
    assert ever["articles"][0]["views"] >= 9
    assert (of_days["first"], of_days["first_before"]) == ("2026-02-08", None)
    assert {row["before"] for row in of_days["articles"]} == {None}
    for query in ("span=100", "order=best", "compare=x", "first=2026-03-05&last=2026-03-04"):
        assert reader.call("GET", f"/articles?{query}").status_code == 400, query
    assert reader.get("/articles?first=2026-03-05&last=2026-03-05&order=rising")["articles"] == []


def test_an_opening_balance_is_set_and_recorded(
    services: Services, filled: Site, writer: Program
) -> None:
    """It is part of the article's views; the log has who, before and after."""
    body = {"article": "/tin/1/Tết", "views": 366}

    first = writer.call("PUT", "/articles/opening", body).get_json()
    again = writer.call("PUT", "/articles/opening", body).get_json()
    gone = writer.call("PUT", "/articles/opening", body | {"views": 0}).get_json()

    assert [answer["before"] for answer in (first, again, gone)] == [0, 366, 366]
    log = services.accounts.audit.newest(filled.slug, 2)
    assert [(e.who, e.what, e.before, e.after) for e in reversed(log)] == [
        (writer.who, "opening.set", {"views": 0}, {"views": 366}),
        (writer.who, "opening.set", {"views": 366}, {"views": 0}),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"article": "/a"},
        {"article": "/a", "views": -1},
        {"article": "/a", "views": 10**13},
        {"article": "/a", "views": "5"},
        {"article": "", "views": 5},
        {"article": "/a", "views": 5, "more": 1},
        [],
    ],
)
def test_a_balance_that_is_none_is_refused(site: Site, writer: Program, body: Any) -> None:
    """Nothing is stored of it."""
    assert writer.call("PUT", "/articles/opening", body).status_code == 400


def test_the_archive_restores_the_site(
    services: Services,
    settings: Settings,
    filled: Site,
    reader: Program,
    clock: FakeClock,
    tmp_path: Path,
) -> None:
    """It is what `export` writes, and `import` takes it."""
    answer = reader.call("GET", "/archive")

    assert answer.mimetype == "application/gzip"
    assert answer.headers["Content-Disposition"].endswith('.jsonl.gz"')
    exported = b"".join(services.portability.archives.lines(filled.slug, clock.now()))
    assert gzip.decompress(answer.data) == exported
    file = tmp_path / "kimson.jsonl.gz"
    file.write_bytes(answer.data)
    services.sites.sites.remove(filled.slug)
    services.portability.archives.restore(file, clock.now())
    assert services.traffic.views.counts(filled, clock.now()).views.total == 33


def test_what_imported_visits_told_comes_as_that_of_ours(
    services: Services, site: Site, reader: Program, clock: FakeClock, tmp_path: Path
) -> None:
    """134 of the 144 visits told a device."""
    path = tmp_path / "plausible.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in PLAUSIBLE.items():
            archive.writestr(name, text)
    services.portability.legacy.run(Source(site), [path], Plan(), clock.now())

    found = reader.get("/readers?first=2026-02-17&last=2026-02-18&dimensions=device")

    (devices,) = found["dimensions"]
    assert (found["visits"], devices["told"], devices["other"]) == (144, 134, 0)
    assert [(row["value"], row["visits"]) for row in devices["values"]] == [
        ("computer", 80),
        ("phone", 44),
        ("tablet", 10),
    ]


def test_what_visits_told_comes_by_dimension(filled: Site, reader: Program) -> None:
    """All of them, or those that are named; each adds up."""
    found = reader.get("/readers?first=2026-03-04&last=2026-03-06")
    some = reader.get("/readers?dimensions=browser,entry&span=28")

    assert found["visits"] == sum(
        row["told"] for row in found["dimensions"] if row["dimension"] == "source"
    )
    for row in found["dimensions"]:
        assert sum(value["visits"] for value in row["values"]) + row["other"] == row["told"]
    assert [row["dimension"] for row in some["dimensions"]] == ["browser", "entry"]
    assert some["dimensions"][0]["values"][0]["value"] == "Chrome"
    for wrong in ("name", "", "browser,"):
        assert reader.call("GET", f"/readers?dimensions={wrong}").status_code == 400
