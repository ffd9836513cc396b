"""Every state in which numbers stop, shrink or are promised and not kept: it is noticed and said.

The rows of "When numbers stop" in docs/operate.md are read from the page. For each of them there
is a maker in tests/support/states.py, which brings the state about on a real installation; then
every place that the row names is looked at. A row without a maker fails, and so does a maker
without a row.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from stats_service.config import Settings
from stats_service.services.container import create_services
from tests.support.installation import SITE, TOKEN, Installation
from tests.support.receivers import Receiver
from tests.support.redis_groups import Server
from tests.support.states import MAKERS, OTHERS

pytestmark = pytest.mark.quick
PAGE = Path(__file__).parents[2] / "docs" / "operate.md"
HEAD = "| State | Noticed | `readyz` | `check` | Log | Overview | Metric | Alert | What to do |"


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    state: str
    readyz: str
    check: str
    log: str
    overview: str
    metric: str
    alert: str
    todo: str


def rows() -> list[Row]:
    """Return the rows of the table."""
    lines = PAGE.read_text("utf-8").partition(HEAD)[2].splitlines()[2:]
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        state, _, *cells = (cell.strip() for cell in line.strip("|").split(" | "))
        found.append(Row(state, *cells))
    return found


@pytest.fixture
def installation(
    settings: Settings, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """Give a sound installation that has looked at its Redis and served its site."""
    server = Server(tmp_path / "redis", "appendonly yes\nsave ''").start()
    installed = replace(
        settings,
        redis_url=server.url,
        bind="127.0.0.1:9",
        public_url="http://127.0.0.1:9",
        metrics_token=TOKEN,
        alert_url=receiver.url,
        webhook_hosts=("127.0.0.1",),
        data_dir=tmp_path / "data",
    )
    made = Installation(
        server, installed, create_services(installed), receiver, monkeypatch, ExitStack()
    )
    made.services.operations.installation.claim()
    made.services.sites.sites.add(SITE)
    list(made.services.operations.ticks.run(time.time()))
    made.services.sites.directory.load(SITE.slug, time.time())
    made.services.operations.watch.look()
    with made.stack:
        yield made
    made.services.close()
    server.kill()


@pytest.mark.check("T71")
def test_every_row_has_a_maker() -> None:
    """And the other way round."""
    assert [row.state for row in rows()] == list(MAKERS)


@pytest.mark.check("T71")
@pytest.mark.parametrize("row", rows(), ids=lambda row: row.state)
def test_a_state_shows_in_every_place(
    row: Row, installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    """In all that the row names, and in none of them before."""
    walk(row, MAKERS[row.state], installation, caplog)


@pytest.mark.check("T71", "T102", "T103")
@pytest.mark.parametrize("way", OTHERS)
def test_another_way_into_a_state_shows_in_the_same_places(
    way: str, installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    """A clock that is off by an hour or a day, a disk that is full."""
    state, maker = OTHERS[way]
    (row,) = (row for row in rows() if row.state == state)
    walk(row, maker, installation, caplog)


def walk(
    row: Row,
    maker: Callable[[Installation], None],
    installation: Installation,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Make a state, and look in all the places that its row names."""
    wanted = re.search(r"`(FAIL|warn) +([a-z0-9 -]+)`, (\d)", row.check)
    assert wanted, row.check
    level, subject, code = wanted[1], wanted[2], int(wanted[3])
    line = re.compile(rf"^{level} +{subject}  ", re.MULTILINE)
    metric = row.metric.strip("`")
    assert not line.search(installation.check().stdout)
    status, text, metrics = installation.ask()
    assert (status, text) == (200, "ready\n")
    assert metric not in metrics
    installation.receiver.calls.clear()

    maker(installation)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            installation.services.operations.watch.look()
            installation.services.operations.watch.look_at_sites()

    found = installation.check()
    assert found.exit_code == code, found.output
    assert line.search(found.stdout), found.stdout
    status, text, metrics = installation.ask()
    assert str(status) == row.readyz[1:4]
    assert ("degraded" in text) == ("degraded" in row.readyz)
    told = [record.getMessage() for record in caplog.records]
    assert sum(one.startswith(row.log.strip("`")) for one in told) == 1, told
    assert (subject in installation.alarms()) == (row.overview == "yes")
    assert metric in metrics
    list(installation.services.operations.ticks.run(time.time()))
    assert bool(installation.receiver.calls) == (row.alert == "yes")
    assert row.todo
