"""Views kept on the disk while Redis is away."""

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from stats_service.embedded_redis.socket import socket_path, socket_url
from stats_service.models.traffic.views import ViewCommand
from stats_service.store.traffic.spool import BATCH_MAX, Spool, SpooledView, SpoolError, place_of
from stats_service.store.traffic.spool_file import OLDEST_SHIFT

NOW = 1_800_000_000.0


def kept(number: int, *, slug: str = "kimson", at: float = NOW) -> SpooledView:
    """Return a view with a hit of its own."""
    return SpooledView(slug, at, ViewCommand(kind="view", hit=number.to_bytes(8), article="/tin/1"))


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """Give an empty spool."""
    return Spool(tmp_path, 10**7)


def test_a_view_is_kept_with_what_redis_would_have_got(spool: Spool, tmp_path: Path) -> None:
    """Also for another process, and readable by the owner alone."""
    view = ViewCommand(
        kind="view",
        hit=b"h" * 8,
        article="/tin/1",
        visitor=b"v" * 8,
        address=b"a" * 8,
        ipv6_48=b"c" * 8,
    )
    spool.add([SpooledView("kimson", NOW, view)])

    batch = Spool(tmp_path, 10**7).next_batch()

    assert batch is not None
    assert (batch.slug, batch.at, batch.commands) == ("kimson", NOW, [view])
    assert spool.path.stat().st_mode & 0o777 == 0o600


OLD_SCHEMA = """
CREATE TABLE views (
  id INTEGER PRIMARY KEY, slug TEXT NOT NULL, hit BLOB NOT NULL, at REAL NOT NULL,
  span INTEGER NOT NULL, article TEXT NOT NULL, visitor BLOB NOT NULL,
  visitor_before BLOB NOT NULL, address BLOB NOT NULL, UNIQUE (slug, hit)
);
CREATE TABLE batch (
  one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL, slug TEXT NOT NULL,
  span INTEGER NOT NULL, last INTEGER NOT NULL
);
INSERT INTO batch VALUES (1, 'sent-perhaps', 'kimson', 30000000, 1);
INSERT INTO views VALUES (1, 'kimson', x'0000000000000001', 1800000000, 30000000, '/', '', '', '');
"""


