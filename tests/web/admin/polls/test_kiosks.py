"""Kiosks on the admin pages, in the API and on the command line."""

import html
import re

import pytest
from click.testing import CliRunner
from flask import Flask

from stats_service.cli.commands import main
from stats_service.models.devices import Kiosk
from stats_service.services.container import Services
from tests.support.admin import Person
from tests.support.pages import BROWSER
from tests.support.votes import make_poll
from tests.web.api.manage.conftest import Program

POLL = "muc-quan-tam"
KIOSKS = "/admin/sites/kimson/kiosks"


def press(app: Flask, url: str) -> int:
    """Open a link on another device, and press its button; return the status of the ballot."""
    place = url.partition("/v1/")[2]
    tablet = app.test_client()
    headers = {"User-Agent": BROWSER, "Origin": "http://localhost"}
    assert tablet.get(f"/v1/{place}", headers=headers).status_code == 200
    answer = tablet.post(f"/v1/{place}", headers=headers)
    return tablet.get(answer.headers.get("Location", "/"), headers=headers).status_code


def kiosks(services: Services) -> list[Kiosk]:
    """Return the devices."""
    return services.polls.kiosks.all("kimson")


def test_an_editor_enrols_renames_and_revokes_a_tablet(
    app: Flask, editor: Person, services: Services
) -> None:
    """The link is shown once, with a code for the camera; a revoked device keeps its row."""
    make_poll(services, kiosk_pause=10)
    assert "/kiosks?poll=muc-quan-tam" in editor.get(f"/admin/sites/kimson/polls/{POLL}").text

    made = editor.post(KIOSKS, name="Quầy 1", poll=POLL)
    url = html.unescape(re.search(r'id="link" value="([^"]+)"', made.text)[1])  # type: ignore[index]

    assert "data:image/svg+xml" in made.text
    assert url not in editor.get(KIOSKS).text
    assert press(app, url) == 200
    (kiosk,) = kiosks(services)
    editor.post(f"{KIOSKS}/{kiosk.id}/rename", name="Quầy 2")
    assert 'value="Quầy 2"' in editor.get(KIOSKS).text
    editor.post(f"{KIOSKS}/{kiosk.id}/revoke")
    page = editor.get(KIOSKS).text
    assert "đã thu hồi" in page
    assert "Quầy 2" in page
    assert kiosks(services)[0].revoked == services.clock.now()


def test_the_form_switches_kiosks_on_and_off(editor: Person, services: Services) -> None:
    """Only by its box; what was set stays for another time."""
    form = "/admin/sites/kimson/polls/new"
    fields = {"question": "Hài lòng?", "choices": "Có\nKhông", "status": "open"}
    numbers = {"kiosk_pause": "15", "kiosk_ceiling": "200", "kiosk_networks": "10.1.0.0/16"}

    editor.post(form, **fields, **numbers, kiosk="yes")

    (made,) = services.polls.polls.all("kimson")
    assert (made.kiosk_pause, made.kiosk_ceiling) == (15, 200)
    assert made.kiosk_networks == ("10.1.0.0/16",)
    edit = f"/admin/sites/kimson/polls/{made.id}/edit"
    assert 'value="15"' in editor.get(edit).text
    texts = {f"text-{choice.id}": choice.text["vi"] for choice in made.choices}
    editor.post(edit, **{**fields, **texts, **numbers, "choices": ""})
    changed = services.polls.polls.get("kimson", made.id)
    assert (changed.kiosk_pause, changed.kiosk_networks) == (0, ("10.1.0.0/16",))
    refused = editor.post(edit, **{**fields, **texts, **numbers, "kiosk_pause": "0"})
    assert refused.status_code == 400
    assert "Số giây giữa hai phiếu" in refused.text


def test_what_is_no_kiosk_is_refused_in_words(editor: Person, services: Services) -> None:
    """A poll that is not for kiosks, a name that is none, a device that is not there."""
    make_poll(services)
    refused = editor.post(KIOSKS, name="Quầy 1", poll=POLL)
    gone = editor.post(f"{KIOSKS}/{'0' * 16}/revoke")

    assert refused.status_code == 409
    assert "chưa bật điểm bình chọn" in html.unescape(refused.text)
    assert gone.status_code == 302
    assert "Chưa cuộc bình chọn nào bật" in editor.get(KIOSKS).text


@pytest.fixture
def writer(app: Flask, services: Services, editor: Person) -> Program:
    """Give a program that may write."""
    _, text = services.accounts.tokens.add("kimson", "thử", "write", "lan", services.clock.now())
    return Program(app.test_client(), text)


def test_a_program_does_the_same(app: Flask, writer: Program, services: Services) -> None:
    """Link, list, rename, revoke."""
    make_poll(services)
    assert writer.call("POST", "/kiosks/links", {"name": "Q", "poll": POLL}).status_code == 409
    assert writer.call("PATCH", f"/polls/{POLL}", {"kiosk_pause": 12}).status_code == 200

    made = writer.call("POST", "/kiosks/links", {"name": "Quầy 1", "poll": POLL})
    assert made.status_code == 201
    assert press(app, made.get_json()["url"]) == 200
    (kiosk,) = writer.get("/kiosks")["kiosks"]
    renamed = writer.call("PATCH", f"/kiosks/{kiosk['id']}", {"name": "Quầy 2"})
    revoked = writer.call("POST", f"/kiosks/{kiosk['id']}/revoke")

    assert (kiosk["name"], kiosk["revoked"]) == ("Quầy 1", None)
    assert renamed.get_json()["name"] == "Quầy 2"
    assert revoked.get_json()["revoked"]
    assert writer.get(f"/polls/{POLL}")["kiosk_pause"] == 12
    assert writer.get(f"/polls/{POLL}/integrity")["kiosks"] == []


def test_the_command_line_does_the_same(
    app: Flask, services: Services, editor: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Link, list, rename, revoke."""
    settings = services.settings
    for name, value in (
        ("REDIS_URL", settings.redis_url),
        ("STATS_KEY_PREFIX", settings.key_prefix),
        ("STATS_SECRET", settings.secret),
        ("STATS_DATA_DIR", str(settings.data_dir)),
    ):
        monkeypatch.setenv(name, value)
    make_poll(services)

    def run(*words: str) -> str:
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output
        return done.output

    run("poll", "edit", "kimson", POLL, "--kiosk-pause", "9", "--kiosk-network", "10.0.0.0/8")
    made = services.polls.polls.get("kimson", POLL)
    assert (made.kiosk_pause, made.kiosk_networks) == (9, ("10.0.0.0/8",))
    url = run("kiosk", "link", "kimson", POLL, "Quầy 1").splitlines()[0]
    assert press(app, url) == 200
    kiosk = kiosks(services)[0].id
    assert "Quầy 1" in run("kiosk", "list", "kimson")
    run("kiosk", "rename", "kimson", kiosk, "Quầy 2")
    run("kiosk", "revoke", "kimson", kiosk)
    assert "Quầy 2" in run("kiosk", "list", "kimson", "--json")
    assert kiosks(services)[0].revoked
    run("poll", "edit", "kimson", POLL, "--kiosk-network", "")
    assert services.polls.polls.get("kimson", POLL).kiosk_networks == ()
