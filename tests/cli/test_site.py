"""`stats-service site`: what it prints, and what is stored."""

import json
import os
import pty
import subprocess
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from stats_service.models.audit import COMMAND_LINE
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.cli.conftest import Run


def test_add_stores_every_setting(run: Run, services: Services) -> None:
    """Each option is a setting of the site."""
    result = run(
        *("site", "add", "kimson", "--name", "Kim Sơn", "--host", "Kimson.example.vn"),
        *("--host", "https://www.kimson.example.vn/", "--timezone", "Europe/Berlin"),
        *("--headline", "views", "--opening-visits", "1814165", "--opening-views", "9"),
        *("--opening-day", "2019-12-24", "--exclude", "192.0.2.7", "--exclude", "2001:db8::/32"),
        *("--article-parameter", "id", "--article-cap", "10", "--identity-cap", "20"),
        *("--view-ceiling", "30", "--rating-scale", "10"),
    )

    assert "kimson" in result.stdout
    assert services.sites.sites.get("kimson") == Site(
        slug="kimson",
        name="Kim Sơn",
        hosts=("kimson.example.vn", "www.kimson.example.vn"),
        timezone="Europe/Berlin",
        headline="views",
        opening_visits=1814165,
        opening_views=9,
        opening_day="2019-12-24",
        excluded=("192.0.2.7/32", "2001:db8::/32"),
        article_parameters=("id",),
        article_cap=10,
        identity_cap=20,
        view_ceiling=30,
        rating_scale=10,
        birth=services.sites.sites.get("kimson").birth,
    )


def test_add_with_little(run: Run, services: Services) -> None:
    """A slug and a host are enough; the name is the slug."""
    run("site", "add", "kimson", "--host", "kimson.example.vn")

    assert services.sites.sites.get("kimson").name == "kimson"


def test_an_opening_balance_without_a_day_is_of_today(run: Run, services: Services) -> None:
    """Today, in the site's own zone."""
    run("site", "add", "a", "--host", "a.vn", "--opening-visits", "5", "--timezone", "Asia/Tokyo")

    today = datetime.now(ZoneInfo("Asia/Tokyo")).date().isoformat()
    assert services.sites.sites.get("a").opening_day in (today, _yesterday(today))


def _yesterday(day: str) -> str:
    """Cover a test that begins just before midnight."""
    ordinal = datetime.fromisoformat(day).date().toordinal() - 1
    return datetime.fromordinal(ordinal).date().isoformat()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("site", "add", "a"), "hosts"),
        (("site", "add", "Kim Sơn", "--host", "a.vn"), "slug"),
        (("site", "add", "a", "--host", "*.vn"), "wildcard"),
        (("site", "add", "a", "--host", "a.vn", "--timezone", "Hanoi"), "Asia/Ho_Chi_Minh"),
        (
            ("site", "add", "a", "--host", "a.vn", "--timezone", "x", "--opening-visits", "1"),
            "Asia/Ho_Chi_Minh",
        ),
        (("site", "add", "a", "--host", "a.vn", "--opening-visits", "many"), "opening-visits"),
        (("site", "add", "a", "--host", "a.vn", "--opening-day", "24.12.2019"), "2026-11-23"),
        (("site", "add", "a", "--host", "a.vn", "--opening-day", "2130-01-01"), "still to come"),
        (("site", "add", "a", "--host", "a.vn", "--exclude", "::/0"), "too wide"),
        (("site", "add", "kimson", "--host", "a.vn"), "already"),
        (("site", "edit", "kimson", "--opening-day", "2130-01-01"), "still to come"),
        (("site", "edit", "kimson", "--poll", "nope"), "stats-service poll list kimson"),
        (("site", "edit", "kimson", "--article-parameter", "utm_source"), "'utm_source'"),
        (("site", "show", "nobody"), "nobody"),
        (("site", "edit", "nobody", "--name", "x"), "nobody"),
        (("site", "edit", "kimson"), "at least one"),
        (("site", "edit", "kimson", "--host", ""), "hosts"),
        (("site", "remove", "nobody", "--yes"), "nobody"),
        (("site", "remove", "kimson"), "--yes"),
        (("article", "set-opening", "kimson", "/a", "many"), "integer"),
        (("article", "set-opening", "kimson", "/a", "1000000000001"), "1000000000000"),
        (("article", "set-opening", "nobody", "/a", "1"), "nobody"),
        (("counts", "nobody"), "nobody"),
    ],
)
def test_a_mistake_is_a_line_and_exit_code_2(
    run: Run, site: Site, services: Services, words: tuple[str, ...], said: str
) -> None:
    """It says what is wrong, and nothing is stored."""
    result = run(*words, code=2)

    assert said in result.stderr.splitlines()[-1]
    assert services.sites.sites.all() == [site]


def test_list(run: Run, site: Site) -> None:
    """One line a site, and the same as JSON."""
    run("site", "add", "ketoan", "--host", "ketoan.example.vn")

    table = run("site", "list").stdout.splitlines()
    found = json.loads(run("site", "list", "--json").stdout)

    assert [line.split()[0] for line in table] == ["SITE", "ketoan", "kimson"]
    assert [item["slug"] for item in found] == ["ketoan", "kimson"]


