"""Since when a site has numbers: before that there is nothing to compare with."""

from datetime import date

from stats_service.models.sites import Site
from stats_service.models.traffic.history import Pair
from stats_service.services.traffic.sums import fields_of
from stats_service.store.traffic.history import HistoryStore

#: The first year of which there may be numbers of an older counter.
FIRST_YEAR = 1995


def first_day(store: HistoryStore, site: Site, today: date) -> date | None:
    """Return the first day of which there is a number; None if there is none.

    Args:
        store: what is kept.
        site: the site.
        today: today where the site is.
    """
    years = [f"{year:04d}" for year in range(FIRST_YEAR, today.year + 1)]
    year = _first_of(store, site, years)
    month = _first_of(store, site, [f"{year}-{month:02d}" for month in range(1, 13)])
    day = _first_of(store, site, [f"{month}-{day:02d}" for day in range(1, 32)])
    return date.fromisoformat(day) if day else None


def _first_of(store: HistoryStore, site: Site, names: list[str]) -> str:
    stored = store.read(site, fields_of(names), (), ())
    return next((name for name in names if stored.pair(name) != Pair()), "")
