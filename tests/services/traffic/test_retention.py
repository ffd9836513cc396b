"""What ends, what is kept of it, and that erasing a site leaves nothing."""

from datetime import UTC, datetime, timedelta

import redis

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.store.keys import AdminKeys, SiteKeys
from stats_service.store.traffic import retention
from tests.support.clock import FakeClock
from tests.support.filled import fill, fill_votes
from tests.support.redis_groups import client_of

DAY = timedelta(days=1)


def test_the_articles_of_a_month_outlive_its_days(
    services: Services, site: Site, clock: FakeClock, redis_client: redis.Redis, settings: Settings
) -> None:
    """Once the month is over, and the running one not yet."""
    clock.set(datetime(2026, 1, 30, 1, tzinfo=UTC))
    fill(services, clock, site, days=4)  # to the second of February

    kept = services.retention.keep(site, clock.now())
    again = services.retention.keep(site, clock.now())

    assert (kept.months, again.months) == (("2026-01",), ())
    keys = SiteKeys(settings.key_prefix, "kimson")
    assert redis_client.zscore(keys.month_articles("2026-01"), "/tin/0/T%E1%BA%BFt") == 6
    assert redis_client.ttl(keys.month_articles("2026-01")) == -1
    assert not redis_client.exists(keys.month_articles("2026-02"))


def test_a_month_keeps_the_most_read_by_name(
    services: Services,
    site: Site,
    clock: FakeClock,
    redis_client: redis.Redis,
    settings: Settings,
) -> None:
    """The others are one sum, so that the month stays whole."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    articles = {f"/tin/{number}": number + 1 for number in range(retention.MONTH_ARTICLES + 5)}
    redis_client.zadd(keys.day_articles("2026-02-10"), articles)

    services.retention.keep(site, clock.now())

    month = dict(redis_client.zrange(keys.month_articles("2026-02"), 0, -1, withscores=True))
    assert len(month) == retention.MONTH_ARTICLES + 1
    assert month["(other)"] == 1 + 2 + 3 + 4 + 5
    assert sum(month.values()) == sum(articles.values())


def test_old_reasons_are_forgotten_by_day(
    services: Services, site: Site, clock: FakeClock, redis_client: redis.Redis, settings: Settings
) -> None:
    """Their sums stay."""
    key = SiteKeys(settings.key_prefix, "kimson").ignored
    fields = {"bot": 9, "bot:2024-12-31": 4, "bot:2026-03-01": 5}
    redis_client.hset(key, mapping=fields)

    kept = services.retention.keep(site, clock.now())

    assert kept.ignored == 1
    assert redis_client.hgetall(key) == {"bot": "9", "bot:2026-03-01": "5"}


def test_what_lost_its_end_gets_one(
    services: Services, site: Site, clock: FakeClock, redis_client: redis.Redis, settings: Settings
) -> None:
    """As late as it would have been; what has one keeps it."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    redis_client.hset(keys.hours("2026-02-02"), "views:01", 1)
    redis_client.zadd(keys.day_articles("2026-02-02"), {"/a": 1}, nx=True)
    redis_client.expire(keys.day_articles("2026-02-02"), 50)

    kept = services.retention.keep(site, clock.now())

    assert kept.ends == 1
    assert 60 * 86_400 < redis_client.ttl(keys.hours("2026-02-02")) <= 61 * 86_400
    assert redis_client.ttl(keys.day_articles("2026-02-02")) <= 50


def test_a_removed_site_leaves_nothing(
    services: Services,
    site: Site,
    clock: FakeClock,
    redis_client: redis.Redis,
    redis_server: str,
    settings: Settings,
) -> None:
    """No key bears its name, and no value elsewhere holds what was its own."""
    fill(services, clock, site, days=2)
    with client_of(redis_server, decode_responses=False) as raw:
        fill_votes(raw, SiteKeys(settings.key_prefix, "kimson"))
    other = services.sites.add(Site(slug="ketoan", name="Kế toán", hosts=("ketoan.example.vn",)))
    fill(services, clock, other, days=1)
    before = redis_client.hgetall(SiteKeys(settings.key_prefix, "ketoan").counts)

    services.sites.remove("kimson")

    names = list(redis_client.scan_iter(match=f"{settings.key_prefix}:*"))
    assert not [name for name in names if "kimson" in name]
    assert "kimson" not in redis_client.smembers(f"{settings.key_prefix}:sites")
    assert redis_client.hgetall(SiteKeys(settings.key_prefix, "ketoan").counts) == before
    assert not redis_client.exists(AdminKeys(settings.key_prefix).audit)
