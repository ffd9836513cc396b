"""The audit log: a stream for each site, and one for the installation. It is append-only."""

from collections.abc import Iterator

import msgspec

from stats_service.models.audit import AuditEntry
from stats_service.store.admin_keys import AdminKeys
from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, documents_of, store_errors
from stats_service.store.site_writes import write_to_site

#: Number of entries read in one round trip.
BATCH = 500
#: As in lua/audit_entry.lua.
_FIELD = "entry"


class AuditStore:
    """The audit logs of one installation; the site `""` stands for the installation itself."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def add(self, slug: str, entry: AuditEntry) -> None:
        """Append `entry` to the log of a site, unless the site is erased in the meantime."""
        document = packed_entry(entry)
        if slug:
            names = SiteKeys(self._prefix, slug)
            write_to_site(self._client, names, names.audit, "XADD", "*", _FIELD, document)
            return
        with store_errors():
            self._client.xadd(self._key(slug), {_FIELD: document})

    def newest(self, slug: str, limit: int, before: str = "") -> list[AuditEntry]:
        """Return at most `limit` entries, newest first, older than the entry id `before`."""
        with store_errors():
            end = f"({before}" if before else "+"
            found = self._client.xrevrange(self._key(slug), end, count=limit)
        return [_entry(number, document) for number, document in documents_of(found)]

    def all(self, slug: str) -> Iterator[AuditEntry]:
        """Yield every entry of a log, oldest first."""
        start = "-"
        while True:
            with store_errors():
                found = documents_of(self._client.xrange(self._key(slug), start, count=BATCH))
            for number, document in found:
                yield _entry(number, document)
            if len(found) < BATCH:
                return
            start = f"({found[-1][0]}"

    def _key(self, slug: str) -> str:
        return SiteKeys(self._prefix, slug).audit if slug else AdminKeys(self._prefix).audit


def packed_entry(entry: AuditEntry | None) -> bytes:
    """Return an entry in the form of the log, for `lua/audit_entry.lua`; empty for None."""
    return msgspec.json.encode(entry) if entry else b""


def _entry(number: str, document: bytes) -> AuditEntry:
    entry = msgspec.json.decode(document, type=AuditEntry)
    return msgspec.structs.replace(entry, id=number)
