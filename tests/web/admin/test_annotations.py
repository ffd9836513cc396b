"""Annotations on the pages: who may write them, and where they stand."""

import re
from html import unescape
from io import BytesIO
from zipfile import ZipFile

from flask import Flask

from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.support.admin import Person, add_account
from tests.support.pages import view
from tests.support.votes import make_poll
from tests.web.api.manage.conftest import Program, reader

__all__ = ["reader"]

PAGE = "/admin/sites/kimson/annotations"
BRIDGE = "Lễ <b>khánh thành</b> cầu"


def test_an_editor_says_what_happened(
    app: Flask, editor: Person, services: Services, site: Site
) -> None:
    """It stands on the chart of the site, in its drawing and its files, as text; and goes again."""
    view(app.test_client())
    make_poll(services)
    editor.post(PAGE, day="2026-03-04", text=BRIDGE)
    (note,) = services.traffic.annotations.get("kimson").notes

    chart = editor.get("/admin/sites/kimson/?range=week").text
    drawing = editor.get("/admin/sites/kimson/visits.svg?range=week").text
    book = editor.get("/admin/sites/kimson/visits.xlsx?range=week").data
    texts = ZipFile(BytesIO(book)).read("xl/sharedStrings.xml").decode()
    for text in (chart, drawing, texts):
        assert "Lễ" in text
        assert "khánh thành" in text
    assert "<b>khánh" not in chart + drawing
    assert "Mở bình chọn: Bạn quan tâm mục gì nhất?" in unescape(chart)
    assert 'class="flag-number"' in chart

    revision = re.findall(r'name="revision" value="([^"]+)"', editor.get(PAGE).text)[0]
    editor.post(f"{PAGE}/{note.id}", day="2026-03-05", text="Thông xe", revision=revision)
    late = editor.post(f"{PAGE}/{note.id}", day="2026-03-05", text="Cầu mới", revision=revision)
    assert late.status_code == 412
    assert "Thông xe" in late.text
    assert "Cầu mới" in late.text
    editor.post(f"{PAGE}/{note.id}", do="remove")
    removed, *_ = services.traffic.annotations.get("kimson").changes
    assert services.traffic.annotations.get("kimson").notes == ()

    editor.post(f"{PAGE}/changes/{removed.id}/undo")

    (back,) = services.traffic.annotations.get("kimson").notes
    assert (back.day, back.text) == ("2026-03-05", "Thông xe")


def test_what_cannot_be_said_keeps_what_was_typed(editor: Person, site: Site) -> None:
    """With the reason, in the reader's language."""
    answer = editor.post(PAGE, day="2026-02-30", text=BRIDGE)

    assert answer.status_code == 400
    assert "viết ngày theo dạng" in answer.text
    assert BRIDGE in unescape(answer.text)
    assert editor.post(f"{PAGE}/00000000", do="remove").status_code == 404
    assert editor.post(f"{PAGE}/changes/00000000/undo").status_code == 302
    assert "Không hoàn tác được thay đổi" in editor.get(PAGE).text


def test_who_only_reads_changes_nothing(app: Flask, services: Services, site: Site) -> None:
    """But sees what was said."""
    add_account(services, "khach", roles={site.slug: "viewer"})
    viewer = Person(app)
    viewer.sign_in("khach")

    page = viewer.get(PAGE)

    assert page.status_code == 200
    assert f'action="{PAGE}' not in page.text
    assert viewer.post(PAGE, day="2026-03-04", text="x").status_code == 403


def test_a_program_reads_them(
    reader: Program, editor: Person, services: Services, site: Site
) -> None:
    """With the polls, by days."""
    make_poll(services)
    editor.post(PAGE, day="2026-03-03", text="Thông xe")

    found = reader.get("/annotations?first=2026-03-01&last=2026-03-04")

    assert [(mark["day"], mark["kind"], mark["text"]) for mark in found["marks"]] == [
        ("2026-03-03", "note", "Thông xe"),
        ("2026-03-04", "poll-opened", "Bạn quan tâm mục gì nhất?"),
    ]
    assert reader.get("/annotations")["marks"] == found["marks"]
    assert reader.call("GET", "/annotations?first=2026-03-05&last=2026-03-04").status_code == 400
