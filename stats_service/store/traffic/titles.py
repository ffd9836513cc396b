"""What the articles of a site are called."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from stats_service.errors import UnknownSiteError
from stats_service.models.audit import AuditEntry
from stats_service.models.sites import Site
from stats_service.models.titles import ADMIN, TITLES_MAX, Title, TitleCounts, TitleReading
from stats_service.store.accounts.audit import packed_entry
from stats_service.store.keys import TITLES_READING, SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script
from stats_service.store.site_writes import write_to_site

PUT_TITLES = load_script("accounts/audit_entry", "traffic/put_titles")

_NO_SITE, NO_ARTICLE, TOO_MANY = -1, -2, -3
_title = msgspec.json.Decoder(Title)
_reading = msgspec.json.Decoder(TitleReading)


class TitleStore:
    """The titles of every site of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def read(self, slug: str, articles: Sequence[str]) -> dict[str, Title]:
        """Return what is known of some articles' titles, in one round trip."""
        if not articles:
            return {}
        with store_errors():
            found: Any = self._client.hmget(SiteKeys(self._prefix, slug).titles, list(articles))
        return {
            article: _title.decode(document)
            for article, document in zip(articles, found, strict=True)
            if document
        }

    def put(self, site: Site, titles: Mapping[str, Title]) -> int:
        """Keep what was read, but for articles whose title an administrator has set.

        Raises:
            UnknownSiteError: the site was erased meanwhile.
        """
        return self._put(site, "r", titles, None) if titles else 0

    def set(self, site: Site, article: str, title: Title | None, entry: AuditEntry) -> int:
        """Set the title of an article, or forget it; `NO_ARTICLE` and `TOO_MANY` are refusals.

        Raises:
            UnknownSiteError: the site was erased meanwhile.
        """
        return self._put(site, "a", {article: title}, entry)

    def _put(
        self, site: Site, by: str, titles: Mapping[str, Title | None], entry: AuditEntry | None
    ) -> int:
        names = SiteKeys(self._prefix, site.slug)
        keys = (
            names.alive(site.birth),
            names.titles,
            names.articles,
            names.opening,
            names.ratings,
            names.audit,
        )
        args: list[object] = [by, titles_max(site) + 1, packed_entry(entry)]
        for article, title in titles.items():
            args += [article, msgspec.json.encode(title) if title else ""]
        with store_errors():
            written = int(PUT_TITLES.run(self._client, keys, args))
        if written == _NO_SITE:
            raise UnknownSiteError(site.slug)
        return written

    def make_room(self, site: Site, wanted: Collection[str], room: int) -> int:
        """Forget the oldest titles that were read and are not `wanted`; return how many.

        Nothing is forgotten where `room` more titles can be kept.
        """
        key = SiteKeys(self._prefix, site.slug).titles
        with store_errors():
            surplus = int(self._client.hlen(key)) + room - titles_max(site) - 1
        if surplus <= 0:
            return 0
        found = sorted(
            (title.at, article)
            for article, title in self.all(site.slug).items()
            if title.source != ADMIN and article not in wanted
        )
        oldest = [article for _, article in found[:surplus]]
        return self._put(site, "r", dict.fromkeys(oldest), None) if oldest else 0

    def all(self, slug: str) -> dict[str, Title]:
        """Return all that is known of a site's titles."""
        with store_errors():
            found = self._client.hgetall(SiteKeys(self._prefix, slug).titles)
        return {
            text_of(article): _title.decode(document)
            for article, document in found.items()
            if text_of(article) != TITLES_READING
        }

    def counts(self, slug: str) -> TitleCounts:
        """Return how many articles have a title, and how many do not for which reason."""
        troubles: dict[str, int] = {}
        known = 0
        for title in self.all(slug).values():
            known += bool(title.text)
            if title.trouble:
                troubles[title.trouble] = troubles.get(title.trouble, 0) + 1
        return TitleCounts(known, troubles)

    def reading(self, slug: str) -> TitleReading:
        """Return how the reading of a site's titles goes."""
        with store_errors():
            document = self._client.hget(SiteKeys(self._prefix, slug).titles, TITLES_READING)
        return _reading.decode(document) if document else TitleReading()

    def note_reading(self, site: Site, reading: TitleReading) -> None:
        """Keep how it goes."""
        names = SiteKeys(self._prefix, site.slug)
        document = msgspec.json.encode(reading)
        write_to_site(self._client, names, names.titles, "HSET", TITLES_READING, document)


def titles_max(site: Site) -> int:
    """Return how many titles of a site are kept; one field more says how reading them goes."""
    return min(TITLES_MAX, site.article_cap)
