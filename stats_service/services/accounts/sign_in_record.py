"""Records of sign-ins: entries in the installation's log, sums of refusals, and log lines.

Each sign-in is an entry. Refusals are summed by hour and account, so that a flood adds one entry an
hour, whatever its size. Only the first wrong code of an hour after a right password is an entry at
once, because somebody knows the password. Names of accounts that do not exist are not stored: they
may be passwords, typed into the wrong field.
"""

import ipaddress
import logging

from stats_service.models.audit import NOBODY, AuditEntry, Author
from stats_service.models.devices import Device, Refusals
from stats_service.services.accounts.audit import Audit, entry_of
from stats_service.services.accounts.devices import described
from stats_service.store.accounts.refusals import RefusalStore

logger = logging.getLogger(__name__)

#: Kinds of refusals, with their text in the log line.
REASONS = {"passwords": "wrong-password", "codes": "wrong-code", "unseen": "too-many"}


class SignInRecord:
    """Records sign-ins and refusals.

    Args:
        store: the store of the sums.
        audit: the log of the installation.
        with_addresses: log lines contain the address (`STATS_LOG_ADDRESSES`).
    """

    def __init__(self, store: RefusalStore, audit: Audit, *, with_addresses: bool) -> None:
        self._store = store
        self._audit = audit
        self._with_addresses = with_addresses

    def let_in(self, account: str, device: Device, now: float, *, is_new: bool) -> Refusals:
        """Record a sign-in; return the account's refusals since the sign-in before."""
        self._store.settle(now)
        after = described(device) | {"new_device": is_new}
        self._audit.record("", account, "account.signed-in", now, subject=account, after=after)
        return self._store.take(account)

    def refused(
        self, kind: str, account: str, address: str, now: float, *, is_logged: bool = True
    ) -> None:
        """Add a refusal to the sums.

        Args:
            kind: one of `store.refusals.KINDS`.
            account: the account; `""` if the name that was sent does not exist.
            address: the sender's address.
            now: seconds since 1970.
            is_logged: a line is written; for attempts that are not checked, one a minute is enough.
        """
        self._store.note(kind, account, now, self._first(kind, account, now))
        if is_logged:
            fields: dict[str, object] = {"account": account, "reason": REASONS[kind]}
            if self._with_addresses and address:
                fields["address"] = ipaddress.ip_address(address)
            logger.warning("A sign-in was refused.", extra=fields)

    def running(self, now: float) -> list[Refusals]:
        """Write the sums of earlier hours to the log; return those of this hour."""
        self._store.settle(now)
        return self._store.running(now)

    def _first(self, kind: str, account: str, now: float) -> AuditEntry | None:
        if kind != "codes" or not account:
            return None
        return entry_of(Author(NOBODY, now), "account.code-refused", account)
