"""Articles merged, renamed, deleted and hidden: numbers move, and none is lost or made."""

import random
import threading
from collections import Counter
from datetime import date
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient

from stats_service.errors import ConflictError, InvalidInputError, NotFoundError
from stats_service.models.audit import Author
from stats_service.models.ratings import RatingQuery
from stats_service.models.sites import Site
from stats_service.models.traffic.article_changes import ArticleRule
from stats_service.models.traffic.views import OTHER_ARTICLES, PageQuery, ViewCommand, Visitor
from stats_service.services.container import Services
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.periods import periods_at
from stats_service.services.traffic import article_changes
from stats_service.services.traffic.spans import Span
from stats_service.services.views.page_views import decide_view
from stats_service.store.keys import SiteKeys
from stats_service.store.traffic.day_names import day_name
from stats_service.store.traffic.traffic import TrafficStore
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, ORIGIN, new_hit, view
from tests.support.redis_groups import client_of

DAY = 86_400
LONG = "/tin/" + "rat-dai-" * 30
VISITOR = Visitor("192.0.2.1", BROWSER, ORIGIN, private=False, prefetch=False)


@pytest.fixture
def by(clock: FakeClock) -> Author:
    """Give who makes the changes."""
    return Author("lan", clock.now())


@pytest.fixture
def keys(services: Services) -> SiteKeys:
    """Give the keys of the site."""
    return SiteKeys(services.settings.key_prefix, "kimson")


def scores(client: redis.Redis, key: str) -> dict[str, int]:
    """Return a sorted set."""
    return {str(member): int(n) for member, n in client.zrange(key, 0, -1, withscores=True)}


def state(client: redis.Redis, keys: SiteKeys) -> dict[str, Any]:
    """Return what is kept of articles; but for what is known of changes, and bytes of names."""
    found: dict[str, Any] = {}
    for raw in client.scan_iter(keys.pattern):
        key = str(raw)
        name = key.removeprefix(keys.pattern[:-1])
        if name.startswith(("articles", "months")):
            found[name] = scores(client, key)
        elif name in ("opening", "ratings", "ratings:voided"):
            found[name] = client.hgetall(key)
        elif name == "hidden" or name.startswith("raters"):
            found[name] = client.smembers(key)
    return found


def sums(client: redis.Redis, keys: SiteKeys) -> dict[str, int]:
    """Return the views of all articles, of all time and by day and month."""
    found = state(client, keys)
    return {
        name: sum(found[name].values()) for name in found if name.startswith(("articles", "months"))
    }


def total(services: Services, site: Site, article: str) -> int:
    """Return what readers see of an article."""
    numbers = services.traffic.views.articles(site, [article], services.clock.now())
    return numbers[article].views or 0


def read(services: Services, article: str, times: int = 1) -> None:
    """View an article."""
    now = services.clock.now()
    for _ in range(times):
        entry = services.sites.directory.entry("kimson", now)
        query = PageQuery(hit=new_hit(), article=article)
        services.loop.run(services.traffic.recorder.record(entry, query, VISITOR, now))


def article_command(entry: SiteEntry, key: str, now: float) -> ViewCommand:
    """Return a view as a worker decides it that knows the site as `entry`."""
    return decide_view(entry, PageQuery(hit=new_hit(), article=key), VISITOR, now)


def fill(
    services: Services, clock: FakeClock, site: Site, client: redis.Redis, keys: SiteKeys
) -> None:
    """View articles on three days, give them balances, ratings and a month."""
    for day in range(3):
        read(services, "/tin/cu", 2 + day)
        read(services, "/tin/moi", 3)
        read(services, LONG, 1)
        read(services, "/tin/1?ma=a")
        read(services, "/tin/1?ma=b&id=7")
        read(services, "/tin/1?id=7")
        clock.advance(DAY)
    services.traffic.opening_balances.set(site, "/tin/cu", 366, "an", clock.now())
    services.traffic.opening_balances.set(site, "/tin/moi", 10, "an", clock.now())
    client.hset(keys.ratings, mapping={"/tin/cu": "1,0,0,0,2", "/tin/moi": "0,0,0,4,0"})
    client.hset(keys.ratings_voided, "1a2b", "7,0,0,0,0 2940057 2940059 /tin/cu")
    client.zadd(keys.month_articles("2026-03"), {"/tin/cu": 5, "/tin/moi": 1})
    services.sites.directory.load("kimson", clock.now())


