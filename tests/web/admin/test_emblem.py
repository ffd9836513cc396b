"""The emblem of a site: uploaded once, shown on paper, to everybody and in mails."""

import io
import re
from pathlib import Path

from flask import Flask

from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.pictures.kept import UNUSED_SECONDS
from tests.support.admin import Person
from tests.support.clock import FakeClock
from tests.support.pictures import picture_file
from tests.support.votes import make_poll

PAGE = "/admin/sites/kimson/settings"


def upload(owner: Person, data: bytes, **fields: str) -> int:
    """Send the form; return the status."""
    files = {"emblem": (io.BytesIO(data), "bieu-trung.png")}
    return owner.post(f"{PAGE}/emblem", **fields, **files).status_code


def address(services: Services) -> str:
    """Return where the emblem of the site is."""
    emblem = services.sites.sites.get("kimson").emblem
    assert emblem is not None
    return f"/v1/kimson/picture/{emblem.id}.jpg"


def test_an_owner_puts_an_emblem_and_takes_it_away(
    owner: Person, site: Site, services: Services
) -> None:
    """It is made small; the log tells of both without its bytes."""
    assert upload(owner, picture_file((1280, 640))) == 302

    emblem = services.sites.sites.get("kimson").emblem
    assert emblem is not None
    assert (emblem.width, emblem.height) == (640, 320)
    picture = owner.get(address(services))
    assert picture.mimetype == "image/jpeg"
    assert f'src="{address(services)}"' in owner.get(PAGE).text

    assert owner.post(f"{PAGE}/emblem/remove").status_code == 302

    assert services.sites.sites.get("kimson").emblem is None
    log = owner.get("/admin/sites/kimson/audit").text
    assert log.count(f"ảnh {emblem.id[:6]}") == 2


def test_what_cannot_be_used_is_told(owner: Person, site: Site, services: Services) -> None:
    """A file that is none; a form of before; who may not change settings."""
    revision = re.search(
        r'emblem-title.*?name="revision" value="([^"]+)"', owner.get(PAGE).text, re.DOTALL
    )
    assert revision is not None

    assert upload(owner, b"<svg/>") == 400
    assert upload(owner, picture_file()) == 302
    assert upload(owner, picture_file(colour="red"), revision=revision[1]) == 412


def test_an_editor_changes_no_emblem(editor: Person, services: Services) -> None:
    """It is a setting of the site."""
    assert upload(editor, picture_file()) == 403


def test_it_is_shown_on_paper_and_to_everybody(
    app: Flask, owner: Person, site: Site, services: Services
) -> None:
    """On each printed sheet, the public page, and the poll's own page with what shares it."""
    poll = make_poll(services)
    services.sites.sites.edit("kimson", public=True)
    upload(owner, picture_file((1280, 640)))
    picture = f'src="{address(services)}"'

    for path in ("", "articles", "readers", f"polls/{poll.id}", f"polls/{poll.id}/integrity"):
        sheet = owner.get(f"/admin/sites/kimson/{path}").text
        assert picture in sheet.partition('class="print-only letterhead"')[2][:400], path
    assert picture in Person(app).get("/s/kimson").text
    assert picture in Person(app).get("/s/kimson/how-we-count").text
    hosted = Person(app).get(f"/v1/kimson/p/{poll.id}").text
    assert picture in hosted
    assert '<meta property="og:image" content="http' in hosted
    assert f'{address(services)}">' in hosted


def test_without_one_nothing_stands_there(
    app: Flask, owner: Person, site: Site, services: Services
) -> None:
    """No empty frame, no picture that is not there."""
    poll = make_poll(services)
    services.sites.sites.edit("kimson", public=True)

    pages = [owner.get("/admin/sites/kimson/articles").text, Person(app).get("/s/kimson").text]
    pages.append(Person(app).get(f"/v1/kimson/p/{poll.id}").text)

    assert not any("/picture/" in page or "og:image" in page for page in pages)


def test_it_is_swept_only_when_the_site_has_it_no_more(
    app: Flask, site: Site, services: Services, clock: FakeClock
) -> None:
    """However old it is."""
    by = Author("an", clock.now())
    services.sites.emblems.put("kimson", picture_file(), by)
    clock.advance(UNUSED_SECONDS + 1)

    assert services.polls.pictures.sweep("kimson", clock.now()) == 0
    services.sites.emblems.remove("kimson", by)
    assert services.polls.pictures.sweep("kimson", clock.now()) == 1


def test_an_archive_carries_it(app: Flask, site: Site, services: Services, tmp_path: Path) -> None:
    """With its bytes, and so does the site that is restored from it."""
    put = services.sites.emblems.put("kimson", picture_file(), Author("an", 0.0))
    data = services.sites.emblems.data(put)
    file = tmp_path / "kimson.jsonl"
    file.write_bytes(b"".join(services.portability.archives.lines("kimson", 0.0)))
    services.sites.sites.remove("kimson")

    services.portability.archives.restore(file, 0.0)

    restored = services.sites.sites.get("kimson")
    assert data[:2] == b"\xff\xd8"
    assert (restored.emblem, services.sites.emblems.data(restored)) == (put.emblem, data)
