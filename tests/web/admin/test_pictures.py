"""Drawings for slides: whole SVG files that load nothing and say whose numbers they are."""

from datetime import date
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient

from stats_service.models.sites import Site
from stats_service.models.traffic.history import DayHistory, Pair
from stats_service.services.container import Services
from tests.support.admin import Person
from tests.support.votes import make_poll, new_voter, vote

SVG = "{http://www.w3.org/2000/svg}"


def drawing(owner: Person, address: str) -> tuple[ET.Element, list[str]]:
    """Return a drawing and its words; it is well-formed, saved as a file, and loads nothing."""
    answer = owner.get(f"/admin/sites/kimson/{address}")
    text = answer.get_data(as_text=True)
    root = ET.fromstring(text)
    assert answer.mimetype == "image/svg+xml"
    assert answer.headers["Content-Disposition"].endswith('.svg"')
    assert "href" not in text
    assert "<style" not in text
    assert text.count("http") == 1  # the name space
    return root, [found.text or "" for found in root.iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("language", "title"), [("vi", "Lượt truy cập và lượt xem"), ("en", "Visits and views")]
)
def test_the_chart_of_a_site(
    owner: Person, services: Services, site: Site, language: str, title: str
) -> None:
    """With its title, whose it is, its days, its sums and until when it is."""
    days = [DayHistory(date(2026, 2, day), (Pair(1000, 2000),)) for day in range(1, 29)]
    services.traffic.history.write(site, days)

    root, words = drawing(owner, f"visits.svg?from=2026-02-15&to=2026-02-28&lang={language}")

    assert words[0] == title
    assert words[1].startswith("Kim Sơn · ")
    assert any("14.000" in text or "14,000" in text for text in words)
    assert "Asia/Ho_Chi_Minh" in words[-1]
    assert len(root.findall(f".//{SVG}path")) == 5  # three lines, two areas


def test_the_result_of_a_poll(
    owner: Person, client: FlaskClient, services: Services, site: Site
) -> None:
    """Each answer with its share; a long question is broken into lines, and nothing is markup."""
    make_poll(services, question={"vi": "Bạn <b>nghĩ</b> gì về " + "rất dài " * 30})
    for choice in ("a", "a", "a", "b"):
        vote(client, new_voter(services), choice)

    root, words = drawing(owner, "polls/muc-quan-tam/results.svg")

    assert words[0].startswith("Bạn <b>nghĩ</b> gì")
    assert words[2].endswith("…")
    assert {"75% (3)", "25% (1)"} <= set(words)
    assert int(root.attrib["height"]) >= 720


def test_the_ballots_of_a_poll_over_time(
    owner: Person, client: FlaskClient, services: Services, site: Site
) -> None:
    """A line of those that count; where nobody has voted there is no drawing."""
    make_poll(services)
    assert owner.get("/admin/sites/kimson/polls/muc-quan-tam/ballots.svg").status_code == 404
    for choice in ("a", "a", "b"):
        vote(client, new_voter(services), choice)

    root, words = drawing(owner, "polls/muc-quan-tam/ballots.svg")

    assert words[0] == services.polls.polls.get("kimson", "muc-quan-tam").question["vi"]
    assert words[1] == "Kim Sơn · Phiếu theo thời gian, 04/03/2026"
    assert "Đã tính 3" in words
    assert root.findall(f".//{SVG}path")
    page = owner.get("/admin/sites/kimson/polls/muc-quan-tam").text
    assert "/polls/muc-quan-tam/ballots.svg" in page
