"""What Redis and the data folder store about this installation, so that a loss is noticed."""

import fcntl
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from stats_service.models.sites import Site
from stats_service.store.admin_keys import LAYOUT, OLDEST, AdminKeys
from stats_service.store.keys import SiteKeys, sites
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script

MEND_BIRTH = load_script("sites/mend_birth")

logger = logging.getLogger(__name__)

_SECRET, _RUN, _BEAT, _BEAT_AT, _LOOKED = "secret", "run", "beat", "beat:at", "looked"
_HOST, _HOST_AT, _BACKUP_AT = "host", "host:at", "backup:at"
_MOVE, _MOVE_AT, _CAME_FROM = "move", "move:at", "came-from"


class StoredInstallation(NamedTuple):
    """What Redis stores about the installation; empty or 0 where it has nothing."""

    #: Keyed digest of the secret, in hexadecimal.
    secret: str
    #: Random id of the data, created when Redis was claimed: a Redis that was emptied has another.
    run: str
    #: A number that grows by one every few seconds while a service runs, and when (s) it last grew.
    beat: int
    beat_at: float
    #: The last Host of an administrator's browser that was refused, and when (s).
    host: str
    host_at: float
    #: When (s) the last `stats-service backup` was made.
    backup_at: float
    #: How far a move to another server is: `out <place>` (under way), `gone <place>` (complete),
    #: `in <run>` (this is the other server, not complete); and since when (s).
    move: str = ""
    move_at: float = 0.0
    #: Number of the data's layout, 0: no number is stored; and the lowest whose programs may use
    #: the data.
    layout: int = 0
    oldest_layout: int = 0

    @property
    def layouts(self) -> tuple[int, int]:
        """Both; data without a number are of layout 1, and where there are none it is 0."""
        return self.layout or int(bool(self.secret)), self.oldest_layout


class SitePresence(NamedTuple):
    """Whether Redis has the essential keys of a site, and whether the list contains the site."""

    #: Whether the settings and the key of the site's birth exist.
    alive: bool
    #: Whether an archive is taking the site's place.
    held: bool
    listed: bool
    #: Whether the list of sites exists at all.
    list_is_there: bool


