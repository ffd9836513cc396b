"""Exports of other counters: what each kind adds, and that one of another kind is refused."""

from pathlib import Path

import pytest
import redis

from stats_service.config import Settings
from stats_service.errors import InvalidInputError
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.work import Plan
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.legacy import run

EXPORTS = {
    "goatcounter": (
        (
            "2Path,Title,Event,UserAgent,Browser,System,Session,Bot,Referrer,Referrer scheme,"
            "Screen size,Location,FirstVisit,Date\n"
            "/tin/1,T,false,,Chrome 9,Linux,a,0,,,,VN,true,2026-02-17T03:00:00Z\n"
            '/tin/2,"Có, phẩy",false,,Chrome 9,Linux,a,0,,,,VN,false,2026-02-17T18:00:00Z\n'
            "/tin/2,T,false,,Bot,,b,1,,,,US,true,2026-02-17T03:00:00Z\n"
            "click,T,true,,Chrome 9,Linux,a,0,,,,VN,false,2026-02-17T03:00:00Z\n"
        ),
        (2, 1, 2, 2),
    ),
    "umami": (
        (
            "website_id,session_id,visit_id,event_id,hostname,url_path,url_query,event_type,"
            "event_name,created_at\n"
            "w,s,v1,1,kimson.example.vn,/tin/1,,1,,2026-02-17 03:00:00\n"
            "w,s,v1,2,kimson.example.vn,/tin/2,utm_source=x,1,,2026-02-17 18:00:00.123\n"
            "w,s,v1,3,kimson.example.vn,/tin/2,,2,click,2026-02-17 03:05:00\n"
        ),
        (2, 1, 2, 2),
    ),
    "plausible-visitors": (
        (
            '"date","visitors","pageviews","bounces","visits","visit_duration"\n'
            '"2026-02-17",7,12,1,8,99\n"2026-02-18",1,1,1,1,0\n'
        ),
        (13, 9, 0, 2),
    ),
    "plausible-pages": (
        (
            '"date","hostname","page","visits","visitors","pageviews"\n'
            '"2026-02-17","h","/tin/1",1,1,3\n"2026-02-17","h","/tin/2",1,1,4\n'
        ),
        (0, 0, 2, 1),
    ),
    "matomo": (
        (
            "date,nb_uniq_visitors,nb_visits,nb_actions,nb_pageviews\n"
            "2026-02-17,5,6,9,8\n2026-02-18,1,1,1,1\n"
        ),
        (9, 7, 0, 2),
    ),
    "wp-statistics": (
        (
            "ID,last_visit,last_counter,visit\n1,2026-02-17 10:00:00,2026-02-17,12\n"
            "2,2026-02-18 10:00:00,2026-02-18,3\n"
        ),
        (15, 0, 0, 2),
    ),
    "wp-postviews": (
        "meta_id,post_id,meta_key,meta_value\n1,5,views,366\n2,6,views,4\n3,6,_edit_last,1\n",
        (370, 0, 2, 0),  # each `?p=` is an article
    ),
}


def test_pages_of_matomo_as_its_renderer_writes_them(
    services: Services, site: Site, tmp_path: Path
) -> None:
    """UTF-16, metadata with a prefix, and early days without columns that only later ones have."""
    path = tmp_path / "pages.csv"
    path.write_text(
        "date,label,nb_visits,nb_hits,metadata_url,entry_nb_visits\n"
        "2026-02-17,/tin/1,3,4,https://kimson.example.vn/tin/1\n"
        "2026-02-18,tin/2,1,2,https://kimson.example.vn/tin/2,1\n"
        "2026-02-18,tin/1,5,6,,2\n",
        encoding="utf-16",
    )

    run(services, path, "matomo", site)

    counted = services.traffic.views.articles(site, ["/tin/1", "/tin/2"], services.clock.now())
    assert {key: article.views for key, article in counted.items()} == {"/tin/1": 10, "/tin/2": 2}


@pytest.mark.parametrize("kind", EXPORTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_exports(services: Services, site: Site, tmp_path: Path, kind: str, encoding: str) -> None:
    """Each kind by its documented columns, in each encoding that is met."""
    text, expected = EXPORTS[kind]
    path = tmp_path / "export.csv"
    path.write_text(text.replace("\n", "\r\n"), encoding=encoding, newline="")

    summary = run(services, path, kind, site)

    assert (summary.views, summary.visits, summary.articles, summary.days) == expected
    assert run(services, path, kind, site).known


def test_postviews_become_balances_of_articles(
    services: Services, site: Site, tmp_path: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """At the address of each post, or at the one that WordPress gives it."""
    path = tmp_path / "postmeta.csv"
    path.write_text(EXPORTS["wp-postviews"][0])
    site = services.sites.sites.edit("kimson", article_parameters=("p",))
    source = Source(site, {"5": "https://kimson.example.vn/tin/abc/"})

    services.portability.legacy.run(source, [path], Plan(kind="wp-postviews"), FakeClock().now())

    opening = redis_client.hgetall(SiteKeys(settings.key_prefix, "kimson").opening)
    assert opening == {"/tin/abc": "366", "/?p=6": "4"}
    assert services.sites.sites.get("kimson").opening_views == 370


def test_postratings_join_the_ratings(
    services: Services, site: Site, tmp_path: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """By score, added to those that are there."""
    path = tmp_path / "ratings.csv"
    path.write_text(
        "rating_id,rating_postid,rating_posttitle,rating_rating\n1,5,A,5\n2,5,A,5\n3,5,A,2\n4,5,A,9\n"
    )
    keys = SiteKeys(settings.key_prefix, "kimson")
    redis_client.hset(keys.ratings, "/tin/abc", "0,1,0,0,3")
    source = Source(site, {"5": "/tin/abc"})

    summary = services.portability.legacy.run(
        source, [path], Plan(kind="wp-postratings"), FakeClock().now()
    )

    assert (summary.ratings, summary.ignored) == (3, {"score-invalid": 1})
    assert redis_client.hget(keys.ratings, "/tin/abc") == "0,2,0,0,5"


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("goatcounter", "a,b\n1,2\n", "2path"),
        ("umami", "url_path,event_type,created_at\n/a,1,yesterday\n", "yesterday"),
        ("plausible-visitors", "date,visits,pageviews\n2026-02-17,1,many\n", "many"),
        ("wp-statistics", "a\n1\n", "last_counter"),
        ("matomo", "date,nb_visits\n2026-02-17,4\n", "nb_pageviews"),
    ],
)
def test_a_file_of_another_kind_is_refused(
    services: Services, site: Site, tmp_path: Path, kind: str, text: str, said: str
) -> None:
    """It says what is missing or wrong, and nothing is added."""
    path = tmp_path / "export.csv"
    path.write_text(text)

    with pytest.raises(InvalidInputError, match=said):
        run(services, path, kind, site)

    assert services.portability.legacy.files("kimson") == []