def test_a_merged_article_is_part_of_the_other(
    services: Services,
    clock: FakeClock,
    site: Site,
    by: Author,
    redis_client: redis.Redis,
    keys: SiteKeys,
) -> None:
    """Its views of every day and month, its balance, its ratings; and no sum has changed."""
    fill(services, clock, site, redis_client, keys)
    before, whole = sums(redis_client, keys), state(redis_client, keys)
    rule = ArticleRule("merge", key="/tin/cu", into="/tin/moi")

    preview = services.traffic.article_changes.preview(site, rule)
    done = services.traffic.article_changes.apply(site, rule, by)

    (shown,) = preview.moves
    assert (preview.articles, preview.views, preview.targets) == (1, 9, 1)
    assert (shown.views, shown.before, shown.after) == (9, 9, 18)
    assert (done.articles, done.views, done.left) == (1, 9, 0)
    after = state(redis_client, keys)
    assert sums(redis_client, keys) == before
    assert after["articles"]["/tin/moi"] == 18
    assert after["articles:2026-03-04"]["/tin/moi"] == 2 + 3
    assert after["months:2026-03"] == {"/tin/moi": 6}
    assert after["opening"] == {"/tin/moi": "376"}
    assert after["ratings"] == {"/tin/moi": "1,0,0,4,2"}
    assert after["ratings:voided"] == {"1a2b": "7,0,0,0,0 2940057 2940059 /tin/moi"}
    assert total(services, site, "/tin/cu") == total(services, site, "/tin/moi") == 18 + 376
    entry = services.accounts.audit.newest("kimson")[0]
    assert (entry.what, entry.who, entry.subject) == ("articles.merged", "lan", "/tin/cu")

    back = services.traffic.article_changes.take_back(site, done.id, by)

    assert back.articles == 1
    assert state(redis_client, keys) == whole
    assert total(services, site, "/tin/cu") == 9 + 366
    assert services.accounts.audit.newest("kimson")[0].what == "articles.taken-back"
    with pytest.raises(NotFoundError):
        services.traffic.article_changes.take_back(site, done.id, by)


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("into", ["/tin/moi", LONG])
def test_later_views_of_the_old_key_count_for_the_other(
    services: Services,
    clock: FakeClock,
    site: Site,
    by: Author,
    client: FlaskClient,
    redis_client: redis.Redis,
    keys: SiteKeys,
    fresh: bool,
    into: str,
) -> None:
    """Of a worker that knows of the change, and of one that does not yet; also in lists."""
    read(services, "/tin/cu", 4)
    read(services, into, 3)
    view(client, "/tin/cu")
    services.traffic.article_changes.apply(site, ArticleRule("merge", key="/tin/cu", into=into), by)
    if fresh:
        clock.advance(services.settings.site_cache_seconds)

    answers = [
        view(client, "/tin/cu").get_json(),
        view(client, into, articles=["/tin/cu"]).get_json(),
    ]
    read(services, "/tin/cu")

    assert [one["article"]["views"] for one in answers] == [9, 10]
    assert scores(redis_client, keys.articles) == {into: 11}
    assert sum(scores(redis_client, keys.day_articles("2026-03-04")).values()) == 11
    assert len(scores(redis_client, keys.day_articles("2026-03-04"))) == 1
    if fresh:
        assert answers[0]["article"]["key"] == into
        assert answers[1]["articles"]["/tin/cu"]["views"] == 10


