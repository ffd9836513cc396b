"""A temporary database on disk, with a limit to its size."""

import contextlib
import sqlite3
from collections.abc import Iterator

from stats_service.errors import InvalidInputError

#: Bytes of a page of the database.
PAGE_BYTES = 4096


def scratch_database(schema: str, max_bytes: int) -> sqlite3.Connection:
    """Return a new database with the tables of `schema`, of at most `max_bytes`.

    Its file has no name, so that nobody else can open it, and disappears however this process ends.
    """
    database = sqlite3.connect("")
    for pragma in (
        f"page_size = {PAGE_BYTES}",
        f"max_page_count = {max_bytes // PAGE_BYTES}",
        "journal_mode = OFF",  # after a failure, the whole database is dropped
    ):
        database.execute(f"PRAGMA {pragma}")
    database.executescript(schema)
    return database


@contextlib.contextmanager
def when_full(fault: InvalidInputError) -> Iterator[None]:
    """Raise `fault` if the database reaches its limit, or the disk is full."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
            raise
        raise fault from error
