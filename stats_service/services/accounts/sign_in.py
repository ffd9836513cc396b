"""Signing in and out: sessions that the server can end, one-time links, limits on guessing."""

from typing import NamedTuple

from stats_service.errors import (
    SignInError,
    StatsError,
    TooManyAttemptsError,
    TooManySignInsError,
)
from stats_service.models.accounts import Account, Session
from stats_service.models.devices import Caller, Device, Refusals
from stats_service.services.accounts.accounts import NAME, Accounts
from stats_service.services.accounts.attempts import Attempts
from stats_service.services.accounts.audit import Audit
from stats_service.services.accounts.devices import Devices
from stats_service.services.accounts.passwords import (
    KNOWN,
    STRANGERS,
    check_password,
    hash_password,
    needs_rehash,
    new_secret,
    secret_digest,
)
from stats_service.services.accounts.second_factor import SecondFactor
from stats_service.services.accounts.sign_in_record import SignInRecord
from stats_service.store.accounts.accounts import AccountStore
from stats_service.store.accounts.sessions import PENDING_SECONDS, SESSION_MAX_SECONDS, SessionStore


class SignedIn(NamedTuple):
    """The account and session of a request."""

    account: Account
    #: Digest of the session's id.
    session: str
    #: Id of the device; empty for a session from before there were devices.
    device: str


class NewSession(NamedTuple):
    """A session, or one that waits for the second factor."""

    #: Id of the session, for the browser only.
    session: str
    #: The code of the second factor is still missing.
    second_factor_pending: bool
    #: Secret of a new device, which the browser stores beyond the session; else empty.
    device: str = ""
    #: Refused attempts since the sign-in before.
    refusals: Refusals = Refusals("")


