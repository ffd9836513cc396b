"""Access logs in several processes: what they give is what one gives, whatever happens to them."""

import gzip
import os
import signal
import subprocess
from collections.abc import Iterator
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from stats_service.errors import WorkerLostError
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.legacy import files, log_blocks
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.files import LegacyFile, log_lines
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.formats.text import text_format
from stats_service.services.portability.legacy.log_blocks import (
    BlockReader,
    LogSetup,
    LogWorkers,
    log_readers,
)
from stats_service.services.portability.legacy.work import Plan
from stats_service.services.visitors import bots
from tests.support.clock import FakeClock
from tests.support.legacy import line

PAGES = "".join(
    line(
        f"/tin/{number % 7}{'?utm_source=zalo' if number % 5 == 0 else ''}",
        at=f"17/Feb/2026:{number // 60 % 24:02}:{number % 60:02}:07 +0700",
        address=f"192.0.2.{number % 30}",
    )
    for number in range(700)
)
COMMON = 'a - - [17/Feb/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 1\n'
IIS = "".join(
    "#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status cs(User-Agent)\n"
    f"2026-02-17 1{n % 10}:00:01 192.0.2.{n} GET /a/{n} - 200 Mozilla/5.0+(Windows+NT+10.0)+F/1\n"
    "#fields: date time cs-method cs-uri-stem c-ip sc-status cs(User-Agent) cs(Referer)\n"
    f"2026-02-17 1{n % 10}:00:02 GET /b/{n} 192.0.2.{n} 200 Mozilla/5.0+(Windows+NT+10.0)+F/1 -\n"
    for n in range(40)
)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let blocks be small, and any file worth processes."""
    monkeypatch.setattr(files, "LOG_BLOCK_BYTES", 3000)
    monkeypatch.setattr(log_blocks, "WORKERS_FROM_BYTES", 0)
    monkeypatch.setattr(log_blocks, "_cores", lambda: 2)


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Give the processes that an import starts."""
    started: list[subprocess.Popen[bytes]] = []
    begin = subprocess.Popen

    def noted(*args: Any, **options: Any) -> "subprocess.Popen[bytes]":
        started.append(begin(*args, **options))
        return started[-1]

    monkeypatch.setattr(log_blocks.subprocess, "Popen", noted)
    yield started
    for process in started:
        assert process.poll() is not None, "a process outlives its import"


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """Give some logs, of which one changes its fields again and again."""
    texts = {"a.log": PAGES, "b.log": IIS, "c.log": PAGES[:9000] + "rubbish\n" + PAGES[9000:12000]}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "d.log.gz").write_bytes(gzip.compress(PAGES.encode()))
    return sorted(tmp_path.iterdir())


@pytest.mark.usefixtures("small_blocks")
def test_processes_give_what_one_gives(
    services: Services,
    site: Site,
    paths: list[Path],
    processes: list["subprocess.Popen[bytes]"],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same summary, file by file, and the same plan, from which the import's id is made."""
    found = []
    for cores in (2, 1, 3):
        monkeypatch.setattr(log_blocks, "_cores", lambda cores=cores: cores)
        plan = Plan(kind="access-log", dry_run=True)
        found.append(services.portability.legacy.run(Source(site), paths, plan, 1.8e9))

    assert len(processes) == 5
    assert found[0] == found[1] == found[2]
    assert [file.lines for file in found[0].files][:2] == [700, 80]
    assert found[0].files[1].views == 80
    assert found[0].readers["source"] == found[0].visits > 0


@pytest.mark.usefixtures("small_blocks")
def test_a_killed_process_is_an_error_and_nothing_is_imported(
    services: Services,
    site: Site,
    paths: list[Path],
    processes: list["subprocess.Popen[bytes]"],
) -> None:
    """The import says so, leaves nothing behind, and works when it is run again."""
    legacy, plan = services.portability.legacy, Plan(kind="access-log")

    def kill(_: int) -> None:
        for process in processes:
            os.kill(process.pid, signal.SIGKILL)

    with pytest.raises(WorkerLostError, match="Nothing was imported"):
        legacy.run(Source(site), paths, plan, 1.8e9, kill)

    assert legacy.files("kimson") == []
    assert legacy.run(Source(site), paths, plan, 1.8e9).views > 0


@pytest.mark.usefixtures("small_blocks", "processes")
def test_ctrl_c_ends_the_processes(services: Services, site: Site, paths: list[Path]) -> None:
    """No process is left, and nothing is imported."""

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        services.portability.legacy.run(
            Source(site), paths, Plan(kind="access-log"), FakeClock().now(), stop
        )

    assert services.portability.legacy.files("kimson") == []


def test_one_core_a_small_file_or_no_process_to_be_had_is_read_here(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes are started where they help."""
    setup = LogSetup(site, b"salt", LogOptions())
    large = log_blocks.WORKERS_FROM_BYTES

    monkeypatch.setattr(log_blocks, "_cores", lambda: 1)
    assert isinstance(log_readers(setup, large), BlockReader)

    monkeypatch.setattr(log_blocks, "_cores", lambda: 2)
    assert isinstance(log_readers(setup, large - 1), BlockReader)
    with log_readers(setup, large) as readers:
        assert isinstance(readers, LogWorkers)

    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(log_blocks.subprocess, "Popen", refuse)
    assert isinstance(log_readers(setup, large), BlockReader)


@pytest.mark.parametrize(("size", "longest"), [*product((7, 64, 1000), (10, 1_000_000))], ids=str)
def test_blocks_have_the_lines_of_the_file(
    size: int, longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it is cut: lines that are empty, long, of pieces, or not ended."""
    monkeypatch.setattr(files, "LOG_BLOCK_BYTES", size)
    monkeypatch.setattr(files, "LINE_MAX_BYTES", longest)
    monkeypatch.setattr(files, "LOG_LINE_MAX", 9)
    text = "a\n\nbài viết\r\n" + "x" * 9 + "\n" + "y" * 10 + "\n" + "z" * 47 + "\n\nend"
    raw = BytesIO(text.encode())
    expected, rest = [], BytesIO(text.encode())
    while piece := rest.readline(longest):
        expected.append(piece[:9].decode("utf-8", "replace").rstrip("\n"))

    file = LegacyFile("a.log", raw, raw, lambda _: None)
    first = file.first_lines(3)
    found = [text for block in file.blocks() for text in log_lines(block)]

    assert found == expected
    assert first == expected[:3]


@pytest.mark.parametrize(
    ("cut", "reason"),
    [
        ('1.2.3.4 - - [17/Feb/2026:10:00:00 +0000] "GET /a HTTP/1.1" 20', "unreadable"),
        ('1.2.3.4 - - [17/Feb/2026:10:00:0² +0000] "GET /a HTTP/1.1" 200 1', "unreadable"),
        ('1.2.3.4 - - [17/Feb/2026:10:00:00 +0000] "\\x16\\x03" 400 1', "no-page"),
    ],
)
def test_lines_that_are_none_are_told(cut: str, reason: str) -> None:
    """A line that is cut off, a time that is none, bytes in place of a request."""
    form = text_format([COMMON], LogOptions())

    assert form is not None
    assert form.parse(cut) == reason


def test_names_of_bots_are_found_by_their_first_letters() -> None:
    """As when each is searched for; no name is too short for that."""
    agents = ["", "ab", "Mozilla/5.0 (X11) Firefox/1", *(f"x{name}y" for name in bots._NAMES)]

    assert min(map(len, bots._NAMES)) >= bots.NAME_HEAD
    for agent in agents:
        assert bots._has_name(agent) == any(name in agent for name in bots._NAMES)
