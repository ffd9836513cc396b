"""Tables of other counters on their way into a site: dated and undated at once, and out again."""

from pathlib import Path

import pytest
import redis

from stats_service.config import Settings
from stats_service.errors import InvalidInputError
from stats_service.models.portability.legacy import LegacySummary
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.work import Plan
from stats_service.store.keys import SiteKeys
from tests.services.portability.exports.test_systems import JOOMLA, NUKEVIET
from tests.support.clock import FakeClock
from tests.support.legacy import line

PATTERN = "/{category}/{id}-{alias}"


def bring(services: Services, site: Site, *paths: Path, **options: object) -> LegacySummary:
    """Bring files in that say themselves what they are."""
    pattern = str(options.pop("pattern", ""))
    plan = Plan(**options)  # type: ignore[arg-type]
    now = FakeClock().now()
    return services.portability.legacy.run(Source(site, pattern=pattern), list(paths), plan, now)


def stored(client: redis.Redis, settings: Settings) -> dict[str, object]:
    """Return everything that an import may change."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    return {
        "counts": client.hgetall(keys.counts),
        "articles": client.zrange(keys.articles, 0, -1, withscores=True),
        "opening": client.hgetall(keys.opening),
        "ratings": client.hgetall(keys.ratings),
    }


def test_a_dump_brings_days_balances_and_ratings_and_goes_again(
    services: Services, site: Site, tmp_path: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """Three visits have a day, 1,000 have none; 366 views are an article's balance."""
    before = stored(redis_client, settings)
    path = tmp_path / "joomla.sql"
    path.write_text(JOOMLA)

    summary = bring(services, site, path, pattern=PATTERN)

    assert (summary.kind, summary.ratings) == ("joomla", 3)
    assert (summary.views, summary.visits) == (366, 1003)
    site = services.sites.sites.get("kimson")
    assert (site.opening_views, site.opening_visits) == (366, 1000)
    after = stored(redis_client, settings)
    assert after["counts"]["visits:2019-12-24"] == "3"  # type: ignore[index]
    assert after["opening"] == {"/tin-tuc/xa/7-a": "366"}
    assert after["ratings"] == {"/tin-tuc/xa/7-a": "0,0,0,1,2"}

    assert bring(services, site, path, pattern=PATTERN).known

    services.portability.legacy.undo("kimson", "joomla.sql", FakeClock().now())
    assert stored(redis_client, settings) == before
    site = services.sites.sites.get("kimson")
    assert (site.opening_views, site.opening_visits) == (0, 0)


def test_a_later_dump_adds_what_has_grown(services: Services, site: Site, tmp_path: Path) -> None:
    """Of the counter and of each article."""
    (tmp_path / "a.sql").write_text(NUKEVIET)
    bring(services, site, tmp_path / "a.sql")
    grown = NUKEVIET.replace("'hop-dan', 366", "'hop-dan', 400").replace("1814165", "1814265")
    (tmp_path / "b.sql").write_text(grown)

    summary = bring(services, services.sites.sites.get("kimson"), tmp_path / "b.sql")

    assert (summary.views, summary.visits) == (34, 100)
    site = services.sites.sites.get("kimson")
    assert site.opening_views == 440 + 34
    assert [poll.new for poll in summary.polls] == [False]


def test_everything_of_a_command_or_nothing(
    services: Services, site: Site, tmp_path: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """A file that is refused, after one that could be added."""
    before = stored(redis_client, settings)
    (tmp_path / "1.csv").write_text("date,views\n2026-01-01,9\n")
    (tmp_path / "2.csv").write_text("date,views\n" + "2026-01-02,x\n" * 3)

    with pytest.raises(InvalidInputError, match=r"2\.csv, line 2, column views"):
        bring(services, site, tmp_path / "1.csv", tmp_path / "2.csv")

    assert stored(redis_client, settings) == before


def test_a_log_and_a_table_do_not_come_together(
    services: Services, site: Site, tmp_path: Path
) -> None:
    """The message says which is which."""
    (tmp_path / "access.log").write_text(line())
    (tmp_path / "days.csv").write_text("date,views\n2026-01-01,9\n")

    with pytest.raises(InvalidInputError, match=r"access\.log is an access log and days\.csv"):
        bring(services, site, tmp_path / "access.log", tmp_path / "days.csv")


def test_files_say_themselves_what_they_are(services: Services, site: Site, tmp_path: Path) -> None:
    """A log, a table, a dump."""
    (tmp_path / "access.log").write_text(line())
    (tmp_path / "days.csv").write_text("date,views\n2026-01-01,9\n")

    assert bring(services, site, tmp_path / "access.log").kind == "access-log"
    summary = bring(services, site, tmp_path / "days.csv")

    assert (summary.kind, summary.views) == ("csv", 9)
    assert [(span.name, span.there, span.more) for span in summary.spans] == [("2026-01-01", 0, 9)]


def test_as_opening_puts_days_and_balances_together(
    services: Services, site: Site, tmp_path: Path
) -> None:
    """Nothing goes to a day."""
    (tmp_path / "a.sql").write_text(JOOMLA)

    bring(services, site, tmp_path / "a.sql", opening=True, pattern=PATTERN)

    site = services.sites.sites.get("kimson")
    assert (site.opening_views, site.opening_visits) == (366, 1003)
