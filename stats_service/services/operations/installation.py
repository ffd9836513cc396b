"""Check that Redis belongs to this installation and has lost no data.

Four values are compared: at startup, every few seconds in one process of a host, and by
`stats-service check`.

* A keyed digest of the secret, stored in Redis.
* The run: a random name drawn when Redis was claimed.
* A growing counter in Redis, whose last value is also in the data folder.
* The sites that have copies in the data folder.

They detect a second secret, an emptied Redis (perhaps claimed by another installation since), an
eviction of keys, and a restore from an older backup, and tell each of these from an erased site.
See docs/decisions/0023-what-redis-is-held-to.md and 0029-who-may-claim-redis.md.
"""

import contextlib
import hmac
import logging
import secrets
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from stats_service.clock import Clock
from stats_service.errors import ConfigurationError, ConflictError, StoreUnavailableError
from stats_service.models.operations.health import FAIL, WARN, Finding
from stats_service.services.accounts.audit import Audit
from stats_service.services.operations.layouts import Layouts
from stats_service.store.operations.installation import (
    InstallationFile,
    InstallationStore,
    Remembered,
    StoredInstallation,
)
from stats_service.store.sites.copies import SiteCopies

#: Seconds between two steps of the growing counter.
BEAT_SECONDS = 10.0
#: Random bytes in the name of a run.
RUN_BYTES = 4
#: Missing steps that are tolerated: a crash of Redis, or a failover, loses seconds.
BEATS_LOST = 6
#: Seconds for which a refused Host is reported.
HOST_SECONDS = 86_400
#: Seconds without a new backup before a warning, if there was ever one.
BACKUP_LATE_SECONDS = 3 * 86_400
#: Seconds between two records of a refused Host.
HOST_NOTED_SECONDS = 60.0
#: Seconds for which the result about a missing site is cached.
FATE_SECONDS = 1.0
#: Entries of the log that are searched for the erasure of a site.
LOG_ENTRIES = 1000

_ANOTHER = (
    "Redis belongs to an installation with another secret: with this one each reader would be two, "
    "and could vote twice. Give this service the same STATS_SECRET (or {secret_file}) as "
    "the others on this Redis, another database or another STATS_KEY_PREFIX. If the secret "
    "was changed on purpose, or is lost: stats-service accept secret"
)

logger = logging.getLogger(__name__)


