"""A look at Redis every few seconds, so that what is wrong stands in the log, once."""

import contextlib
import logging
import threading

from stats_service.errors import StatsError
from stats_service.models.health import FAIL, OK, Finding
from stats_service.services.operations.health import LOOK_SECONDS, Health
from stats_service.services.operations.installation import Installation
from stats_service.store.operations.installation import SoleWatcher

logger = logging.getLogger(__name__)


class Watch:
    """Looks, in a thread of one process of this host."""

    def __init__(self, health: Health, installation: Installation, sole: SoleWatcher) -> None:
        self._health = health
        self._installation = installation
        self._sole = sole
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        #: What was told, by level and subject.
        self._told: set[tuple[str, str]] = set()

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; a look that is under way is not waited for."""
        self._stopped.set()

    def look(self) -> None:
        """Look once, and tell what is new and what is over."""
        with contextlib.suppress(StatsError):  # the findings say so
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

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                if self._sole.hold():
                    self.look()
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
