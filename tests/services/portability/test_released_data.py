"""Data of every released version are opened with the numbers that they had.

`tests/fixtures` has a folder for each release. Nothing in there is ever changed.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from stats_service.app import create_app
from stats_service.config import Settings
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.portability.archive import Row
from stats_service.services.container import Services
from stats_service.services.operations.backups import restore_backup
from stats_service.services.portability.archive_files import ArchiveFile
from stats_service.web.http.context import EXTENSION
from tests.fixtures.read import SLUG, read_numbers
from tests.support.clock import FakeClock
from tests.support.spools import spool_of

FIXTURES = Path(__file__).parents[2] / "fixtures"
#: The article of the fixtures that no list shows.
HIDDEN = "/tin/7/tet"
RELEASES = sorted(path.parent for path in FIXTURES.glob("*/expected.json"))


@dataclass
class Opened:
    """A running installation with the data of a release, as the present version sees it."""

    folder: Path
    app: Flask
    services: Services
    clock: FakeClock
    expected: dict[str, Any]

    def numbers(self) -> dict[str, Any]:
        """Return what the service tells."""
        return read_numbers(self.app, self.expected["token"])


@pytest.fixture(params=RELEASES, ids=lambda path: path.name)
def release(request: pytest.FixtureRequest) -> Path:
    """Give the folder of a release."""
    folder: Path = request.param
    return folder


@pytest.fixture
def opened(release: Path, tmp_path: Path) -> Iterator[Opened]:
    """Give its snapshot, restored as `restore` does, its secret, and its spool."""
    expected = json.loads((release / "expected.json").read_text("utf-8"))
    clock = FakeClock(float(expected["now"]))
    restore_backup(tmp_path, release / "data.rdb", clock.now(), lambda _: None)
    shutil.copy(release / "spool.sqlite3", tmp_path)
    with EmbeddedRedis(tmp_path) as server:
        settings = Settings(
            secret=expected["secret"],
            data_dir=tmp_path,
            redis_url=server.url,
            key_prefix="st",
            site_cache_seconds=0,
            redis_timeout=5,
            titles=False,
        )
        # Views of the spool are sent when the test says so, not by the thread of an application.
        (tmp_path / "spool.sqlite3").rename(tmp_path / "spool.later")
        app = create_app(settings, clock)
        services: Services = app.extensions[EXTENSION]
        services.operations.installation.claim()
        services.operations.layouts.migrate()
        yield Opened(tmp_path, app, services, clock, expected)
        services.close()


def included(wanted: Any, found: Any) -> bool:
    """Tell whether an answer says all that it said once; a later version may say more."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(name in found and included(value, found[name]) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(included, wanted, found))
    return bool(wanted == found)


def check_numbers(read: dict[str, Any], expected: dict[str, Any]) -> None:
    """Hold what was read against what it was once, and against what was counted by itself."""
    for path, wanted in expected["read"].items():
        if path in read:
            assert included(wanted, read[path]), (path, wanted, read[path])
    known = expected["worked_out"]
    counts = read["counts"]
    assert counts["views"]["total"] == known["views"]
    assert counts["visits"]["total"] == known["visits"]
    articles = {one["key"]: one["views"] for one in read["manage/articles?span=all"]["articles"]}
    assert articles == {key: n for key, n in known["articles"].items() if key != HIDDEN}
    (readers,) = (value for path, value in read.items() if path.startswith("manage/readers"))
    told = {one["dimension"]: one["told"] for one in readers["dimensions"]}
    assert known["told"].items() <= told.items()
    (ignored,) = (value for path, value in read.items() if path.startswith("manage/ignored"))
    found = {one["reason"]: one["n"] for one in ignored["ignored"]}
    assert known["ignored"] == found
    for poll, votes in known["polls"].items():
        assert counted_votes(read[f"manage/polls/{poll}"]) == votes
    (ratings,) = (value for path, value in read.items() if path.startswith("ratings?"))
    shown = {key: one["rating"]["counts"] for key, one in ratings["ratings"].items()}
    assert known["ratings"].items() <= shown.items()
    (clicks,) = (value for path, value in read.items() if path.startswith("manage/clicks"))
    for kind in clicks["kinds"]:
        names = {one["name"]: one["clicks"] for one in kind["names"]}
        assert names == known["clicks"][kind["kind"]]


def counted_votes(poll: dict[str, Any]) -> dict[str, int]:
    """Return the tally of a poll as the model writes it."""
    results = poll["results"]
    votes = {choice["id"]: choice["votes"] for choice in results["choices"]}
    return {"ballots": results["ballots"]} | votes


def test_there_is_a_release() -> None:
    """Version 1.0 is the first."""
    assert [path.name for path in RELEASES][:1] == ["1.0"]


def test_a_snapshot_has_its_numbers(opened: Opened) -> None:
    """Sites, polls, ratings, clicks, readers, accounts, devices, notices, pictures."""
    check_numbers(opened.numbers(), opened.expected)


def test_an_archive_has_its_numbers(opened: Opened, release: Path) -> None:
    """In the place of the site that the snapshot has; exported again it is the same."""
    archive = release / f"{SLUG}.jsonl.gz"
    exported = rows(opened)
    assert exported == list(checked(archive))

    opened.services.portability.archives.restore(archive, opened.clock.now(), replace=True)

    assert rows(opened) == exported
    found = opened.numbers()
    del found["manage/articles/changes"]  # an archive has the result alone
    check_numbers(found, opened.expected)


def test_kept_views_are_counted(opened: Opened) -> None:
    """Each once."""
    before = opened.numbers()["counts"]["views"]["total"]
    (opened.folder / "spool.later").rename(opened.folder / "spool.sqlite3")
    assert spool_of(opened.services).waiting() == opened.expected["spooled"]

    while opened.services.traffic.replay.run(opened.clock.now()):
        pass

    after = opened.numbers()["counts"]["views"]["total"]
    assert after - before == opened.expected["spooled"]
    assert spool_of(opened.services).waiting() == 0


def checked(path: Path) -> Iterator[Row]:
    """Give the rows of an archive, as the present version reads them."""
    file = ArchiveFile(path)
    file.check()
    yield from file.rows()


def rows(opened: Opened) -> list[Row]:
    """Return the rows of the site's archive, made now."""
    return list(opened.services.portability.archives.rows(SLUG, opened.clock.now()))
