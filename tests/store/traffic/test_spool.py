"""Views kept on the disk while Redis is away."""

import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest

from stats_service.models.traffic import ViewCommand
from stats_service.store.traffic.spool import BATCH_MAX, KeptView, Spool, SpoolError

NOW = 1_800_000_000.0


def kept(number: int, *, slug: str = "kimson", at: float = NOW) -> KeptView:
    """Return a view with a hit of its own."""
    return KeptView(slug, at, ViewCommand(kind="view", hit=number.to_bytes(8), article="/tin/1"))


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
        customer=b"c" * 8,
    )
    spool.add([KeptView("kimson", NOW, view)])

    batch = Spool(tmp_path, 10**7).next_batch()

    assert batch is not None
    assert (batch.slug, batch.at, batch.commands) == ("kimson", NOW, [view])
    assert spool.path.stat().st_mode & 0o777 == 0o600


def test_a_file_without_customers_is_brought_up_to_date(tmp_path: Path) -> None:
    """By two processes at the same moment; what it holds stays."""
    Spool(tmp_path, 10**7).add([kept(1)])
    with contextlib.closing(sqlite3.connect(tmp_path / "spool.sqlite3")) as connection:
        connection.execute("ALTER TABLE views DROP COLUMN customer")

    spools = [Spool(tmp_path, 10**7) for _ in range(4)]
    threads = [
        threading.Thread(target=spool.add, args=([kept(number)],))
        for number, spool in enumerate(spools, 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    batch = spools[0].next_batch()
    assert batch
    assert sorted(c.hit[-1] for c in batch.commands) == [1, 2, 3, 4, 5]


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


def test_a_broken_file_is_an_error(tmp_path: Path) -> None:
    """The view is refused, as it would be without a spool."""
    (tmp_path / "spool.sqlite3").write_bytes(b"no database" * 1000)

    with pytest.raises(SpoolError):
        Spool(tmp_path, 10**7).add([kept(1)])


def test_removed_views_leave_no_trace(spool: Spool) -> None:
    """Neither in the file nor in its journal."""
    view = ViewCommand(kind="view", hit=b"hitahita", article="/vet/tich", visitor=b"visitor8")
    spool.add([KeptView("kimson", NOW, view)])
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
