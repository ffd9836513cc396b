"""The registered sites and the salts of their days."""

import secrets
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from stats_service.errors import StoreUnavailableError, UnknownSiteError
from stats_service.models.audit import AuditEntry
from stats_service.models.sites import Site, stored_site
from stats_service.store.admin_keys import AdminKeys
from stats_service.store.documents import change_document
from stats_service.store.keys import (
    ALIASES_REVISION,
    ANY_POLL,
    PREPARED,
    SiteKeys,
    sites,
)
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script
from stats_service.store.site_writes import write_to_site

#: The salt of a day is created at the first view of the day and used until half an hour after the
#: next midnight (25.5 hours on the longest day); then it is gone for ever.
SALT_TTL_SECONDS = 26 * 3600
SALT_BYTES = 16
#: Bytes of the ids that tell sites of one name, and foundings of one site, apart.
BIRTH_BYTES = 8
#: Number of keys deleted in one step.
FORGET_BATCH = 500
#: Most scans for the keys of an erased site. The first one deletes them all, except keys that were
#: derived from them in the meantime, such as a line of the log for a decision about ratings.
FORGET_ROUNDS = 5

FOUND_SITE = load_script("sites/found_site")
FORGET_KEYS = load_script("sites/forget_keys")
RELEASE_SITE = load_script("sites/release_site")


