"""`stats-service poll`: what it prints, and what is stored."""

import csv
import io
import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from stats_service.models.polls import Choice, Protection
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.cli.conftest import Run
from tests.support.votes import make_choices, make_poll, new_voter, vote

POLL = "muc-quan-tam"


@pytest.fixture(autouse=True)
def _site(site: Site) -> None:
    """Every test here has the site."""


def test_create_makes_a_draft_in_two_languages(run: Run, services: Services) -> None:
    """Ids are made of the texts where none is given; times are in the site's zone."""
    result = run(
        *("poll", "create", "kimson", POLL, "--question", "Bạn quan tâm mục gì?"),
        *(
            "--question-in",
            "en",
            "What do you read?",
            "--choice",
            "Tin tức",
            "--choice",
            "v=Văn bản",
        ),
        *("--choice-in", "en", "tin-tuc", "News", "--multiple", "--other", "100"),
        *("--closes", "2026-12-31T17:00", "--results-when", "after-voting", "--shuffle"),
        *("--protection", "strict", "--per-address", "70"),
    )

    stored = services.polls.polls.get("kimson", POLL)
    assert f"poll open kimson {POLL}" in result.stdout
    assert stored.status == "draft"
    assert stored.question == {"vi": "Bạn quan tâm mục gì?", "en": "What do you read?"}
    assert stored.choices == (
        Choice(id="tin-tuc", text={"vi": "Tin tức", "en": "News"}),
        Choice(id="v", text={"vi": "Văn bản"}),
    )
    assert (stored.multiple, stored.min_choices, stored.max_choices) == (True, 1, 2)
    closes = datetime(2026, 12, 31, 17, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    assert stored.closes == closes.timestamp()
    assert stored.protection == Protection(
        level="strict", proof=True, per_address=70, per_customer=200, office=60, share=10
    )


def test_only_what_can_be_an_id_is_split_from_the_text(run: Run, services: Services) -> None:
    """An answer may have the sign in it."""
    choices = ("Giá = 5", "Giá=6", "r=x = 7", "tin=Tin = tức", "Khác = other")

    run(
        *("poll", "create", "kimson", POLL, "--question", "Giá?"),
        *(word for choice in choices for word in ("--choice", choice)),
    )

    assert [(c.id, c.text["vi"]) for c in services.polls.polls.get("kimson", POLL).choices] == [
        ("gia-5", "Giá = 5"),
        ("gia-6", "Giá=6"),
        ("r", "x = 7"),
        ("tin", "Tin = tức"),
        ("khac-other", "Khác = other"),
    ]


def test_a_poll_goes_from_open_to_archived(run: Run, services: Services) -> None:
    """Each step says what it means, and is audited under the command line's name."""
    run(
        "poll",
        "create",
        "kimson",
        "--question",
        "Đẹp không?",
        "--choice",
        "Có",
        "--choice",
        "Không",
    )
    name = "dep-khong"

    assert "is open" in run("poll", "open", "kimson", name).stdout
    assert "30 days" in run("poll", "close", "kimson", name).stdout
    assert "archived" in run("poll", "archive", "kimson", name).stdout

    refused = run("poll", "open", "kimson", name, code=2)
    assert "archived" in refused.stderr
    entries = services.accounts.audit.newest("kimson")
    assert [entry.what for entry in entries] == [
        "poll.archived",
        "poll.closed",
        "poll.opened",
        "poll.created",
    ]
    assert {entry.who for entry in entries} == {"(command line)"}


def test_after_the_first_vote_only_texts_change_and_choices_are_added_or_hidden(
    run: Run, services: Services, client: FlaskClient
) -> None:
    """What would alter a vote is refused, with the reason."""
    make_poll(services, choices=make_choices("abcx"))
    run("poll", "edit", "kimson", POLL, "--remove", "x")
    vote(client, new_voter(services), "a")

    for change in (("--remove", "a"), ("--multiple",), ("--change",)):
        refused = run("poll", "edit", "kimson", POLL, *change, code=2)
        assert "Somebody has voted" in refused.stderr
    run("poll", "edit", "kimson", POLL, "--choice-in", "vi", "a", "Sửa", "--choice", "d=Mới")
    run("poll", "edit", "kimson", POLL, "--hide", "a")

    stored = services.polls.polls.get("kimson", POLL)
    assert [(c.id, c.text["vi"], c.hidden) for c in stored.choices] == [
        ("a", "Sửa", True),
        ("b", "Mục b", False),
        ("c", "Mục c", False),
        ("d", "Mới", False),
    ]
    rows = list(csv.DictReader(io.StringIO(run("poll", "results", "kimson", POLL, "--csv").stdout)))
    assert [(row["choice"], row["votes"]) for row in rows] == [*zip("abcd", "1000", strict=True)]


def test_mistakes_are_told_in_one_line(run: Run, services: Services) -> None:
    """Exit code 2, and nothing is stored."""
    two = ("--choice", "Có", "--choice", "Không")
    for words in (
        ("kimson", "--question", "Q?", "--choice", "Có"),
        ("kimson", "current", "--question", "Q?", *two),
        ("kimson", "--question", "Q?", *two, "--closes", "tomorrow"),
        ("kimson", "--question", "Q?", *two, "--closes", "2020-01-01", "--open"),
        ("kimson", "--question", "Q?", *two, "--min", "2"),
        ("kimson", "--question", "Q?", *two, "--choice-in", "en", "nope", "No"),
        ("kimson", *two),
        ("nowhere", "--question", "Q?", *two),
    ):
        run("poll", "create", *words, code=2)
    run("poll", "show", "kimson", "none-such", code=2)
    run("poll", "edit", "kimson", "none-such", "--min", "1", code=2)
    assert services.polls.polls.all("kimson") == []


def test_list_show_and_results_print_for_people_and_programs(
    run: Run, services: Services, client: FlaskClient
) -> None:
    """A table, or JSON; an administrator sees results that readers may not."""
    make_poll(services, results_when="admins", other=50)
    vote(client, new_voter(services), "a")
    vote(client, new_voter(services), "other", other="=1+1")

    assert "open   2        Bạn" in run("poll", "list", "kimson").stdout
    assert json.loads(run("poll", "list", "kimson", "--json").stdout)[0]["id"] == POLL
    shown = run("poll", "show", "kimson", POLL).stdout
    assert f"/v1/kimson/p/{POLL}" in shown
    assert json.loads(run("poll", "show", "kimson", POLL, "--json").stdout)["status"] == "open"
    found = json.loads(run("poll", "results", "kimson", POLL, "--json").stdout)
    assert found["choices"][0] == {"id": "a", "votes": 1, "percent": 50}
    assert "2 ballots" in run("poll", "results", "kimson", POLL).stdout
    assert "=1+1" in run("poll", "texts", "list", "kimson", POLL).stdout
    run("poll", "texts", "approve", "kimson", POLL, "=1+1")
    assert "'=1+1" in run("poll", "results", "kimson", POLL, "--csv").stdout
    run("poll", "texts", "reject", "kimson", POLL, "=1+1")
    assert "=1+1" not in run("poll", "results", "kimson", POLL).stdout


def test_quarantine_and_report(run: Run, services: Services, client: FlaskClient) -> None:
    """Accept, void, hold again; the report's exit code says whether the sums agree."""
    make_poll(services, protection=Protection(per_address=1))
    for _ in range(3):
        vote(client, new_voter(services), "a")
    (group,) = json.loads(run("poll", "quarantine", "list", "kimson", POLL, "--json").stdout)

    def settle(verb: str) -> int:
        said = run("poll", "quarantine", verb, "kimson", POLL, group["name"]).stdout
        assert "2 ballots" in said
        return services.polls.polls.tally("kimson", POLL).ballots

    assert [settle("accept"), settle("void"), settle("hold")] == [3, 1, 1]
    run("poll", "edit", "kimson", POLL, "--per-address", "0")
    report = run("poll", "report", "kimson", POLL).stdout
    assert "Held: 2 ballots wait for a decision." in report
    assert "set by test: level: standard; proof of work: no; effort of the proof: 10,000" in report
    assert "ballots of an address an hour: 1; ballots of an IPv6 /48 an hour: 2,000" in report
    assert "set on the command line: level: standard" in report
    assert "ballots of an address an hour: no ceiling" in report
    assert json.loads(run("poll", "report", "kimson", POLL, "--json").stdout)["held"] == 2
    rows = list(csv.reader(io.StringIO(run("poll", "report", "kimson", POLL, "--csv").stdout)))
    largest = ["largest address", "largest IPv4 /24", "largest IPv6 /40", "largest /16"]
    assert rows[0] == ["hour", "counted", "held", *largest]
    assert rows[1][3:] == ["under 10"] * 4
    run("poll", "quarantine", "accept", "kimson", POLL, "none-such", code=2)


def test_report_fails_where_sums_do_not_agree(
    run: Run, services: Services, client: FlaskClient
) -> None:
    """Exit code 1, and the fault in words."""
    make_poll(services)
    vote(client, new_voter(services), "a")
    services.polls.polls._store._client.hincrby(
        f"{services.settings.key_prefix}:{{kimson}}:poll:{POLL}:tally", "ballots", 1
    )

    assert "NOT SOUND: 2 ballots" in run("poll", "report", "kimson", POLL, code=1).stdout
