"""Erase a site completely: its numbers, and everything elsewhere that names it."""

from stats_service.services.accounts.accounts import Accounts
from stats_service.services.accounts.audit import Audit
from stats_service.services.sites.sites import Sites
from stats_service.store.operations.ticks import TickStore
from stats_service.store.portability.uploads import UploadStore


class Erasure:
    """Erases sites."""

    def __init__(
        self,
        sites: Sites,
        accounts: Accounts,
        ticks: TickStore,
        uploads: UploadStore,
        audit: Audit,
    ) -> None:
        self._sites = sites
        self._accounts = accounts
        self._ticks = ticks
        self._uploads = uploads
        self._audit = audit

    def erase(self, slug: str, who: str, now: float) -> None:
        """Erase a site for ever; UnknownSiteError if there is none.

        What stays is one entry in the log of the installation: who erased it, when. Nobody keeps
        a role on it, so that a later site of the same name begins without people of this one.
        """
        site = self._sites.get(slug)
        self._audit.record("", who, "site.removed", now, subject=slug, before={"name": site.name})
        for account in self._accounts.of_site(slug):
            self._accounts.set_role(account.name, slug, "", who, now)
        for upload in self._uploads.all():
            if upload.site == slug:
                self._uploads.remove(upload.id)
        self._ticks.forget(f"{slug}:")
        self._sites.remove(slug)
