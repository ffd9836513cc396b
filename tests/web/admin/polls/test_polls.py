"""Polls on the admin pages."""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import redis
import segno
from flask import Flask
from flask.testing import FlaskClient
from redis.connection import AbstractConnection

from stats_service.models.audit import COMMAND_LINE
from stats_service.models.polls import Choice, Poll, Protection
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.polls.presentation import results
from tests.support.admin import Person, add_account
from tests.support.clock import FakeClock
from tests.support.redis_groups import keys_of
from tests.support.votes import make_poll, new_voter, vote

URL = "/admin/sites/kimson/polls"
FIELDS = {
    "question": "Bạn quan tâm mục gì nhất?",
    "choices": "Tin tức\nThủ tục\n\nVăn bản",
    "choices_en": "News\nProcedures\nDocuments",
    "max_choices": "1",
    "closes": "2026-03-20T17:00",
    "level": "strict",
    "results_when": "after-voting",
    "results_as": "both",
}


@dataclass
class Made:
    """A poll made by a form."""

    id: str
    url: str


@pytest.fixture
def made(editor: Person, services: Services) -> Made:
    """Give an open poll."""
    answer = editor.post(f"{URL}/new", token=editor.token(f"{URL}/new"), status="open", **FIELDS)
    assert answer.status_code == 302
    (poll,) = services.polls.polls.all("kimson")
    return Made(poll.id, f"{URL}/{poll.id}")


def test_a_poll_is_made_of_a_form(editor: Person, made: Made, services: Services) -> None:
    """Texts in both languages, times in the site's zone, the preset's protection."""
    poll = services.polls.polls.get("kimson", made.id)

    assert poll.status == "open"
    assert [c.text for c in poll.choices] == [
        {"vi": "Tin tức", "en": "News"},
        {"vi": "Thủ tục", "en": "Procedures"},
        {"vi": "Văn bản", "en": "Documents"},
    ]
    assert poll.closes == 1_774_000_800
    assert poll.protection.level == "strict"
    assert services.accounts.audit.newest("kimson")[0].who == "bientap"
    page = editor.get(made.url).get_data(as_text=True)
    assert "Bạn quan tâm mục gì nhất?" in page
    assert f"&lt;stats-poll poll=&#34;{made.id}&#34;" in page or made.id in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("question", ""),
        ("choices", "một mình"),
        ("choices_en", "only one"),
        ("max_choices", "51"),
        ("max_choices", "9" * 5000),
        ("max_choices", "x"),
        ("closes", "2020-01-01T00:00"),
        ("closes", "soon"),
        ("results_when", "never"),
    ],
)
def test_a_bad_poll_is_not_made(editor: Person, services: Services, field: str, value: str) -> None:
    """The form comes back with what was entered and an error."""
    answer = editor.post(
        f"{URL}/new", token=editor.token(f"{URL}/new"), status="open", **(FIELDS | {field: value})
    )

    assert answer.status_code == 400
    page = answer.get_data(as_text=True)
    assert 'role="alert"' in page
    assert field == "question" or "Bạn quan tâm mục gì nhất?" in page
    assert services.polls.polls.all("kimson") == []


def test_texts_are_corrected_and_choices_withdrawn(
    editor: Person, made: Made, services: Services
) -> None:
    """An edit keeps the ids, so that votes stay where they are."""
    before = services.polls.polls.get("kimson", made.id)
    first, second, third = (choice.id for choice in before.choices)
    fields = FIELDS | {
        "choices": "Du lịch",
        "choices_en": "",
        f"text-{first}": "Tin tức, sự kiện",
        f"text-{second}": "Thủ tục",
        f"text-{third}": "Văn bản",
        f"hidden-{third}": "yes",
    }

    answer = editor.post(f"{made.url}/edit", token=editor.token(f"{made.url}/edit"), **fields)

    after = services.polls.polls.get("kimson", made.id)
    assert answer.status_code == 302
    assert [c.id for c in after.choices][:3] == [first, second, third]
    assert [c.text["vi"] for c in after.choices] == [
        "Tin tức, sự kiện",
        "Thủ tục",
        "Văn bản",
        "Du lịch",
    ]
    assert [c.hidden for c in after.choices] == [False, False, True, False]
    assert after.protection == before.protection


def test_a_poll_is_closed_and_archived(editor: Person, made: Made, services: Services) -> None:
    """Each step is one button; a step that is not possible says so and changes nothing."""
    for to, status in (("close", "closed"), ("archive", "archived"), ("open", "archived")):
        editor.post(f"{made.url}/state", token=editor.token(made.url), to=to)
        assert services.polls.polls.get("kimson", made.id).status == status


