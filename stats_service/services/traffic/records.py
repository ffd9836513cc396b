"""Records of a site, most online at once and the busiest days: corrected, for a clock may be wrong.

A day's numbers are kept for ever, so the busiest day can be worked out anew. Who was online is kept
for minutes: the most at once can only be set, or forgotten so that it begins anew.
"""

from stats_service.errors import InvalidInputError
from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.services.accounts.audit import entry_of
from stats_service.services.periods import periods_at
from stats_service.services.sites.sites import BALANCE_MAX
from stats_service.store.traffic.traffic import METRICS, TrafficStore


class Records:
    """Correct records; each change is in the site's log."""

    def __init__(self, store: TrafficStore) -> None:
        self._store = store

    def set_peak(self, site: Site, peak: int, at: float | None, by: Author) -> bool:
        """Set the most visitors at once, seen at the moment `at` (seconds); 0: it begins anew.

        Returns:
            Whether that changed anything.

        Raises:
            InvalidInputError: the number is out of range, or its moment is missing or to come.
        """
        if not 0 <= peak <= BALANCE_MAX:
            raise InvalidInputError(
                "peak {peak}: use a whole number from 0 to {peak_max}.",
                peak=peak,
                peak_max=BALANCE_MAX,
            )
        if peak and at is None:
            raise InvalidInputError("peak_at: say when so many visitors were online.")
        if at is not None and not 0 <= at <= by.at:
            raise InvalidInputError("peak_at: use a moment that has been.")
        moment = str(int(at * 1000)) if peak and at is not None else ""
        return self._correct(site, {"peak": str(peak or ""), "peak:at": moment}, by)

    def recount_days(self, site: Site, by: Author) -> bool:
        """Work out the busiest days anew from the numbers of all days up to today.

        Returns:
            Whether that changed anything.
        """
        today = periods_at(by.at, site.timezone).day
        fields = {}
        for metric in METRICS:
            days = self._store.days(site.slug, metric)
            past = {day: n for day, n in days.items() if day <= today and n > 0}
            busiest = max(past, key=lambda day: (past[day], day), default="")
            fields[f"record:{metric}"] = str(past[busiest]) if busiest else ""
            fields[f"record:{metric}:day"] = busiest
        return self._correct(site, fields, by)

    def _correct(self, site: Site, fields: dict[str, str], by: Author) -> bool:
        entry = entry_of(by, "record.corrected", before={}, after={})
        return self._store.correct_records(site.slug, fields, entry)
