"""Titles of articles: plain text, bounded, and where the article goes they go."""

import msgspec
import pytest
import redis

from stats_service.config import Settings
from stats_service.errors import ConflictError, InvalidInputError
from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.models.titles import TITLE_MAX, Title
from stats_service.models.traffic.article_changes import ArticleRule
from stats_service.services.container import Services
from stats_service.services.traffic.titles import title_text
from stats_service.store.keys import SiteKeys
from stats_service.store.traffic.titles import TitleStore
from tests.support.clock import FakeClock
from tests.support.filled import fill

ONE, TWO = "/tin/1/T%E1%BA%BFt", "/tin/2/T%E1%BA%BFt"


@pytest.fixture
def store(redis_client: redis.Redis, settings: Settings) -> TitleStore:
    """Give the store."""
    return TitleStore(redis_client, settings.key_prefix)


@pytest.fixture
def filled(services: Services, clock: FakeClock, site: Site) -> Site:
    """Give a site with four articles."""
    fill(services, clock, site, days=1)
    return site


def by(clock: FakeClock) -> Author:
    """Return who does it."""
    return Author("an", clock.now())


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("  Khánh\u00a0thành\n cầu ", "Khánh thành cầu"),
        ("Kho\u0301a", "Khóa"),
        ("\u202egnp.exe\u2066 a\u0000b\u200bc\ufeff", "gnp.exe abc"),
        ("<b>x</b>", "<b>x</b>"),
        ("a" * 300, "a" * (TITLE_MAX - 1) + "…"),
        ("a" + "\u0301" * 400, ""),
        ("\ud800x\U000e0041", "x"),
        ("Kho\u200b\u0301a", "Khóa"),
        ("a" + "\u0301\u200b" * 100, ""),
        ("\u3164\uffa0\u2800\u1160", ""),
    ],
)
def test_a_title_is_plain_text_on_one_line(raw: str, shown: str) -> None:
    """Control and direction signs are out, marks are composed, and it is cut."""
    assert title_text(raw) == shown
    assert title_text(shown) == shown


def test_a_title_is_set_looked_up_and_forgotten(
    services: Services, clock: FakeClock, filled: Site
) -> None:
    """By an administrator, who stands in the log."""
    titles = services.traffic.titles

    titles.set(filled, ONE, " Khánh thành cầu ", by(clock))

    assert titles.of(filled, [ONE, TWO, "(other)", ""]) == {ONE: "Khánh thành cầu"}
    entry = services.accounts.audit.newest(filled.slug, 1)[0]
    assert (entry.what, entry.subject) == ("article.titled", ONE)
    titles.set(filled, ONE, "", by(clock))
    assert titles.of(filled, [ONE]) == {}


def test_what_is_read_gives_way_to_what_is_set(
    services: Services, clock: FakeClock, filled: Site, store: TitleStore
) -> None:
    """And an article that is not there gets no title."""
    services.traffic.titles.set(filled, ONE, "Của chúng tôi", by(clock))

    written = store.put(
        filled, {ONE: Title(text="x", at=1), TWO: Title(text="y", at=1), "/nope": Title(text="z")}
    )

    assert written == 1
    assert services.traffic.titles.of(filled, [ONE, TWO, "/nope"]) == {
        ONE: "Của chúng tôi",
        TWO: "y",
    }
    with pytest.raises(InvalidInputError, match="no such article"):
        services.traffic.titles.set(filled, "/nope", "x", by(clock))
    with pytest.raises(InvalidInputError, match="200"):
        services.traffic.titles.set(filled, ONE, "x" * 201, by(clock))


def test_titles_go_where_articles_go(
    services: Services, clock: FakeClock, filled: Site, store: TitleStore
) -> None:
    """A merge, a rename and a deletion take them along, and taking it back brings them back."""
    changes, titles = services.traffic.article_changes, services.traffic.titles
    store.put(filled, {ONE: Title(text="Một", at=1), TWO: Title(text="Hai", at=1)})

    merged = changes.apply(filled, ArticleRule("merge", key=ONE, into=TWO), by(clock))
    assert titles.of(filled, [ONE, TWO]) == {TWO: "Hai"}
    renamed = changes.apply(filled, ArticleRule("rename", key=TWO, into="/hai"), by(clock))
    assert titles.of(filled, [TWO, "/hai"]) == {"/hai": "Hai"}
    deleted = changes.apply(filled, ArticleRule("delete", key="/hai"), by(clock))
    assert titles.of(filled, ["/hai", "(other)"]) == {}

    for step in (deleted, renamed, merged):
        changes.take_back(filled, step.id, by(clock))
    assert titles.of(filled, [ONE, TWO, "/hai"]) == {ONE: "Một", TWO: "Hai"}


def test_titles_are_bounded(
    services: Services, clock: FakeClock, filled: Site, store: TitleStore
) -> None:
    """By the cap of articles: the oldest that no list shows make room."""
    small = msgspec.structs.replace(filled, article_cap=2)
    keys = sorted(services.traffic.article_changes._store.keys(filled.slug))[:4]
    store.put(small, {key: Title(text=key, at=n) for n, key in enumerate(keys)})
    assert len(store.all(filled.slug)) == 3  # one field more than titles, for how reading goes

    assert store.make_room(small, {keys[0]}, 1) == 1

    assert keys[0] in store.all(filled.slug)
    assert keys[1] not in store.all(filled.slug)
    services.traffic.titles.set(small, keys[1], "x", by(clock))
    with pytest.raises(ConflictError):
        services.traffic.titles.set(small, keys[3], "x", by(clock))


def test_titles_are_erased_with_their_site(
    services: Services,
    clock: FakeClock,
    filled: Site,
    redis_client: redis.Redis,
    settings: Settings,
) -> None:
    """Nothing of them stays."""
    services.traffic.titles.set(filled, ONE, "x", by(clock))

    services.sites.erasure.erase(filled.slug, "an", clock.now())

    assert not redis_client.exists(SiteKeys(settings.key_prefix, filled.slug).titles)
