"""Checks Redis and the numbers of the sites, and logs each fault once."""

import contextlib
import itertools
import logging
import threading

from stats_service.clock import Clock
from stats_service.errors import StatsError, StoreUnavailableError
from stats_service.models.operations.health import FAIL, OK, Finding
from stats_service.services.operations.health import LOOK_SECONDS, Health
from stats_service.services.operations.installation import Installation
from stats_service.services.operations.overview import Overview
from stats_service.services.sites.sites import Sites
from stats_service.store.operations.installation import SoleWatcher

#: Checks of Redis for each check of the sites' numbers, which thus comes every five minutes.
SITES_LOOKS = 150

logger = logging.getLogger(__name__)


class Watch:
    """Checks in a thread, in one process of this host."""

    def __init__(
        self,
        health: Health,
        installation: Installation,
        overview: Overview,
        sites: Sites,
        clock: Clock,
        sole: SoleWatcher,
    ) -> None:
        self._health = health
        self._installation = installation
        self._overview = overview
        self._sites = sites
        self._clock = clock
        self._sole = sole
        #: Logged findings about sites, by slug and kind.
        self._told_of_sites: set[tuple[str, str]] = set()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        #: Logged findings, by level and subject.
        self._told: set[tuple[str, str]] = set()

    def start(self) -> None:
        """Start checking."""
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop; do not wait for a check under way."""
        self._stopped.set()

    def look(self) -> None:
        """Check once; log new faults and those that ended."""
        with contextlib.suppress(StatsError):  # the findings report it
            self._installation.claim()
        found = {
            (one.level, one.subject): one for one in self._health.findings() if one.level != OK
        }
        for key in found.keys() - self._told:
            _tell(found[key])
        for level, subject in self._told - found.keys():
            if all(subject != other for _, other in found):
                logger.warning("%s: no longer so (%s).", subject, level)
        self._told = set(found)

    def look_at_sites(self) -> None:
        """Check the numbers of all sites once, as `look` does."""
        try:
            findings = self._overview.findings(self._sites.all(), self._clock.now())
        except StoreUnavailableError:
            return  # `look` reports it
        found = {(site.slug, finding.subject): finding for site, finding in findings}
        for key in found.keys() - self._told_of_sites:
            _tell(found[key])
        for slug, subject in self._told_of_sites - found.keys():
            logger.warning("%s: %s: no longer so.", subject, slug)
        self._told_of_sites = set(found)

    def _run(self) -> None:
        for number in itertools.count():
            if self._stopped.is_set():
                break
            try:
                if self._sole.hold():
                    self.look()
                    if number % SITES_LOOKS == 0:
                        self.look_at_sites()
            except OSError as error:
                logger.warning("Nobody can look after Redis in this data folder: %s", error)
                return
            except Exception:
                logger.exception("the look at Redis failed")
            self._stopped.wait(LOOK_SECONDS)
        self._sole.release()


def _tell(finding: Finding) -> None:
    level = logging.ERROR if finding.level == FAIL else logging.WARNING
    logger.log(level, "%s: %s", finding.subject, finding.text)
