"""Query parameters that make many articles of one, or one of many, told within the day.

A parameter that nobody knows, as portals and social networks put one into addresses, splits an
article: many keys that differ only by it, each hardly read. One that is dropped though it names
articles merges them: one key under many of its values, which workers notice (`articles.watch`).
Both are guesses, and an administrator says which is right: keep it, or drop it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from stats_service.errors import InvalidInputError
from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.models.traffic.article_changes import ParameterFinding
from stats_service.services.articles.keys import NONE, without_parameter
from stats_service.services.articles.watch import MERGES_SIGN
from stats_service.services.periods import day_of
from stats_service.services.sites.sites import Sites, settings_revision
from stats_service.services.tick_outcome import Outcome, isolated
from stats_service.store.operations.ticks import TickStore
from stats_service.store.traffic.history import HistoryStore
from stats_service.store.traffic.parameters import ParameterStore

#: Keys with a parameter from which it may be a flood, and most views that such a key has on
#: average: an article is read more than once, an address that was made for one reader is not.
SPLIT_KEYS = 100
SPLIT_VIEWS = 1.5
#: Articles that are there with and without the parameter, from which it splits them, however often
#: they are read; and keys for each of them.
SPLIT_ARTICLES = 5
SPLIT_KEYS_EACH = 3
FINDINGS_MAX = 5
#: Fewest characters of a value that looks drawn.
DRAWN_LENGTH = 8


class Parameters:
    """Tells which parameters somebody should look at, and lets them decide."""

    def __init__(self, store: ParameterStore, history: HistoryStore, sites: Sites) -> None:
        self._store = store
        self._history = history
        self._sites = sites

    def sites(self) -> list[Site]:
        """Return for whom it is to be looked."""
        return self._sites.all()

    def look(self, site: Site, now: float) -> tuple[ParameterFinding, ...]:
        """Look at today and yesterday, keep what is found, and return it."""
        today = date.fromisoformat(day_of(now, site.timezone))
        days = [(today - timedelta(days=n)).isoformat() for n in (0, 1)]
        views: dict[str, int] = defaultdict(int)
        for day in days:
            for key, n in self._store.day(site.slug, day).items():
                views[key] += n
        merging = self._history.signs(site, MERGES_SIGN, days[1], days[0])
        names = sorted(merging, key=lambda name: -merging[name])
        found = [
            *splitting(views),
            *(ParameterFinding(name.removeprefix(MERGES_SIGN), "merges") for name in names),
        ]
        open_ones = undecided(site, found)[:FINDINGS_MAX]
        self._store.save(site, open_ones)
        return open_ones

    def known(self, site: Site) -> tuple[ParameterFinding, ...]:
        """Return what was found last and is not decided yet."""
        return undecided(site, self._store.get(site.slug))

    def decide(self, site: Site, name: str, by: Author, *, keep: bool) -> Site:
        """Keep a parameter in the keys of articles from now on, or drop it.

        Raises:
            InvalidInputError: it is no name of a parameter, or one that always says where a reader
                came from.
            StaleError: the site's parameters are not those of `site` any more.
        """
        lower = name.strip().lower()
        if not lower or lower[0] in "+-":
            raise InvalidInputError("parameter {name!r}: name a query parameter.", name=name[:40])

        listed = site.article_parameters
        others = tuple(one for one in listed if one.lstrip("+-").lower() != lower)
        wanted: tuple[str, ...]
        if listed == NONE:
            wanted = (lower,) if keep else NONE
        elif listed and listed[0][0] not in "+-":  # exactly these are kept
            wanted = (*others, lower) if keep else others or NONE
        else:
            wanted = (*others, f"{'+' if keep else '-'}{lower}")
        revision = settings_revision(site, ("article_parameters",))
        return self._sites.edit(site.slug, by, revision, article_parameters=wanted)


def undecided(site: Site, findings: Iterable[ParameterFinding]) -> tuple[ParameterFinding, ...]:
    """Return the findings of which the site's settings do not say yet what is right."""
    return tuple(one for one in findings if not _decided(site, one))


def splitting(views: Mapping[str, int]) -> list[ParameterFinding]:
    """Return the parameters that seem to make many articles of one, the worst first.

    Args:
        views: the views of articles in a day or two.
    """
    keys: dict[str, list[str]] = defaultdict(list)
    for key in views:
        if key.startswith("/") and "?" in key:
            for part in key.partition("?")[2].split("&"):
                keys[part.partition("=")[0]].append(key)
    found = []
    for name, having in keys.items():
        rests: dict[str, int] = defaultdict(int)
        for key in having:
            rests[without_parameter(key, name)] += 1
        both = [rest for rest, n in rests.items() if rest in views and n >= SPLIT_KEYS_EACH]
        average = sum(views[key] for key in having) / len(having)
        # The articles of `?id=15` lie behind one address as well, but their numbers are no draws.
        drawn = sum(_looks_drawn(key, name) for key in having)
        flood = len(having) >= SPLIT_KEYS and average <= SPLIT_VIEWS and drawn * 2 > len(having)
        if flood or len(both) >= SPLIT_ARTICLES:
            example = max(having, key=lambda key: rests[without_parameter(key, name)])
            found.append(ParameterFinding(name, "splits", len(having), example))
    return sorted(found, key=lambda one: -one.articles)


def _looks_drawn(key: str, name: str) -> bool:
    """Tell whether the value of a parameter looks drawn, not like a name or a number."""
    parts = key.partition("?")[2].split("&")
    value = next((part.partition("=")[2] for part in parts if part.partition("=")[0] == name), "")
    return (
        len(value) >= DRAWN_LENGTH
        and any(char.isdigit() for char in value)
        and any(char.isalpha() for char in value)
    )


def _decided(site: Site, finding: ParameterFinding) -> bool:
    """Tell whether the site's own settings say what becomes of a parameter."""
    listed = site.article_parameters
    if not listed or listed == NONE:
        return False
    if listed[0][0] in "+-":
        return bool({f"+{finding.name}", f"-{finding.name}"} & {one.lower() for one in listed})
    # Who names those that are kept has decided on them.
    return finding.kind == "splits" or finding.name in {one.lower() for one in listed}


class ParameterJob:
    """Looks once an hour."""

    def __init__(self, store: TickStore, parameters: Parameters) -> None:
        self._store = store
        self._parameters = parameters

    def run(self, now: float) -> Iterator[Outcome]:
        """Do it, unless it was done in this hour."""
        hour = str(int(now // 3600))
        if self._store.last("parameters") == hour:
            return
        failed = False
        for site in self._parameters.sites():
            for outcome in isolated(site.slug, self._of_site(site, now)):
                failed |= outcome.failed
                yield outcome
        if not failed:
            self._store.note("parameters", hour)

    def _of_site(self, site: Site, now: float) -> Iterator[Outcome]:
        before = {(one.name, one.kind) for one in self._parameters.known(site)}
        for one in self._parameters.look(site, now):
            if (one.name, one.kind) not in before:
                yield Outcome(f"{site.slug}: the parameter {one.name} {one.kind} articles.")
