"""Snapshots of the whole of Redis, by its own means, and bringing one back."""

import os
import shutil
import time
from pathlib import Path

from redis.exceptions import ResponseError

from stats_service.embedded_redis.lock import acquire
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.errors import InvalidInputError, StartupError, StoreUnavailableError
from stats_service.store.redis.client import RedisClient, primaries, store_errors, text_of

#: How every snapshot of Redis and of Valkey begins.
MAGIC = (b"REDIS", b"VALKEY")
#: Longest wait for a snapshot, in seconds; a gigabyte takes some ten.
SAVE_SECONDS = 600.0
POLL_SECONDS = 0.05
#: Longest wait for a server that is just ending, in seconds.
LOCK_SECONDS = 10.0


class SnapshotStore:
    """Lets Redis write its snapshot."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    def save(self) -> Path | None:
        """Let Redis write a fresh snapshot; return where, on its machine, if it tells.

        Raises:
            InvalidInputError: it is a cluster, whose servers have a snapshot each.
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
            self._wait(server)  # for one that is being written, and is of a moment ago
            server.bgsave(schedule=True)
            self._wait(server)
            said = server.info("persistence")
            if said.get("rdb_last_bgsave_status") != "ok":
                raise StoreUnavailableError(
                    "Redis could not write its snapshot; its log says why (a full disk, mostly)."
                )
            try:
                found = server.config_get("dir", "dbfilename")
            except ResponseError:  # many hosted servers, and careful ACLs, do not allow it
                return None
        values = {text_of(name): text_of(value) for name, value in found.items()}
        return Path(values["dir"]) / values["dbfilename"]

    def _wait(self, server: RedisClient) -> None:
        deadline = time.monotonic() + SAVE_SECONDS
        while True:
            said = server.info("persistence")
            # Scheduled behind a rewrite of the append-only file, it has not begun yet.
            if not (said["rdb_bgsave_in_progress"] or said["aof_rewrite_in_progress"]):
                return
            if time.monotonic() > deadline:
                raise StoreUnavailableError(
                    f"Redis did not finish its snapshot within {SAVE_SECONDS:g} s."
                )
            time.sleep(POLL_SECONDS)


def is_snapshot(path: Path) -> bool:
    """Tell whether a file begins as a snapshot; Redis checks the rest when it reads it."""
    with path.open("rb") as file:
        return file.read(8).startswith(MAGIC)


def snapshot_readers(path: Path) -> str:
    """Return which servers can read a snapshot, by the version with which it begins.

    Redis and Valkey have gone different ways since version 11: Redis reads nothing that Valkey 9
    has written, and Valkey nothing of Redis 7.4 and later.
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


def replace_data(data_dir: Path, snapshot: Path, aside_name: str) -> Path:
    """Let the embedded Redis start from `snapshot`; return where its former data is now.

    A snapshot that it cannot read changes nothing.

    Raises:
        StartupError: the service runs, or Redis cannot read the snapshot.
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
            return former
    except StartupError as error:
        shutil.rmtree(folder / "appendonlydir", ignore_errors=True)
        (folder / "dump.rdb").unlink(missing_ok=True)
        _move(former, folder)
        former.rmdir()
        raise StartupError(
            f"Redis cannot read {snapshot}; the data is as it was. {error}"
        ) from error


def _move(source: Path, target: Path) -> None:
    for name in ("dump.rdb", "appendonlydir"):
        if (source / name).exists():
            (source / name).rename(target / name)


def _copy(source: Path, target: Path) -> None:
    part = target.with_name(f"{target.name}.part")
    with source.open("rb") as given, os.fdopen(_private(part), "wb") as taken:
        shutil.copyfileobj(given, taken, 1 << 20)
        taken.flush()
        os.fsync(taken.fileno())
    part.replace(target)


def _private(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def copy_snapshot(source: Path, target: Path) -> None:
    """Copy a snapshot, readable by this user alone, so that a broken copy never has its name.

    Redis replaces its file as a whole, so that the copy is of one moment.
    """
    _copy(source, target)
