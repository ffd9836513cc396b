"""A whole installation moves to another server: everything or nothing, and once."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis

from stats_service.config import Settings
from stats_service.errors import (
    ConfigurationError,
    ConflictError,
    InvalidInputError,
    StoreUnavailableError,
    UnknownSiteError,
    ViewSpooledError,
)
from stats_service.models.sites import Site
from stats_service.models.traffic.views import PageQuery, Visitor
from stats_service.services.container import Services, create_services
from stats_service.services.portability.moves import Moved, Moves, open_moves
from stats_service.store.keys import SiteKeys
from stats_service.store.portability.move import MoveStore
from tests.support.clock import FakeClock
from tests.support.filled import fill, fill_votes
from tests.support.pages import BROWSER, new_hit
from tests.support.processes import wait_until
from tests.support.redis_groups import Server, client_of
from tests.support.spools import spool_of

#: What is no data of the installation: the clock's ceilings, and what it knows of its server.
LEFT_OUT = (":limit:", ":installation")


def everything(url: str, prefix: str) -> dict[bytes, tuple[Any, int]]:
    """Return each key with its value and the second at which it ends."""
    client: Any = client_of(url, decode_responses=False)
    read = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"zset": lambda name: client.zrange(name, 0, -1, withscores=True),
        b"stream": client.xrange,
    }
    found = {}
    for name in client.scan_iter(match=f"{prefix}:*", count=1000):
        if not any(part in name.decode("utf-8", "replace") for part in LEFT_OUT):
            found[name] = (read[client.type(name)](name), client.expiretime(name))
    client.close()
    return found


def opened(before: dict[bytes, Any], prefix: str) -> dict[bytes, Any]:
    """Return what stands there while the sites are open: names of keys that closing changes."""
    names = SiteKeys(prefix, "kimson")
    skipped = {names.held.encode(), names.replacing.encode(), names.site.encode()}
    return {
        name: value
        for name, value in before.items()
        if name not in skipped and b":site:" not in name
    }


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Server]:
    """Give another, empty server."""
    server = Server(tmp_path / "target", "save ''").start()
    yield server
    server.kill()


@pytest.fixture
def filled(
    services: Services, site: Site, clock: FakeClock, redis_client: redis.Redis, settings: Settings
) -> Settings:
    """Give the settings of an installation with something of everything."""
    services.operations.installation.claim()
    # Nothing ends while the test looks at it.
    clock.advance(time.time() - clock.now())
    fill(services, clock, site, days=1)
    fill_votes(redis_client, SiteKeys(settings.key_prefix, "kimson"))
    services.accounts.accounts.add("an", "mật khẩu rất dài 1", "test", clock.now())
    keys = SiteKeys(settings.key_prefix, "kimson")
    redis_client.zadd(keys.articles, {f"/dài/{n}": n + 0.0 for n in range(3000)})
    return settings


@pytest.fixture
def move(filled: Settings, target: Server, clock: FakeClock) -> Callable[..., Moved]:
    """Give what moves the installation to the target."""

    def run(to: str = "", **_: object) -> Moved:
        with open_moves(filled, to or target.url) as moves:
            return moves.run(clock.now, lambda _: None)

    return run


def test_everything_moves(
    move: Callable[..., Moved],
    filled: Settings,
    target: Server,
    services: Services,
    site: Site,
    clock: FakeClock,
) -> None:
    """Every key with its value and its end; the old server is closed, the new one goes on."""
    before = everything(filled.redis_url, filled.key_prefix)

    moved = move()

    assert moved.sites == ["kimson"]
    after = everything(target.url, filled.key_prefix)
    assert opened(after, filled.key_prefix) == opened(before, filled.key_prefix)
    names = SiteKeys(filled.key_prefix, "kimson")
    assert after.keys() == before.keys()
    assert after[names.site.encode()] == before[names.site.encode()]
    with pytest.raises(UnknownSiteError):
        services.traffic.opening_balances.set(site, "/tin/9", 1, "an", clock.now())
    with pytest.raises(ConfigurationError, match="have moved to"):
        services.operations.installation.claim()
    assert [one.subject for one in services.operations.installation.findings()] == ["move"]
    with pytest.raises(ConflictError, match="have moved"):
        move(target.url + "/1")
    new = create_services(replace(filled, redis_url=target.url), clock)
    try:
        new.operations.installation.claim()
        assert list(new.operations.installation.findings()) == []
        new.traffic.opening_balances.set(site, "/tin/9", 1, "an", clock.now())
    finally:
        new.close()


def test_views_of_the_pause_are_counted_on_the_new_server(
    move: Callable[..., Moved],
    filled: Settings,
    target: Server,
    services: Services,
    clock: FakeClock,
) -> None:
    """They wait in the spool of the old place, and are sent to the new one by its service."""
    counted = services.traffic.views.counts
    site = services.sites.sites.get("kimson")
    before = counted(site, clock.now()).views.total
    moved = move()
    assert moved.keys

    entry = services.sites.directory.entry("kimson", clock.now())
    reader = Visitor(
        "192.0.2.1", BROWSER, f"https://{site.hosts[0]}", private=False, prefetch=False
    )
    for _ in range(3):
        query = PageQuery(hit=new_hit(), article="/tin/1")
        with pytest.raises(ViewSpooledError):
            services.loop.run(services.traffic.recorder.record(entry, query, reader, clock.now()))
    waiting = services.traffic.replay.state().waiting
    assert waiting == 3

    new = create_services(replace(filled, redis_url=target.url), clock)
    try:
        with spool_of(services).sole_sender() as sole:  # as the old service does that looks first
            assert sole
            assert new.traffic.replay.run(clock.now()), "it has to look again"
        wait_until(lambda: not new.traffic.replay.run(clock.now()))
        assert new.traffic.views.counts(site, clock.now()).views.total == before + waiting
    finally:
        new.close()


def test_a_server_that_holds_something_is_refused(
    move: Callable[..., Moved], filled: Settings, target: Server, services: Services
) -> None:
    """Nothing changes on either."""
    target.client.set(f"{filled.key_prefix}:{{ketoan}}:site", "{}")
    before = everything(filled.redis_url, filled.key_prefix)

    with pytest.raises(ConflictError, match="holds keys with the prefix"):
        move()

    assert target.client.dbsize() == 1
    assert everything(filled.redis_url, filled.key_prefix) == before
    assert list(services.operations.installation.findings()) == []


@pytest.mark.parametrize(
    ("settings_there", "said"),
    [
        ({"maxmemory": "1200kb"}, "has room for"),
        ({"maxmemory": "100mb", "maxmemory-policy": "allkeys-lru"}, "throws data away"),
    ],
)
def test_a_server_without_room_is_refused(
    move: Callable[..., Moved],
    filled: Settings,
    target: Server,
    settings_there: dict[str, str],
    said: str,
) -> None:
    """Before anything is closed."""
    for name, value in settings_there.items():
        target.client.config_set(name, value)

    with pytest.raises(InvalidInputError, match=said):
        move()

    assert target.client.dbsize() == 0


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1", "--to must start with"),
        ("redis://127.0.0.1:1", "--to: Redis did not answer: nothing listens at the place of --to"),
        ("redis+sentinel://127.0.0.1:1", "a Sentinel URL names the master"),
        ("redis://:wrong@{target}", "--to: Redis refuses the user or password of --to"),
        ("{source}", "--to names the server on which the data are already"),
    ],
)
def test_a_place_that_cannot_be_used_is_told(
    move: Callable[..., Moved],
    filled: Settings,
    target: Server,
    services: Services,
    url: str,
    said: str,
) -> None:
    """By what is wrong with it, and by the name of the option."""
    target.client.config_set("requirepass", "right")
    place = target.url.removeprefix("redis://")

    with pytest.raises((ConfigurationError, StoreUnavailableError)) as caught:
        move(url.format(target=place, source=filled.redis_url))

    assert said in str(caught.value)
    assert "REDIS_URL" not in str(caught.value)
    assert list(services.operations.installation.findings()) == []


def test_a_server_that_becomes_full_changes_nothing(
    move: Callable[..., Moved],
    filled: Settings,
    target: Server,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was copied is deleted, and the old server goes on as it was."""
    before = everything(filled.redis_url, filled.key_prefix)
    monkeypatch.setattr(Moves, "_check_room", lambda *_: None)
    target.client.config_set("maxmemory", target.client.info("memory")["used_memory"] + 150_000)

    with pytest.raises(StoreUnavailableError, match="--to: Redis' memory is full"):
        move()

    assert target.client.dbsize() == 0
    assert everything(filled.redis_url, filled.key_prefix) == before
    assert list(services.operations.installation.findings()) == []


