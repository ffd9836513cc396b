"""Data of another layout than the program's, as the command line meets them."""

import contextlib
from pathlib import Path

import pytest
import redis

from stats_service.config import Settings
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.store.admin_keys import AdminKeys
from stats_service.store.keys import SiteKeys
from stats_service.store.operations import layout
from tests.cli.conftest import Run
from tests.support.migrations import Stamps, stamps
from tests.support.processes import free_port
from tests.support.redis_groups import Server

NEWER = "A newer version has migrated the data to layout 2, and this one knows layout 1"
COMMANDS = (
    "serve",
    "demo",
    "site list",
    "site add phatdiem --host phatdiem.example.vn",
    "admin list",
    "article show kimson /tin/1",
    "counts kimson",
    "poll list kimson",
    "kiosk list kimson",
    "rating held kimson",
    "embed kimson",
    "accept secret",
    "accept redis",
    "export kimson",
    "legacy list kimson",
    "backup {folder}/backups/",
    "move --to redis://127.0.0.1:9/0 --dry-run",
    "report list kimson",
    "webhook list kimson",
    "spool show",
    "tick",
)


@pytest.fixture
def newer_data(services: Services, redis_client: redis.Redis, settings: Settings) -> None:
    """Have a newer version migrate the data so that no older one may use them."""
    services.operations.installation.claim()
    layouts = {"layout": 2, "layout:oldest": 2}
    redis_client.hset(AdminKeys(settings.key_prefix).installation, mapping=layouts)


@pytest.mark.usefixtures("newer_data")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_newer_data(
    run: Run,
    site: Site,
    redis_client: redis.Redis,
    settings: Settings,
    tmp_path: Path,
    command: str,
) -> None:
    """In one line, with 2, and without a change."""
    key = AdminKeys(settings.key_prefix).installation
    before = redis_client.hgetall(key)
    words = command.format(folder=tmp_path).split()

    said = run(*words, code=2, STATS_BIND=f"127.0.0.1:{free_port()}").stderr

    assert said.startswith(f"Error: {NEWER}")
    assert said.count("\n") == 1
    assert redis_client.hgetall(key) == before
    assert not list(tmp_path.glob("*.rdb")) + list(tmp_path.glob("*.gz"))


@pytest.mark.usefixtures("newer_data")
def test_check_says_that_data_are_newer(run: Run, site: Site) -> None:
    """In one line; nothing more of them is read."""
    said = run("check", code=1).stdout

    (line,) = (line for line in said.splitlines() if line.startswith("FAIL"))
    assert NEWER[0].lower() + NEWER[1:] in line
    assert "sites" not in said


def test_check_is_a_dry_run(
    run: Run,
    services: Services,
    site: Site,
    redis_client: redis.Redis,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the newer version's start will change, how many keys, and who may run meanwhile."""
    services.operations.installation.claim()
    articles = {f"/tin/{number}": number + 1 for number in range(30)}
    redis_client.zadd(SiteKeys(settings.key_prefix, site.slug).articles, articles)
    monkeypatch.setattr(layout, "MIGRATIONS", (Stamps(), Stamps(oldest=3)))

    said = run("check", code=1).stdout

    assert "FAIL  layout         the data have layout 1, and this version writes layout 3" in said
    lines = [line for line in said.splitlines() if line.startswith("warn  migration")]
    assert [line.partition("articles")[2] for line in lines] == [
        " are stamped: 30 keys. Instances of the version that runs now may run meanwhile.",
        " are stamped: 30 keys. Instances of the version that runs now must be stopped before.",
    ]
    assert not redis_client.exists(stamps(settings.key_prefix, site.slug))
    assert "layout 1" in run("site", "list", code=2).stderr


@pytest.fixture
def embedded(tmp_path: Path) -> dict[str, str]:
    """Give what makes a command use a Redis of the test's own, started when needed."""
    return {"REDIS_URL": "", "STATS_DATA_DIR": str(tmp_path / "data"), "STATS_KEY_PREFIX": "st"}


def numbered(data_dir: Path, **layouts: int) -> dict[bytes, bytes]:
    """Write numbers into the embedded Redis of a folder; return what it has of the installation."""
    key = AdminKeys("st").installation
    with EmbeddedRedis(data_dir) as server, redis.Redis.from_url(server.url) as client:
        for name, number in layouts.items():
            client.hset(key, {"layout": "layout", "oldest": "layout:oldest"}[name], number)
        return dict(client.hgetall(key))


def test_a_backup_of_a_newer_version_is_not_restored(
    run: Run, embedded: dict[str, str], tmp_path: Path
) -> None:
    """What was there is there again."""
    data = tmp_path / "data"
    run("site", "add", "kimson", "--host", "kimson.example.vn", **embedded)
    run("accept", "redis", **embedded)
    numbered(data, layout=2, oldest=2)
    with contextlib.closing(redis.Redis()):
        with EmbeddedRedis(data) as server, redis.Redis.from_url(server.url) as client:
            client.save()
        backup = tmp_path / "newer.rdb"
        backup.write_bytes((data / "redis" / "dump.rdb").read_bytes())
    numbered(data, layout=1, oldest=1)
    run("site", "add", "phatdiem", "--host", "phatdiem.example.vn", **embedded)

    said = run("restore", str(backup), code=2, **embedded).stderr

    assert NEWER in said
    assert "phatdiem" in run("site", "list", **embedded).stdout
    assert not list((data / "redis").glob("before-*"))


def test_an_older_backup_is_migrated_when_it_is_restored(
    run: Run, embedded: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the spot, so that all other commands can use it."""
    run("site", "add", "kimson", "--host", "kimson.example.vn", **embedded)
    run("accept", "redis", **embedded)
    with EmbeddedRedis(tmp_path / "data") as server, redis.Redis.from_url(server.url) as client:
        client.zadd(SiteKeys("st", "kimson").articles, {"/tin/1": 3})
    run("backup", str(tmp_path / "older.rdb"), **embedded)
    monkeypatch.setattr(layout, "MIGRATIONS", (Stamps(oldest=2),))

    run("restore", str(tmp_path / "older.rdb"), **embedded)

    run("site", "list", **embedded)
    assert numbered(tmp_path / "data")[b"layout"] == b"2"


def test_what_moves_keeps_its_number(
    run: Run, site: Site, services: Services, tmp_path: Path
) -> None:
    """The new server has it, and a program that must not use the data is refused there too."""
    services.operations.installation.claim()
    server = Server(tmp_path / "target", "save ''").start()
    key = AdminKeys(services.settings.key_prefix).installation
    try:
        run("move", "--to", server.url)

        assert server.client.hget(key, "layout") == "1"
        server.client.hset(key, mapping={"layout": 2, "layout:oldest": 2})
        assert NEWER in run("site", "list", code=2, REDIS_URL=server.url).stderr
    finally:
        server.kill()


def test_nothing_moves_while_it_is_migrated(
    run: Run,
    site: Site,
    services: Services,
    redis_client: redis.Redis,
    settings: Settings,
    tmp_path: Path,
) -> None:
    """By a newer version that lets this one go on meanwhile."""
    services.operations.installation.claim()
    redis_client.hset(AdminKeys(settings.key_prefix).installation, "layout:after", "kimson /tin/1")

    server = Server(tmp_path / "target", "save ''").start()

    said = run("move", "--to", server.url, code=2).stderr
    server.kill()

    assert "being migrated" in said
