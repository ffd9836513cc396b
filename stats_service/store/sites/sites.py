"""The registered sites and the salts of their days."""

import secrets
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from stats_service.errors import StoreUnavailableError, UnknownSiteError
from stats_service.models.audit import AuditEntry
from stats_service.models.sites import Site, stored_site
from stats_service.store.documents import change_document
from stats_service.store.keys import (
    ALIASES_REVISION,
    ANY_POLL,
    PREPARED,
    AdminKeys,
    SiteKeys,
    sites,
)
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script
from stats_service.store.site_writes import write_to_site

#: A salt is made at the day's first view and serves until half an hour after the next midnight
#: (25.5 hours on the longest day), then it is gone for ever.
SALT_TTL_SECONDS = 26 * 3600
SALT_BYTES = 16
#: Bytes of what tells a site from others of its name, and a founding from others of the site.
BIRTH_BYTES = 8
#: Keys forgotten in one step.
FORGET_BATCH = 500
#: Most looks at the keys of an erased site. The first forgets them all, but for what somebody
#: made of them meanwhile, as a decision about ratings is a line of the log.
FORGET_ROUNDS = 5

FOUND_SITE = load_script("sites/found_site")
FORGET_KEYS = load_script("sites/forget_keys")
RELEASE_SITE = load_script("sites/release_site")


class StoredSite(NamedTuple):
    """A site, with the salts of the days asked for."""

    site: Site
    salts: dict[str, bytes]
    #: Grows whenever the definition of a poll changes; 0: there is no poll.
    polls_revision: int
    #: Grows whenever an article is merged, renamed or hidden; 0: none ever was.
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
        """Return every site, by slug; what an archive is taking the place of as it was before."""
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
            StoreUnavailableError: an archive is just taking its place.
        """
        document, held = self._documents(slug)
        if held and not document:
            with store_errors():
                self._release(slug, held)
            document, _ = self._documents(slug)
        return stored_site(document) if document else None

    def founding(self, slug: str) -> str | None:
        """Return what tells the site, as it was added or restored, from others of its name.

        None: there is no such site. Empty: it was added by a service that did not keep this.
        """
        names = SiteKeys(self._prefix, slug)
        if self.get(slug) is None:
            return None
        with store_errors():
            return text_of(self._client.get(names.founded) or b"")

    def add(self, site: Site) -> Site | None:
        """Store a new site and return it; None, and nothing changed, if the slug is taken.

        It gets a birth. What is left of an erased one of the name, because a service of an earlier
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
            # Also for a site that is there: an earlier call may have been cut off before this.
            self._client.sadd(sites(self._prefix), site.slug)
        return founded

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
        """Return whether the site has a poll of this id, whatever its state."""
        with store_errors():
            return bool(self._client.hexists(SiteKeys(self._prefix, slug).polls, poll))

    def close(self, slug: str) -> None:
        """Begin to erase a site: from now on no script and nobody else writes anything for it.

        What is left is forgotten by `forget`; until then `half_erased` names the site.
        """
        names = SiteKeys(self._prefix, slug)
        with store_errors():
            self._client.sadd(AdminKeys(self._prefix).erasing, slug)
            alive = {
                names.alive(stored_site(document).birth)
                for document in self._documents(slug)
                if document
            }
            # One command: a site whose name is taken by the next must not lose parts to this one.
            self._client.unlink(names.site, names.held, names.replacing, *alive)

    def forget(self, slug: str) -> None:
        """Forget everything counted, voted and rated for a site that was closed.

        Nothing of a site of the same name that was added meanwhile, which began with nothing.
        """
        with store_errors():
            self._forget(slug, prepared=True)
            self._client.srem(sites(self._prefix), slug)
            if self._client.exists(SiteKeys(self._prefix, slug).site):  # added meanwhile
                self._client.sadd(sites(self._prefix), slug)
            self._client.srem(AdminKeys(self._prefix).erasing, slug)

    def half_erased(self) -> list[str]:
        """Return the slugs whose erasure was begun and not, as far as is known, finished."""
        with store_errors():
            return sorted(map(text_of, self._client.smembers(AdminKeys(self._prefix).erasing)))

    def give_birth(self, slug: str) -> None:
        """Give a birth to a site that has none, as those of an earlier version."""
        names, birth = SiteKeys(self._prefix, slug), secrets.token_hex(BIRTH_BYTES)
        if write_to_site(self._client, names, names.alive(birth), "SET", "1"):
            self.change(
                slug,
                lambda site: site if site.birth else msgspec.structs.replace(site, birth=birth),
                lambda _before, _after: None,
            )

    def _documents(self, slug: str) -> tuple[bytes | None, bytes | None]:
        """Return the settings of a site, and those of one whose place an archive is taking."""
        names = SiteKeys(self._prefix, slug)
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            pipe.get(names.site)
            pipe.get(names.held)
            document, held = pipe.execute()
        return document, held

    def _forget(self, slug: str, *, prepared: bool) -> None:
        """Forget every key of a slug that no site has; `prepared`: what an import prepares too."""
        names = SiteKeys(self._prefix, slug)
        for _ in range(FORGET_ROUNDS):
            # An administrator's rare command, so a scan of the whole keyspace is acceptable.
            found = self._client.scan_iter(match=names.pattern, count=1000)
            keys = [key for key in found if prepared or not PREPARED.fullmatch(key)]
            for first in range(0, len(keys), FORGET_BATCH):
                batch = [names.site, names.held, *keys[first : first + FORGET_BATCH]]
                if not FORGET_KEYS.run(self._client, batch, ()):
                    return
            if not keys:
                return

    def _release(self, slug: str, held: bytes) -> None:
        """Let a site go on whose replacement was cut off.

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
        """Return the site with the salt of `day`, made if absent, and of `other_days` if there.

        Nothing is written for a slug that is not registered.

        Raises:
            StoreUnavailableError: an archive is just taking its place.
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
