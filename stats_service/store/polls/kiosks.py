"""Kiosks: the devices of a site, the links that enrol them, and the ballots cast on them."""

import math
from typing import Any

import msgspec

from stats_service.errors import UnknownSiteError
from stats_service.models.audit import AuditEntry
from stats_service.models.devices import Kiosk, KioskLink, KioskSource
from stats_service.models.polls import BallotCommand, PollTally
from stats_service.models.sites import Site
from stats_service.store.accounts.audit import packed_entry
from stats_service.store.keys import SiteKeys, cast_kiosk_ballot_keys
from stats_service.store.polls.ballots import VOTERS_KEPT_SECONDS
from stats_service.store.polls.polls import poll_tally
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.loop_client import LoopClient
from stats_service.store.redis.packing import in_a_row
from stats_service.store.redis.scripts import load_script
from stats_service.store.site_writes import write_to_site

CAST_KIOSK_BALLOT = load_script("polls/place_ballot", "polls/cast_kiosk_ballot")
ENROL_KIOSK = load_script("accounts/audit_entry", "polls/enrol_kiosk")
CHANGE_KIOSK = load_script("accounts/audit_entry", "polls/change_kiosk")

_USED = ":used"
#: How the groups of an enrolled device's ballots end, and those of an address.
_ENROLLED, _NAMED = "k", "d"


class KioskStore:
    """The kiosks of every site of one installation."""

    def __init__(self, client: RedisClient, loop: LoopClient, prefix: str) -> None:
        self._client = client
        self._loop = loop
        self._prefix = prefix

    def all(self, slug: str) -> list[Kiosk]:
        """Return the devices of a site, those in use and the latest enrolled first."""
        with store_errors():
            stored = self._client.hgetall(SiteKeys(self._prefix, slug).kiosks)
        rows = {text_of(name): value for name, value in stored.items()}
        found = [
            msgspec.structs.replace(_kiosk(value), used=float(rows.get(name + _USED, 0)))
            for name, value in rows.items()
            if not name.endswith(_USED)
        ]
        return sorted(found, key=lambda kiosk: (kiosk.revoked > 0, -kiosk.enrolled, kiosk.id))

    def get(self, slug: str, kiosk: str) -> Kiosk | None:
        """Return one device, or None; when it was used last is not said."""
        with store_errors():
            stored = self._client.hget(SiteKeys(self._prefix, slug).kiosks, kiosk)
        return _kiosk(stored) if stored else None

    def add_link(self, slug: str, digest: str, link: KioskLink, seconds: int) -> None:
        """Keep what a link enrols; UnknownSiteError if there is no such site."""
        names, document = SiteKeys(self._prefix, slug), msgspec.json.encode(link)
        key = names.kiosk_link(digest)
        if write_to_site(self._client, names, key, "SET", document, seconds=seconds) is None:
            raise UnknownSiteError(slug)

    def link(self, slug: str, digest: str) -> KioskLink | None:
        """Return what a link enrols; None if it was spent or has ended."""
        with store_errors():
            stored = self._client.get(SiteKeys(self._prefix, slug).kiosk_link(digest))
        return msgspec.json.decode(stored, type=KioskLink) if stored else None

    def enrol(self, slug: str, digest: str, kiosk: Kiosk, entry: AuditEntry, most: int) -> str:
        """Spend a link and enrol a device.

        Returns:
            `enrolled`; `spent`: the link was spent or has ended; `many`: as many as `most` are in
            use.
        """
        names = SiteKeys(self._prefix, slug)
        keys = (names.site, names.kiosk_link(digest), names.kiosks, names.audit)
        args = (kiosk.id, msgspec.json.encode(kiosk), packed_entry(entry), most)
        with store_errors():
            reply: Any = ENROL_KIOSK.run(self._client, keys, args)
        return {1: "enrolled", 0: "spent", -1: "many"}[int(reply)]

    def change(self, slug: str, before: Kiosk, after: Kiosk, entry: AuditEntry) -> bool:
        """Put `after` in the place of `before`; False if that is not what is stored any more."""
        names = SiteKeys(self._prefix, slug)
        documents = (msgspec.json.encode(before), msgspec.json.encode(after))
        args = (before.id, *documents, packed_entry(entry))
        with store_errors():
            return bool(CHANGE_KIOSK.run(self._client, (names.kiosks, names.audit), args))

    async def cast(
        self, site: Site, command: BallotCommand, source: KioskSource, hour: str, now: float
    ) -> tuple[str, PollTally, float]:
        """Settle a ballot at the moment `now` (seconds), in one round trip.

        Args:
            site: the site.
            command: the ballot; its voter is made of the ballot's own id.
            source: the kiosk.
            hour: the hour of `now` in the site's zone, `2026-11-23T09`.
            now: the server's time.

        Returns:
            `counted`, `held`, `closed`, `revoked`, `pause` or `stale`; the tally; with `pause`, how
            many seconds are left of it.
        """
        poll = command.poll
        left = max(1, math.ceil(poll.closes - now)) if poll.closes is not None else 0
        values = (
            int(now * 1000),
            poll.id,
            poll.revision,
            command.open,
            hour,
            command.other,
            source.id,
            source.enrolled,
            (_ENROLLED if source.enrolled else _NAMED) + source.id,
            poll.kiosk_pause * 1000,
            poll.kiosk_ceiling,
            left and left + VOTERS_KEPT_SECONDS,
            command.choices,
        )
        keys = cast_kiosk_ballot_keys(self._prefix, site.slug, site.birth, poll.id)
        args: list[Any] = [in_a_row(values), command.voter, command.ballot]
        reply = await self._loop.run(CAST_KIOSK_BALLOT, keys, args)
        outcome = text_of(reply[0])
        if outcome == "no-site":
            raise UnknownSiteError(site.slug)
        if len(reply) == 1:
            return outcome, PollTally(), 0.0
        return outcome, poll_tally(reply[1]), int(reply[2]) / 1000


def _kiosk(stored: bytes | str) -> Kiosk:
    return msgspec.json.decode(stored, type=Kiosk)
