"""Access logs of the time before: what they add, and that they add it once."""

import gzip
from pathlib import Path

import pytest
import redis

from stats_service.config import Settings
from stats_service.errors import ConflictError, InvalidInputError, StoreUnavailableError
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.work import Plan
from stats_service.store.keys import SiteKeys
from stats_service.store.portability.legacy import LegacyStore
from tests.support.clock import FakeClock
from tests.support.filled import fill
from tests.support.legacy import counts, line, run

BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Give a log of two days with everything that a log has."""
    path = tmp_path / "access.log"
    path.write_text(
        line()
        + line("/tin/1/?utm_source=zalo", at="17/Feb/2026:10:35:02 +0700")  # the same visit
        + line(at="17/Feb/2026:11:05:02 +0700")  # half an hour later: another one
        + line(address="192.0.2.2", at="17/Feb/2026:17:30:00 +0000")  # the 18th in Vietnam
        + line("/anh/a.jpg")
        + line("/style.css?v=1")
        + line("/tin/1", agent=BOT)
        + line("/tin/1", agent="-")
        + line("/tin/1", status=404)
        + line("/tin/1", method="POST")
        + line("/feed/")
        + "rubbish\n"
    )
    return path


def test_a_log_adds_views_visits_hours_and_articles(
    services: Services, site: Site, log: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """Each view on its day and hour in the site's zone, by the rules of live views."""
    summary = run(services, log, "access-log", site)

    assert (summary.views, summary.visits, summary.articles, summary.days) == (4, 3, 1, 2)
    assert summary.ignored == {"no-page": 5, "bot": 1, "no-user-agent": 1, "unreadable": 1}
    stored = counts(redis_client, settings)
    assert stored["views"] == stored["views:2026"] == stored["views:2026-02"] == "4"
    assert stored["views:2026-02-17"] == "3"
    assert stored["views:2026-02-18"] == "1"
    assert stored["views:2026-W08"] == "4"
    assert stored["visits:2026-02-17"] == "2"
    assert (stored["record:views"], stored["record:views:day"]) == ("3", "2026-02-17")
    keys = SiteKeys(settings.key_prefix, "kimson")
    hours = {"views:10": "2", "views:11": "1", "visits:10": "1", "visits:11": "1"}
    assert redis_client.hgetall(keys.hours("2026-02-17")) == hours
    assert redis_client.zscore(keys.articles, "/tin/1") == 4
    assert redis_client.zscore(keys.day_articles("2026-02-17"), "/tin/1") == 3
    assert 0 < redis_client.ttl(keys.hours("2026-02-17")) < 91 * 86_400