def test_the_results_are_a_table_for_spreadsheets(editor: Person, made: Made) -> None:
    """One row a choice."""
    lines = editor.get(f"{made.url}/results.csv").get_data(as_text=True).splitlines()

    assert lines[0].endswith("choice,text,votes,percent")
    rows = [line.split(",", 1)[1] for line in lines[1:]]
    assert rows == ["Tin tức,0,0", "Thủ tục,0,0", "Văn bản,0,0"]


def test_every_file_adds_up_to_the_ballots(
    app: Flask, editor: Person, services: Services, site: Site, clock: FakeClock
) -> None:
    """Free texts too, whatever was decided about them, and whether or not they were kept."""
    slug, name = site.slug, "y-kien"
    make_poll(services, id=name, other=50)
    client = app.test_client()
    for text in ("Chợ", "Đường", "Cờ bạc"):
        vote(client, new_voter(services), "other", poll=name, other=text)
    for _ in range(2):
        vote(client, new_voter(services), "a", poll=name)
    services.polls.quarantine.moderate(slug, name, "Chợ", "approved", "test", clock.now())
    services.polls.quarantine.moderate(slug, name, "Cờ bạc", "rejected", "test", clock.now())
    url = f"/admin/sites/{slug}/polls/{name}"

    text = editor.get(f"{url}/results.csv").get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\N{BYTE ORDER MARK}"))))
    book = editor.get(f"{url}/results.xlsx").data
    poll = services.polls.polls.get(slug, name)
    table = services.polls.quarantine.result_rows(slug, poll)
    shown = results(poll, services.polls.polls.tally(slug, name))

    assert sum(int(row["votes"]) for row in rows) == 5
    assert [(row["choice"], row["votes"], row["percent"]) for row in rows] == [
        ("a", "2", "40"),
        ("b", "0", "0"),
        ("c", "0", "0"),
        ("other", "1", "20"),
        ("other", "1", "20"),
        ("other", "1", "20"),
    ]
    assert [row.kind for row in table[3:]] == ["approved", "pending", "rejected"]
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    votes = re.findall(r'<c r="B[0-9]+" s="[0-9]+"><v>([0-9]+)</v>', sheet)
    assert sum(map(int, votes)) == 5
    assert sum(choice.votes or 0 for choice in shown.choices) == shown.ballots == 5


def test_a_viewer_reads_polls_and_runs_none(app: Flask, made: Made, services: Services) -> None:
    """No button that would only lead to a refusal."""
    add_account(services, "xem", roles={"kimson": "viewer"})
    viewer = Person(app)
    viewer.sign_in("xem")

    page = viewer.get(made.url).get_data(as_text=True)

    assert f"{made.url}/edit" not in page
    answer = viewer.post(f"{made.url}/state", token=viewer.token(made.url), to="close")
    assert answer.status_code == 403
    assert services.polls.polls.get("kimson", made.id).status == "open"


def test_held_ballots_are_accepted_and_the_report_agrees(
    app: Flask, editor: Person, services: Services, site: Site, clock: FakeClock
) -> None:
    """What came over a ceiling waits on the page, counts once accepted, and the sums agree."""
    texts = (Choice(id="a", text={"vi": "Có"}), Choice(id="b", text={"vi": "Không"}))
    services.polls.polls.create(
        site.slug,
        Poll(
            id="held",
            question={"vi": "Có nên không?"},
            choices=texts,
            status="open",
            protection=Protection(wait=0, per_address=1, per_customer=0),
        ),
        "lan",
        clock.now(),
    )
    headers = {"Origin": "https://kimson.example.vn", "User-Agent": "Mozilla/5.0 Firefox/140.0"}
    for n in range(3):
        browser = app.test_client()
        page = {"hit": f"hit-{n}-0123456789abcd", "voter": ""}
        issued = browser.post("/v1/kimson/page", json=page, headers=headers).get_json()
        clock.advance(5)
        ballot = {"ballot": f"ballot-{n}-0123456789", "choices": ["a"], "voter": issued["voter"]}
        browser.post("/v1/kimson/polls/held/ballots", json=ballot, headers=headers)
    url = "/admin/sites/kimson/polls/held"
    (group,) = services.polls.quarantine.groups(site.slug, "held")
    assert (services.polls.polls.tally(site.slug, "held").ballots, group.ballots) == (1, 2)

    waiting = editor.get(f"{url}/review").get_data(as_text=True)
    editor.post(
        f"{url}/review", token=editor.token(f"{url}/review"), group=group.name, state="accepted"
    )

    assert group.name in waiting
    assert services.polls.polls.tally(site.slug, "held").votes == {"a": 3}
    report = editor.get(f"{url}/integrity").get_data(as_text=True)
    assert "Mọi tổng đều khớp" in report
    # Who signs it sees what was voted.
    assert re.search(r'"answer">Có</span>\s*<span class="share">100%', report)
    assert 'data-preview="/admin' not in report