def test_a_file_of_an_older_program_is_brought_up_to_date(tmp_path: Path) -> None:
    """By four processes at the same moment; what it holds stays, a batch under way too."""
    with contextlib.closing(sqlite3.connect(tmp_path / "spool.sqlite3")) as connection:
        connection.executescript(OLD_SCHEMA)

    spools = [Spool(tmp_path, 10**7, "here") for _ in range(4)]
    threads = [
        threading.Thread(target=spool.add, args=([kept(number)],))
        for number, spool in enumerate(spools, 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    first = spools[0].next_batch()
    assert first
    assert (first.id, [c.hit[-1] for c in first.commands]) == ("sent-perhaps", [1])
    spools[1].remove(first)
    rest = spools[2].next_batch()
    assert rest
    assert sorted(c.hit[-1] for c in rest.commands) == [2, 3, 4, 5]


def test_a_file_without_what_visits_tell_gets_it(tmp_path: Path) -> None:
    """A program of before that keeps views beside this one can go on with the file."""
    Spool(tmp_path, 10**7, "here").add([kept(1)])
    with contextlib.closing(sqlite3.connect(tmp_path / "spool.sqlite3")) as connection:
        connection.executescript("ALTER TABLE views DROP COLUMN traits; PRAGMA user_version = 0")

    spool = Spool(tmp_path, 10**7, "here")
    view = kept(2)
    spool.add([view._replace(command=msgspec.structs.replace(view.command, traits=b"\xa1e"))])

    batch = spool.next_batch()
    assert batch
    assert [command.traits for command in batch.commands] == [b"", b"\xa1e"]
    assert not spool.state().damaged


def set_version(path: Path, layout: int, oldest: int) -> None:
    """Write the number of a layout into a file, and the lowest whose programs may use it."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute(f"PRAGMA user_version = {oldest << OLDEST_SHIFT | layout}")


def test_a_file_that_a_newer_program_has_migrated_is_refused(spool: Spool, tmp_path: Path) -> None:
    """In one line, and it stays as it is: the newer program counts what is in it."""
    spool.add([kept(1)])
    set_version(spool.path, 7, 7)
    older = Spool(tmp_path, 10**7)

    with pytest.raises(SpoolError, match="newer version has migrated it to layout 7"):
        older.next_batch()
    with pytest.raises(SpoolError):
        older.add([kept(2)])

    assert "layout 7" in older.state().fault
    assert older.state().damaged == ()
    set_version(spool.path, 1, 0)
    batch = older.next_batch()
    assert batch
    assert len(batch.commands) == 1


def test_a_file_that_is_migrated_under_an_older_program_is_not_set_aside(
    spool: Spool, tmp_path: Path
) -> None:
    """Both run on one host for a while; the older one has the file open."""
    spool.add([kept(1)])
    with contextlib.closing(sqlite3.connect(spool.path)) as file:
        file.execute("ALTER TABLE views RENAME COLUMN article TO page")
    set_version(spool.path, 2, 2)

    with pytest.raises(SpoolError):
        spool.add([kept(2)])

    assert [path.name for path in tmp_path.glob("*.sqlite3")] == ["spool.sqlite3"]
    assert spool.path.name == "spool.sqlite3"


def test_a_newer_file_that_allows_it_is_used(spool: Spool, tmp_path: Path) -> None:
    """A column more does not stop an older program, and the number stays."""
    spool.add([kept(1)])
    set_version(spool.path, 2, 1)
    older = Spool(tmp_path, 10**7)

    older.add([kept(2)])

    assert older.waiting() == 2
    with contextlib.closing(sqlite3.connect(spool.path)) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (1 << OLDEST_SHIFT | 2,)


def test_a_view_waits_for_another_process_on_a_slow_disk(spool: Spool, tmp_path: Path) -> None:
    """Half a second, as a synced transaction may take; SQLite waits by the real clock."""
    spool.add([kept(1)])
    other = sqlite3.connect(
        tmp_path / "spool.sqlite3", isolation_level=None, check_same_thread=False
    )
    with contextlib.closing(other):
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.5, other.execute, ("COMMIT",))
        release.start()
        spool.add([kept(2)])
        release.join()

    assert spool.waiting() == 2
    assert spool.refused == 0


def test_a_hit_is_kept_once(spool: Spool) -> None:
    """A browser that tries again changes nothing."""
    spool.add([kept(1)])
    spool.add([kept(1), kept(2)])

    assert spool.waiting() == 2


def test_a_batch_stays_the_same_until_it_is_removed(spool: Spool, tmp_path: Path) -> None:
    """Whoever comes after a crash sends the very views that were sent before, by the same id."""
    spool.add([kept(number) for number in range(3)])
    first = spool.next_batch()
    assert first is not None
    spool.add([kept(3)])

    again = Spool(tmp_path, 10**7).next_batch()
    assert again == first
    spool.remove(first)
    rest = spool.next_batch()

    assert rest is not None
    assert rest.id != first.id
    assert [command.hit for command in rest.commands] == [(3).to_bytes(8)]
    spool.remove(rest)
    assert spool.next_batch() is None


def test_a_batch_is_of_one_site_and_one_minute(spool: Spool) -> None:
    """And not too long for one script call."""
    views = [kept(1), kept(2, slug="other"), kept(3, at=NOW + 60)]
    spool.add(views + [kept(10 + number, at=NOW + 120) for number in range(BATCH_MAX + 1)])

    sizes = []
    while batch := spool.next_batch():
        sizes.append((batch.slug, batch.at - NOW, len(batch.commands)))
        spool.remove(batch)

    assert sizes == [
        ("kimson", 0, 1),
        ("other", 0, 1),
        ("kimson", 60, 1),
        ("kimson", 120, BATCH_MAX),
        ("kimson", 120, 1),
    ]


def test_a_full_spool_refuses_the_new_and_keeps_the_promised(tmp_path: Path) -> None:
    """What was acknowledged stays; what is refused is counted."""
    spool = Spool(tmp_path, 300_000)
    taken = 0
    with contextlib.suppress(SpoolError):
        while taken < 100_000:
            spool.add([kept(taken + number) for number in range(100)])
            taken += 100

    assert taken >= 300
    assert spool.waiting() == taken
    assert spool.refused == 100
    assert spool.path.stat().st_size <= 300_000
    while batch := spool.next_batch():
        spool.remove(batch)
    spool.add([kept(1)])
    assert spool.waiting() == 1


def test_without_room_nothing_is_kept(tmp_path: Path) -> None:
    """STATS_SPOOL_MEGABYTES=0 switches the spool off, and leaves no file."""
    spool = Spool(tmp_path, 0)

    with pytest.raises(SpoolError):
        spool.add([kept(1)])

    assert spool.refused == 1
    assert not spool.path.exists()
    assert spool.next_batch() is None


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """Not an exception that nobody foresaw."""
    (tmp_path / "file").write_text("")
    spool = Spool(tmp_path / "file" / "data", 10**7)

    with pytest.raises(SpoolError):
        spool.add([kept(1)])


def other_program(path: Path) -> None:
    """Make a database that is none of ours."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE views (name TEXT)")
        connection.execute("CREATE TABLE bookmarks (url TEXT)")


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(b"no database" * 1000),
        other_program,
        lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(5000)),
    ],
)
def test_a_file_that_is_no_spool_is_set_aside(
    tmp_path: Path, make: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    """It stays byte by byte, it is said, and views are kept beside it, by every process."""
    path = tmp_path / "spool.sqlite3"
    make(path)
    before = path.read_bytes()
    spools = [Spool(tmp_path, 10**7) for _ in range(2)]

    for number, spool in enumerate(spools):
        spool.add([kept(number)])

    assert path.read_bytes() == before
    assert {spool.path.name for spool in spools} == {"spool-2.sqlite3"}
    assert spools[0].waiting() == 2
    assert f"{path} cannot be read as a spool" in caplog.text
    state = Spool(tmp_path, 10**7).state()
    assert (state.waiting, state.damaged, state.fault) == (2, (str(path),), "")
    batch = spools[1].next_batch()
    assert batch
    assert len(batch.commands) == 2


def test_a_file_that_breaks_under_way_is_set_aside(tmp_path: Path) -> None:
    """Also for a process that had it open; what the next file takes is not lost."""
    spools = [Spool(tmp_path, 10**7) for _ in range(2)]
    for number, spool in enumerate(spools):
        spool.add([kept(number)])
    with contextlib.closing(sqlite3.connect(spools[0].path)) as connection:
        connection.execute("DROP TABLE batches")
        connection.execute("DROP TABLE views")

    for number, spool in enumerate(spools):
        spool.add([kept(10 + number)])

    assert {spool.path.name for spool in spools} == {"spool-2.sqlite3"}
    assert spools[0].waiting() == 2


def test_two_services_on_one_folder_leave_each_other_their_views(tmp_path: Path) -> None:
    """Each sends its own; what the other has is counted, and taken over only on request."""
    one, other = Spool(tmp_path, 10**7, "one"), Spool(tmp_path, 10**7, "other")
    one.add([kept(1), kept(2)])
    other.add([kept(3)])
    mine = one.next_batch()
    theirs = other.next_batch()

    assert mine
    assert theirs
    assert (len(mine.commands), len(theirs.commands)) == (2, 1)
    assert (one.waiting(), one.state().others) == (2, 1)
    one.remove(mine)
    assert one.next_batch() is None
    assert (other.waiting(), other.state().others) == (1, 0)
    assert one.adopt() == 1
    adopted = one.next_batch()
    assert adopted
    assert [command.hit for command in adopted.commands] == [(3).to_bytes(8)]


def test_what_redis_refused_waits_apart(spool: Spool) -> None:
    """It holds nothing up, and is not forgotten."""
    spool.add([kept(1), kept(2), kept(3)])
    batch = spool.next_batch()
    assert batch

    spool.hold(batch, batch.commands[1:2])

    assert spool.next_batch() is None
    assert (spool.waiting(), spool.state().refused) == (0, 1)
    assert spool.adopt() == 1
    again = spool.next_batch()
    assert again
    assert again.commands == batch.commands[1:2]


def test_a_view_that_nobody_can_keep_leaves_no_transaction_open(spool: Spool) -> None:
    """The file goes on."""
    bad = SpooledView("kimson", NOW, ViewCommand(kind="view", hit=b"12345678", article="/\ud800"))

    with pytest.raises(UnicodeEncodeError):
        spool.add([kept(1), bad])
    spool.add([kept(2)])

    assert spool.waiting() == 1


def test_lost_views_are_counted_and_said_once_a_minute(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """By site and quarter of an hour, for whoever takes it down."""
    (tmp_path / "file").write_text("")
    spool = Spool(tmp_path / "file" / "data", 10**7)

    for number in range(40):
        with pytest.raises(SpoolError):
            spool.add([kept(number)])

    assert spool.refused == 40
    assert len(caplog.records) == 1
    assert spool.take_lost() == [("kimson", NOW, "lost", 40)]
    assert spool.take_lost() == []
    assert spool.state().fault


def test_the_place_of_a_redis_knows_no_password(tmp_path: Path) -> None:
    """And an embedded server moves with its folder."""
    place = place_of("redis://:old@db.example:6379/0", "st", tmp_path)
    moved = tmp_path / "moved"
    urls = [socket_url(socket_path(folder)) for folder in (tmp_path, moved)]

    assert place == place_of("redis://u:new@db.example:6379/0", "st", tmp_path)
    assert place != place_of("redis://db.example:6379/1", "st", tmp_path)
    assert place != place_of("redis://db.example:6379/0", "other", tmp_path)
    assert place_of(urls[0], "st", tmp_path) == place_of(urls[1], "st", moved)
    assert place_of(urls[0], "st", moved) != place_of(urls[1], "st", moved)


def test_removed_views_leave_no_trace(spool: Spool) -> None:
    """Neither in the file nor in its journal."""
    view = ViewCommand(kind="view", hit=b"hitahita", article="/vet/tich", visitor=b"visitor8")
    spool.add([SpooledView("kimson", NOW, view)])
    batch = spool.next_batch()
    assert batch is not None
    spool.remove(batch)
    spool.tidy()

    left = b"".join(path.read_bytes() for path in spool.path.parent.glob("spool.sqlite3*"))

    for trace in (b"hitahita", b"visitor8", b"/vet/tich"):
        assert trace not in left


def test_many_threads_and_connections_keep_every_view(tmp_path: Path) -> None:
    """Two spools on one file, as two workers have them, eight threads each."""
    spools = [Spool(tmp_path, 10**7) for _ in range(2)]
    refused: list[int] = []

    def add(spool: Spool, start: int) -> None:
        for number in range(start, start + 25):
            try:
                spool.add([kept(number)])
            except SpoolError:
                refused.append(number)

    threads = [threading.Thread(target=add, args=(spools[n % 2], n * 25)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert spools[0].waiting() == 400 - len(refused)
    assert len(refused) < 40, "another writer is waited for"
    assert sqlite3.connect(spools[0].path).execute("PRAGMA integrity_check").fetchone() == ("ok",)
