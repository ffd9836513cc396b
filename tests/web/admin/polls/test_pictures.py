"""The page of a poll's pictures."""

import io
import re

from stats_service.services.container import Services
from tests.support.admin import Person
from tests.support.pictures import picture_file
from tests.support.votes import make_poll

POLL = "muc-quan-tam"
PAGE = f"/admin/sites/kimson/polls/{POLL}/pictures"


def upload(editor: Person, data: bytes, **fields: str) -> int:
    """Send the form of a choice; return the status."""
    files = {"picture": (io.BytesIO(data), "anh.png")} if data else {}
    return editor.post(f"{PAGE}/upload", **fields, **files).status_code


def test_an_editor_uploads_describes_and_takes_away(editor: Person, services: Services) -> None:
    """Each choice by itself; what it shows may be corrected without the file."""
    make_poll(services)

    assert upload(editor, picture_file((2000, 1000)), choice="a", alt="Bông lúa") == 302
    assert upload(editor, b"", choice="a", alt="Bông lúa vàng", alt_en="Rice") == 302

    (picture,) = [c.picture for c in services.polls.polls.get("kimson", POLL).choices if c.picture]
    assert (picture.width, picture.alt) == (640, {"vi": "Bông lúa vàng", "en": "Rice"})
    page = editor.get(PAGE).text
    assert f"/v1/kimson/picture/{picture.id}.jpg" in page
    assert 'alt="Bông lúa vàng"' in page
    result = editor.get(f"/admin/sites/kimson/polls/{POLL}").text
    assert 'class="thumb"' in result
    assert editor.post(f"{PAGE}/remove", choice="a").status_code == 302
    assert not any(c.picture for c in services.polls.polls.get("kimson", POLL).choices)


def test_what_cannot_be_used_is_told(editor: Person, services: Services) -> None:
    """A file that is none, a choice that is gone, a form of before."""
    before = make_poll(services)

    assert upload(editor, b"<svg/>", choice="a") == 400
    assert upload(editor, picture_file(), choice="x") == 404
    assert upload(editor, b"", choice="a", alt="x") == 404
    services.polls.polls.edit("kimson", POLL, "an", 0, shuffle=True)
    assert upload(editor, picture_file(), choice="a", revision=str(before.revision)) == 412


def test_the_log_says_that_there_is_a_picture(owner: Person, services: Services) -> None:
    """And not its bytes, size or digest."""
    make_poll(services)
    upload(owner, picture_file(), choice="a")

    page = owner.get("/admin/sites/kimson/audit").text

    assert re.search(r"Mục a \(có ảnh [0-9a-f]{6}\)", page)