def test_a_dry_run_adds_nothing(
    services: Services, site: Site, log: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """It says the same and leaves Redis as it was."""
    summary = run(services, log, "access-log", site, dry_run=True)

    assert summary.views == 4
    assert counts(redis_client, settings) == {}
    assert services.portability.legacy.files("kimson") == []


def test_a_file_is_added_once(
    services: Services, site: Site, log: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """Also under another name, and compressed."""
    run(services, log, "access-log", site)
    before = counts(redis_client, settings)
    packed = log.with_name("rotated.gz")
    packed.write_bytes(gzip.compress(log.read_bytes()))

    again = run(services, packed, "access-log", site)

    assert again.known
    assert counts(redis_client, settings) == before
    assert [file.complete for file in services.portability.legacy.files("kimson")] == [True]


def test_an_import_that_was_cut_off_goes_on(
    services: Services,
    site: Site,
    log: Path,
    redis_client: redis.Redis,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was added before the break is not added again."""
    add_day = LegacyStore.add_day

    def broken(self: LegacyStore, *arguments: object) -> None:
        if arguments[3].day == "2026-02-18":  # type: ignore[attr-defined]
            raise StoreUnavailableError("Redis is gone")
        add_day(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(LegacyStore, "add_day", broken)
    with pytest.raises(StoreUnavailableError):
        run(services, log, "access-log", site)
    assert counts(redis_client, settings)["views"] == "3"
    monkeypatch.undo()

    run(services, log, "access-log", site)

    assert counts(redis_client, settings)["views"] == "4"
    marks = redis_client.hgetall(SiteKeys(settings.key_prefix, "kimson").legacy)
    assert not [field for field in marks if ":" in field and not field.startswith("views:")]


def test_an_import_that_goes_on_with_other_settings_is_refused(
    services: Services, site: Site, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For it would add other parts than the ones that are missing."""

    def broken(*_: object) -> None:
        raise StoreUnavailableError("Redis is gone")

    monkeypatch.setattr(LegacyStore, "add_day", broken)
    with pytest.raises(StoreUnavailableError):
        run(services, log, "access-log", site)
    monkeypatch.undo()

    with pytest.raises(ConflictError, match="cut off"):
        run(
            services,
            log,
            "access-log",
            services.sites.sites.edit("kimson", timezone="Europe/Berlin"),
        )


def test_days_counted_live_are_left_out(
    services: Services, site: Site, clock: FakeClock, tmp_path: Path
) -> None:
    """The log of a portal that counts already has the same readers in it."""
    fill(services, clock, site, days=1)
    path = tmp_path / "access.log"
    path.write_text(line() + line(at="04/Mar/2026:10:00:00 +0700"))

    summary = run(services, path, "access-log", site)

    assert (summary.views, summary.overlapping) == (1, 1)
    assert services.traffic.views.counts(site, clock.now()).views.total == 12


def test_a_file_that_adds_nothing_can_come_again(
    services: Services, site: Site, clock: FakeClock, tmp_path: Path
) -> None:
    """Its days were counted live: nothing is remembered of it, so that it can become a balance."""
    fill(services, clock, site, days=1)
    path = tmp_path / "access.log"
    path.write_text(line("/cu", at="04/Mar/2026:10:00:00 +0700"))

    first = run(services, path, "access-log", site)

    assert (first.views, first.articles, first.adds) == (0, 0, False)
    assert services.portability.legacy.files("kimson") == []
    again = run(services, path, "access-log", site, opening=True, before="2026-03-05")
    assert (again.views, again.known) == (1, False)
    assert services.sites.sites.get("kimson").opening_views == 1


@pytest.mark.parametrize(
    "content", [b"2Path,Event\n/a,0\n", bytes(range(256)).replace(b"\n", b"") * 3]
)
def test_a_log_without_one_readable_line_is_none(
    services: Services, site: Site, tmp_path: Path, content: bytes
) -> None:
    """A file of another kind is no file in which nothing is new."""
    path = tmp_path / "access.log"
    path.write_bytes(content + b"\n")

    with pytest.raises(InvalidInputError, match=r"access\.log is no access log"):
        run(services, path, "access-log", site)

    assert services.portability.legacy.files("kimson") == []


def test_the_next_file_of_a_rotated_log_is_no_live_day(
    services: Services, site: Site, tmp_path: Path
) -> None:
    """A day that only imports brought is open for more."""
    for number in range(2):
        (tmp_path / str(number)).write_text(line(address=f"192.0.2.{number}"))
        assert run(services, tmp_path / str(number), "access-log", site).views == 1


def test_a_balance_that_may_hold_the_days_is_in_the_way(
    services: Services, site: Site, log: Path
) -> None:
    """Unless it is said that it does not."""
    site = services.sites.sites.edit("kimson", opening_views=5, opening_day="2026-03-01")

    with pytest.raises(ConflictError, match="keep-opening"):
        run(services, log, "access-log", site)

    assert run(services, log, "access-log", site, keep_opening=True).views == 4


def test_a_log_as_opening_balance(
    services: Services, site: Site, log: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """Everything goes into the balances, nothing into a day."""
    run(services, log, "access-log", site, opening=True)

    site = services.sites.sites.get("kimson")
    assert (site.opening_views, site.opening_visits) == (4, 3)
    assert counts(redis_client, settings) == {}
    opening = redis_client.hgetall(SiteKeys(settings.key_prefix, "kimson").opening)
    assert opening == {"/tin/1": "4"}


def test_the_rules_of_the_site_hold(services: Services, site: Site, tmp_path: Path) -> None:
    """Excluded networks, foreign hosts, ceilings, and the parameters that name articles."""
    site = services.sites.sites.edit(
        "kimson", excluded=("198.51.100.0/24",), view_ceiling=2, article_parameters=("id",)
    )
    path = tmp_path / "access.log"
    path.write_text(
        line(address="198.51.100.7")
        + line(host="other.example.vn:443 ")
        + line("/x.aspx?id=7&utm_source=a", host="kimson.example.vn:443 ")
        + line("/x.aspx?id=8")
        + line("/x.aspx?id=9", at="17/Feb/2026:10:05:04 +0700")  # the third of this address
        + line("/x.aspx?id=7", address="2001:db8::1", at="17/Feb/2026:10:06:03 +0700")
    )

    summary = run(services, path, "access-log", site)

    assert summary.ignored == {"excluded": 1, "host": 1, "ceiling": 1}
    assert (summary.views, summary.articles) == (3, 2)


def test_a_customer_with_many_networks_meets_the_ceilings_of_live_views(
    services: Services, site: Site, tmp_path: Path
) -> None:
    """Ten times those of one address."""
    site = services.sites.sites.edit("kimson", view_ceiling=2, identity_cap=1)
    path = tmp_path / "access.log"
    path.write_text("".join(line(address=f"2001:db8:1:{n:x}::1") for n in range(25)))

    summary = run(services, path, "access-log", site)

    assert (summary.views, summary.visits, summary.ignored) == (20, 10, {"ceiling": 5})


def test_a_line_of_a_day_that_nothing_counts_is_unreadable(
    services: Services, site: Site, tmp_path: Path
) -> None:
    """In a log it is rubbish among lines that are none."""
    path = tmp_path / "access.log"
    path.write_text(
        line(at="01/Jan/0001:00:00:00 +0700") + line(at="31/Dec/9999:23:00:00 +0000") + line()
    )

    summary = run(services, path, "access-log", site)

    assert (summary.views, summary.ignored) == (1, {"unreadable": 2})


def test_visits_go_on_from_one_log_to_the_next(
    services: Services, site: Site, tmp_path: Path
) -> None:
    """A visit that spans the rotation is one."""
    first, second = tmp_path / "1", tmp_path / "2"
    first.write_text(line())
    second.write_text(line(at="17/Feb/2026:10:15:03 +0700"))

    summary = services.portability.legacy.run(
        Source(site), [first, second], Plan(kind="access-log"), FakeClock().now()
    )

    assert [file.visits for file in summary.files] == [1, 0]
