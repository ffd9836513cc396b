"""The layout of the data: its number, migrations, and who may use what."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import pytest
import redis

from stats_service.config import Settings
from stats_service.errors import ConfigurationError, ConflictError
from stats_service.models.operations.health import FAIL, WARN
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from stats_service.services.operations.layouts import Layouts
from stats_service.store.admin_keys import AdminKeys
from stats_service.store.operations.layout import LayoutStore, Migration
from tests.support.clock import FakeClock
from tests.support.migrations import Stamps, stamps
from tests.support.openapi import Serve
from tests.support.redis_groups import client_of

ARTICLES = [f"/tin/{number:03}" for number in range(150)]

Program = Callable[..., Services]


@pytest.fixture
def program(settings: Settings, clock: FakeClock) -> Iterator[Program]:
    """Give what starts a program with migrations of its own on the same Redis."""
    with ExitStack() as stack:

        def start(*migrations: Migration, host: str = "") -> Services:
            folder = settings.data_dir / host
            made = create_services(replace(settings, data_dir=folder), clock, migrations)
            stack.callback(made.close)
            return made

        yield start


def installation(redis_client: redis.Redis, settings: Settings) -> dict[str, str]:
    """Return what Redis has of the installation."""
    found = redis_client.hgetall(AdminKeys(settings.key_prefix).installation)
    return {str(name): str(value) for name, value in found.items()}


def with_articles(services: Services, site: Site) -> None:
    """Claim Redis, and give a site articles."""
    services.operations.installation.claim()
    for number, article in enumerate(ARTICLES):
        services.traffic.views._store._client.zadd(
            f"{services.settings.key_prefix}:{{{site.slug}}}:articles", {article: number + 1}
        )


def counted(redis_client: redis.Redis, settings: Settings) -> tuple[dict[str, float], list[str]]:
    """Return the views by article, and how often each article was stamped."""
    names = redis_client.zrange(
        f"{settings.key_prefix}:{{kimson}}:articles", 0, -1, withscores=True
    )
    found = redis_client.hgetall(stamps(settings.key_prefix, "kimson"))
    return dict(names), [found.get(article, "0") for article in ARTICLES]


def test_a_new_installation_has_the_number_of_its_program(
    redis_client: redis.Redis, settings: Settings, program: Program
) -> None:
    """And the lowest layout whose programs may use it."""
    program(Stamps(), Stamps(oldest=2)).operations.installation.claim()

    found = installation(redis_client, settings)

    assert (found["layout"], found["layout:oldest"]) == ("3", "2")


def test_data_without_a_number_are_of_the_first_layout(
    redis_client: redis.Redis, settings: Settings, services: Services, site: Site, program: Program
) -> None:
    """They are of before there were numbers; the next start writes it."""
    services.operations.installation.claim()
    redis_client.hdel(AdminKeys(settings.key_prefix).installation, "layout", "layout:oldest")
    newer = program(Stamps())

    with pytest.raises(ConfigurationError, match="layout 1"):
        newer.operations.layouts.require_stored()
    services.operations.layouts.require_stored()
    services.operations.installation.claim()

    assert installation(redis_client, settings)["layout"] == "1"


def test_sites_without_an_owner_are_of_the_first_layout(
    redis_client: redis.Redis, settings: Settings, site: Site, program: Program
) -> None:
    """Data of an early version have no record of their installation."""
    program(Stamps()).operations.installation.claim()

    assert installation(redis_client, settings)["layout"] == "1"


def test_a_newer_program_migrates_at_its_start(
    redis_client: redis.Redis, settings: Settings, services: Services, site: Site, program: Program
) -> None:
    """Every article once, without a change of what is read."""
    with_articles(services, site)
    before, _ = counted(redis_client, settings)
    newer = program(Stamps(), host="newer")
    assert [(p.keys, p.beside) for p in newer.operations.layouts.pending()] == [(150, True)]
    assert counted(redis_client, settings) == (before, ["0"] * 150)

    newer.operations.installation.claim()
    newer.operations.layouts.migrate()
    newer.operations.layouts.migrate()

    assert counted(redis_client, settings) == (before, ["1"] * 150)
    found = installation(redis_client, settings)
    assert (found["layout"], found["layout:oldest"]) == ("2", "1")
    assert "layout:after" not in found
    assert not redis_client.exists(AdminKeys(settings.key_prefix).migrating)
    assert newer.operations.layouts.pending() == []


@pytest.mark.parametrize("pieces", range(1, 9))
def test_a_migration_that_is_cut_off_is_gone_on_with(
    redis_client: redis.Redis,
    settings: Settings,
    services: Services,
    site: Site,
    program: Program,
    pieces: int,
) -> None:
    """After whichever piece; only that piece, which was not noted yet, is done again."""
    with_articles(services, site)
    left = pieces

    def die() -> None:
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        program(Stamps(between=die), host="newer").operations.layouts.migrate()
    assert installation(redis_client, settings)["layout"] == "1"
    program(Stamps(), host="newer").operations.layouts.migrate()

    _, times = counted(redis_client, settings)
    assert set(times) <= {"1", "2"}
    assert times.count("2") == min(20, 150 - 20 * (pieces - 1))
    assert installation(redis_client, settings)["layout"] == "2"


def test_of_many_that_start_at_once_one_migrates(
    redis_client: redis.Redis, settings: Settings, services: Services, site: Site, program: Program
) -> None:
    """The others wait until it is done."""
    with_articles(services, site)
    several = [program(Stamps(), host=f"host-{number}") for number in range(6)]

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda one: one.operations.layouts.migrate(), several))

    assert counted(redis_client, settings)[1] == ["1"] * 150
    assert installation(redis_client, settings)["layout"] == "2"


def test_a_process_that_has_lost_the_lock_notes_nothing(
    redis_client: redis.Redis, settings: Settings, services: Services, site: Site, program: Program
) -> None:
    """It hung for longer than a lock lasts, and another one has begun."""
    with_articles(services, site)
    lock = AdminKeys(settings.key_prefix).migrating
    hangs, may_go_on = threading.Event(), threading.Event()

    def hang() -> None:
        if not hangs.is_set():
            redis_client.delete(lock)
            hangs.set()
            may_go_on.wait(20)

    slow = program(Stamps(between=hang), host="slow")
    thread = threading.Thread(target=slow.operations.layouts.migrate)
    thread.start()
    assert hangs.wait(20)
    redis_client.set(lock, "another", ex=60)
    may_go_on.set()
    thread.join(2)
    assert thread.is_alive()
    assert "layout:after" not in installation(redis_client, settings)
    redis_client.delete(lock)
    thread.join(20)

    assert installation(redis_client, settings)["layout"] == "2"


def test_programs_of_both_sides_count_beside_each_other(
    redis_client: redis.Redis, settings: Settings, services: Services, site: Site, program: Program
) -> None:
    """If the migration allows it; then the older one says that it is to follow."""
    with_articles(services, site)
    assert list(services.operations.installation.findings()) == []

    newer = program(Stamps(), host="newer")
    newer.operations.layouts.migrate()

    services.operations.installation.claim()
    services.operations.layouts.require_stored()
    services.operations.installation.check_not_moving()
    (found,) = services.operations.installation.findings()
    assert (found.level, found.subject) == (WARN, "layout")
    assert list(newer.operations.installation.findings()) == []
    beats = installation(redis_client, settings)["beat"]
    assert int(beats) >= 1


def test_a_program_that_may_not_use_newer_data_refuses_them(
    serve: Serve, settings: Settings, services: Services, site: Site, program: Program
) -> None:
    """At its start, at each look, and in its admin pages."""
    with_articles(services, site)
    program(Stamps(oldest=2), host="newer").operations.layouts.migrate()

    with pytest.raises(ConfigurationError, match="newer version has migrated the data to layout 2"):
        services.operations.installation.claim()
    with pytest.raises(ConfigurationError, match="newer version"):
        services.operations.layouts.require_stored()
    with pytest.raises(ConflictError, match="Nothing was changed"):
        services.operations.installation.check_not_moving()
    (found,) = services.operations.installation.findings()
    assert (found.level, found.subject) == (FAIL, "layout")
    ready = serve(settings).get("/readyz")
    assert ready.status_code == 503
    assert "layout of another version" in ready.get_data(as_text=True)


def test_data_that_were_migrated_in_part_are_refused_as_well(
    redis_client: redis.Redis, settings: Settings, services: Services, site: Site, program: Program
) -> None:
    """A migration that an older program would break may be cut off; then one half is newer."""
    with_articles(services, site)

    def die() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        program(Stamps(oldest=2, between=die), host="newer").operations.layouts.migrate()
    found = installation(redis_client, settings)
    assert (found["layout"], found["layout:oldest"]) == ("1", "2")

    with pytest.raises(ConfigurationError, match="cut off"):
        services.operations.installation.claim()
    for older in (False, True):  # as a backup of that moment would have it
        with pytest.raises(ConfigurationError, match="cut off"):
            services.operations.layouts.require_stored(older=older)
    with pytest.raises(ConflictError, match="Nothing was changed"):
        services.operations.installation.check_not_moving()
    (finding,) = services.operations.installation.findings()
    assert (finding.level, finding.subject) == (FAIL, "layout")

    program(Stamps(oldest=2), host="newer").operations.layouts.migrate()
    assert installation(redis_client, settings)["layout"] == "2"


def test_an_emptied_redis_is_not_migrated(
    redis_client: redis.Redis, settings: Settings, services: Services, site: Site, program: Program
) -> None:
    """Emptied between the look and the lock; else it would get a number without an owner."""
    with_articles(services, site)
    layouts = program(Stamps(), host="newer").operations.layouts
    lock = layouts._store.lock

    def emptied(holder: str) -> bool:
        redis_client.flushdb()
        return lock(holder)

    layouts._store.lock = emptied  # type: ignore[method-assign]
    layouts.migrate()

    assert installation(redis_client, settings) == {}


def test_no_migration_begins_beside_a_program_that_it_would_break(
    redis_client: redis.Redis, settings: Settings, services: Services, site: Site, clock: FakeClock
) -> None:
    """It is told by its looks, which go on while the newer one waits."""
    with_articles(services, site)
    list(services.operations.installation.findings())

    def look(_: float) -> None:
        clock.advance(2)
        list(services.operations.installation.findings())

    with client_of(settings.redis_url) as client:
        store = LayoutStore(client, settings.key_prefix, [Stamps(oldest=2)])
        with pytest.raises(ConfigurationError, match=r"older version \(layout 1\) still runs"):
            Layouts(store, look).migrate()
        found = installation(redis_client, settings)
        assert (found["layout"], found.get("layout:oldest")) == ("1", None)
        assert counted(redis_client, settings)[1] == ["0"] * 150

        Layouts(store, lambda _: None).migrate()
    assert installation(redis_client, settings)["layout:oldest"] == "2"
    assert counted(redis_client, settings)[1] == ["1"] * 150


def test_several_migrations_are_done_one_after_the_other(
    redis_client: redis.Redis, settings: Settings, services: Services, site: Site, program: Program
) -> None:
    """From the number of the data to that of the program."""
    with_articles(services, site)
    program(Stamps(), host="newer").operations.layouts.migrate()
    latest = program(Stamps(), Stamps(), Stamps(), host="latest")
    assert [p.keys for p in latest.operations.layouts.pending()] == [150, 150]

    latest.operations.layouts.migrate()

    assert counted(redis_client, settings)[1] == ["3"] * 150
    assert installation(redis_client, settings)["layout"] == "4"


def test_a_start_without_redis_goes_by_what_was_seen_last(
    services: Services, site: Site, program: Program
) -> None:
    """An upgrade that has something to migrate needs Redis; any other start does not."""
    with_articles(services, site)
    list(services.operations.installation.findings())

    services.operations.installation.require_remembered_layout()
    with pytest.raises(ConfigurationError, match="layout 1, and this version writes layout 2"):
        program(Stamps()).operations.installation.require_remembered_layout()


def test_a_migration_is_said_in_the_log(
    services: Services, site: Site, program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    """What it changes, and that it is done."""
    with_articles(services, site)

    with caplog.at_level(logging.WARNING):
        program(Stamps(), host="newer").operations.layouts.migrate()

    told = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert told == [
        "Migrating the data to layout 2: articles are stamped.",
        "The data have layout 2 now.",
    ]
