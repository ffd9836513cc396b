"""Accounts: who they are and what they may do. Every change is recorded in the audit log."""

import re

from stats_service.errors import ConflictError, InvalidInputError, NotFoundError
from stats_service.models.accounts import LANGUAGES, ROLES, Account
from stats_service.services.accounts.audit import Audit
from stats_service.services.accounts.devices import Devices
from stats_service.services.accounts.password_rules import PasswordRules
from stats_service.services.accounts.passwords import hash_password
from stats_service.store.accounts.accounts import AccountStore, LastOperator
from stats_service.store.accounts.sessions import SessionStore

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
        """Tell whether anybody may manage the installation yet."""
        return self._store.has_operator()

    def get(self, name: str) -> Account:
        """Return one account; NotFoundError if there is none."""
        known = self._store.get(name) if NAME.fullmatch(name) else None
        if known is None:
            raise NotFoundError("There is no account {name!r}.", name=name[:40])
        return known[0]

    def add(
        self, name: str, password: str, who: str, now: float, *, operator: bool = False
    ) -> Account:
        """Store a new account; an empty password lets it in by a one-time link only.

        Raises:
            InvalidInputError: the name or the password cannot be used.
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
        """Return if an account may have the name and the password; errors as `add`."""
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
        """Set a password; every session ends, and every device is a stranger's again.

        Args:
            name: of the account.
            password: the new one.
            who: sets it.
            now: seconds since 1970.
            keep_session: digest of a session that goes on.
            keep_device: id of a device that is still known.
        """
        self.get(name)
        self._rules.check(password, name)
        self._changed(name, self._store.change(name, {"password": hash_password(password)}))
        self._sessions.remove_all(name, keep_session)
        self._devices.remove_others(name, keep_device)
        self._audit.record("", who, "account.password-set", now, subject=name)

    def set_role(self, name: str, slug: str, role: str, who: str, now: float) -> None:
        """Give an account a role on a site; `""` takes it away."""
        if role and role not in ROLES:
            raise InvalidInputError(
                "role {role!r}: use one of {roles}.", role=role[:40], roles=", ".join(ROLES)
            )
        before = self.get(name).roles.get(slug, "")
        if before == role:
            return
        self._changed(name, self._store.set_role(name, slug, role))
        self._audit.record(
            slug,
            who,
            "account.role-set",
            now,
            subject=name,
            before=before or None,
            after=role or None,
        )

    def set_operator(self, name: str, who: str, now: float, *, operator: bool) -> None:
        """Make an account an operator or an ordinary one; ConflictError for the last operator."""
        before = self.get(name).operator
        if before == operator:
            return
        try:
            self._changed(name, self._store.set_operator(name, operator=operator))
        except LastOperator:
            raise _last_operator(name) from None
        self._audit.record(
            "", who, "account.operator-set", now, subject=name, before=before, after=operator
        )

    def set_language(self, name: str, language: str) -> None:
        """Remember the language that a person reads; a preference, so not in the audit log."""
        if language not in LANGUAGES:
            raise InvalidInputError(
                "language {language!r}: use one of {languages}.",
                language=language[:40],
                languages=LANGUAGES,
            )
        self._store.change(name, {"language": language})

    def remove(self, name: str, who: str, now: float) -> None:
        """Forget an account and end its sessions; ConflictError for the last operator."""
        account = self.get(name)
        try:
            self._changed(name, self._store.remove(name))
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
