"""Archives of sites, for the services."""

from collections.abc import Iterable, Iterator, Sequence

from stats_service.models.portability.archive import Row
from stats_service.store.keys import SiteKeys
from stats_service.store.portability.archive.reader import opened_reader
from stats_service.store.portability.archive.table import Scope, Table
from stats_service.store.portability.archive.tables import BY_ROW, TABLES
from stats_service.store.portability.archive.writer import SiteWriter
from stats_service.store.redis.client import RedisClient, store_errors, text_of


class ArchiveStore:
    """Sites of one installation as rows."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def rows(
        self, slug: str, days: Sequence[str], tables: Sequence[Table] = TABLES
    ) -> Iterator[Row]:
        """Yield the rows of a site as it is now, in the order of an archive.

        Args:
            slug: the site.
            days: the days that views may change during the export: today and its neighbours.
            tables: the tables to export; by default all of them.
        """
        keys = SiteKeys(self._prefix, slug)
        scope = Scope(days, self._polls(keys))
        changing = [key for table in tables for key in table.changing(keys, scope)]
        with opened_reader(self._client, self._prefix, slug, changing) as reader:
            for table in tables:
                yield from table.read(reader)

    def _polls(self, keys: SiteKeys) -> list[str]:
        with store_errors():
            return [text_of(poll) for poll in self._client.hkeys(keys.polls)]

    def replace(
        self, slug: str, rows: Iterable[Row], now: float, founding: str | None, birth: str = ""
    ) -> bool:
        """Replace a site, whole or not at all.

        Args:
            slug: the site.
            rows: the rows of the archive; if they raise an error, Redis stays as it was.
            now: seconds since 1970.
            founding: that of the replaced site (`SiteStore.founding`); None: a new site.
            birth: that of the replaced site.

        Returns:
            False, and nothing changed, if the existing site is a different one.
        """
        writer = SiteWriter(self._client, self._prefix, slug, now)
        published = False
        try:
            for row in rows:
                BY_ROW[type(row)].write(writer, row)
            published = writer.publish(founding, birth)
        finally:
            if not published:
                writer.discard()
        return published
