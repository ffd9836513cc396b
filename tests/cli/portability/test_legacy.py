"""`stats-service legacy`."""

import json
from pathlib import Path

import pytest

from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.cli.conftest import Run
from tests.support.legacy import line
from tests.support.visits_told import PLAUSIBLE


@pytest.fixture
def log(tmp_path: Path, site: Site) -> str:
    """Give a small access log."""
    path = tmp_path / "access.log"
    path.write_text(line() + line("/a.png"))
    return str(path)


def test_import_says_what_it_does(run: Run, log: str, services: Services) -> None:
    """Tried, done, and done only once."""
    words = ("legacy", "import", "kimson", log, "--from", "access-log")

    assert "would add 1 views" in run(*words, "--dry-run").stdout
    said = run(*words).stdout
    assert "added 1 views, 1 visits on 1 days (2026-02-17 to 2026-02-17)" in said
    assert "not counted, no-page: 1" in said
    assert "imported before" in run(*words).stdout
    assert json.loads(run("counts", "kimson", "--json").stdout)["views"]["total"] == 1
    assert "access.log  access-log" in run("legacy", "list", "kimson").stdout
    assert [entry.what for entry in services.accounts.audit.newest("kimson")] == ["legacy.imported"]


def test_what_visits_tell_is_said_by_dimension(run: Run, site: Site, tmp_path: Path) -> None:
    """Of how many visits; and a file that has only that says what to do."""
    paths = []
    for name, text in PLAUSIBLE.items():
        paths.append(str(tmp_path / name))
        (tmp_path / name).write_text(text)

    said = run("legacy", "import", "kimson", *paths, "--dry-run").stdout

    assert "visits tell: source 144, campaign 12, campaign_source 12, campaign_medium 12, " in said
    assert "device 134, browser 129, system 144, country 144" in said
    error = run("legacy", "import", "kimson", paths[2], code=2).stderr
    assert "together with the file that has the visits of each day" in error


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("legacy", "import", "nobody", "{log}", "--from", "access-log"), "nobody"),
        (("legacy", "import", "kimson", "{log}", "--from", "piwik"), "piwik"),
        (("legacy", "import", "kimson", "missing", "--from", "umami"), "missing"),
        (("legacy", "import", "kimson", "{log}", "--from", "umami"), "url_path"),
    ],
)
def test_a_mistake_is_a_line_and_exit_code_2(
    run: Run, log: str, words: tuple[str, ...], said: str
) -> None:
    """It says what is wrong."""
    words = tuple(word.format(log=log) for word in words)

    assert said in run(*words, code=2).stderr.splitlines()[-1]


def test_polls_of_wp_polls(run: Run, site: Site, services: Services, tmp_path: Path) -> None:
    """With their results, archived, each once; what is no poll is named and left out."""
    (tmp_path / "q.csv").write_text(
        "pollq_id,pollq_question,pollq_timestamp,pollq_totalvotes,pollq_active,pollq_expiry,"
        "pollq_multiple,pollq_totalvoters\n"
        "1,<b>Bạn quan tâm</b> mục gì?,1420070400,9,0,1422748800,0,9\n"
        '2,"Chọn nhiều &amp; ít",1420070400,9,1,0,2,6\n'
        "3,Không có câu trả lời,1420070400,0,1,0,0,0\n"
    )
    (tmp_path / "a.csv").write_text(
        "polla_aid,polla_qid,polla_answers,polla_votes\n"
        "1,1,Tin tức,5\n2,1,Văn bản,4\n3,2,A,6\n4,2,B,3\n"
    )
    words = ("legacy", "import", "kimson", str(tmp_path / "q.csv"), str(tmp_path / "a.csv"))

    assert "would add wp-1: Bạn quan tâm mục gì? (9 ballots)" in run(*words, "--dry-run").stdout
    assert services.polls.polls.all("kimson") == []
    said = run(*words).stdout
    assert "added wp-2: Chọn nhiều & ít (6 ballots)" in said
    assert "poll wp-3: " in said
    assert run(*words).stdout.count("there already") == 2

    poll = services.polls.polls.get("kimson", "wp-1")
    assert (poll.status, poll.closed, poll.multiple) == ("archived", 1422748800 - 7 * 3600, False)
    assert services.polls.polls.tally("kimson", "wp-1").votes == {"a1": 5, "a2": 4}
    now = services.clock.now()
    assert services.polls.integrity.report("kimson", "wp-1", site.timezone, now).faults == ()
    assert [entry.subject for entry in services.accounts.audit.newest("kimson")] == ["wp-2", "wp-1"]


def test_a_table_that_nobody_knows_is_shown_and_named(run: Run, site: Site, tmp_path: Path) -> None:
    """Its first rows, without addresses of readers; then its columns are named, and it comes in."""
    path = tmp_path / "so-lieu.csv"
    path.write_text("Hôm;Xem;IP\n24/12/2019;366;192.0.2.7\n25/12/2019;10;2001:db8::1\n")

    said = run("legacy", "import", "kimson", str(path), code=2).stderr
    added = run("legacy", "import", "kimson", str(path), "--columns", "date,views,-").stdout

    assert "24/12/2019 | 366 | (an address)" in said
    assert "--columns" in said
    assert "192.0.2.7" not in said
    assert "2001:db8" not in said
    assert "added 376 views, 0 visits on 2 days (2019-12-24 to 2019-12-25)" in added
