"""The registered sites and the salts of their days."""

import secrets
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from stats_service.errors import UnknownSiteError
from stats_service.models.audit import AuditEntry
from stats_service.models.sites import Site
from stats_service.store.documents import change_document
from stats_service.store.keys import ANY_POLL, SiteKeys, sites
from stats_service.store.redis.client import RedisClient, store_errors, text_of

#: A salt is made at the day's first view and serves until half an hour after the next midnight
#: (25.5 hours on the longest day), then it is gone for ever.
SALT_TTL_SECONDS = 26 * 3600
SALT_BYTES = 16


class StoredSite(NamedTuple):
    """A site, with the salts of the days asked for."""

    site: Site
    salts: dict[str, bytes]
    #: Grows whenever the definition of a poll changes; 0: there is no poll.
    polls_revision: int


class SiteStore:
    """The sites of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def slugs(self) -> list[str]:
        """Return all slugs, sorted."""
        with store_errors():
            return sorted(text_of(slug) for slug in self._client.smembers(sites(self._prefix)))

    def all(self) -> list[Site]:
        """Return every site, by slug."""
        slugs = self.slugs()
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for slug in slugs:
                pipe.get(SiteKeys(self._prefix, slug).site)
            documents = pipe.execute()
        return [msgspec.json.decode(document, type=Site) for document in documents if document]

    def get(self, slug: str) -> Site | None:
        """Return the site, or None."""
        with store_errors():
            document = self._client.get(SiteKeys(self._prefix, slug).site)
        return msgspec.json.decode(document, type=Site) if document else None

    def add(self, site: Site) -> bool:
        """Store a new site; return False, and change nothing, if the slug is taken."""
        with store_errors():
            key = SiteKeys(self._prefix, site.slug).site
            added = bool(self._client.set(key, msgspec.json.encode(site), nx=True))
            # Also for a site that is there: an earlier call may have been cut off before this.
            self._client.sadd(sites(self._prefix), site.slug)
            return added

    def change(
        self,
        slug: str,
        change: Callable[[Site], Site],
        entry: Callable[[Site, Site], AuditEntry | None],
    ) -> Site:
        """Store what `change` makes of a site's settings, and return it.

        Args:
            slug: the site.
            change: takes the settings as they are.
            entry: takes them as they were and as they shall be; returns what is recorded of that.

        Raises:
            UnknownSiteError: there is no such site.
            ConflictError: others change the same all the time.
        """
        names = SiteKeys(self._prefix, slug)
        results: list[Site] = []

        def changed(document: bytes) -> tuple[bytes, AuditEntry | None]:
            if not document:
                raise UnknownSiteError(slug)
            before = msgspec.json.decode(document, type=Site)
            after = change(before)
            results.append(after)
            return msgspec.json.encode(after), entry(before, after)

        change_document(self._client, names.site, names.audit, changed)
        return results[-1]

    def has_ratings(self, slug: str) -> bool:
        """Return whether any article of the site has been rated."""
        names = SiteKeys(self._prefix, slug)
        with store_errors():
            return bool(self._client.exists(names.ratings, names.ratings_voided))

    def has_poll(self, slug: str, poll: str) -> bool:
        """Return whether the site has a poll of this id, whatever its state."""
        with store_errors():
            return bool(self._client.hexists(SiteKeys(self._prefix, slug).polls, poll))

    def remove(self, slug: str) -> None:
        """Forget the site and everything counted, voted and rated there."""
        with store_errors():
            self._client.srem(sites(self._prefix), slug)
            pattern = SiteKeys(self._prefix, slug).pattern
            # An administrator's rare command, so a scan of the whole keyspace is acceptable.
            for key in self._client.scan_iter(match=pattern, count=1000):
                self._client.unlink(key)

    def load(self, slug: str, day: str, other_days: Sequence[str] = ()) -> StoredSite | None:
        """Return the site with the salt of `day`, made if absent, and of `other_days` if there.

        Nothing is written for a slug that is not registered.
        """
        names = SiteKeys(self._prefix, slug)
        with store_errors():
            with self._client.pipeline(transaction=False) as pipe:
                pipe.get(names.site)
                pipe.hget(names.poll_revisions, ANY_POLL)
                for name in (day, *other_days):
                    pipe.get(names.salt(name))
                document, revision, *salts = pipe.execute()
            if not document:
                return None
            known = dict(zip((day, *other_days), salts, strict=True))
            if not known[day]:
                key, fresh = names.salt(day), secrets.token_bytes(SALT_BYTES)
                before = self._client.set(key, fresh, nx=True, get=True, ex=SALT_TTL_SECONDS)
                known[day] = before or fresh
        site = msgspec.json.decode(document, type=Site)
        salts = {name: salt for name, salt in known.items() if salt}
        return StoredSite(site, salts, int(revision or 0))
