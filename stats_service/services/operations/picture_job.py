"""The sweep of pictures that no poll has any more."""

from collections.abc import Iterator

from stats_service.services.polls.pictures import Pictures
from stats_service.services.sites.sites import Sites
from stats_service.services.tick_outcome import Outcome, isolated
from stats_service.store.operations.ticks import TickStore


class PictureJob:
    """Sweeps once a day."""

    def __init__(self, store: TickStore, pictures: Pictures, sites: Sites) -> None:
        self._store = store
        self._pictures = pictures
        self._sites = sites

    def run(self, now: float) -> Iterator[Outcome]:
        """Do it, unless it was done on this day of UTC."""
        day = str(int(now // 86_400))
        if self._store.last("pictures") == day:
            return
        failed = False
        for site in self._sites.all():
            for outcome in isolated(site.slug, self._of_site(site.slug, now)):
                failed |= outcome.failed
                yield outcome
        if not failed:
            self._store.note("pictures", day)

    def _of_site(self, slug: str, now: float) -> Iterator[Outcome]:
        if gone := self._pictures.sweep(slug, now):
            yield Outcome(f"{slug}: removed {gone} pictures that no poll has any more.")