class InstallationStore:
    """The record of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._key = AdminKeys(prefix).installation

    def read(self) -> StoredInstallation:
        """Return what Redis stores."""
        with store_errors():
            fields = (
                *(_SECRET, _RUN, _BEAT, _BEAT_AT, _HOST, _HOST_AT, _BACKUP_AT, _MOVE, _MOVE_AT),
                *(LAYOUT, OLDEST),
            )
            found = [text_of(value or b"") for value in self._client.hmget(self._key, fields)]
        secret, run, beat, beat_at, host, host_at, backup_at, move, move_at, *layouts = found
        return StoredInstallation(
            secret,
            run,
            int(beat or 0),
            float(beat_at or 0),
            host,
            float(host_at or 0),
            float(backup_at or 0),
            move,
            float(move_at or 0),
            *(int(number or 0) for number in layouts),
        )

    def came_from(self) -> list[str]:
        """Return the servers, as the spool names them, from which the data were moved here."""
        with store_errors():
            return text_of(self._client.hget(self._key, _CAME_FROM) or b"").split()

    def claim(self, digest: str, run: str, layout: int, oldest: int) -> str:
        """Store digest and run unless there are any; return the stored digest.

        Data that are there and have no number stay without one: `number_first`.
        """
        with store_errors():
            if not self._client.scard(sites(self._prefix)):
                self._client.hsetnx(self._key, OLDEST, oldest)
                self._client.hsetnx(self._key, LAYOUT, layout)
            self._client.hsetnx(self._key, _SECRET, digest)
            self._client.hsetnx(self._key, _RUN, run)
            return text_of(self._client.hget(self._key, _SECRET) or b"")

    def number_first(self) -> None:
        """Give data of before there were numbers the first one."""
        with store_errors():
            self._client.hsetnx(self._key, LAYOUT, 1)

    def replace(self, digest: str) -> None:
        """Store the digest, and replace any other."""
        with store_errors():
            self._client.hset(self._key, _SECRET, digest)

    def try_to_write(self, now: float, layout: int) -> None:
        """Write that a program of this layout runs; an error says why Redis accepts no writes."""
        with store_errors():
            self._client.hset(
                self._key, mapping={_LOOKED: int(now), f"{_LOOKED}:{layout}": int(now)}
            )

    def beat(self, now: float, run: str) -> tuple[int, str]:
        """Increase the number; return it with the run, which is stored if it is missing.

        It is missing in data that an older version claimed.
        """
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            pipe.hincrby(self._key, _BEAT, 1)
            pipe.hset(self._key, _BEAT_AT, int(now))
            pipe.hsetnx(self._key, _RUN, run)
            pipe.hget(self._key, _RUN)
            beat, _, _, known = pipe.execute()
        return int(beat), text_of(known)

    def note_host(self, host: str, now: float) -> None:
        """Record a Host that the admin pages refused."""
        with store_errors():
            self._client.hset(self._key, mapping={_HOST: host, _HOST_AT: int(now)})

    def forget_site(self, slug: str) -> None:
        """Remove a site without settings from the list."""
        with store_errors():
            self._client.srem(sites(self._prefix), slug)

    def note_backup(self, now: float) -> None:
        """Record that a backup was made."""
        with store_errors():
            self._client.hset(self._key, _BACKUP_AT, int(now))

    def presence(self, slugs: Sequence[str]) -> list[SitePresence]:
        """Return what Redis has of each site, in the order of `slugs`.

        If only the key of the birth is missing, it is restored: the site exists.
        """
        if not slugs:
            return []
        names = [SiteKeys(self._prefix, slug) for slug in slugs]
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            pipe.scard(sites(self._prefix))
            for slug, keys in zip(slugs, names, strict=True):
                pipe.get(keys.site)
                pipe.exists(keys.held)
                pipe.sismember(sites(self._prefix), slug)
            number, *replies = pipe.execute()
            documents = replies[::3]
            for keys, document in zip(names, documents, strict=True):
                birth = msgspec.json.decode(document, type=Site).birth if document else ""
                pipe.exists(keys.alive(birth))
            alive = [bool(found) for found in pipe.execute()]
        for place, document in enumerate(documents):
            if document and not alive[place]:
                alive[place] = self._mend_birth(names[place], document)
        return [
            SitePresence(lives, bool(held), bool(listed), bool(number))
            for lives, held, listed in zip(alive, replies[1::3], replies[2::3], strict=True)
        ]

    def _mend_birth(self, names: SiteKeys, document: bytes) -> bool:
        birth = msgspec.json.decode(document, type=Site).birth
        with store_errors():
            mended = MEND_BIRTH.run(self._client, (names.site, names.alive(birth)), (document,))
        if mended:
            logger.warning(
                "A key of the site %s had been deleted, or thrown away by Redis, and is written "
                "again: %s. Others may be gone: see that `maxmemory-policy` is noeviction and that "
                "nobody else uses this database.",
                names.slug, names.alive(birth),
            )  # fmt: skip
        return bool(mended)


class SoleWatcher:
    """`<data_dir>/watch.lock`: one process of a host watches, so that a fault is reported once."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "watch.lock"
        self._held: int | None = None

    def hold(self) -> bool:
        """Return whether this process watches, until it ends. OSError: no file can be created."""
        if self._held is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            self._held = descriptor
        return True

    def release(self) -> None:
        """Let another process watch."""
        if self._held is not None:
            os.close(self._held)
            self._held = None


class Remembered(msgspec.Struct, frozen=True):
    """What the data folder stores about the Redis that it was last used with."""

    #: As in Redis, at the last check without a fault.
    secret: str
    beat: int
    beat_at: float
    #: Empty in a file of an older version.
    run: str = ""
    #: As in `StoredInstallation`.
    layout: int = 1
    oldest_layout: int = 0


class InstallationFile:
    """`<data_dir>/installation-<prefix>.json`: without it, an emptied Redis looks new."""

    def __init__(self, data_dir: Path, prefix: str) -> None:
        self._path = data_dir / f"installation-{prefix}.json"

    def read(self) -> Remembered | None:
        """Return the content; None if the file is missing or cannot be read."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Remembered)
        except (OSError, msgspec.DecodeError):
            return None

    def write(self, remembered: Remembered) -> None:
        """Write the file; OSError if that fails."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(f".{os.getpid()}")
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(remembered))
            file.flush()
            os.fsync(file.fileno())  # a power cut must not leave an empty file
        fresh.replace(self._path)
