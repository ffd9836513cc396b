"""A document that people change by reading it first: nobody's change is lost to another's."""

from collections.abc import Callable

from stats_service.errors import ConflictError, UnknownSiteError
from stats_service.models.audit import AuditEntry
from stats_service.store.accounts.audit import packed_entry
from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, bytes_of, store_errors
from stats_service.store.redis.scripts import load_script

REPLACE_SAME = load_script("accounts/audit_entry", "sites/replace_same")

#: Attempts at a change while others change the same document.
TRIES = 10


def change_document(
    client: RedisClient,
    names: SiteKeys,
    key: str,
    change: Callable[[bytes], tuple[bytes, AuditEntry | None]],
) -> None:
    """Replace a document, and record it in the log of the same site, in one step.

    Args:
        client: of Redis.
        names: the keys of the site.
        key: where the document is.
        change: takes the document (empty: there is none), and returns what takes its place and
            what is recorded (None: nothing). Called again if somebody else was faster.

    Raises:
        UnknownSiteError: there is no such site, or not any more.
        ConflictError: others were faster every time.
    """
    for _ in range(TRIES):
        with store_errors():
            known = bytes_of(client.get(key))
        fresh, entry = change(known)
        args = (known, fresh, packed_entry(entry))
        with store_errors():
            replaced = REPLACE_SAME.run(client, [key, names.audit, names.site], args)
        if replaced < 0:
            raise UnknownSiteError(names.slug)
        if replaced:
            return
    raise ConflictError("Others are changing the same at this moment. Try again.")
