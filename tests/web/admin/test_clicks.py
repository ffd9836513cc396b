"""The page of documents, its file, the API, and the archive."""

import json
from pathlib import Path

from flask.testing import FlaskClient

from stats_service.models.clicks import CLICK_LOST
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.support.admin import Person
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, ORIGIN, new_hit, view
from tests.support.processes import wait_until


def click(client: FlaskClient, kind: str, name: str) -> None:
    """Send a click that counts."""
    answer = client.post(
        "/v1/kimson/clicks",
        data=json.dumps({"kind": kind, "name": name, "hit": new_hit()}),
        headers={"User-Agent": BROWSER, "Origin": ORIGIN},
        environ_base={"REMOTE_ADDR": "192.0.2.1"},
    )
    assert answer.get_json()["outcome"] == "counted"


def test_the_page_and_its_file_have_each_kind(
    owner: Person, client: FlaskClient, site: Site
) -> None:
    """In both languages; names are text, and none is a link."""
    click(client, "document", "/van-ban/<b>1.pdf")
    click(client, "outgoing", "bao.example")
    click(client, "action", "đăng-ký")

    page = owner.get("/admin/sites/kimson/documents").text
    english = owner.get("/admin/sites/kimson/documents?lang=en&range=all").text
    table = owner.get("/admin/sites/kimson/documents/clicks.csv").text

    for text in ("Liên kết ra ngoài", "bao.example", "đăng-ký"):
        assert text in page
    assert "1 click" in english
    assert "<b>1" not in page
    assert 'href="https://bao.example' not in page
    assert "action,đăng-ký,1" in table.replace('"', "")


def test_a_span_of_which_days_are_no_longer_kept_says_so(
    owner: Person, client: FlaskClient, site: Site
) -> None:
    """The page and its file name the days that are summed, and say that others are missing."""
    click(client, "document", "/van-ban/1.pdf")
    documents = "/admin/sites/kimson/documents"
    years = "from=2023-03-04&to=2026-03-04"

    page = owner.get(f"{documents}?{years}").text
    file = owner.get(f"{documents}/clicks.csv?{years}")
    kept = owner.get(f"{documents}?from=2025-01-29&to=2026-03-04").text

    assert "29/01/2025 – 04/03/2026" in page
    assert "giữ 400 ngày" in page
    assert "2025-01-29-2026-03-04" in file.headers["Content-Disposition"]
    assert "giữ 400 ngày" not in kept


def test_the_owner_says_which_kinds_are_counted(
    owner: Person, services: Services, site: Site
) -> None:
    """By the form of the settings; the page says what is off, and what may be missing."""
    settings = "/admin/sites/kimson/settings"

    owner.post(settings, clicks="everywhere", clicks_counted=["document", "action"])
    some = services.sites.sites.get(site.slug)
    services.traffic.replay.lose("kimson", services.clock.now(), CLICK_LOST)
    documents = "/admin/sites/kimson/documents"
    wait_until(lambda: "1 click may be missing" in owner.get(f"{documents}?lang=en").text)
    page = owner.get(documents).text
    owner.post(settings, clicks="shown", clicks_counted=["document", "outgoing", "action"])
    all_kinds = services.sites.sites.get(site.slug)

    assert (some.clicks_off, some.clicks_everywhere) == (("outgoing",), True)
    assert (all_kinds.clicks_off, all_kinds.clicks_everywhere) == ((), False)
    assert page.count("Đã tắt trong phần cài đặt") == 1
    assert "Có thể thiếu 1 lượt bấm" in page


def test_an_archive_has_them(
    client: FlaskClient, services: Services, site: Site, clock: FakeClock, tmp_path: Path
) -> None:
    """Exported, imported in its place and exported again, the lines are the same."""
    click(client, "document", "/van-ban/1.pdf")
    click(client, "action", "đăng-ký")
    view(client)
    archives, now = services.portability.archives, clock.now()
    before = list(archives.lines("kimson", now))
    file = tmp_path / "kimson.jsonl"
    file.write_bytes(b"".join(before))
    services.sites.sites.remove("kimson")

    archives.restore(file, now)

    assert sum(b'"table":"clicks"' in line for line in before) == 4
    assert list(archives.lines("kimson", now)) == before
