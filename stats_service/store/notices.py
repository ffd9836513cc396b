"""What the people of a site want to be told."""

from collections.abc import Callable

import msgspec

from stats_service.models.audit import AuditEntry
from stats_service.models.notices import Delivery, Notices
from stats_service.store.admin_keys import AdminKeys
from stats_service.store.documents import change_document
from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, bytes_of, store_errors, text_of
from stats_service.store.site_writes import write_to_site

#: How often in a time an address is asked whether it wants reports; each site has its own.
ASKS_OF_ADDRESS = 3
ASKED_SECONDS = 86_400


class NoticeStore:
    """The notices of every site of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def get(self, slug: str) -> Notices:
        """Return what is wanted; nothing for a site that has none."""
        with store_errors():
            return _decoded(bytes_of(self._client.get(SiteKeys(self._prefix, slug).notices)))

    def change(self, slug: str, change: Callable[[Notices], Notices], entry: AuditEntry) -> None:
        """Replace what is wanted by what `change` makes of it; others may do so meanwhile.

        Raises:
            UnknownSiteError: the site was erased meanwhile.
        """
        names = SiteKeys(self._prefix, slug)

        def changed(document: bytes) -> tuple[bytes, AuditEntry]:
            return msgspec.json.encode(change(_decoded(document))), entry

        change_document(self._client, names, names.notices, changed)

    def count_ask(self, slug: str, address: str, day: str, most: int) -> bool:
        """Note that an address is asked now; tell whether it may be.

        Args:
            slug: the site.
            address: a digest of the address.
            day: the day of UTC.
            most: how many people a site may ask in a day.
        """
        asked = SiteKeys(self._prefix, slug).asked(day)
        mark = AdminKeys(self._prefix).asked(address)
        with store_errors():
            if int(self._client.get(asked) or 0) >= most:
                return False
            if int(self._client.get(mark) or 0) >= ASKS_OF_ADDRESS:
                return False
            self._client.set(mark, 0, nx=True, ex=ASKED_SECONDS)
            self._client.incr(mark)
            self._client.incr(asked)
            self._client.expire(asked, 2 * ASKED_SECONDS)
        return True

    def take_back_ask(self, address: str) -> None:
        """Count a mail that could not be sent no more."""
        mark = AdminKeys(self._prefix).asked(address)
        with store_errors():
            if self._client.get(mark):  # else it has expired, and must not begin without an end
                self._client.incr(mark, -1)

    def spare(self, address: str, seconds: int) -> None:
        """Let nobody ask an address (a digest) for a time."""
        with store_errors():
            self._client.set(AdminKeys(self._prefix).asked(address), ASKS_OF_ADDRESS, ex=seconds)

    def deliveries(self, slug: str) -> dict[str, Delivery]:
        """Return what became of each report and webhook last, by its id."""
        with store_errors():
            found = self._client.hgetall(SiteKeys(self._prefix, slug).deliveries)
        return {
            text_of(notice): msgspec.json.decode(document, type=Delivery)
            for notice, document in found.items()
        }

    def note(self, slug: str, notice: str, delivery: Delivery | None) -> None:
        """Note what became of a report or webhook; None forgets it."""
        names = SiteKeys(self._prefix, slug)
        command = ("HSET", notice, msgspec.json.encode(delivery)) if delivery else ("HDEL", notice)
        write_to_site(self._client, names, names.deliveries, *command)


def _decoded(document: bytes) -> Notices:
    return msgspec.json.decode(document, type=Notices) if document else Notices()
