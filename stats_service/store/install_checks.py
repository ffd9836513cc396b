"""Reports of checked pages, for the minutes until an administrator has read them."""

import msgspec

from stats_service.models.install_checks import InstallCheck
from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors
from stats_service.store.site_writes import write_to_site

#: How long a report is kept.
CHECK_SECONDS = 30 * 60


class InstallCheckStore:
    """The checks of every site of one installation, one for each token."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def put(self, slug: str, check_id: str, check: InstallCheck) -> None:
        """Keep a report in place of the one before."""
        names = SiteKeys(self._prefix, slug)
        command = ("SET", msgspec.json.encode(check), "EX", CHECK_SECONDS)
        write_to_site(self._client, names, names.check(check_id), *command)

    def get(self, slug: str, check_id: str) -> InstallCheck | None:
        """Return the report that came last, or None."""
        with store_errors():
            document = self._client.get(SiteKeys(self._prefix, slug).check(check_id))
        return msgspec.json.decode(document, type=InstallCheck) if document else None