class StoredSite(NamedTuple):
    """A site, with the salts of the requested days."""

    site: Site
    salts: dict[str, bytes]
    #: Sum of the revisions of all polls; 0: no poll.
    polls_revision: int
    #: Grows whenever an article is merged, renamed or hidden; 0: none was.
    aliases_revision: int


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
        """Return every site, by slug; a site that an archive is replacing is returned as before."""
        slugs = self.slugs()
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for slug in slugs:
                names = SiteKeys(self._prefix, slug)
                pipe.get(names.site)
                pipe.get(names.held)
            found = iter(pipe.execute())
        documents = [site or held for site, held in zip(found, found, strict=True)]
        return [stored_site(document) for document in documents if document]

    def get(self, slug: str) -> Site | None:
        """Return the site, or None.

        Raises:
            StoreUnavailableError: an archive is taking the site's place.
        """
        document, held = self._documents(slug)
        if held and not document:
            with store_errors():
                self._release(slug, held)
            document, _ = self._documents(slug)
        return stored_site(document) if document else None

    def founding(self, slug: str) -> str | None:
        """Return the id of the site's founding, which changes when it is added or restored.

        None: the site does not exist. Empty: an older version added it, which had no such id.
        """
        names = SiteKeys(self._prefix, slug)
        if self.get(slug) is None:
            return None
        with store_errors():
            return text_of(self._client.get(names.founded) or b"")

    def add(self, site: Site) -> Site | None:
        """Store a new site and return it; None, and nothing changed, if the slug is taken.

        The site gets a birth. Remains of an erased site of that name, from an older version or an
        interrupted erasure, are deleted first.
        version erased it or the erasure was cut off, is forgotten first.
        """
        names = SiteKeys(self._prefix, site.slug)
        founded = None
        with store_errors():
            if not self._client.exists(names.site, names.held):
                self._forget(site.slug, prepared=False)
                site = msgspec.structs.replace(site, birth=secrets.token_hex(BIRTH_BYTES))
                keys = (names.site, names.held, names.founded, names.alive(site.birth))
                args = (msgspec.json.encode(site), secrets.token_hex(BIRTH_BYTES))
                founded = site if FOUND_SITE.run(self._client, keys, args) else None
            # Also if the site exists: an earlier call may have been interrupted before this.
            self._client.sadd(sites(self._prefix), site.slug)
        return founded

    def change(
        self,
        slug: str,
        change: Callable[[Site], Site],
        entry: Callable[[Site, Site], AuditEntry | None],
    ) -> Site:
        """Change a site's settings; return the new ones.

        Args:
            slug: the site.
            change: takes the present settings, returns the new ones.
            entry: takes the present and the new settings, returns the audit entry.

        Raises:
            UnknownSiteError: the site does not exist.
            ConflictError: other changes came in between every time.
        """
        names = SiteKeys(self._prefix, slug)
        results: list[Site] = []

        def changed(document: bytes) -> tuple[bytes, AuditEntry | None]:
            if not document:
                raise UnknownSiteError(slug)
            before = stored_site(document)
            after = change(before)
            results.append(after)
            return msgspec.json.encode(after), entry(before, after)

        change_document(self._client, names, names.site, changed)
        return results[-1]

    def has_ratings(self, slug: str) -> bool:
        """Return whether any article of the site has been rated."""
        names = SiteKeys(self._prefix, slug)
        with store_errors():
            return bool(self._client.exists(names.ratings, names.ratings_voided))

    def has_poll(self, slug: str, poll: str) -> bool:
        """Return whether the site has a poll with this id, in any state."""
        with store_errors():
            return bool(self._client.hexists(SiteKeys(self._prefix, slug).polls, poll))

    def close(self, slug: str) -> None:
        """Begin to erase a site: from now on nothing is written for it.

        `forget` deletes the rest; until then `half_erased` contains the site.
        """
        names = SiteKeys(self._prefix, slug)
        with store_errors():
            self._client.sadd(AdminKeys(self._prefix).erasing, slug)
            alive = {
                names.alive(stored_site(document).birth)
                for document in self._documents(slug)
                if document
            }
            # One command, so that a site of the same name added right after loses nothing.
            self._client.unlink(names.site, names.held, names.replacing, *alive)

    def forget(self, slug: str) -> None:
        """Delete all data of a closed site.

        A site of the same name that was added in the meantime is not touched.
        """
        with store_errors():
            self._forget(slug, prepared=True)
            self._client.srem(sites(self._prefix), slug)
            if self._client.exists(SiteKeys(self._prefix, slug).site):  # a new site
                self._client.sadd(sites(self._prefix), slug)
            self._client.srem(AdminKeys(self._prefix).erasing, slug)

    def half_erased(self) -> list[str]:
        """Return the slugs whose erasure was begun and, as far as known, not finished."""
        with store_errors():
            return sorted(map(text_of, self._client.smembers(AdminKeys(self._prefix).erasing)))

    def give_birth(self, slug: str) -> None:
        """Give a birth to a site of an older version, which has none."""
        names, birth = SiteKeys(self._prefix, slug), secrets.token_hex(BIRTH_BYTES)
        if write_to_site(self._client, names, names.alive(birth), "SET", "1"):
            self.change(
                slug,
                lambda site: site if site.birth else msgspec.structs.replace(site, birth=birth),
                lambda _before, _after: None,
            )

    def _documents(self, slug: str) -> tuple[bytes | None, bytes | None]:
        """Return the settings of a site, and those of a site that an archive is replacing."""
        names = SiteKeys(self._prefix, slug)
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            pipe.get(names.site)
            pipe.get(names.held)
            document, held = pipe.execute()
        return document, held

    def _forget(self, slug: str, *, prepared: bool) -> None:
        """Delete every key of a slug without a site; `prepared`: also an import's prepared keys."""
        names = SiteKeys(self._prefix, slug)
        for _ in range(FORGET_ROUNDS):
            # Erasing is rare, so a scan of all keys is acceptable.
            found = self._client.scan_iter(match=names.pattern, count=1000)
            keys = [key for key in found if prepared or not PREPARED.fullmatch(key)]
            for first in range(0, len(keys), FORGET_BATCH):
                batch = [names.site, names.held, *keys[first : first + FORGET_BATCH]]
                if not FORGET_KEYS.run(self._client, batch, ()):
                    return
            if not keys:
                return

    def _release(self, slug: str, held: bytes) -> None:
        """Release a site whose replacement was interrupted.

        Raises:
            StoreUnavailableError: the replacement is under way.
        """
        names = SiteKeys(self._prefix, slug)
        birth = msgspec.json.decode(held, type=Site).birth
        keys = (names.site, names.alive(birth), names.held, names.replacing)
        if not RELEASE_SITE.run(self._client, keys, ("",)) and not self._client.exists(names.site):
            raise StoreUnavailableError(
                "An archive is taking the place of the site {slug!r}, or it is being moved to "
                "another server. Try again in a moment.",
                slug=slug,
            )

    def load(self, slug: str, day: str, other_days: Sequence[str] = ()) -> StoredSite | None:
        """Return the site with the salt of `day`, created if missing, and those of `other_days`.

        Nothing is written for an unknown slug.

        Raises:
            StoreUnavailableError: an archive is taking the site's place.
        """
        names = SiteKeys(self._prefix, slug)
        with store_errors():
            with self._client.pipeline(transaction=False) as pipe:
                pipe.get(names.site)
                pipe.hget(names.poll_revisions, ANY_POLL)
                pipe.hget(names.aliases, ALIASES_REVISION)
                for name in (day, *other_days):
                    pipe.get(names.salt(name))
                document, revision, aliases, *salts = pipe.execute()
            if not document:
                return self.load(slug, day, other_days) if self.get(slug) else None
            known: dict[str, bytes] = dict(zip((day, *other_days), salts, strict=True))
            if not known[day]:
                key, fresh = names.salt(day), secrets.token_bytes(SALT_BYTES)
                options = ("NX", "GET", "EX", SALT_TTL_SECONDS)
                before = write_to_site(self._client, names, key, "SET", fresh, *options)
                known[day] = before or fresh
        site = stored_site(document)
        usable = {name: salt for name, salt in known.items() if salt}
        return StoredSite(site, usable, int(revision or 0), int(aliases or 0))
