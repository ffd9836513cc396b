"""Erase a site completely: its numbers, and everything elsewhere that names it."""

from collections.abc import Iterator

from stats_service.errors import UnknownSiteError
from stats_service.services.accounts.accounts import Accounts
from stats_service.services.accounts.audit import Audit
from stats_service.services.sites.sites import Sites
from stats_service.services.tick_outcome import Outcome
from stats_service.store.operations.ticks import TickStore
from stats_service.store.portability.uploads import UploadStore
from stats_service.store.sites.copies import SiteCopies


class Erasure:
    """Erases sites, and brings to its end what was cut off."""

    def __init__(
        self,
        sites: Sites,
        accounts: Accounts,
        ticks: TickStore,
        uploads: UploadStore,
        copies: SiteCopies,
        audit: Audit,
    ) -> None:
        self._sites = sites
        self._accounts = accounts
        self._ticks = ticks
        self._uploads = uploads
        self._copies = copies
        self._audit = audit

    def erase(self, slug: str, who: str, now: float) -> None:
        """Erase a site for ever; UnknownSiteError if there is none, not even a half erased one.

        What stays is one entry in the log of the installation: who erased it, when. Nobody keeps
        a role on it, so that a later site of the same name begins without people of this one.
        Whoever is cut off may do it again; `stats-service tick` does.
        """
        try:
            site = self._sites.get(slug)
        except UnknownSiteError:
            if slug not in self._sites.half_erased():
                raise
        else:
            self._audit.record(
                "", who, "site.removed", now, subject=slug, before={"name": site.name}
            )
            self._forget_people(slug, who, now)
            # Before its numbers: from now on no view, vote or decision on its way writes any.
            self._sites.close(slug)
        self._finish(slug, who, now)

    def unfinished(self) -> list[str]:
        """Return the sites whose erasure was cut off, or is under way."""
        return self._sites.half_erased()

    def run(self, now: float) -> Iterator[Outcome]:
        """Bring to its end what was cut off; as a job of `stats-service tick`.

        And prepare what an earlier version added for the day on which it is erased.
        """
        self._sites.give_births()
        for slug in self.unfinished():
            self._finish(slug, "tick", now)
            yield Outcome(f"{slug}: finished an erasure that was cut off.")

    def _finish(self, slug: str, who: str, now: float) -> None:
        if not self._sites.exists(slug):  # it may have been added anew, with people of its own
            self._forget_people(slug, who, now)
            for upload in self._uploads.all():
                if upload.site == slug:
                    self._uploads.remove(upload.id)
            self._ticks.forget(f"{slug}:")
            self._copies.remove(slug)
        self._sites.forget(slug)

    def _forget_people(self, slug: str, who: str, now: float) -> None:
        for account in self._accounts.of_site(slug):
            self._accounts.set_role(account.name, slug, "", who, now)
