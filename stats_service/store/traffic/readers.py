"""What visits told of themselves, by day and by month: sums of each dimension by itself."""

from collections.abc import Mapping, Sequence

from stats_service.models.sites import Site
from stats_service.models.traffic.readers import (
    DIMENSIONS,
    ENTRY_SOURCE,
    LETTERS,
    PAIR_MARK,
    VERSION_FROM,
)
from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script
from stats_service.store.traffic.article_changes import escaped
from stats_service.store.traffic.day_names import MARK, both_names, known_keys

SUM_READERS = load_script("traffic/sum_readers")
#: Values that are kept by name once a day, or a month, is over; all others are added up.
KEPT = {
    "source": 200,
    "campaign": 100,
    "campaign_source": 100,
    "campaign_medium": 50,
    "campaign_content": 100,
    "campaign_term": 100,
    "entry": 300,
}
#: Fields of a day that one call goes through: nearly always all.
PAIRS_SCANNED = 10_000
#: By dimension: visits by value, `""` for those under no value that is kept.
Sums = dict[str, dict[str, int]]


class ReadersStore:
    """What visits of every site of one installation told."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def read(self, site: Site, spans: Sequence[str]) -> list[Sums]:
        """Return what visits told by day or month, in the order of `spans`, in one round trip.

        Entry articles have the keys under which they were counted.
        """
        if not spans:
            return []
        names = SiteKeys(self._prefix, site.slug)
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for span in spans:
                pipe.hgetall(names.readers(span))
            rows = [_sums(row) for row in pipe.execute()]
            digests = {
                member for row in rows for member in row.get("entry", ()) if member[:1] == MARK
            }
            known = known_keys(self._client, names, digests) if digests else {}
        for row in rows:
            if entries := row.get("entry"):
                row["entry"] = _with_keys(entries, known)
        return rows

    def entries(self, site: Site, keys: Sequence[str], spans: Sequence[str]) -> list[int]:
        """Return how many visits of each day or month began with one of some articles.

        Args:
            site: the site.
            keys: those under which the article was counted.
            spans: days and months.
        """
        names = SiteKeys(self._prefix, site.slug)
        fields = [DIMENSIONS["entry"].letter + name for name in both_names(keys)]
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for span in spans:
                pipe.hmget(names.readers(span), fields)
            return [sum(int(n or 0) for n in row) for row in pipe.execute()]

    def entry_sources(self, site: Site, keys: Sequence[str], days: Sequence[str]) -> dict[str, int]:
        """Return the visits of days that began with an article, by source, as far as kept.

        Args:
            site: the site.
            keys: those under which the article was counted.
            days: days; months have no such sums.
        """
        names = SiteKeys(self._prefix, site.slug)
        begins = [f"{ENTRY_SOURCE.letter}{name}{PAIR_MARK}" for name in both_names(keys)]
        asked = [(names.readers(day), begin) for day in days for begin in begins]
        found: dict[str, int] = {}
        with store_errors():
            with self._client.pipeline(transaction=False) as pipe:
                for key, begin in asked:
                    pipe.hscan(key, 0, escaped(begin) + "*", PAIRS_SCANNED)
                replies = pipe.execute()
            for (key, begin), (cursor, fields) in zip(asked, replies, strict=True):
                rows = dict(fields)
                if int(cursor):  # a day with more fields than one call goes through
                    rows = dict(self._client.hscan_iter(key, escaped(begin) + "*", PAIRS_SCANNED))
                for field, n in rows.items():
                    source = text_of(field)[len(begin) :]
                    found[source] = found.get(source, 0) + int(n)
        return found

    def sum_days(self, slug: str, days: Sequence[str]) -> int:
        """Keep the values that most visits have of days that are over; return how many days."""
        names = SiteKeys(self._prefix, slug)
        with store_errors():
            return sum(
                bool(SUM_READERS.run(self._client, (key, names.site, key), _ARGUMENTS))
                for key in map(names.readers, days)
            )

    def roll_up_month(self, slug: str, month: str, days: Sequence[str]) -> bool:
        """Keep a month that is over; False if that was done, or nothing was told."""
        names = SiteKeys(self._prefix, slug)
        keys = (names.readers(month), names.site, *map(names.readers, days))
        with store_errors():
            return bool(SUM_READERS.run(self._client, keys, _ARGUMENTS))


_ARGUMENTS = [
    VERSION_FROM,
    *(part for name, n in KEPT.items() for part in (DIMENSIONS[name].letter, n)),
]


def _sums(row: Mapping[bytes, bytes]) -> Sums:
    """Return the fields of a hash; a browser's versions are part of the browser."""
    sums: Sums = {}
    for field, n in row.items():
        text = text_of(field)
        if name := LETTERS.get(text[:1]):
            sums.setdefault(name, {})[text[1:]] = int(n)
    for version, visits in sums.get("browser_version", {}).items():
        browsers = sums.setdefault("browser", {})
        browser = version.rpartition(" ")[0]
        browsers[browser] = browsers.get(browser, 0) + visits
    return sums


def _with_keys(entries: Mapping[str, int], known: Mapping[str, str]) -> dict[str, int]:
    """Replace digests by keys; an article that has given way has none, and is added up."""
    found: dict[str, int] = {}
    for member, n in entries.items():
        key = known.get(member, "") if member[:1] == MARK else member
        found[key] = found.get(key, 0) + n
    return found