@pytest.mark.parametrize("into", ["/tin/c", LONG])
def test_several_old_keys_in_one_call_are_one_article(
    redis_server: str,
    services: Services,
    site: Site,
    by: Author,
    clock: FakeClock,
    redis_client: redis.Redis,
    keys: SiteKeys,
    into: str,
) -> None:
    """Two old keys and the other itself arrive together, at a worker that knows of nothing."""
    for key in ("/tin/a", "/tin/b", into):
        read(services, key)
    entry = services.sites.directory.entry("kimson", clock.now())
    for key in ("/tin/a", "/tin/b"):
        services.traffic.article_changes.apply(site, ArticleRule("merge", key=key, into=into), by)
    views = ["/tin/a", "/tin/b", into, "/tin/a", "/tin/a", "/tin/b"]
    commands = [article_command(entry, key, clock.now()) for key in views]

    late = [article_command(entry, key, clock.now()) for key in ("/tin/b", "/tin/a")]

    with client_of(redis_server, decode_responses=False) as client:
        store = TrafficStore(client, services.settings.key_prefix)
        for some in (commands, late):
            store.record_views(
                entry.site, periods_at(clock.now(), site.timezone), clock.now(), some
            )

    assert scores(redis_client, keys.articles) == {into: 3 + 6 + 2}
    assert scores(redis_client, keys.day_articles("2026-03-04")) == {day_name(into): 11}


def test_a_key_is_renamed_and_given_again(
    services: Services, site: Site, by: Author, redis_client: redis.Redis, keys: SiteKeys
) -> None:
    """A name that is taken is refused; one that was left is an article of its own again."""
    read(services, "/cu", 2)
    read(services, "/moi")
    changes = services.traffic.article_changes
    with pytest.raises(ConflictError):
        changes.apply(site, ArticleRule("rename", key="/cu", into="/moi"), by)

    first = changes.apply(site, ArticleRule("rename", key="/cu", into="/khac"), by)
    second = changes.apply(site, ArticleRule("merge", key="/moi", into="/cu"), by)

    assert scores(redis_client, keys.articles) == {"/khac": 2, "/cu": 1}
    changes.take_back(site, second.id, by)
    changes.take_back(site, first.id, by)
    assert scores(redis_client, keys.articles) == {"/cu": 2, "/moi": 1}


def test_what_was_merged_on_is_taken_back_in_turn(
    services: Services,
    site: Site,
    by: Author,
    clock: FakeClock,
    redis_client: redis.Redis,
    keys: SiteKeys,
) -> None:
    """The first of two changes in a row waits for the second; the old keys follow both."""
    for key in ("/a", "/", "/c"):
        read(services, key)
    changes = services.traffic.article_changes
    first = changes.apply(site, ArticleRule("merge", key="/a", into="/"), by)
    second = changes.apply(site, ArticleRule("merge", key="/", into="/c"), by)
    read(services, "/a")
    services.sites.directory.load("kimson", clock.now())
    read(services, "/a")
    assert scores(redis_client, keys.articles) == {"/c": 5}

    early = changes.take_back(site, first.id, by)
    changes.take_back(site, second.id, by)
    late = changes.take_back(site, first.id, by)

    assert (early.articles, early.blocked) == (0, 1)
    assert late.articles == 1
    assert scores(redis_client, keys.articles) == {"/a": 1, "/": 1, "/c": 3}


def test_keys_that_differ_by_a_parameter_are_merged_by_a_rule(
    services: Services,
    site: Site,
    clock: FakeClock,
    by: Author,
    redis_client: redis.Redis,
    keys: SiteKeys,
) -> None:
    """Each goes where its key leads without it, whether that was there or not."""
    fill(services, clock, site, redis_client, keys)
    before, whole = sums(redis_client, keys), state(redis_client, keys)
    rule = ArticleRule("merge", parameter="MA")

    preview = services.traffic.article_changes.preview(site, rule)
    done = services.traffic.article_changes.apply(site, rule, by)

    assert (preview.articles, preview.views, preview.targets) == (2, 6, 2)
    after = scores(redis_client, keys.articles)
    assert (after["/tin/1"], after["/tin/1?id=7"]) == (3, 6)
    assert sums(redis_client, keys) == before
    assert services.traffic.article_changes.preview(site, rule).articles == 0
    services.traffic.article_changes.take_back(site, done.id, by)
    assert state(redis_client, keys) == whole


