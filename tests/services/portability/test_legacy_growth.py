"""Exports and tables that have grown add what is new, and no day of another counter again."""

from collections.abc import Callable

import pytest
import redis

from stats_service.errors import ConflictError
from stats_service.models.portability.legacy import LegacySummary
from stats_service.services.container import Services
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.overlapping_logs import in_file, some_rows

EXPORT = "date,visits,pageviews\n2026-02-16,3,7\n2026-02-17,1,{views}\n"


def test_an_export_that_has_grown_adds_what_is_new(
    bring: Callable[..., LegacySummary],
    services: Services,
    redis_client: redis.Redis,
    keys: SiteKeys,
) -> None:
    """Its last day was not over at the first export."""
    first = bring(EXPORT.format(views=2), kind="plausible-visitors")
    second = bring(EXPORT.format(views=9) + "2026-02-18,1,1\n", kind="plausible-visitors")

    assert (first.views, second.views, second.known_views) == (9, 8, 9)
    assert [(g.day, g.before, g.more) for g in second.growing] == [("2026-02-17", 2, 7)]
    assert redis_client.hget(keys.counts, "views") == "17"
    services.portability.legacy.undo("kimson", second.id, FakeClock().now())
    assert redis_client.hget(keys.counts, "views") == "9"
    assert redis_client.hget(keys.counts, "record:views") == "7"


def test_two_exports_of_one_command_that_overlap(
    bring: Callable[..., LegacySummary], redis_client: redis.Redis, keys: SiteKeys
) -> None:
    """A day that both have counts once."""
    both = bring(
        EXPORT.format(views=2),
        EXPORT.format(views=9) + "2026-02-18,1,1\n",
        kind="plausible-visitors",
    )

    assert (both.views, both.visits, both.days) == (17, 5, 3)
    assert redis_client.hget(keys.counts, "views") == "17"


def test_balances_of_articles_that_have_grown(
    bring: Callable[..., LegacySummary],
    services: Services,
    redis_client: redis.Redis,
    keys: SiteKeys,
) -> None:
    """What has no dates: the difference is added, and taken out again."""
    head = "meta_id,post_id,meta_key,meta_value\n"
    bring(f"{head}1,5,views,366\n", kind="wp-postviews")
    more = bring(f"{head}1,5,views,400\n2,6,views,4\n", kind="wp-postviews")

    assert (more.views, services.sites.sites.get("kimson").opening_views) == (38, 404)
    assert redis_client.hgetall(keys.opening) == {"/?p=5": "400", "/?p=6": "4"}
    services.portability.legacy.undo("kimson", more.id, FakeClock().now())
    assert redis_client.hgetall(keys.opening) == {"/?p=5": "366"}
    assert services.sites.sites.get("kimson").opening_views == 366


def test_ratings_come_once_and_go_again(
    bring: Callable[..., LegacySummary],
    services: Services,
    redis_client: redis.Redis,
    keys: SiteKeys,
) -> None:
    """The same table again adds nothing, a longer one what is new."""
    head = "rating_id,rating_postid,rating_rating\n"
    redis_client.hset(keys.ratings, "/?p=5", "0,1,0,0,3")
    bring(f"{head}1,5,5\n2,5,2\n", kind="wp-postratings")
    more = bring(f"{head}1,5,5\n2,5,2\n3,5,5\n", kind="wp-postratings")

    assert more.ratings == 1
    assert redis_client.hget(keys.ratings, "/?p=5") == "0,2,0,0,5"
    for file in services.portability.legacy.files("kimson"):
        services.portability.legacy.undo("kimson", file.id, FakeClock().now())
    assert redis_client.hget(keys.ratings, "/?p=5") == "0,1,0,0,3"


def test_days_that_another_counter_brought_are_not_added_again(
    bring: Callable[..., LegacySummary],
) -> None:
    """The same readers are in both; unless somebody says that they are others."""
    rows = some_rows()
    bring(EXPORT.format(views=2), kind="plausible-visitors")

    with pytest.raises(ConflictError, match="plausible-visitors"):
        bring(in_file(rows), dry_run=True)

    assert bring(in_file(rows), beside=True).views == 400
