"""Bring the data in Redis to the layout of this program, or refuse them if they are newer.

The rule is the same for every form in which data lie (docs/operate.md, "Updating"): a program
migrates what is older, and refuses what is newer unless that says that it may be used.
"""

import logging
import secrets
import threading
from collections.abc import Callable
from typing import NamedTuple

from stats_service.errors import ConfigurationError, StoreUnavailableError
from stats_service.models.operations.health import FAIL, WARN, Finding
from stats_service.store.admin_keys import AFTER, LAYOUT, OLDEST
from stats_service.store.operations.layout import LayoutStore, Migration, StoredLayout

SUBJECT = "layout"
#: Seconds in which a program that runs has looked at Redis several times.
RUNNING_SECONDS = 10.0
#: Seconds between two looks while another process migrates.
LOOK_SECONDS = 0.5

logger = logging.getLogger(__name__)


class Pending(NamedTuple):
    """A migration that is to come."""

    text: str
    #: Keys that it changes.
    keys: int
    #: Whether programs of the data's present layout may run meanwhile.
    beside: bool


class Layouts:
    """The layout of the data, and that of this program.

    Args:
        store: the numbers in Redis, and the migrations.
        wait: waits for some seconds.
    """

    def __init__(self, store: LayoutStore, wait: Callable[[float], object] | None = None) -> None:
        self._store = store
        self._wait = wait or threading.Event().wait
        #: The layout that this program reads and writes.
        self.number = len(store.migrations) + 1
        #: The lowest whose programs may use data that this program begins.
        self.oldest = store.migrations[-1].oldest if store.migrations else 1

    def finding(self, layout: int, oldest: int) -> Finding | None:
        """Judge the two numbers of data; None: they are as this program writes them.

        Args:
            layout: of the data; 0: there are none.
            oldest: the lowest layout whose programs may use them; it is raised before a migration
                begins.
        """
        if not layout:
            return None
        if layout <= self.number < oldest:  # half of them may be as the newer version writes them
            return Finding(
                FAIL, SUBJECT, f"a newer version migrates the data from layout {layout}, or was "
                f"cut off while it did, and this one (layout {self.number}) may not use them any "
                "more: start the newer version, which goes on, or bring a backup from before the "
                "upgrade back.",
            )  # fmt: skip
        if layout == self.number:
            return None
        if layout < self.number:
            return Finding(
                FAIL, SUBJECT, f"the data have layout {layout}, and this version writes layout "
                f"{self.number}: `stats-service serve` migrates them when it starts.",
            )  # fmt: skip
        if oldest > self.number:
            return Finding(
                FAIL, SUBJECT, f"a newer version has migrated the data to layout {layout}, and "
                f"this one knows layout {self.number}: run the newer version, or bring a backup "
                "from before the upgrade back.",
            )  # fmt: skip
        return Finding(
            WARN, SUBJECT, f"a newer version has migrated the data to layout {layout}; this one "
            f"(layout {self.number}) may use them until it is updated as well.",
        )  # fmt: skip

    def require(self, layout: int, oldest: int) -> None:
        """Return if this program may use data of these two numbers; see `finding`.

        Raises:
            ConfigurationError: they are newer, or not migrated yet.
        """
        found = self.finding(layout, oldest)
        if found and found.level == FAIL:
            text = found.text[0].upper() + found.text[1:]
            raise ConfigurationError(text)

    def require_stored(self, *, older: bool = False) -> None:
        """Return if this program may use what Redis holds; errors as `require`.

        Args:
            older: whether data that are not migrated yet will do.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        stored = self._store.read()
        if not older or max(stored.layout, stored.oldest) > self.number:
            self.require(stored.layout, stored.oldest)

    def pending(self) -> list[Pending]:
        """Return what `migrate` would do, without a write.

        A migration after the first is counted on the data as they are now.
        """
        stored = self._store.read()
        begin = stored.layout or self.number
        return [
            Pending(
                migration.text,
                self._store.pending(migration, stored.after if number == begin else ""),
                migration.oldest <= begin,
            )
            for number, migration in enumerate(self._store.migrations, 1)
            if number >= begin
        ]

    def migrate(self) -> None:
        """Bring the data to this program's layout, or wait until another process has.

        It can be killed at any moment: the next call goes on after the last piece.

        Raises:
            ConfigurationError: a program runs that could not go on beside it; or Redis did not
                answer to the end.
            StoreUnavailableError: Redis does not answer; whether there is anything to migrate is
                not known.
        """
        layout, holder, checked = self._store.read().layout, secrets.token_hex(8), 0
        try:
            while 0 < layout < self.number:
                if layout != checked:  # it waits for longer than a lock may be held
                    self._require_none_running(self._store.migrations[layout - 1].oldest)
                    checked = layout
                if self._store.lock(holder):
                    self._migrate_once(holder)
                else:
                    logger.info("Another process migrates the data (layout %d).", layout)
                    self._wait(LOOK_SECONDS)
                layout = self._store.read().layout
        except StoreUnavailableError as error:
            raise ConfigurationError(
                "The data could not be migrated to the end: {error} Start again: it goes on where "
                "it stopped.",
                error=error,
            ) from error

    def _migrate_once(self, holder: str) -> None:
        """Bring the data one layout further, unless another process takes the lock."""
        stored = self._store.read()  # another process may have been quicker
        held = 0 < stored.layout < self.number  # 0: Redis was emptied meanwhile
        try:
            if held:
                held = self._run(holder, stored, self._store.migrations[stored.layout - 1])
        finally:
            if held:
                self._store.note(holder, {}, last=True)

    def _run(self, holder: str, stored: StoredLayout, migration: Migration) -> bool:
        """Do the pieces that are left; return whether the lock is still held."""
        target = stored.layout + 1
        logger.warning("Migrating the data to layout %d: %s.", target, migration.text)
        oldest = {OLDEST: str(max(stored.oldest, migration.oldest))}
        if not self._store.note(holder, oldest):
            return False
        for piece in self._store.pieces(migration, stored.after):
            if not self._store.note(holder, {AFTER: piece}):
                return False
        if not self._store.note(holder, {LAYOUT: str(target), AFTER: ""}):
            return False
        logger.warning("The data have layout %d now.", target)
        return True

    def _require_none_running(self, oldest: int) -> None:
        """Return if no program of a layout below `oldest` has looked at Redis for a while.

        Raises:
            ConfigurationError: one runs.
        """
        before = self._store.running(oldest)
        if not before:
            return
        self._wait(RUNNING_SECONDS)
        for layout, at in self._store.running(oldest).items():
            if before.get(layout) != at:
                raise ConfigurationError(
                    "A service of an older version (layout {layout}) still runs on this Redis, and "
                    "this migration allows none beside it: stop every instance of the older "
                    "version, then start this one.",
                    layout=layout,
                )
