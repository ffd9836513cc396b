"""Bounds of files of other counters: numbers, days, articles, polls, memory and disk."""

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from stats_service.config import Settings
from stats_service.errors import InvalidInputError
from stats_service.models.polls import Poll, PollTally
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.legacy import lines
from stats_service.services.portability.legacy.exports.polls import LegacyPoll
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.files import TEXT_LINE_MAX
from stats_service.services.portability.legacy.work import Plan
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.legacy import counts, line, run
from tests.support.pages import BROWSER
from tests.support.votes import make_choices, make_poll


def test_a_file_has_no_more_than_is_added_exactly(
    services: Services, site: Site, tmp_path: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """Redis would lose single views of an article beyond 2^53."""
    path = tmp_path / "visitors.csv"
    days = "".join(f"2026-02-{day},1,600000000000\n" for day in (17, 18))
    path.write_text("date,visits,pageviews\n" + days)

    with pytest.raises(InvalidInputError, match="1,200,000,000,000 views"):
        run(services, path, "plausible-visitors", site)

    assert counts(redis_client, settings) == {}


@pytest.mark.parametrize(
    ("kind", "head", "row", "field"),
    [
        ("plausible-visitors", "date,visits,pageviews", "2026-02-17,0,9", "views"),
        ("plausible-visitors", "date,visits,pageviews", "2026-02-17,9,0", "visits"),
        ("plausible-pages", "date,page,pageviews", "2026-02-17,/b,9", "/a"),
    ],
)
def test_files_have_no_more_together_than_is_added_exactly(
    services: Services,
    site: Site,
    tmp_path: Path,
    redis_client: redis.Redis,
    settings: Settings,
    kind: str,
    head: str,
    row: str,
    field: str,
) -> None:
    """Each may be small enough, and all of them more than 10^15."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    most = 10**15
    if field == "/a":
        redis_client.zadd(keys.articles, {"/a": most - 8})
    else:
        redis_client.hset(keys.counts, field, most - 8)
    path = tmp_path / "file.csv"
    path.write_text(f"{head}\n{row}\n")
    before = counts(redis_client, settings)

    for dry_run in (True, False):
        with pytest.raises(InvalidInputError, match=r"file\.csv: 9 .*999,999,999,999,992"):
            run(services, path, kind, site, dry_run=dry_run, before="2026-03-01")

    assert counts(redis_client, settings) == before
    assert redis_client.zrange(keys.articles, 0, -1) == (["/a"] if field == "/a" else [])
    assert not redis_client.exists(keys.legacy)
    path.write_text(f"{head}\n{row.replace('9', '8')}\n")
    assert run(services, path, kind, site, before="2026-03-01").adds


@pytest.mark.parametrize(
    ("kind", "head", "row", "what"),
    [
        ("plausible-visitors", "date,visits,pageviews", "2026-02-17,0,9", "9 views"),
        ("plausible-visitors", "date,visits,pageviews", "2026-02-17,9,0", "9 visits"),
        ("plausible-pages", "date,page,pageviews", "2026-02-17,/a,9", "9 views of an article"),
    ],
)
def test_opening_balances_stay_what_the_settings_take(
    services: Services, site: Site, tmp_path: Path, kind: str, head: str, row: str, what: str
) -> None:
    """Or the site's settings could not be saved any more, nor its archive restored."""
    most = 10**12
    site = services.sites.sites.edit("kimson", opening_views=most - 8, opening_visits=most - 8)
    services.traffic.opening_balances.set(site, "/a", most - 8, "an", FakeClock().now())
    path = tmp_path / "file.csv"
    path.write_text(f"{head}\n{row}\n")

    with pytest.raises(InvalidInputError, match=rf"{what} cannot be added to the 999,999,999,992"):
        run(services, path, kind, site, opening=True)

    assert services.sites.sites.get("kimson") == site
    assert services.portability.legacy.files("kimson") == []


@pytest.mark.parametrize("day", ["9999-12-31", "9000-01-01", "1969-12-31", "0001-01-01"])
@pytest.mark.parametrize(
    ("kind", "head", "row"),
    [
        ("plausible-visitors", "date,visits,pageviews", "{day},1,1"),
        ("umami", "url_path,event_type,created_at", "/a,1,{day} 10:00:00"),
    ],
)
def test_a_file_of_days_that_nothing_counts_is_refused(
    services: Services,
    site: Site,
    tmp_path: Path,
    redis_client: redis.Redis,
    settings: Settings,
    kind: str,
    head: str,
    row: str,
    day: str,
) -> None:
    """The calendar ends there, and the site's own archive could not be restored."""
    path = tmp_path / "file.csv"
    path.write_text(f"{head}\n{row.format(day=day)}\n")

    with pytest.raises(InvalidInputError, match=f"'{day}.*' is not what the column holds"):
        run(services, path, kind, site)

    assert counts(redis_client, settings) == {}
    assert services.portability.legacy.files("kimson") == []


def test_articles_beyond_the_cap_share_a_name(
    services: Services, site: Site, tmp_path: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """As live."""
    site = services.sites.sites.edit("kimson", article_cap=2)
    path = tmp_path / "access.log"
    path.write_text("".join(line(f"/tin/{number}") for number in range(5)))

    run(services, path, "access-log", site)

    articles = redis_client.zrange(SiteKeys(settings.key_prefix, "kimson").articles, 0, -1)
    assert len(articles) == 3
    assert redis_client.zscore(SiteKeys(settings.key_prefix, "kimson").articles, "(other)") == 3


def test_a_large_log_takes_bounded_memory(
    services: Services, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sums that memory does not hold go to disk, and come together there."""
    monkeypatch.setattr("stats_service.services.portability.legacy.tally.MEMORY_SUMS", 3)
    path = tmp_path / "access.log"
    path.write_text("".join(line(f"/tin/{number % 10}") for number in range(100)))

    summary = run(services, path, "access-log", site)

    assert (summary.views, summary.articles) == (100, 10)


@pytest.mark.parametrize("kind", ["matomo", "wp-postviews"])
def test_a_line_without_end_is_no_csv(
    services: Services, site: Site, tmp_path: Path, kind: str
) -> None:
    """A small file that unpacks into one line is not put together in memory."""
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(b"date,nb_visits\n")
        for _ in range(3 * TEXT_LINE_MAX // 10**6):
            file.write(b"a" * 10**6)

    with pytest.raises(InvalidInputError, match="A line has more than"):
        run(services, path, kind, site, dry_run=True)


@pytest.mark.parametrize("known", [0, 1])
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_site_gets_no_more_polls_than_it_may_have(
    services: Services, site: Site, monkeypatch: pytest.MonkeyPatch, known: int, dry_run: bool
) -> None:
    """Those that it has included; a dry run says so already."""
    monkeypatch.setattr("stats_service.services.portability.legacy.imports.POLLS_MAX", 2)
    if known:
        make_poll(services, id="there-already")
    polls = [
        LegacyPoll(
            Poll(id=f"wp-{n}", question={"vi": "?"}, choices=make_choices("ab"), status="archived"),
            PollTally(),
        )
        for n in range(3 - known)
    ]

    with pytest.raises(InvalidInputError, match="at most 2 polls"):
        list(services.portability.legacy.add_polls("kimson", iter(polls), dry_run=dry_run))

    assert len(services.polls.polls.all("kimson")) == (known if dry_run else 2)


def long_names(number: int) -> Iterator[bytes]:
    """Give lines of a log, each of an article of its own with a name of 1,000 bytes."""
    for n in range(number):
        name = hashlib.sha256(str(n).encode()).hexdigest() + "x" * 900
        yield (
            f'192.0.2.{n % 250} - - [17/May/2015:10:{n % 60:02d}:03 +0000] "GET /{name} HTTP/1.1" '
            f'200 1 "-" "{BROWSER}"\n'
        ).encode()


def test_the_temporary_disk_of_a_file_is_bounded(
    services: Services,
    clock: FakeClock,
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A small file may name more articles than a disk has room for; the error names the bound."""
    monkeypatch.setattr(lines, "BATCH", 500)
    monkeypatch.setattr(lines.Lines.__init__, "__defaults__", (2_000_000,))
    path = tmp_path / "access.log.gz"
    path.write_bytes(gzip.compress(b"".join(long_names(3000))))
    plan = Plan(kind="access-log", dry_run=True)

    with pytest.raises(InvalidInputError, match=r"the 2 MB that it may.*Split them"):
        services.portability.legacy.run(Source(site), [path], plan, clock.now())

    assert services.portability.legacy.files("kimson") == []
