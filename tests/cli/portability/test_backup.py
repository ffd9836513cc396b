"""`stats-service backup` and `restore`."""

from pathlib import Path

import pytest
import redis

from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.errors import InvalidInputError
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.store.keys import SiteKeys
from stats_service.store.operations.snapshots import is_snapshot
from tests.cli.conftest import Run
from tests.support.clock import FakeClock
from tests.support.filled import fill


@pytest.fixture
def embedded(tmp_path: Path) -> dict[str, str]:
    """Give what makes a command use a Redis of the test's own, started when needed."""
    return {"REDIS_URL": "", "STATS_DATA_DIR": str(tmp_path / "data"), "STATS_KEY_PREFIX": "st"}


def test_a_backup_comes_back(run: Run, embedded: dict[str, str], tmp_path: Path) -> None:
    """On a machine that has other data: what it had is set aside."""
    run("site", "add", "kimson", "--host", "kimson.example.vn", **embedded)
    run("article", "set-opening", "kimson", "/tin/1", "366", **embedded)

    said = run("backup", str(tmp_path / "stats.rdb"), **embedded).stdout
    run("site", "remove", "kimson", "--yes", **embedded)
    run("site", "add", "ketoan", "--host", "ketoan.example.vn", **embedded)
    restored = run("restore", str(tmp_path / "stats.rdb"), **embedded).stdout

    assert "bytes" in said
    assert (tmp_path / "stats.rdb").stat().st_mode & 0o077 == 0
    assert ": 1 site (kimson)." in restored
    assert "The former data is in" in restored
    assert [
        line.split()[0] for line in run("site", "list", **embedded).stdout.splitlines()[1:]
    ] == ["kimson"]
    with EmbeddedRedis(tmp_path / "data") as server, redis.Redis.from_url(server.url) as client:
        assert client.hget(SiteKeys("st", "kimson").opening, "/tin/1") == b"366"
    (former,) = (tmp_path / "data" / "redis").glob("before-*")
    assert (former / "appendonlydir").is_dir()


def test_a_restore_into_an_empty_folder_names_no_former_data(
    run: Run, embedded: dict[str, str], tmp_path: Path
) -> None:
    """There was none, and no folder is left for it."""
    run("site", "add", "kimson", "--host", "kimson.example.vn", **embedded)
    run("backup", str(tmp_path / "stats.rdb"), **embedded)
    fresh = embedded | {"STATS_DATA_DIR": str(tmp_path / "fresh")}

    said = run("restore", str(tmp_path / "stats.rdb"), **fresh).stdout

    assert "There was no data before." in said
    assert "former data" not in said
    assert not list((tmp_path / "fresh" / "redis").glob("before-*"))


def test_a_broken_backup_changes_nothing(
    run: Run, embedded: dict[str, str], tmp_path: Path
) -> None:
    """Cut off or changed: Redis refuses it, and what was there is there."""
    run("site", "add", "kimson", "--host", "kimson.example.vn", **embedded)
    run("backup", str(tmp_path / "stats.rdb"), **embedded)
    whole = (tmp_path / "stats.rdb").read_bytes()
    for broken in (whole[:-30], whole[:60] + b"x" + whole[61:], b"PK\3\4"):
        (tmp_path / "broken.rdb").write_bytes(broken)

        run("restore", str(tmp_path / "broken.rdb"), code=2, **embedded)

        assert "kimson" in run("site", "list", **embedded).stdout
    assert not list((tmp_path / "data" / "redis").glob("before-*"))


def test_restore_while_the_service_runs(run: Run, embedded: dict[str, str], tmp_path: Path) -> None:
    """Is refused."""
    run("backup", str(tmp_path / "stats.rdb"), **embedded)

    with EmbeddedRedis(tmp_path / "data"):
        said = run("restore", str(tmp_path / "stats.rdb"), code=2, **embedded).stderr

    assert "in use" in said


