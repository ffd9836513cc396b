"""Snapshots of all of Redis, written by Redis itself, and how to restore one."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from redis.exceptions import ResponseError

from stats_service.embedded_redis.lock import acquire
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.errors import InvalidInputError, StartupError, StatsError, StoreUnavailableError
from stats_service.store.redis.client import RedisClient, primaries, store_errors, text_of

#: First bytes of every snapshot of Redis and Valkey.
MAGIC = (b"REDIS", b"VALKEY")
#: Longest wait for a snapshot, in seconds; a gigabyte takes some ten.
SAVE_SECONDS = 600.0
POLL_SECONDS = 0.05
#: Longest wait for a server that is shutting down, in seconds.
LOCK_SECONDS = 10.0


class SnapshotStore:
    """Makes Redis write a snapshot."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    def save(self) -> Path | None:
        """Make Redis write a snapshot; return its path on the server's machine, if Redis tells it.

        Raises:
            InvalidInputError: Redis is a cluster, whose servers have a snapshot each.
            StoreUnavailableError: the snapshot failed.
        """
        with store_errors():
            servers = primaries(self._client)
            if len(servers) > 1:
                raise InvalidInputError(
                    "REDIS_URL is a cluster, whose servers have a snapshot each: back up each with "
                    "BGSAVE, or export the sites one by one."
                )
            server = servers[0]
            self._wait(server)  # a snapshot that is being written now is of an earlier moment
            server.bgsave(schedule=True)
            self._wait(server)
            info = server.info("persistence")
            if info.get("rdb_last_bgsave_status") != "ok":
                raise StoreUnavailableError(
                    "Redis could not write its snapshot; its log says why (a full disk, mostly)."
                )
            try:
                found = server.config_get("dir", "dbfilename")
            except ResponseError:  # many hosted servers, and strict ACLs, forbid it
                return None
        values = {text_of(name): text_of(value) for name, value in found.items()}
        return Path(values["dir"]) / values["dbfilename"]

    def _wait(self, server: RedisClient) -> None:
        deadline = time.monotonic() + SAVE_SECONDS
        while True:
            info = server.info("persistence")
            # It waits for a rewrite of the append-only file, and has not started yet.
            if not (info["rdb_bgsave_in_progress"] or info["aof_rewrite_in_progress"]):
                return
            if time.monotonic() > deadline:
                raise StoreUnavailableError(
                    f"Redis did not finish its snapshot within {SAVE_SECONDS:g} s."
                )
            time.sleep(POLL_SECONDS)


def is_snapshot(path: Path) -> bool:
    """Return whether a file starts like a snapshot; Redis checks the rest when it loads it."""
    with path.open("rb") as file:
        return file.read(8).startswith(MAGIC)


def snapshot_readers(path: Path) -> str:
    """Return which servers can read a snapshot, by the version at its start.

    Redis and Valkey have diverged since version 11: Redis reads nothing that Valkey 9 has written,
    and Valkey nothing that Redis 7.4 and later has written.
    """
    with path.open("rb") as file:
        begin = file.read(9)
    if begin.startswith(b"VALKEY"):
        return "Valkey 9 and later; no Redis"
    version = int(begin[5:9]) if begin[5:9].isdigit() else 0
    if version <= 10:
        return "Redis 7.0 and later, Valkey"
    if version == 11:
        return "Redis 7.2 and later, Valkey"
    if version == 12:
        return "Redis 7.4 and later; no Valkey"
    return "the version that has written it, and later ones"


def replace_data(
    data_dir: Path, snapshot: Path, aside_name: str, check: Callable[[str], None]
) -> Path | None:
    """Start the embedded Redis from `snapshot`; return the path of its former data, if it had any.

    If Redis cannot read the snapshot, or `check` raises, nothing changes.

    Args:
        data_dir: the data folder.
        snapshot: the file.
        aside_name: of the folder that the former data go to.
        check: called with the URL of the Redis that has read the snapshot.

    Raises:
        StartupError: the service is running, or Redis cannot read the snapshot.
        StatsError: what `check` raises.
    """
    server = EmbeddedRedis(data_dir, role="command")
    server.prepare_folder()
    folder, former = server.folder, server.folder / aside_name
    lock = acquire(folder / "lock", "command", LOCK_SECONDS)
    try:
        former.mkdir(mode=0o700)
        _move(folder, former)
        _copy(snapshot, folder / "dump.rdb")
    finally:
        os.close(lock)
    try:
        with server:
            check(server.url)
            if any(former.iterdir()):
                return former
            former.rmdir()
            return None
    except StatsError as error:
        shutil.rmtree(folder / "appendonlydir", ignore_errors=True)
        (folder / "dump.rdb").unlink(missing_ok=True)
        _move(former, folder)
        former.rmdir()
        if not isinstance(error, StartupError):
            raise
        raise StartupError(
            f"Redis cannot read {snapshot}; the data is as it was. {error}"
        ) from error


def _move(source: Path, target: Path) -> None:
    for name in ("dump.rdb", "appendonlydir"):
        if (source / name).exists():
            (source / name).rename(target / name)


def _copy(source: Path, target: Path) -> None:
    part = target.with_name(f"{target.name}.part")
    try:
        with source.open("rb") as given, os.fdopen(_private(part), "wb") as taken:
            shutil.copyfileobj(given, taken, 1 << 20)
            taken.flush()
            os.fsync(taken.fileno())
        part.replace(target)
    finally:
        # Of a disk that is full, no half may take what is left: the next copy has another name.
        part.unlink(missing_ok=True)


def _private(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def copy_snapshot(source: Path, target: Path) -> None:
    """Copy a snapshot, readable for this user only; an incomplete copy never gets the final name.

    Redis replaces its file as a whole, so the copy is of one moment.
    """
    _copy(source, target)
