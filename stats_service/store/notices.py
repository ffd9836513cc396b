"""What the people of a site want to be told."""

import msgspec

from stats_service.models.notices import Notices
from stats_service.store.connection import RedisClient, store_errors
from stats_service.store.keys import SiteKeys


class NoticeStore:
    """The notices of every site of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def get(self, slug: str) -> Notices:
        """Return what is wanted; nothing for a site that has none."""
        with store_errors():
            document = self._client.get(SiteKeys(self._prefix, slug).notices)
        return msgspec.json.decode(document, type=Notices) if document else Notices()

    def put(self, slug: str, notices: Notices) -> None:
        """Replace what is wanted."""
        with store_errors():
            key = SiteKeys(self._prefix, slug).notices
            self._client.set(key, msgspec.json.encode(notices))