def test_a_folder_keeps_the_newest(
    services: Services, clock: FakeClock, site: Site, tmp_path: Path
) -> None:
    """And only files that a backup has named so. A cluster is refused, with what to do instead."""
    if "cluster" in services.settings.redis_url.partition(":")[0]:
        with pytest.raises(InvalidInputError, match="BGSAVE"):
            services.operations.backups.write(tmp_path, clock.now(), keep=2)
        return
    fill(services, clock, site, days=1)
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "other.rdb").touch()

    for _ in range(3):
        clock.advance(86_400)
        services.operations.backups.write(tmp_path / "backups", clock.now(), keep=2)

    names = sorted(path.name for path in (tmp_path / "backups").iterdir())
    assert names == ["other.rdb", "stats-20260307-050000.rdb", "stats-20260308-050000.rdb"]


@pytest.mark.parametrize(
    "words", [("backups",), ("backups.d/",), ("a/b/backups",), ("backups.d", "--keep", "1")]
)
def test_a_missing_folder_is_made(
    run: Run, embedded: dict[str, str], tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Readable by this user alone, and no file that the next night overwrites."""
    target, *more = words

    said = run("backup", f"{tmp_path}/{target}", *more, **embedded).stdout

    folder = tmp_path / target
    (file,) = folder.iterdir()
    assert f"Backed up to {file} " in said
    assert is_snapshot(file)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_file_is_no_folder_of_backups(run: Run, embedded: dict[str, str], tmp_path: Path) -> None:
    """It is left as it is, whoever may have written it; so is what would be named like a backup."""
    (tmp_path / "backups").write_text("mine")

    there = run("backup", str(tmp_path / "backups"), code=2, **embedded).stderr
    named = run("backup", str(tmp_path / "a.rdb"), "--keep", "3", code=2, **embedded).stderr

    assert f"mv {tmp_path}/backups {tmp_path}/backups.old.rdb" in there
    assert (tmp_path / "backups").read_text() == "mine"
    assert f"name the folder ({tmp_path})" in named
    assert not (tmp_path / "a.rdb").exists()


def test_restore_with_a_redis_of_ones_own(run: Run, tmp_path: Path) -> None:
    """Says what to do instead."""
    (tmp_path / "a.rdb").write_bytes(b"REDIS0011")

    assert "REDIS_URL" in run("restore", str(tmp_path / "a.rdb"), code=2).stderr


@pytest.mark.parametrize(
    ("begin", "readers"),
    [
        (b"VALKEY080", "Valkey 9 and later; no Redis"),
        (b"REDIS0012", "Redis 7.4 and later; no Valkey"),
        (b"REDIS0011", "Redis 7.2 and later, Valkey"),
        (b"REDIS0010", "Redis 7.0 and later, Valkey"),
        (b"REDIS0099", "the version that has written it"),
    ],
)
def test_restore_advises_nothing_that_cannot_work(
    run: Run, redis_server: str, tmp_path: Path, begin: bytes, readers: str
) -> None:
    """A server of another family would not start from the file; the way around is told."""
    (tmp_path / "stats.rdb").write_bytes(begin + b"\xfa" * 50)

    said = run("restore", str(tmp_path / "stats.rdb"), code=2, REDIS_URL=redis_server).stderr

    assert readers in said
    assert "stats-service move" in said


def test_a_backup_says_which_servers_can_read_it(
    run: Run, embedded: dict[str, str], tmp_path: Path
) -> None:
    """As it is written by the one that runs."""
    run("site", "add", "kimson", "--host", "kimson.example.vn", **embedded)

    said = run("backup", str(tmp_path / "stats.rdb"), **embedded).stdout

    begin = (tmp_path / "stats.rdb").read_bytes()[:9]
    wanted = "Valkey 9" if begin.startswith(b"VALKEY") else "Redis 7"
    assert f"It can be read by {wanted}" in said
