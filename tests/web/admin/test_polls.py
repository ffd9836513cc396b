"""Polls and ratings on the admin pages."""

from dataclasses import dataclass

import pytest
from flask import Flask

from stats_service.models.polls import Choice, Poll, Protection
from stats_service.models.sites import Site
from stats_service.services.registry import Services
from tests.support.admin import Person, add_account
from tests.support.clock import FakeClock

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


@pytest.fixture
def editor(app: Flask, services: Services, site: Site) -> Person:
    """Give an editor of `site` who is signed in."""
    add_account(services, "bientap", roles={site.slug: "editor"})
    found = Person(app)
    found.sign_in("bientap")
    return found


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
    (poll,) = services.polls.all("kimson")
    return Made(poll.id, f"{URL}/{poll.id}")


def test_a_poll_is_made_of_a_form(editor: Person, made: Made, services: Services) -> None:
    """Texts in both languages, times in the site's zone, the preset's protection."""
    poll = services.polls.get("kimson", made.id)

    assert poll.status == "open"
    assert [c.text for c in poll.choices] == [
        {"vi": "Tin tức", "en": "News"},
        {"vi": "Thủ tục", "en": "Procedures"},
        {"vi": "Văn bản", "en": "Documents"},
    ]
    assert poll.closes == 1_774_000_800
    assert poll.protection.level == "strict"
    assert services.audit.newest("kimson")[0].who == "bientap"
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
    assert services.polls.all("kimson") == []


def test_texts_are_corrected_and_choices_withdrawn(
    editor: Person, made: Made, services: Services
) -> None:
    """An edit keeps the ids, so that votes stay where they are."""
    before = services.polls.get("kimson", made.id)
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

    after = services.polls.get("kimson", made.id)
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
        assert services.polls.get("kimson", made.id).status == status


def test_the_results_are_a_table_for_spreadsheets(editor: Person, made: Made) -> None:
    """One row a choice."""
    lines = editor.get(f"{made.url}/results.csv").get_data(as_text=True).splitlines()

    assert lines[0].endswith("choice,text,votes")
    assert [line.split(",", 1)[1] for line in lines[1:]] == ["Tin tức,0", "Thủ tục,0", "Văn bản,0"]


def test_a_viewer_reads_polls_and_runs_none(app: Flask, made: Made, services: Services) -> None:
    """No button that would only lead to a refusal."""
    add_account(services, "xem", roles={"kimson": "viewer"})
    viewer = Person(app)
    viewer.sign_in("xem")

    page = viewer.get(made.url).get_data(as_text=True)

    assert f"{made.url}/edit" not in page
    answer = viewer.post(f"{made.url}/state", token=viewer.token(made.url), to="close")
    assert answer.status_code == 403
    assert services.polls.get("kimson", made.id).status == "open"


def test_ratings_are_listed_taken_out_and_put_back(
    app: Flask, editor: Person, site: Site, services: Services, clock: FakeClock
) -> None:
    """Worst means the worst of all; what is taken out can come back."""
    for article, score in (("/tot", 5), ("/xau", 1)):
        browser = app.test_client()
        headers = {"Origin": "https://kimson.example.vn", "User-Agent": "Mozilla/5.0 Firefox/140.0"}
        page = browser.post(
            "/v1/kimson/page",
            json={"hit": f"hit-{score}-0123456789ab", "voter": "", "article": article},
            headers=headers,
        )
        clock.advance(60)
        body = {"article": article, "score": score, "voter": page.get_json()["voter"]}
        rated = browser.post("/v1/kimson/ratings", json=body, headers=headers)
        assert rated.status_code == 200, rated.get_data(as_text=True)
    url = "/admin/sites/kimson/ratings"

    worst = editor.get(f"{url}?order=worst").get_data(as_text=True)
    editor.post(url, token=editor.token(url), article="/xau")

    assert worst.index("/xau") < worst.index("/tot")
    assert list(services.ratings.voided(site)) == ["/xau"]
    editor.post(url, token=editor.token(url), article="/xau", do="restore")
    assert not services.ratings.voided(site)


def test_held_ballots_are_accepted_and_the_report_agrees(
    app: Flask, editor: Person, services: Services, site: Site, clock: FakeClock
) -> None:
    """What came over a ceiling waits on the page, counts once accepted, and the sums agree."""
    texts = (Choice(id="a", text={"vi": "Có"}), Choice(id="b", text={"vi": "Không"}))
    services.polls.create(
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
        minted = browser.post("/v1/kimson/page", json=page, headers=headers).get_json()
        clock.advance(5)
        ballot = {"ballot": f"ballot-{n}-0123456789", "choices": ["a"], "voter": minted["voter"]}
        browser.post("/v1/kimson/polls/held/ballots", json=ballot, headers=headers)
    url = "/admin/sites/kimson/polls/held"
    (group,) = services.quarantine.groups(site.slug, "held")
    assert (services.polls.tally(site.slug, "held").ballots, group.ballots) == (1, 2)

    waiting = editor.get(f"{url}/review").get_data(as_text=True)
    editor.post(
        f"{url}/review", token=editor.token(f"{url}/review"), group=group.name, state="accepted"
    )

    assert group.name in waiting
    assert services.polls.tally(site.slug, "held").votes == {"a": 3}
    report = editor.get(f"{url}/integrity").get_data(as_text=True)
    assert "mọi tổng đều khớp" in report
