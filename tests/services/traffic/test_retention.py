"""What ends, what is kept of it, and that erasing a site leaves nothing."""

import json
from datetime import UTC, date, datetime, timedelta

import msgspec
import redis
from flask.testing import FlaskClient

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.traffic.spans import Span
from stats_service.store.admin_keys import AdminKeys
from stats_service.store.keys import SiteKeys
from stats_service.store.traffic import retention
from stats_service.store.traffic.day_names import day_name
from tests.support.clock import FakeClock
from tests.support.filled import fill, fill_votes
from tests.support.pages import view
from tests.support.redis_groups import client_of

DAY = timedelta(days=1)


def test_the_articles_of_a_month_outlive_its_days(
    services: Services, site: Site, clock: FakeClock, redis_client: redis.Redis, settings: Settings
) -> None:
    """Once the month is over, and the running one not yet."""
    clock.set(datetime(2026, 1, 30, 1, tzinfo=UTC))
    fill(services, clock, site, days=4)  # to the second of February

    kept = services.traffic.retention.retain(site, clock.now())
    again = services.traffic.retention.retain(site, clock.now())

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

    services.traffic.retention.retain(site, clock.now())

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

    kept = services.traffic.retention.retain(site, clock.now())

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

    kept = services.traffic.retention.retain(site, clock.now())

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
    other = services.sites.sites.add(
        Site(slug="ketoan", name="Kế toán", hosts=("ketoan.example.vn",))
    )
    fill(services, clock, other, days=1)
    before = redis_client.hgetall(SiteKeys(settings.key_prefix, "ketoan").counts)

    services.sites.sites.remove("kimson")

    names = list(redis_client.scan_iter(match=f"{settings.key_prefix}:*"))
    assert not [name for name in names if "kimson" in name]
    assert "kimson" not in redis_client.smembers(f"{settings.key_prefix}:sites")
    assert redis_client.hgetall(SiteKeys(settings.key_prefix, "ketoan").counts) == before
    assert not redis_client.exists(AdminKeys(settings.key_prefix).audit)


def test_a_day_that_is_over_keeps_the_most_read_by_name(
    services: Services, site: Site, clock: FakeClock, redis_client: redis.Redis, settings: Settings
) -> None:
    """The others are one sum, the running day stays, and doing it again changes nothing."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    articles = {f"/tin/{number}": number + 1 for number in range(retention.DAY_ARTICLES + 5)}
    for day in ("2026-03-02", "2026-03-04"):
        redis_client.zadd(keys.day_articles(day), articles)

    kept = services.traffic.retention.retain(site, clock.now())
    again = services.traffic.retention.retain(site, clock.now())

    past = dict(redis_client.zrange(keys.day_articles("2026-03-02"), 0, -1, withscores=True))
    assert (kept.trimmed, again.trimmed) == (6, 0)
    assert len(past) == retention.DAY_ARTICLES
    assert past["(other)"] == 1 + 2 + 3 + 4 + 5 + 6
    assert sum(past.values()) == sum(articles.values())
    assert redis_client.zcard(keys.day_articles("2026-03-04")) == len(articles)


def test_long_keys_are_themselves_wherever_they_are_read(
    services: Services, site: Site, clock: FakeClock, client: FlaskClient, settings: Settings
) -> None:
    """Beside days from before there were digests: lists, a month, an archive and its import."""
    long, gone = "/tin/" + "a" * 300, "/tin/" + "b" * 300
    for article in (long, long, gone, "/tin/1"):
        view(client, article)
    keys, raw = SiteKeys(settings.key_prefix, "kimson"), client_of(settings.redis_url)
    raw.zincrby(keys.day_articles("2026-03-04"), 5, long)
    raw.hdel(keys.names, day_name(gone))

    span = Span(date(2026, 3, 4), date(2026, 3, 4))
    top = services.traffic.top_articles.of_span(site, span, clock.now())
    clock.advance(30 * 86_400)
    services.traffic.retention.retain(site, clock.now())
    lines = b"".join(services.portability.archives.lines("kimson", clock.now())).splitlines()
    days = [json.loads(line) for line in lines if b'"article_days"' in line]

    assert {(article.key, article.views) for article in top} == {(long, 7), ("/tin/1", 1)}
    found = {(row["article"], row["views"]) for row in days}
    assert found == {(long, 7), ("(other)", 1), ("/tin/1", 1)}
    month = dict(raw.zrange(keys.month_articles("2026-03"), 0, -1, withscores=True))
    assert month == {long: 7, "(other)": 1, "/tin/1": 1}


def test_the_former_default_of_new_visitors_is_the_one_of_now(
    services: Services, site: Site, redis_client: redis.Redis, settings: Settings
) -> None:
    """It is stored with every site, and was nobody's choice; another number was."""
    for stored, now in ((200, 2500), (201, 201)):
        old = msgspec.structs.replace(site, identity_cap=stored)
        key = SiteKeys(settings.key_prefix, "kimson").site
        redis_client.set(key, msgspec.json.encode(old))

        assert services.sites.sites.get("kimson").identity_cap == now
