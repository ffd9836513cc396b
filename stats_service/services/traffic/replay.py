"""Bring the views that were kept on the disk to Redis, once it takes them again."""

import logging
import threading

from stats_service.clock import Clock
from stats_service.errors import StoreUnavailableError, UnknownSiteError
from stats_service.models.traffic import ViewCommand
from stats_service.services.periods import periods_at
from stats_service.store.sites.sites import SiteStore
from stats_service.store.traffic.spool import KeptBatch, Spool
from stats_service.store.traffic.traffic import TrafficStore

#: Seconds between two looks while views wait.
LOOK_SECONDS = 1.0
#: Seconds between two batches: the readers of the moment come first.
PAUSE_SECONDS = 0.005
#: Age in seconds from which a view has lost its pseudonyms: they live no longer in Redis either.
IDENTITY_SECONDS = 24 * 3600

logger = logging.getLogger(__name__)


class Replay:
    """Sends what the spool holds; one process of a host at a time does."""

    def __init__(self, spool: Spool, sites: SiteStore, traffic: TrafficStore, clock: Clock) -> None:
        self._spool = spool
        self._clock = clock
        self._sites = sites
        self._traffic = traffic
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        #: Views that this process brought to Redis, and views whose site is no more.
        self.replayed = 0
        self.dropped = 0

    def wake(self) -> None:
        """Look after the spool from now on, in a thread of its own."""
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
            except Exception:
                logger.exception("kept views cannot be brought to Redis")
                left = True
            if left:
                self._wake.set()
            threading.Event().wait(LOOK_SECONDS)

    def run(self, now: float) -> bool:
        """Send batch after batch; return whether views are left.

        Args:
            now: this moment, in seconds since 1970.
        """
        before = self.replayed
        with self._spool.sole_sender() as sole:
            if not sole:
                return self._spool.waiting() > 0
            try:
                while batch := self._spool.next_batch():
                    self._send(batch, now)
                    threading.Event().wait(PAUSE_SECONDS)
            except StoreUnavailableError:
                return True
            if self.replayed > before:
                self._spool.tidy()
                logger.warning("%d kept views were counted.", self.replayed - before)
        return False

    def _send(self, batch: KeptBatch, now: float) -> None:
        try:
            site = self._sites.get(batch.slug)
            if site is None:
                raise UnknownSiteError(batch.slug)
            periods = periods_at(batch.at, site.timezone)
            commands = batch.commands
            if now - batch.at > IDENTITY_SECONDS:
                commands = [
                    ViewCommand(kind="view", hit=c.hit, article=c.article) for c in commands
                ]
            self._traffic.replay_views(site, periods, batch.at, commands, batch.id)
            self.replayed += len(batch.commands)
        except UnknownSiteError:
            self.dropped += len(batch.commands)
            logger.warning("%d kept views of a removed site are dropped.", len(batch.commands))
        self._spool.remove(batch)