def test_other_answers_are_announced(
    editor: Person, services: Services, client: FlaskClient
) -> None:
    """In the list, on the poll's page and its tab, until each has been decided about."""
    make_poll(services, other=100)
    for text in ("Một", "Hai"):
        vote(client, new_voter(services), "other", other=text)
    listed, shown = (
        editor.get(path).get_data(as_text=True) for path in (URL, f"{URL}/muc-quan-tam")
    )

    assert "2 chờ duyệt" in listed
    assert "và 2 ý kiến khác chờ duyệt" in shown
    assert re.search(r'/review">[^<]* <span class="badge warn">2</span>', shown)

    for text in ("Một", "Hai"):
        services.polls.quarantine.moderate(
            "kimson", "muc-quan-tam", text, "approved", "x", services.clock.now()
        )
    assert "chờ duyệt" not in editor.get(f"{URL}/muc-quan-tam").get_data(as_text=True)


def test_two_hundred_polls_are_pages_that_can_be_searched(
    editor: Person, services: Services, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two questions to Redis for the list, however many polls; accents do not matter."""
    for number in range(60):
        subject = "đường giao thông" if number % 2 else "chợ phiên"
        clock.advance(60)
        make_poll(services, id=f"p{number}", question={"vi": f"Về {subject} {number}?"})
    make_poll(services, id="draft", status="draft")
    asked: list[str] = []
    monkeypatch.setattr(
        AbstractConnection,
        "send_packed_command",
        _noting(asked, AbstractConnection.send_packed_command),
    )
    page = services.polls.polls.page("kimson", "", "", 2, services.clock.now())

    assert len(asked) == 2
    assert (page.number, page.pages, page.total, len(page.rows)) == (2, 3, 61, 25)
    assert page.states == {"open": 60, "draft": 1}
    found = editor.get(f"{URL}?q=DUONG+giao&state=open").get_data(as_text=True)
    assert "đường giao thông 59" in found
    assert "chợ phiên" not in found
    assert "page=2" in found
    assert "q=DUONG" in found
    last = editor.get(f"{URL}?page=99").get_data(as_text=True)
    assert "đường giao thông 1?" in last
    nothing = editor.get(f"{URL}?q=khong-co").get_data(as_text=True)
    assert "Không tìm thấy" in nothing


def _noting(asked: list[str], send: Callable[..., None]) -> Callable[..., None]:
    def note(*args: object, **options: object) -> None:
        asked.append("sent")
        send(*args, **options)

    return note


def test_a_preview_is_what_readers_would_see_and_stores_nothing(
    editor: Person, services: Services, redis_client: redis.Redis
) -> None:
    """Both states, in both languages, out of a form that is not complete yet."""
    url, pattern = f"{URL}/new/preview", f"{services.settings.key_prefix}:*"
    token = editor.token(f"{URL}/new")
    before = keys_of(redis_client, pattern)

    empty = editor.post(url, token=token).get_json()
    half = editor.post(url, token=token, question="Đường nào?", choices="A\nB\nC", choices_en="X")
    bad = editor.post(url, token=token, choices="A\nB", opens="2026-05-02T08:00", closes="soon")

    assert len(empty["form"]["choices"]) == 2
    made = half.get_json()
    assert made["form"]["question"] == {"vi": "Đường nào?"}
    assert [c["text"] for c in made["form"]["choices"]][:2] == [
        {"vi": "A", "en": "X"},
        {"vi": "B", "en": "B"},
    ]
    assert (made["form"]["state"], made["form"]["voted"], made["sample"]) == ("open", False, True)
    assert made["results"]["voted"]
    assert sum(c["votes"] for c in made["results"]["results"]["choices"]) > 0
    assert bad.status_code == 400
    assert bad.get_json()["problem"]
    assert keys_of(redis_client, pattern) == before
    assert services.polls.polls.all("kimson") == []


@pytest.mark.parametrize(
    ("when", "form", "results", "state"),
    [
        ("always", True, True, "open"),
        ("after-voting", False, True, "open"),
        ("after-closing", False, True, "closed"),
        ("admins", False, False, "closed"),
    ],
)
def test_a_preview_shows_results_where_readers_will_see_them(
    editor: Person, when: str, form: bool, results: bool, state: str
) -> None:
    """What only administrators see is in neither state."""
    token = editor.token(f"{URL}/new")
    fields = FIELDS | {"results_when": when, "max_choices": "2"}

    made = editor.post(f"{URL}/new/preview", token=token, **fields).get_json()

    assert (made["form"]["results"] is not None) is form
    assert (made["results"]["results"] is not None) is results
    assert made["results"]["state"] == state


def test_ten_thousand_choices_are_refused_before_they_get_ids(
    editor: Person, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An id that is free is looked for, each time longer: they would take a thread for hours."""
    made_ids: list[str] = []

    def make_few(text: str, _taken: object) -> str:
        made_ids.append(text)
        assert len(made_ids) < 10
        return f"id-{len(made_ids)}"

    monkeypatch.setattr("stats_service.services.polls.definition.new_id", make_few)
    fields = FIELDS | {"choices": "a\n" * 10_000, "choices_en": ""}

    for path in ("new", "new/preview"):
        token = editor.token(f"{URL}/new")
        assert editor.post(f"{URL}/{path}", token=token, **fields).status_code == 400
    answer = editor.post(f"{made.url}/preview", token=editor.token(made.url), **fields)
    assert answer.status_code == 400


def test_a_preview_of_a_poll_with_votes_has_its_own_numbers(
    editor: Person, made: Made, client: FlaskClient, services: Services
) -> None:
    """With the texts of the form, a choice withdrawn there, and the poll as it was."""
    poll = services.polls.polls.edit(
        "kimson",
        made.id,
        "lan",
        services.clock.now(),
        closes=None,
        protection=Protection(wait=0),
        results_when="always",
    )
    first, second, third = (choice.id for choice in poll.choices)
    vote(client, new_voter(services), first, poll=made.id)
    before = services.polls.polls.get("kimson", made.id)

    answer = editor.post(
        f"{made.url}/preview",
        token=editor.token(f"{made.url}/edit"),
        **{f"text-{first}": "Tin mới", f"hidden-{third}": "yes", "choices": "", "question": "Gì?"},
    ).get_json()

    assert not answer["sample"]
    shown = {c["id"]: c for c in answer["form"]["choices"]}
    assert shown[first]["text"]["vi"] == "Tin mới"
    assert shown[second]["text"]["vi"] == "Thủ tục"
    assert shown[third]["hidden"]
    assert answer["results"]["results"]["choices"][0] == {"id": first, "votes": 1, "percent": 100}
    assert services.polls.polls.get("kimson", made.id) == before


def test_the_qr_code_leads_to_the_page_for_everybody(editor: Person, made: Made) -> None:
    """A drawing of about 15 cm without script or style; the page has the address to copy."""
    drawing = editor.get(f"{made.url}/qr.svg")
    page = editor.get(made.url).get_data(as_text=True)

    assert drawing.mimetype == "image/svg+xml"
    text = drawing.get_data(as_text=True)
    side = re.search(r'width="(\d+)mm" height="(\d+)mm"', text)
    assert side
    assert 120 <= int(side[1]) == int(side[2]) <= 200
    assert "<script" not in text
    assert "style" not in text
    address = f"http://127.0.0.1:8080/v1/kimson/p/{made.id}"
    assert f'value="{address}"' in page
    assert segno.make(address, error="m", micro=False).version >= 1


def test_the_report_has_what_was_refused_and_when(
    editor: Person, made: Made, services: Services, clock: FakeClock
) -> None:
    """Ballots over the limit of their network, which nobody looked at, are told as well."""
    entry = services.sites.directory.load("kimson", clock.now())
    for _ in range(3):
        services.loop.run(services.polls.ballots.note_flood(entry, made.id, clock.now()))
    services.polls.polls.edit(
        "kimson", made.id, COMMAND_LINE, clock.now(), protection=Protection(per_address=0)
    )

    page = editor.get(f"{made.url}/integrity").get_data(as_text=True)

    assert "quá nhiều phiếu từ một mạng" in page
    assert "12:00, 04/03/2026" in page
    assert "Bản nháp" not in page
    assert "dòng lệnh" in page
    assert COMMAND_LINE not in page


def test_the_report_names_the_networks_of_each_level(
    editor: Person, services: Services, clock: FakeClock, client: FlaskClient
) -> None:
    """60 of a /24, two an address: no address is large, the /24 is, and no number denies it."""
    make_poll(services, id="p24", protection=Protection(wait=0))
    for n in range(60):
        vote(client, new_voter(services), "a", poll="p24", address=f"198.51.100.{n // 2}")

    report = services.polls.integrity.report("kimson", "p24", "Asia/Ho_Chi_Minh", clock.now())
    page = editor.get("/admin/sites/kimson/polls/p24/integrity").get_data(as_text=True)

    assert report.networks == {"block": 60, "provider": 60}
    (hour,) = report.hours
    assert (hour.address, hour.block, hour.pool, hour.provider) == (0, 60, 0, 60)
    assert [(reason.kind, reason.n) for reason in report.reasons] == [("block", 60)]
    row = re.search(r"<tr><td[^>]*>12:00.*?</tr>", page)
    assert row
    assert re.findall(r'nowrap">(?:<[^>]*>)?([^<]+)<', row[0])[1:] == [
        "dưới 10",
        "60 (100%)",
        "60 (100%)",
    ]
    assert "một mạng (/24): 60" in page
    assert "một địa chỉ (IPv6: mạng /48): dưới 10" in page


def test_a_poll_called_new_can_be_reached(editor: Person, services: Services) -> None:
    """Its id is not the address of the form."""
    fields = FIELDS | {"question": "New"}

    answer = editor.post(f"{URL}/new", token=editor.token(f"{URL}/new"), status="open", **fields)

    (poll,) = services.polls.polls.all("kimson")
    assert poll.id == "new-2"
    assert answer.location.endswith("/new-2")


def test_a_poll_that_there_is_not_is_told_in_the_readers_language(editor: Person) -> None:
    """No word of a command line, which an editor does not have."""
    answer = editor.get(f"{URL}/khong-co")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 404
    assert "Không có cuộc bình chọn này" in page
    assert "stats-service" not in page


def test_a_poll_is_deleted_by_its_typed_name_and_the_revision_seen(
    editor: Person, made: Made, services: Services
) -> None:
    """Another name or revision is told, and nothing happens; then it is gone, and undone."""
    token = editor.token(f"{made.url}/remove")
    revision = str(services.polls.polls.get("kimson", made.id).revision)

    for name, seen in (("x", revision), (made.id, "99"), (made.id, "")):
        answer = editor.post(
            f"{made.url}/remove", token=token, what="delete", name=name, revision=seen
        )
        assert answer.status_code in (400, 409)
    assert services.polls.polls.get("kimson", made.id)
    editor.post(f"{made.url}/remove", token=token, what="delete", name=made.id, revision=revision)

    assert services.polls.polls.all("kimson") == []
    (removed,) = services.polls.removal.removed("kimson", services.clock.now())
    editor.post(f"{URL}/removed/{removed.id}", token=token)
    assert services.polls.polls.get("kimson", made.id)
    assert editor.get(f"{made.url}/integrity").status_code == 200


def test_an_editor_moves_answers_by_number(editor: Person, made: Made, services: Services) -> None:
    """One number moves one answer: up before the one that stands there, down behind it."""
    ids = [choice.id for choice in services.polls.polls.get("kimson", made.id).choices]
    texts = {c.id: c.text["vi"] for c in services.polls.polls.get("kimson", made.id).choices}
    fields = FIELDS | {"choices": "", "choices_en": ""}
    fields |= {f"text-{name}": text for name, text in texts.items()}
    fields |= {f"order-{name}": str(n) for n, name in enumerate(ids, 1)}

    fields[f"order-{ids[-1]}"] = "1"
    answer = editor.post(f"{made.url}/edit", token=editor.token(f"{made.url}/edit"), **fields)

    assert answer.status_code == 302
    found = [choice.id for choice in services.polls.polls.get("kimson", made.id).choices]
    assert found == [ids[-1], *ids[:-1]]


def test_an_editor_chooses_the_poll_that_pages_show(
    editor: Person, made: Made, services: Services
) -> None:
    """And takes that back; the log has both."""
    for to, shown in (("pin", made.id), ("", "")):
        editor.post(f"{made.url}/current", token=editor.token(made.url), to=to)
        assert services.sites.sites.get("kimson").poll == shown
    entries = services.accounts.audit.newest("kimson")
    assert [entry.what for entry in entries[:2]] == ["site.changed", "site.changed"]