class Installation:
    """The identity of this installation, in Redis and in the data folder.

    Args:
        store: the record in Redis.
        file: the record in the data folder.
        copies: the settings of the sites that this host has served.
        audit: the log that records erased sites.
        layouts: the layouts of the data and of this program.
        secret: the secret of the installation.
        data_dir: the data folder, for messages.
        clock: the clock of the service.
    """

    def __init__(
        self,
        store: InstallationStore,
        file: InstallationFile,
        copies: SiteCopies,
        audit: Audit,
        layouts: Layouts,
        secret: str,
        data_dir: Path,
        clock: Clock,
    ) -> None:
        self._store = store
        self._file = file
        self._copies = copies
        self._audit = audit
        self._layouts = layouts
        self._digest = hmac.digest(secret.encode(), b"installation", "sha256").hex()[:32]
        self._data_dir = data_dir
        self._clock = clock
        self._lock = threading.Lock()
        #: By slug: whether a site that is missing was lost, and when that was found.
        self._fates: dict[str, tuple[bool, float]] = {}
        self._host_noted = -HOST_NOTED_SECONDS

    def claim(self) -> None:
        """Claim an unclaimed Redis for this installation, and record that in the data folder.

        A Redis that was emptied is not claimed again; `findings` reports it.

        Raises:
            ConfigurationError: Redis belongs to an installation with another secret; or its data
                have moved to another server, or are still on their way here; or a newer version
                has migrated them.
            StoreUnavailableError: Redis does not answer.
        """
        stored, remembered = self._store.read(), self._file.read()
        if stored.move.startswith(("in ", "gone ")):
            text = _moving(stored)
            raise ConfigurationError(text)
        if not stored.secret and remembered is None and not self._missing(self._copies.slugs()):
            self._claim()
            stored = self._store.read()
            logger.info("This Redis was no installation's; it is this one's from now on.")
        if self._is_foreign(stored) and not _is_other_run(stored, remembered):
            text = _ANOTHER.format(secret_file=self._data_dir / "secret")
            raise ConfigurationError(text)
        if max(stored.layout, stored.oldest_layout) > self._layouts.number:
            self._layouts.require(*stored.layouts)
        if stored.secret and not stored.layout:
            self._store.number_first()
            stored = stored._replace(layout=1)
        if stored.secret and remembered is None:
            with contextlib.suppress(OSError):  # `findings` reports it
                self._remember(stored)

    def require_remembered_layout(self) -> None:
        """Return if this program may use the data that this host has seen in Redis last.

        For a start while Redis does not answer.

        Raises:
            ConfigurationError: they must be migrated first, or a newer version has migrated them.
        """
        if remembered := self._file.read():
            self._layouts.require(remembered.layout, remembered.oldest_layout)

    def accept_secret(self) -> None:
        """Claim Redis with the current secret, whatever secret it had before.

        Lost data are another matter: `accept_redis`.
        """
        self._store.replace(self._digest)
        stored, remembered = self._store.read(), self._file.read()
        if not _is_other_run(stored, remembered):
            self._remember(stored)

    def accept_redis(self) -> list[str]:
        """Accept Redis in its current state, empty or older; return the sites that are lost.

        Raises:
            ConflictError: Redis belongs to an installation with another secret.
        """
        if self._claim() != self._digest:
            raise ConflictError(
                "Redis belongs to an installation with another secret, which would lose it: stop "
                "that one, or give it another database or STATS_KEY_PREFIX. If Redis is to be this "
                "one's all the same, `stats-service accept secret` comes first."
            )
        self._remember(self._store.read())
        slugs = self._copies.slugs()
        missing = [
            slug
            for slug, found in zip(slugs, self._store.presence(slugs), strict=True)
            if not (found.alive or found.held)
        ]
        for slug in missing:
            self._copies.remove(slug)
            self._store.forget_site(slug)
        self._fates.clear()
        return missing

    def is_lost(self, slug: str) -> bool:
        """Return whether a site that Redis does not know was lost: it existed and was not erased.

        Raises:
            StoreUnavailableError: Redis cannot be asked.
        """
        now = self._clock.now()
        lost, at = self._fates.get(slug, (False, -FATE_SECONDS))
        if not 0 <= now - at < FATE_SECONDS:
            lost = self._lost(slug)
            self._fates[slug] = lost, now
        return lost

    def is_emptied(self) -> bool:
        """Return whether the data of this host in Redis are gone, and may be restored.

        Raises:
            StoreUnavailableError: Redis cannot be asked.
        """
        return _is_emptied(self._store.read(), self._file.read())

    def is_foreign(self) -> bool:
        """Return whether Redis belongs to an installation with another secret.

        Raises:
            StoreUnavailableError: Redis cannot be asked.
        """
        return self._is_foreign(self._store.read())

    def check_not_moving(self) -> None:
        """Refuse a change that another server would not get any more.

        Raises:
            ConflictError: the data are being moved to another server, or have moved; or they have
                a layout that this program cannot use.
            StoreUnavailableError: Redis cannot be asked.
        """
        stored = self._store.read()
        try:
            self._layouts.require(*stored.layouts)
        except ConfigurationError as error:
            raise ConflictError("{error} Nothing was changed.", error=error) from error
        if stored.move:
            raise ConflictError(
                "The data of this installation are moving to another server, or have moved: "
                "nothing was changed. Try again when the service runs with the new server."
            )

    def note_host(self, host: str) -> bool:
        """Record a Host that the admin pages refused, for `check`, once a minute at most.

        Returns:
            Whether it was the first within a minute.
        """
        now = self._clock.now()
        if 0 <= now - self._host_noted < HOST_NOTED_SECONDS:
            return False
        self._host_noted = now
        with contextlib.suppress(StoreUnavailableError):
            self._store.note_host(host, now)
        return True

    def note_backup(self, now: float) -> None:
        """Record the time of a backup, so that `findings` can report when backups stop."""
        self._store.note_backup(now)

    def findings(self) -> Iterator[Finding]:
        """Yield the faults, try a write, and advance the counter if there is no fault.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        with self._lock:
            now = self._clock.now()
            stored, remembered = self._store.read(), self._file.read()
            found = list(self._compare(stored, remembered))
            yield from found
            try:
                self._store.try_to_write(now, self._layouts.number)
                if stored.secret and all(one.level != FAIL for one in found):
                    self._beat(stored, remembered, now)
            except StoreUnavailableError as error:
                yield Finding(FAIL, "writes", f"{error} Views are kept on the disk until then.")
            except OSError as error:
                yield Finding(
                    WARN, "data folder", f"{self._data_dir} takes no file ({error.strerror}), so "
                    "that the loss of Redis' data would not be noticed. Let the service's user "
                    "write there.",
                )  # fmt: skip
            if stored.backup_at and now - stored.backup_at > BACKUP_LATE_SECONDS:
                yield Finding(
                    WARN, "backup", f"the last one is of {_moment(stored.backup_at)}: look at what "
                    "calls `stats-service backup`, and at what it says.",
                )  # fmt: skip
            if stored.host and 0 <= now - stored.host_at < HOST_SECONDS:
                yield self._host(stored)

    def _host(self, stored: StoredInstallation) -> Finding:
        return Finding(
            WARN, "host", f"the admin pages refused a browser that asked for Host {stored.host!r} "
            f"({_moment(stored.host_at)}). STATS_PUBLIC_URL must be the address that browsers "
            "use, and the proxy must hand the Host on as it came: `proxy_set_header Host "
            "$http_host;` in nginx.",
        )  # fmt: skip

    def _compare(
        self, stored: StoredInstallation, remembered: Remembered | None
    ) -> Iterator[Finding]:
        if stored.move:
            yield Finding(FAIL, "move", _moving(stored))
            return
        layout = None
        if stored.secret == self._digest and not _is_emptied(stored, remembered):
            layout = self._layouts.finding(*stored.layouts)
        if layout:
            yield layout
        if not layout or layout.level != FAIL:
            yield from self._compare_data(stored, remembered)

    def _compare_data(
        self, stored: StoredInstallation, remembered: Remembered | None
    ) -> Iterator[Finding]:
        slugs = self._copies.slugs()
        missing = self._missing(slugs)
        if _is_emptied(stored, remembered) or (not stored.secret and missing):
            yield self._emptied(stored, remembered, slugs)
            return
        if self._is_foreign(stored):
            text = _ANOTHER.format(secret_file=self._data_dir / "secret")
            yield Finding(FAIL, "secret", text)
            return
        if remembered and stored.beat + BEATS_LOST < remembered.beat:
            yield Finding(
                FAIL, "older", f"Redis holds an older state: of {_moment(stored.beat_at)}, and "
                f"this host has counted in it until {_moment(remembered.beat_at)}. What was "
                "counted and voted between is missing. Bring a newer backup back; if there is "
                "none: stats-service accept redis",
            )  # fmt: skip
        vanished = []
        for slug in missing:
            if self._lost(slug):
                vanished.append(slug)
            else:  # erased, perhaps by another host
                self._copies.remove(slug)
        if vanished:
            yield Finding(
                FAIL, "vanished", "Redis has lost sites that nobody erased: "
                f"{', '.join(vanished[:5])} ({len(vanished)}). Something deletes its keys: see "
                "that `maxmemory-policy` is noeviction and that nobody else uses this database. "
                "Their views are kept on the disk. Bring the latest backup back, or import the "
                "sites' archives; if they are to be gone: stats-service accept redis",
            )  # fmt: skip

    def _emptied(
        self, stored: StoredInstallation, remembered: Remembered | None, slugs: list[str]
    ) -> Finding:
        known = f" of {len(slugs)} sites ({', '.join(slugs[:5])})" if slugs else ""
        until = f" until {_moment(remembered.beat_at)}" if remembered else ""
        lost = (
            f"Redis has lost the data{known}: it holds nothing of what this host counted in "
            f"it{until}."
        )
        back = (
            "bring the latest backup back (`stats-service restore`, or as your Redis does): they "
            "are counted then."
        )
        since = f" ({_moment(_begin_of(stored.run))})" if stored.run else ""
        if self._is_foreign(stored):
            return Finding(
                FAIL, "data", f"{lost} It was emptied, and another installation, with another "
                f"secret, has taken it since{since}; or REDIS_URL leads to another's. Views are "
                "kept on the disk. Stop the other one, or give it another database or "
                f"STATS_KEY_PREFIX, then {back} To begin anew here, and take Redis away from the "
                "other one: stats-service accept secret, then stats-service accept redis",
            )  # fmt: skip
        if stored.secret:
            return Finding(
                FAIL, "data", f"{lost} It was emptied, and an instance with this secret and an "
                f"empty data folder has begun anew in it{since}. Views of sites that are not there "
                f"are kept on the disk: {back} If it is to begin anew: stats-service accept redis",
            )  # fmt: skip
        return Finding(
            FAIL, "data", f"{lost} It was emptied, or REDIS_URL or STATS_KEY_PREFIX leads "
            f"elsewhere. Views are kept on the disk: {back} If it is to be empty: stats-service "
            "accept redis",
        )  # fmt: skip

    def _missing(self, slugs: list[str]) -> list[str]:
        found = zip(slugs, self._store.presence(slugs), strict=True)
        return [slug for slug, presence in found if not (presence.alive or presence.held)]

    def _lost(self, slug: str) -> bool:
        stored, remembered = self._store.read(), self._file.read()
        emptied = _is_emptied(stored, remembered)
        if emptied and self._is_foreign(stored):  # even if it has a site of this name
            return True
        (presence,) = self._store.presence([slug])
        if presence.alive:
            return False
        if presence.held:  # an archive is replacing it: views are spooled until then
            return True
        if emptied:
            return True
        # The log records an erasure before the site is deleted: a site being erased is not lost.
        for entry in self._audit.newest("", LOG_ENTRIES):
            if entry.subject == slug and entry.what in ("site.removed", "site.added"):
                if entry.what == "site.removed":
                    return False
                break
        # An unclaimed Redis was emptied if this host knows a site that it lacks.
        is_new = remembered is None and bool(stored.secret)
        return presence.listed or not (is_new or presence.list_is_there)

    def _beat(self, stored: StoredInstallation, remembered: Remembered | None, now: float) -> None:
        if 0 <= now - stored.beat_at < BEAT_SECONDS:
            if remembered is None or (remembered.beat, remembered.run) < (stored.beat, stored.run):
                self._remember(stored)
            return
        beat, run = self._store.beat(now, self._new_run())
        self._remember(stored._replace(beat=beat, beat_at=now, run=run))

    def _remember(self, stored: StoredInstallation) -> None:
        self._file.write(
            Remembered(
                self._digest,
                stored.beat,
                stored.beat_at,
                stored.run,
                *stored.layouts,
            )
        )

    def _claim(self) -> str:
        """Claim Redis unless it is claimed; return the digest of whose it is."""
        layouts = self._layouts
        return self._store.claim(self._digest, self._new_run(), layouts.number, layouts.oldest)

    def _is_foreign(self, stored: StoredInstallation) -> bool:
        return stored.secret not in ("", self._digest)

    def _new_run(self) -> str:
        return f"{int(self._clock.now())}-{secrets.token_hex(RUN_BYTES)}"


def _is_other_run(stored: StoredInstallation, remembered: Remembered | None) -> bool:
    """Return whether Redis was claimed again since this host used it: it was empty then."""
    return bool(remembered and remembered.run and stored.run and remembered.run != stored.run)


def _is_emptied(stored: StoredInstallation, remembered: Remembered | None) -> bool:
    return bool(remembered) and (not stored.secret or _is_other_run(stored, remembered))


def _moving(stored: StoredInstallation) -> str:
    """Return what to say while the data move to another server, and afterwards."""
    state, _, place = stored.move.partition(" ")
    if state == "gone":
        return (
            f"The data have moved to {place} ({_moment(stored.move_at)}): set REDIS_URL to that, "
            "and restart. Views are kept on the disk and are counted there; nobody can vote until "
            "then."
        )
    if state == "out":
        return (
            f"The data are being moved to {place} (since {_moment(stored.move_at)}). Views are "
            "kept on the disk, and nobody can vote. If no `stats-service move` runs any more: "
            "repeat it, or undo it with --abort."
        )
    return (
        "The data of another server are being moved to this Redis, and are not complete. If no "
        "`stats-service move` runs any more: repeat it, or undo it with --abort."
    )


def _begin_of(run: str) -> float:
    """Return when (s) a run was drawn; 0 if the name cannot be parsed."""
    begin = run.partition("-")[0]
    return float(begin) if begin.isascii() and begin.isdigit() else 0.0


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC" if at else "now"