def test_deleted_articles_are_among_those_without_a_name(
    services: Services,
    site: Site,
    clock: FakeClock,
    by: Author,
    redis_client: redis.Redis,
    keys: SiteKeys,
) -> None:
    """By a prefix; the sums of all days stay, and no reader is shown the others' number."""
    fill(services, clock, site, redis_client, keys)
    before, whole = sums(redis_client, keys), state(redis_client, keys)
    rule = ArticleRule("delete", prefix="/tin/")

    done = services.traffic.article_changes.apply(site, rule, by)

    assert done.articles == 6
    assert scores(redis_client, keys.articles) == {OTHER_ARTICLES: 30}
    assert sums(redis_client, keys) == before
    assert total(services, site, "/tin/cu") == 0
    read(services, OTHER_ARTICLES)
    assert scores(redis_client, keys.articles) == {OTHER_ARTICLES: 30}
    with pytest.raises(InvalidInputError):
        services.traffic.views.articles(site, [OTHER_ARTICLES], clock.now())
    services.traffic.article_changes.take_back(site, done.id, by)
    assert state(redis_client, keys) == whole


def test_a_hidden_article_is_counted_and_in_no_list(
    services: Services, site: Site, clock: FakeClock, by: Author
) -> None:
    """Shown again by the same, or by taking it back."""
    read(services, "/tin/cu", 3)
    read(services, "/tin/moi", 2)
    changes, top = services.traffic.article_changes, services.traffic.top_articles

    done = changes.apply(site, ArticleRule("hide", key="/tin/cu"), by)

    assert [one.key for one in top.of_all_time(site)] == ["/tin/moi"]
    today = Span(date(2026, 3, 4), date(2026, 3, 4))
    assert [one.key for one in top.of_span(site, today, clock.now())] == ["/tin/moi"]
    read(services, "/tin/cu")
    assert total(services, site, "/tin/cu") == 4
    assert changes.take_back(site, done.id, by).articles == 1
    assert [one.key for one in top.of_all_time(site)] == ["/tin/cu", "/tin/moi"]
    changes.apply(site, ArticleRule("hide", prefix="/tin/"), by)
    assert changes.apply(site, ArticleRule("show", prefix="/tin/"), by).articles == 2


