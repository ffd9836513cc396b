"""Accounts, their roles and rights. Every change is recorded in the audit log."""

import contextlib
import re
from collections.abc import Callable
from typing import TypeVar

from stats_service.errors import ConflictError, InvalidInputError, NotFoundError
from stats_service.models.accounts import LANGUAGES, ROLES, Account
from stats_service.services.accounts.audit import Audit
from stats_service.services.accounts.devices import Devices
from stats_service.services.accounts.password_rules import PasswordRules
from stats_service.services.accounts.passwords import hash_password
from stats_service.services.revisions import check_revision, revision_of
from stats_service.store.accounts.accounts import AccountStore, Changed, LastOperator
from stats_service.store.accounts.sessions import SessionStore

#: How often a change is tried again while others change the same account.
TRIES = 10
Result = TypeVar("Result")
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,38}")


class Accounts:
    """What an operator does with accounts."""

    def __init__(
        self,
        store: AccountStore,
        sessions: SessionStore,
        devices: Devices,
        rules: PasswordRules,
        audit: Audit,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._devices = devices
        self._rules = rules
        self._audit = audit

    def all(self) -> list[Account]:
        """Return every account, by name."""
        return self._store.all()

    def of_site(self, slug: str) -> list[Account]:
        """Return the accounts with a role on a site, by name."""
        return [account for account in self._store.all() if slug in account.roles]

    def has_operator(self) -> bool:
        """Return whether there is an operator, who can manage the installation."""
        return self._store.has_operator()

    def get(self, name: str) -> Account:
        """Return one account; NotFoundError if it does not exist."""
        known = self._store.get(name) if NAME.fullmatch(name) else None
        if known is None:
            raise NotFoundError("There is no account {name!r}.", name=name[:40])
        return known[0]

    def add(
        self, name: str, password: str, who: str, now: float, *, operator: bool = False
    ) -> Account:
        """Store a new account; with an empty password, only a one-time link lets it in.

        Raises:
            InvalidInputError: the name or the password is not allowed.
            ConflictError: the name is taken.
        """
        _check_name(name)
        if password:
            self._rules.check(password, name)
        hashed = hash_password(password) if password else ""
        account = Account(
            name=name, operator=operator, created=int(now), has_password=bool(password)
        )
        if not self._store.add(account, hashed):
            raise ConflictError(
                "There is an account {name!r} already. Choose another name.", name=name
            )
        self._audit.record(
            "", who, "account.created", now, subject=name, after={"operator": operator}
        )
        return account

    def check_new(self, name: str, password: str) -> None:
        """Return if an account may have the name and the password; errors as in `add`."""
        _check_name(name)
        self._rules.check(password, name)

    def set_password(
        self,
        name: str,
        password: str,
        who: str,
        now: float,
        *,
        keep_session: str = "",
        keep_device: str = "",
    ) -> None:
        """Set a password; every session ends, and no device is known any more.

        Args:
            name: the account.
            password: the new password.
            who: name for the audit log.
            now: seconds since 1970.
            keep_session: digest of a session that continues.
            keep_device: id of a device that stays known.
        """
        self.get(name)
        self._rules.check(password, name)
        self._changed(name, self._store.change(name, {"password": hash_password(password)}))
        self._sessions.remove_all(name, keep_session)
        self._devices.remove_others(name, keep_device)
        self._audit.record("", who, "account.password-set", now, subject=name)

    def set_role(
        self, name: str, slug: str, role: str, who: str, now: float, revision: str = ""
    ) -> None:
        """Give an account a role on a site; `""` removes it.

        Raises:
            StaleError: the role has changed since `revision` (`role_revision`).
        """
        if role and role not in ROLES:
            raise InvalidInputError(
                "role {role!r}: use one of {roles}.", role=role[:40], roles=", ".join(ROLES)
            )

        def change() -> tuple[str, bool]:
            before = self.get(name).roles.get(slug, "")
            check_revision(revision, {"role": before}, {"role": role})
            if before != role:
                self._changed(name, self._store.set_role(name, slug, before, role))
            return before, before != role

        before, changed = _uncrossed(change)
        if changed:
            self._audit.record(
                slug,
                who,
                "account.role-set",
                now,
                subject=name,
                before=before or None,
                after=role or None,
            )

    def set_operator(
        self, name: str, who: str, now: float, *, operator: bool, revision: str = ""
    ) -> None:
        """Make an account an operator, or an ordinary one; ConflictError for the last operator.

        Raises:
            StaleError: this has changed since `revision` (`operator_revision`).
        """

        def change() -> bool:
            account = self.get(name)
            check_revision(revision, {"operator": account.operator}, {"operator": operator})
            if account.operator != operator:
                done = self._store.set_operator(name, before=account.operator, operator=operator)
                self._changed(name, done)
            return account.operator

        try:
            before = _uncrossed(change)
        except LastOperator:
            raise _last_operator(name) from None
        if before != operator:
            self._audit.record(
                "", who, "account.operator-set", now, subject=name, before=before, after=operator
            )

    def set_language(self, name: str, language: str) -> None:
        """Store the language of an account; a preference, so it is not in the audit log."""
        if language not in LANGUAGES:
            raise InvalidInputError(
                "language {language!r}: use one of {languages}.",
                language=language[:40],
                languages=LANGUAGES,
            )
        self._store.change(name, {"language": language})

    def remove(self, name: str, who: str, now: float, revision: str = "") -> None:
        """Delete an account and end its sessions; ConflictError for the last operator.

        Raises:
            StaleError: the rights have changed since `revision` (`rights_revision`).
        """

        def change() -> Account:
            account = self.get(name)
            check_revision(revision, _rights(account), {"operator": None, "roles": None})
            self._changed(name, self._store.remove(account))
            return account

        try:
            account = _uncrossed(change)
        except LastOperator:
            raise _last_operator(name) from None
        self._sessions.remove_all(name)
        self._audit.record(
            "",
            who,
            "account.removed",
            now,
            subject=name,
            before={"operator": account.operator, "roles": account.roles},
        )

    def _changed(self, name: str, done: bool) -> None:
        if not done:
            raise NotFoundError("There is no account {name!r}; it was just removed.", name=name)


def role_revision(role: str) -> str:
    """Return the revision of an account's role on a site, `""` if it has none."""
    return revision_of({"role": role})


def operator_revision(account: Account) -> str:
    """Return the revision of whether an account is an operator."""
    return revision_of({"operator": account.operator})


def rights_revision(account: Account) -> str:
    """Return the revision of what an account may do."""
    return revision_of(_rights(account))


def _rights(account: Account) -> dict[str, object]:
    return {"operator": account.operator, "roles": account.roles}


def _uncrossed(change: Callable[[], Result]) -> Result:
    """Read and change until no other change came in between."""
    for _ in range(TRIES):
        with contextlib.suppress(Changed):
            return change()
    raise ConflictError("Others are changing the same at this moment. Try again.")


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise InvalidInputError(
            "account {name!r}: use 2 to 39 lower-case letters, digits, '.', '_' or '-'.",
            name=name[:40],
        )


def _last_operator(name: str) -> ConflictError:
    return ConflictError(
        "{name!r} is the last operator; nobody could manage the installation any more. "
        "Make another account an operator first.",
        name=name,
    )