@pytest.mark.parametrize("ends", ["again", "abort"])
@pytest.mark.parametrize("at", [0, 1])
def test_a_move_that_was_cut_off_goes_on_or_is_undone(
    filled: Settings,
    target: Server,
    clock: FakeClock,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    ends: str,
) -> None:
    """As after kill -9: nobody counts on either server until then, and none is claimed."""
    before = everything(filled.redis_url, filled.key_prefix)
    calls = iter(range(100))

    def killed(_: int) -> None:
        if next(calls) == at:
            raise KeyboardInterrupt

    with open_moves(filled, target.url) as moves, monkeypatch.context() as patch:
        patch.setattr(Moves, "_undo", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            moves.run(clock.now, killed)
    new = create_services(replace(filled, redis_url=target.url, data_dir=filled.data_dir / "new"))
    with pytest.raises(ConfigurationError, match="are not complete"):
        new.operations.installation.claim()
    new.close()
    assert [one.subject for one in services.operations.installation.findings()] == ["move"]
    services.operations.installation.claim()  # the old service may start again, and keeps views

    with open_moves(filled, target.url) as moves:
        if ends == "abort":
            moves.abort()
        else:
            moves.run(clock.now, lambda _: None)

    here, there = (filled.redis_url, target.url) if ends == "abort" else (target.url, "")
    assert everything(here, filled.key_prefix) == before
    if ends == "abort":
        assert everything(there, filled.key_prefix) == {}
        assert list(services.operations.installation.findings()) == []


def test_a_move_that_was_cut_off_at_its_last_step_goes_on(
    move: Callable[..., Moved],
    filled: Settings,
    target: Server,
    services: Services,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The old server is left, the sites of the new one are not open yet; there is no way back."""
    before = everything(filled.redis_url, filled.key_prefix)

    def cut_off(*_: object) -> None:
        raise StoreUnavailableError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(MoveStore, "open", cut_off)
        with pytest.raises(StoreUnavailableError):
            move()
    with (
        open_moves(filled, target.url) as moves,
        pytest.raises(ConflictError, match="may have changed"),
    ):
        moves.abort()

    assert move().sites == ["kimson"]
    assert everything(target.url, filled.key_prefix) == before
    with pytest.raises(ConflictError, match="have moved"):
        move()


def test_a_site_that_comes_while_the_last_pass_runs_moves_as_well(
    filled: Settings, target: Server, services: Services, clock: FakeClock
) -> None:
    """It is closed and copied: it would go on taking votes on the server that is left."""
    late = Site(slug="late", name="Muộn", hosts=("late.example.vn",))
    passes: list[int] = []

    def told(alike: int) -> None:
        passes.append(alike)
        if sum(passes) > 1.5 * passes[0] and "late" not in slugs():
            services.sites.sites.add(late)

    def slugs() -> list[str]:
        return [site.slug for site in services.sites.sites.all()]

    with open_moves(filled, target.url) as moves:
        moved = moves.run(clock.now, told)

    assert moved.sites == ["kimson", "late"]
    names = SiteKeys(filled.key_prefix, "late")
    for url, is_open in ((filled.redis_url, 0), (target.url, 1)):
        client: Any = client_of(url)
        assert client.exists(names.site) == is_open
        client.close()