def test_an_empty_list_says_what_to_do(run: Run) -> None:
    """And prints nothing where a program reads."""
    result = run("site", "list")

    assert result.stdout == ""
    assert "site add" in result.stderr


def test_show(run: Run, site: Site) -> None:
    """Every setting, for people and as JSON."""
    text = run("site", "show", "kimson").stdout
    found = json.loads(run("site", "show", "kimson", "--json").stdout)

    assert "Kim Sơn" in text
    assert found["hosts"] == ["kimson.example.vn"]
    assert {*found, "revision"} == {line.split()[0] for line in text.splitlines()}


def test_edit_changes_what_is_named(run: Run, site: Site, services: Services) -> None:
    """The rest stays; an empty value empties a list."""
    run("site", "edit", "kimson", "--headline", "views", "--exclude", "192.0.2.0/24")
    run("site", "edit", "kimson", "--exclude", "")

    found = services.sites.sites.get("kimson")
    assert (found.headline, found.excluded) == ("views", ())
    assert (found.name, found.hosts) == (site.name, site.hosts)


def test_remove_asks(site: Site, services: Services, environ: dict[str, str]) -> None:
    """In a terminal, no keeps and yes removes."""

    def answer(word: str) -> int:
        ours, theirs = pty.openpty()
        words = [sys.executable, "-m", "stats_service", "site", "remove", "kimson"]
        with subprocess.Popen(
            words, env=os.environ | environ, stdin=theirs, stdout=theirs, stderr=theirs
        ) as process:
            os.write(ours, f"{word}\n".encode())
            code = process.wait(timeout=60)
        os.close(theirs)
        os.close(ours)
        return code

    assert answer("n") == 1
    assert services.sites.sites.all() == [site]
    assert answer("y") == 0
    assert services.sites.sites.all() == []


def test_remove_with_yes_does_not_ask(run: Run, site: Site, services: Services) -> None:
    """For scripts."""
    run("site", "remove", "kimson", "--yes")

    assert services.sites.sites.all() == []


def test_the_log_says_what_was_changed_here(run: Run, services: Services) -> None:
    """Who runs commands is not known; that, when, and what from and to, is."""
    run("site", "add", "moi", "--host", "moi.example.vn")
    run("site", "edit", "moi", "--name", "Mới")
    run("site", "edit", "moi", "--opening-views", "366")
    run("article", "set-opening", "moi", "/tin/1", "12")
    log = services.accounts.audit.newest("moi")
    run("site", "remove", "moi", "--yes")

    assert {entry.who for entry in log} == {COMMAND_LINE}
    assert [(entry.what, entry.before, entry.after) for entry in reversed(log)] == [
        ("site.changed", {"name": "moi"}, {"name": "Mới"}),
        ("opening.set", {"opening_views": 0}, {"opening_views": 366}),
        ("opening.set", {"views": 0}, {"views": 12}),
    ]
    of_all = services.accounts.audit.newest("")
    assert [(entry.what, entry.subject) for entry in reversed(of_all)] == [
        ("site.created", "moi"),
        ("site.removed", "moi"),
    ]
    assert of_all[0].before == {"name": "Mới"}


def test_records_are_corrected(run: Run, services: Services, site: Site) -> None:
    """The moment is one of the site's zone; without a word what, nothing happens."""
    run("site", "correct-records", "kimson", "--peak", "155", "--peak-at", "2026-03-02T09:00")
    again = run("site", "correct-records", "kimson", "--days")

    peak = services.traffic.views.counts(site, services.clock.now()).peak
    assert peak is not None
    assert (peak.n, peak.at) == (155, "2026-03-02T09:00:00+07:00")
    assert "right already" in again.output
    assert run("site", "correct-records", "kimson", code=2).exit_code == 2
    assert run("site", "correct-records", "kimson", "--peak", "1", "--peak-at", "x", code=2)


@pytest.mark.parametrize("text", ["1814165", "1,814,165", "1.814.165", "1 814 165"])
def test_a_number_is_taken_as_people_write_it(run: Run, services: Services, text: str) -> None:
    """As the former counter shows it, in either language."""
    run("site", "add", "kimson", "--host", "kimson.example.vn", "--opening-visits", text)

    assert services.sites.sites.get("kimson").opening_visits == 1_814_165


@pytest.mark.parametrize("text", ["1.5", "1,81", "-3", "nghìn"])
def test_what_is_no_whole_number_is_refused(run: Run, text: str) -> None:
    """With the value and an example."""
    result = run("site", "edit", "kimson", f"--opening-visits={text}", code=2)

    assert text in result.stderr
    assert "1.814.165" in result.stderr


def test_the_most_read_articles_are_made_public_apart(run: Run, services: Services) -> None:
    """By a flag of their own."""
    run("site", "add", "kimson", "--host", "kimson.example.vn", "--public", "--public-articles")

    found = services.sites.sites.get("kimson")
    assert found.public
    assert found.public_articles