class SignIn:
    """Signs people in and out."""

    def __init__(
        self,
        accounts: Accounts,
        second_factor: SecondFactor,
        devices: Devices,
        attempts: Attempts,
        record: SignInRecord,
        store: AccountStore,
        sessions: SessionStore,
        audit: Audit,
    ) -> None:
        self._accounts = accounts
        self._second_factor = second_factor
        self._devices = devices
        self._attempts = attempts
        self._record = record
        self._store = store
        self._sessions = sessions
        self._audit = audit

    def sign_in(self, name: str, password: str, caller: Caller, now: float) -> NewSession:
        """Begin a session, or a pending one for an account with a second factor.

        Raises:
            TooManyAttemptsError: too many attempts with this device, from this network, or for this
                account; the password was not checked.
            SignInError: name or password is wrong; neither text nor time tells which.
        """
        name = name if NAME.fullmatch(name) else ""
        device = self._devices.known(name, caller, now)
        known = self._store.get(name)
        try:
            self._attempts.check_password(name, caller.address, device)
            stored = known[1].password if known else ""
            fits = check_password(stored, password, KNOWN if device else STRANGERS)
            if not fits or known is None:
                raise SignInError("The name or the password is wrong.")
        except StatsError as error:
            self._refused(error, "passwords", name if known else "", caller, now)
            raise
        if needs_rehash(stored):
            self._store.change(name, {"password": hash_password(password)})
        if known[0].second_factor:
            return self._begin_pending(name, now)
        return self._begin(name, caller, device, now)

    def pending(self, pending_id: str, now: float) -> str | None:
        """Return the account whose code the pending session waits for, or None if it has ended."""
        session = self._sessions.pending(secret_digest(pending_id))
        known = self._store.get(session.account) if session else None
        if session is None or known is None or now - session.created > PENDING_SECONDS:
            return None
        return session.account if known[0].created <= session.created else None

    def give_code(self, pending_id: str, code: str, caller: Caller, now: float) -> NewSession:
        """Turn a pending session into a full one with another id.

        Raises:
            TooManyAttemptsError: as in `sign_in`.
            SignInError: the pending session has ended, or the code is wrong or used up.
        """
        name = self.pending(pending_id, now)
        if name is None:
            raise SignInError("The sign-in took too long. Begin again.")
        device = self._devices.known(name, caller, now)
        try:
            self._attempts.check_code(name, caller.address, device)
            self._second_factor.check(name, code, now, device.id if device else "")
        except StatsError as error:
            self._refused(error, "codes", name, caller, now)
            raise
        self._sessions.remove(secret_digest(pending_id), name)
        return self._begin(name, caller, device, now)

    def signed_in(self, session_id: str, now: float) -> SignedIn | None:
        """Return account and session of the session id, or None if the session has ended."""
        digest = secret_digest(session_id)
        session = self._sessions.use(digest)
        if session is None or session.half or now - session.created > SESSION_MAX_SECONDS:
            return None
        known = self._store.get(session.account)
        # An account that was created later under the same name is a different one.
        if known is None or known[0].created > session.created:
            return None
        return SignedIn(known[0], digest, session.device)

    def sign_out(self, session_id: str, account: str) -> None:
        """End a session; its id is not valid any more."""
        self._sessions.remove(secret_digest(session_id), account)

    def sign_out_others(self, account: str, keep: str) -> None:
        """End every session of an account but the one with the digest `keep`."""
        self._sessions.remove_all(account, keep)

    def confirm(self, person: SignedIn, password: str, address: str, now: float) -> None:
        """Check the password again before a grave action; errors as in `sign_in`."""
        name = person.account.name
        known = self._store.get(name)
        try:
            self._attempts.check_session(person.session)
            if not check_password(known[1].password if known else "", password, KNOWN):
                raise SignInError("The password is wrong.")
        except StatsError as error:
            self._refused(error, "passwords", name, Caller(address), now)
            raise

    def confirm_both(
        self, person: SignedIn, password: str, code: str, address: str, now: float
    ) -> None:
        """Check password and code again; errors as in `sign_in` and `give_code`."""
        self.confirm(person, password, address, now)
        try:
            self._second_factor.check(person.account.name, code, now, person.session)
        except StatsError as error:
            self._refused(error, "codes", person.account.name, Caller(address), now)
            raise

    def make_link(self, name: str, who: str, now: float) -> str:
        """Return the secret of a one-time link that sets a new password."""
        self._accounts.get(name)
        secret = new_secret()
        self._sessions.add_link(secret_digest(secret), name)
        self._audit.record("", who, "account.link-made", now, subject=name)
        return secret

    def make_setup_link(self) -> str | None:
        """Return the secret of a link that creates the first operator; None if there is one."""
        if self._accounts.has_operator():
            return None
        secret = new_secret()
        self._sessions.add_link(secret_digest(secret), "")
        return secret

    def is_first_start(self) -> bool:
        """Return True once: when the service starts for the first time."""
        return self._sessions.show_setup()

    def link(self, secret: str) -> str:
        """Return the account of a link (`""`: the first operator); SignInError if it is used up."""
        name = self._sessions.link(secret_digest(secret))
        if name is None or (not name and self._accounts.has_operator()):
            raise _used_up()
        return name

    def use_link(
        self, secret: str, name: str, password: str, caller: Caller, now: float
    ) -> NewSession:
        """Set the password by a one-time link, and begin a session as after a sign-in.

        Args:
            secret: of the link, which is used up unless the name or the password is refused.
            name: wanted by the first operator; otherwise ignored.
            password: the new password.
            caller: the sender of the request.
            now: seconds since 1970.
        """
        owner = self.link(secret)
        name = owner or name
        self._accounts.check_new(name, password)
        if self._sessions.take_link(secret_digest(secret)) is None:
            raise _used_up()
        try:
            if owner:
                self._accounts.set_password(name, password, name, now)
            else:
                self._accounts.add(name, password, name, now, operator=True)
        except TooManySignInsError:
            self._sessions.add_link(secret_digest(secret), owner)  # the link was not used
            raise
        if self._accounts.get(name).second_factor:
            return self._begin_pending(name, now)
        return self._begin(name, caller, None, now, confirmed=True)

    def _begin_pending(self, name: str, now: float) -> NewSession:
        secret = new_secret()
        self._sessions.add(secret_digest(secret), Session(name, now, half=True))
        return NewSession(secret, second_factor_pending=True)

    def _begin(
        self,
        name: str,
        caller: Caller,
        device: Device | None,
        now: float,
        *,
        confirmed: bool = False,
    ) -> NewSession:
        here, kept = self._devices.welcome(name, caller, device, now, confirmed=confirmed)
        refusals = self._record.let_in(name, here, now, is_new=device is None)
        secret = new_secret()
        self._sessions.add(secret_digest(secret), Session(name, now, device=here.id))
        return NewSession(secret, second_factor_pending=False, device=kept, refusals=refusals)

    def _refused(
        self, error: StatsError, kind: str, account: str, caller: Caller, now: float
    ) -> None:
        if isinstance(error, SignInError):
            self._record.refused(kind, account, caller.address, now)
        elif isinstance(error, TooManyAttemptsError):
            is_logged = error.is_first
            self._record.refused("unseen", account, caller.address, now, is_logged=is_logged)


def _used_up() -> SignInError:
    return SignInError(
        "This link was used already, or is older than a day. Ask for a new one with "
        "`stats-service admin link NAME`."
    )
