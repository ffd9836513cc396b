"""The page of documents, its file, the API, and the archive."""

import json
from pathlib import Path

from flask.testing import FlaskClient

from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.support.admin import Person
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, ORIGIN, new_hit, view


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
