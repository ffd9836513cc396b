"""What the people of a site want to be told."""

from collections.abc import Callable

import msgspec

from stats_service.errors import ConflictError
from stats_service.models.notices import Delivery, Notices
from stats_service.store.connection import RedisClient, store_errors
from stats_service.store.keys import SiteKeys
from stats_service.store.scripts import load_script

REPLACE_SAME = load_script("replace_same")
#: How often a change is tried while others change the same.
TRIES = 10


class NoticeStore:
    """The notices of every site of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def get(self, slug: str) -> Notices:
        """Return what is wanted; nothing for a site that has none."""
        return _decoded(self._document(slug))

    def change(self, slug: str, change: Callable[[Notices], Notices]) -> None:
        """Replace what is wanted by what `change` makes of it; others may do so meanwhile."""
        key = SiteKeys(self._prefix, slug).notices
        for _ in range(TRIES):
            known = self._document(slug)
            fresh = msgspec.json.encode(change(_decoded(known)))
            with store_errors():
                if REPLACE_SAME.run(self._client, [key], [known, fresh]):
                    return
        raise ConflictError("Others are changing the same at this moment. Try again.")

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

    def _document(self, slug: str) -> bytes:
        with store_errors():
            document: bytes | None = self._client.get(SiteKeys(self._prefix, slug).notices)
        return document or b""


def _decoded(document: bytes) -> Notices:
    return msgspec.json.decode(document, type=Notices) if document else Notices()
