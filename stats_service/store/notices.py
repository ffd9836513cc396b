"""What the people of a site want to be told."""

from collections.abc import Callable

import msgspec

from stats_service.models.audit import AuditEntry
from stats_service.models.notices import Delivery, Notices
from stats_service.store.documents import change_document
from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors


class NoticeStore:
    """The notices of every site of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def get(self, slug: str) -> Notices:
        """Return what is wanted; nothing for a site that has none."""
        with store_errors():
            return _decoded(self._client.get(SiteKeys(self._prefix, slug).notices))

    def change(self, slug: str, change: Callable[[Notices], Notices], entry: AuditEntry) -> None:
        """Replace what is wanted by what `change` makes of it; others may do so meanwhile."""
        names = SiteKeys(self._prefix, slug)

        def changed(document: bytes) -> tuple[bytes, AuditEntry]:
            return msgspec.json.encode(change(_decoded(document))), entry

        change_document(self._client, names.notices, names.audit, changed)

    def deliveries(self, slug: str) -> dict[str, Delivery]:
        """Return what became of each report and webhook last, by its id."""
        with store_errors():
            found = self._client.hgetall(SiteKeys(self._prefix, slug).deliveries)
        return {
            notice.decode(): msgspec.json.decode(document, type=Delivery)
            for notice, document in found.items()
        }

    def note(self, slug: str, notice: str, delivery: Delivery | None) -> None:
        """Note what became of a report or webhook; None forgets it."""
        key = SiteKeys(self._prefix, slug).deliveries
        with store_errors():
            if delivery:
                self._client.hset(key, notice, msgspec.json.encode(delivery))
            else:
                self._client.hdel(key, notice)


def _decoded(document: bytes | None) -> Notices:
    return msgspec.json.decode(document, type=Notices) if document else Notices()
