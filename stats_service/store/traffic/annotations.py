"""Annotations of the charts of every site."""

from collections.abc import Callable

import msgspec

from stats_service.models.audit import AuditEntry
from stats_service.models.traffic.annotations import Annotations
from stats_service.store.documents import change_document
from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, bytes_of, store_errors


class AnnotationStore:
    """The annotations of every site of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def get(self, slug: str) -> Annotations:
        """Return the annotations of a site; none for a site that has none."""
        with store_errors():
            return _decoded(bytes_of(self._client.get(SiteKeys(self._prefix, slug).annotations)))

    def change(
        self, slug: str, change: Callable[[Annotations], tuple[Annotations, AuditEntry | None]]
    ) -> None:
        """Replace the annotations, and record it; others may do so meanwhile.

        Args:
            slug: the site.
            change: returns what takes their place, and what the log says of it.

        Raises:
            UnknownSiteError: the site was erased meanwhile.
        """
        names = SiteKeys(self._prefix, slug)

        def changed(document: bytes) -> tuple[bytes, AuditEntry | None]:
            fresh, entry = change(_decoded(document))
            return msgspec.json.encode(fresh), entry

        change_document(self._client, names, names.annotations, changed)


def _decoded(document: bytes) -> Annotations:
    return msgspec.json.decode(document, type=Annotations) if document else Annotations()
