"""Send spooled views to Redis once it accepts them again."""

import logging
import threading
from collections.abc import Callable, Collection, Sequence

from stats_service.clock import Clock
from stats_service.errors import (
    SiteLostError,
    StatsError,
    StoreUnavailableError,
    UnknownSiteError,
)
from stats_service.meters import Meters
from stats_service.models.operations.health import SpoolState
from stats_service.models.sites import Site
from stats_service.models.traffic.views import ViewCommand
from stats_service.services.periods import periods_at
from stats_service.store.sites.sites import SiteStore
from stats_service.store.traffic.spool import Spool, SpooledBatch, SpoolError
from stats_service.store.traffic.traffic import TrafficStore

#: Seconds between two attempts while views are spooled.
LOOK_SECONDS = 1.0
#: Seconds between two batches: current readers come first.
PAUSE_SECONDS = 0.005
#: Age in seconds from which a view loses its pseudonyms; in Redis they live no longer either.
IDENTITY_SECONDS = 24 * 3600

logger = logging.getLogger(__name__)


class Replay:
    """Sends the spooled views; one process of a host at a time."""

    def __init__(
        self,
        spool: Spool,
        sites: SiteStore,
        traffic: TrafficStore,
        clock: Clock,
        meters: Meters | None = None,
        is_lost: Callable[[str], bool] = lambda _: False,
        is_emptied: Callable[[], bool] = lambda: False,
        came_from: Callable[[], Collection[str]] = tuple,
    ) -> None:
        #: Returns the places from which the data of Redis were moved to it.
        self._came_from = came_from
        self._meters = meters or Meters()
        self._spool = spool
        #: Returns whether a site that Redis does not know was lost, so that it may come back.
        self._is_lost = is_lost
        #: Returns whether Redis was emptied, so that a backup may restore the site.
        self._is_emptied = is_emptied
        self._clock = clock
        self._sites = sites
        self._traffic = traffic
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        #: Views that this process sent to Redis, and views whose site no longer exists.
        self.replayed = 0
        self.dropped = 0
        #: Views that Redis refused; they stay in the file.
        self.held = 0
        #: Messages logged already: the current obstacle, and views of another Redis.
        self._said = ""
        self._others = 0

    def resume(self) -> None:
        """Start sending if an earlier process has left spooled views."""
        if self._spool.path.exists():
            self.wake()

    def state(self) -> SpoolState:
        """Return the state of the spool, and whether a view could be spooled now."""
        return self._spool.state()

    def file_bytes(self) -> int:
        """Return the size of the spool file; 0 if there is none."""
        try:
            return self._spool.path.stat().st_size
        except OSError:
            return 0

    def adopt(self) -> int:
        """Take over views that were spooled for another Redis, or refused; return their number."""
        return self._spool.adopt()

    def lose(self, slug: str, at: float, kind: str) -> None:
        """Count what is not spooled and was not recorded; Redis is told once it is back.

        Args:
            slug: the site.
            at: the time, in seconds since 1970.
            kind: its reason among those of views that were not counted.
        """
        self._spool.lose(slug, at, kind)
        self.wake()

    def wake(self) -> None:
        """Start the thread that sends spooled views."""
        self._wake.set()
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="replay", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            try:
                left = self.run(self._clock.now())
            except StatsError as error:
                if str(error) != self._said:
                    self._said = str(error)
                    logger.error("Kept views wait: %s", error)
                left = True
            except Exception as error:  # noqa: BLE001 - this thread must go on
                self._meters.fault("replay", error)
                left = True
            if left:
                self._wake.set()
            threading.Event().wait(LOOK_SECONDS)

    def run(self, now: float) -> bool:
        """Send batch after batch; return whether anything is left.

        Args:
            now: the current time, in seconds since 1970.
        """
        before = self.replayed
        try:
            told = self._note_lost()
            if not self._spool.path.exists():
                return not told
            with self._spool.sole_sender() as sole:
                if not sole:
                    # Another process sends what is of its own Redis. What was kept for a place from
                    # which the data were moved is of ours once we have taken it over.
                    return True
                self._take_over()
                while batch := self._spool.next_batch():
                    self._send(batch, now)
                    threading.Event().wait(PAUSE_SECONDS)
                self._tell_of_others()
                if self.replayed > before:
                    self._spool.tidy()
                    logger.warning("%d kept views were counted.", self.replayed - before)
        except SpoolError:
            raise
        except StoreUnavailableError:
            return True
        self._said = ""
        return not told

    def _note_lost(self) -> bool:
        """Count in Redis what was lost, beside the ignored views; return whether all of it is."""
        told = True
        for slug, at, kind, number in self._spool.take_lost():
            try:
                site = self._sites.get(slug)
                if site:
                    lost = [ViewCommand(kind=kind)] * number
                    self._traffic.record_views(site, periods_at(at, site.timezone), at, lost)
            except UnknownSiteError:
                pass
            except StoreUnavailableError:
                self._spool.put_lost_back(slug, at, kind, number)
                told = False
        return told

    def _take_over(self) -> None:
        """Take views that were spooled for the server from which the data were moved."""
        if self._spool.state().others and (places := self._came_from()):
            self._spool.take_over(places)

    def _tell_of_others(self) -> None:
        state = self._spool.state()
        if state.others and state.others != self._others:
            logger.warning(
                "%d views in %s were kept for another Redis than that of REDIS_URL. They wait for "
                "the service that kept them; if this is the same Redis under another name: "
                "`stats-service spool adopt`.",
                state.others, state.path,
            )  # fmt: skip
        self._others = state.others

    def _send(self, batch: SpooledBatch, now: float) -> None:
        try:
            site = self._sites.get(batch.slug)
            if site is None:
                raise UnknownSiteError(batch.slug)
            # A site erased and added again with the same name has another birth.
            commands = [
                command
                for command, birth in zip(batch.commands, batch.births, strict=True)
                if birth == site.birth
            ]
            if len(commands) < len(batch.commands) and self._is_emptied():
                raise SiteLostError(batch.slug)
            if now - batch.at > IDENTITY_SECONDS:
                commands = [
                    ViewCommand(kind="view", hit=c.hit, article=c.article) for c in commands
                ]
            refused = self._send_all(site, batch, commands) if commands else []
            self.replayed += len(commands) - len(refused)
            if refused:
                self.held += len(refused)
                logger.error(
                    "Redis refused %d kept views of %s. They stay in %s; once that is mended, "
                    "`stats-service spool adopt` sends them again.",
                    len(refused), batch.slug, self._spool.path,
                )  # fmt: skip
        except UnknownSiteError as error:
            # The site exists again: it was missing for a moment, or another site took its name. The
            # next attempt shows which.
            if self._is_lost(batch.slug) or self._sites.get(batch.slug) is not None:
                raise SiteLostError(batch.slug) from error
            commands, refused = [], []
        if dropped := len(batch.commands) - len(commands):
            self.dropped += dropped
            logger.warning("%d kept views of a removed site are dropped.", dropped)
        if refused:
            self._spool.hold(batch, refused)
        else:
            self._spool.remove(batch)

    def _send_all(
        self, site: Site, batch: SpooledBatch, commands: Sequence[ViewCommand]
    ) -> list[ViewCommand]:
        """Send a batch; if Redis refuses it, send each view alone. Return the refused views."""
        periods = periods_at(batch.at, site.timezone)
        try:
            self._traffic.replay_views(site, periods, batch.at, commands, batch.id)
        except StatsError:
            raise
        except Exception as error:  # noqa: BLE001 - of one view, perhaps
            self._meters.fault("kept view", error)
        else:
            return []
        refused = []
        for number, command in enumerate(commands):
            name = f"{batch.id}-{number}"
            try:
                self._traffic.replay_views(site, periods, batch.at, [command], name)
            except StatsError:
                raise
            except Exception as error:  # noqa: BLE001 - the others are sent
                self._meters.fault("kept view", error)
                refused.append(command)
        return refused