@pytest.mark.parametrize(
    "rule",
    [
        ArticleRule("burn", key="/tin/cu"),
        ArticleRule("delete"),
        ArticleRule("delete", key="/tin/cu", prefix="/tin"),
        ArticleRule("delete", parameter="id"),
        ArticleRule("delete", key="/tin/cu", into="/tin/moi"),
        ArticleRule("merge", key="/tin/cu"),
        ArticleRule("merge", key="/tin/cu", into="/tin/cu"),
        ArticleRule("merge", key="/khong-co", into="/tin/cu"),
        ArticleRule("merge", key="/tin/cu", into=OTHER_ARTICLES),
        ArticleRule("merge", prefix="/tin", into="/tin-moi"),
        ArticleRule("rename", prefix="/tin", into="/moi"),
        ArticleRule("delete", key=OTHER_ARTICLES),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(
    services: Services, site: Site, by: Author, rule: ArticleRule
) -> None:
    """Before anything is changed."""
    read(services, "/tin/cu")

    with pytest.raises(InvalidInputError):
        services.traffic.article_changes.apply(site, rule, by)
    with pytest.raises(InvalidInputError):
        services.traffic.article_changes.preview(site, rule)


def test_what_was_cut_off_goes_on(
    services: Services,
    site: Site,
    by: Author,
    monkeypatch: pytest.MonkeyPatch,
    redis_client: redis.Redis,
    keys: SiteKeys,
) -> None:
    """Some at a time; the same call does the rest, and all of it is one change."""
    monkeypatch.setattr(article_changes, "CALL_MAX", 60)
    redis_client.zadd(keys.articles, {f"/a/{n}": n + 1 for n in range(150)})
    rule, changes = ArticleRule("merge", prefix="/a/", into="/b/"), services.traffic.article_changes

    steps = [changes.apply(site, rule, by)]
    while steps[-1].left:
        steps.append(changes.apply(site, rule, by, steps[0].id))

    assert [(one.articles, one.left) for one in steps] == [(60, 90), (60, 30), (30, 0)]
    (done,) = changes.changes(site)
    assert (done.articles, done.views, done.kept) == (150, sum(range(151)), 150)
    back = [changes.take_back(site, done.change.id, by) for _ in range(3)]
    assert [(one.articles, one.left) for one in back] == [(60, 90), (60, 30), (30, 0)]
    assert scores(redis_client, keys.articles) == {f"/a/{n}": n + 1 for n in range(150)}


def test_a_voter_who_rated_both_has_one_rating(
    services: Services,
    site: Site,
    clock: FakeClock,
    by: Author,
    redis_client: redis.Redis,
    keys: SiteKeys,
) -> None:
    """The later counts: whoever rated the old article has rated the new one, and may change it."""
    read(services, "/cu")
    read(services, "/moi")
    entry = services.sites.directory.entry("kimson", clock.now())
    both, one = (entry.voters.issue("kimson", clock.now()) for _ in range(2))
    clock.advance(5)

    def rate(token: str, article: str, score: int) -> str:
        now = clock.now()
        entry = services.sites.directory.load("kimson", now)
        query = RatingQuery(article=article, score=score, voter=token)
        rated = services.ratings.ratings.rate_article(entry, query, VISITOR, now)
        return services.loop.run(rated).outcome

    rate(both, "/cu", 1)
    clock.advance(60)
    rate(both, "/moi", 2)
    rate(one, "/cu", 5)
    services.traffic.article_changes.apply(site, ArticleRule("merge", key="/cu", into="/moi"), by)
    assert redis_client.hget(keys.ratings, "/moi") == "1,1,0,0,1"

    outcomes = [rate(one, "/moi", 5), rate(one, "/cu", 4), rate(both, "/moi", 3)]

    assert outcomes == ["unchanged", "changed", "changed"]
    assert redis_client.hgetall(keys.ratings) == {"/moi": "0,0,1,1,0"}
    assert rate(both, "/moi", 3) == "unchanged"
    assert rate(entry.voters.issue("kimson", clock.now() - 60), "/cu", 5) == "counted"
    assert redis_client.hgetall(keys.ratings) == {"/moi": "0,0,1,1,1"}

    # Taken back, there is none of either article; and it may be given again.
    assert [rate(both, "/moi", 0), rate(both, "/cu", 0)] == ["withdrawn", "withdrawn"]
    assert redis_client.hgetall(keys.ratings) == {"/moi": "0,0,0,1,1"}
    assert rate(both, "/cu", 1) == "counted"
    assert redis_client.hgetall(keys.ratings) == {"/moi": "1,0,0,1,1"}


def test_ratings_that_are_held_follow_their_article(
    services: Services,
    site: Site,
    clock: FakeClock,
    by: Author,
    redis_client: redis.Redis,
    keys: SiteKeys,
) -> None:
    """Held before the article was merged, released after it: they count for the other."""
    read(services, "/cu")
    read(services, "/moi")
    redis_client.hset(
        keys.ratings_held, "a1b2c3d4e5f6", f"0,0,0,0,3 {int(clock.now() // 600)} 9 /cu"
    )
    services.traffic.article_changes.apply(site, ArticleRule("merge", key="/cu", into="/moi"), by)

    services.ratings.review.release(site, "a1b2c3d4e5f6", by.who, clock.now())

    assert redis_client.hgetall(keys.ratings) == {"/moi": "0,0,0,0,3"}


def test_nothing_is_lost_while_readers_read(
    services: Services, site: Site, by: Author, redis_client: redis.Redis, keys: SiteKeys
) -> None:
    """Merged, taken back and merged again under traffic: every view is somewhere, once."""
    names = [f"/bai/{n}?ma={m}" for n in range(6) for m in range(4)]
    for name in names:
        read(services, name)
    counted = Counter({"before": len(names)})
    ended = threading.Event()

    def reader(seed: int) -> int:
        draw, n = random.Random(seed), 0
        while not ended.is_set():
            read(services, draw.choice(names))
            n += 1
        return n

    def run(seed: int) -> None:
        counted[str(seed)] = reader(seed)

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    rule = ArticleRule("merge", parameter="ma")
    for n in range(6):
        done = services.traffic.article_changes.apply(site, rule, by)
        services.sites.directory.load("kimson", by.at)
        if n % 2 and done.articles:
            services.traffic.article_changes.take_back(site, done.id, by)
    services.traffic.article_changes.apply(site, rule, by)
    ended.set()
    for thread in threads:
        thread.join()

    number = counted.total()
    assert number
    assert sum(scores(redis_client, keys.articles).values()) == number
    assert sum(scores(redis_client, keys.day_articles("2026-03-04")).values()) == number
    assert set(scores(redis_client, keys.articles)) == {f"/bai/{n}" for n in range(6)}
