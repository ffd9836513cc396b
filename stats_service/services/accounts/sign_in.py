"""Signing in and out: sessions that the server can end, one-time links, throttled guessing."""

from typing import NamedTuple

from stats_service.errors import SignInError, TooManyAttemptsError
from stats_service.models.accounts import Account, Session
from stats_service.services.accounts.accounts import NAME, Accounts
from stats_service.services.accounts.audit import Audit
from stats_service.services.accounts.passwords import (
    check_password,
    hash_password,
    keyed_digest,
    needs_rehash,
    new_secret,
    secret_digest,
)
from stats_service.services.accounts.second_factor import SecondFactor
from stats_service.services.visitors.addresses import customer_prefix, network_prefix
from stats_service.store.accounts.accounts import AccountStore
from stats_service.store.accounts.sessions import HALF_SECONDS, SESSION_MAX_SECONDS, SessionStore

#: Sign-ins that may be tried in a minute for one account, and from one address (IPv6: network).
ATTEMPTS_PER_MINUTE = 10
#: The same from an IPv6 /48, of which one customer may have every network.
CUSTOMER_ATTEMPTS_PER_MINUTE = 30


class SignedIn(NamedTuple):
    """Who sent a request."""

    account: Account
    #: Digest of the session's id.
    session: str


class Begun(NamedTuple):
    """A session that has begun, or half of one."""

    #: To be kept by the browser alone.
    session: str
    #: The code of the second factor is still to come.
    half: bool


class SignIn:
    """Let people in."""

    def __init__(
        self,
        secret: str,
        accounts: Accounts,
        second_factor: SecondFactor,
        store: AccountStore,
        sessions: SessionStore,
        audit: Audit,
    ) -> None:
        self._secret = secret
        self._accounts = accounts
        self._second_factor = second_factor
        self._store = store
        self._sessions = sessions
        self._audit = audit

    def sign_in(self, name: str, password: str, address: str, now: float) -> Begun:
        """Begin a session, or half of one for an account with a second factor.

        Raises:
            TooManyAttemptsError: for this account, from this address, or by everybody at this
                moment; nothing was looked at.
            SignInError: name or password do not fit; which of them, neither text nor time tells.
        """
        self._throttle(name, address)
        known = self._store.get(name) if NAME.fullmatch(name) else None
        stored = known[1].password if known else ""
        if not check_password(stored, password) or known is None:
            raise SignInError("The name or the password is wrong.")
        if needs_rehash(stored):
            self._store.change(name, {"password": hash_password(password, name)})
        return self._begun(name, now)

    def half(self, half_id: str, now: float) -> str | None:
        """Return whose code the half session `half_id` waits for, or None if it has ended."""
        session = self._sessions.half(secret_digest(half_id))
        known = self._store.get(session.account) if session else None
        if session is None or known is None or now - session.created > HALF_SECONDS:
            return None
        return session.account if known[0].created <= session.created else None

    def give_code(self, half_id: str, code: str, address: str, now: float) -> str:
        """Make the half session `half_id` a whole one; return its id, which is another.

        Raises:
            TooManyAttemptsError: as `sign_in`.
            SignInError: the half session has ended, or the code is wrong or used up.
        """
        name = self.half(half_id, now)
        if name is None:
            raise SignInError("The sign-in took too long. Begin again.")
        self._throttle(name, address)
        self._second_factor.check(name, code, now)
        self._sessions.remove(secret_digest(half_id), name)
        return self._begin(name, now)

    def signed_in(self, session_id: str, now: float) -> SignedIn | None:
        """Return who has the session `session_id`, or None if it has ended."""
        digest = secret_digest(session_id)
        session = self._sessions.use(digest)
        if session is None or session.half or now - session.created > SESSION_MAX_SECONDS:
            return None
        known = self._store.get(session.account)
        # An account made later under the same name is another one.
        if known is None or known[0].created > session.created:
            return None
        return SignedIn(known[0], digest)

    def sign_out(self, session_id: str, account: str) -> None:
        """End a session; its id is worth nothing from now on."""
        self._sessions.remove(secret_digest(session_id), account)

    def sign_out_others(self, account: str, keep: str) -> None:
        """End every session of an account but the one with the digest `keep`."""
        self._sessions.remove_all(account, keep)

    def confirm(self, name: str, password: str, address: str) -> None:
        """Check the password of somebody signed in, before something grave; errors as `sign_in`."""
        self._throttle(name, address)
        known = self._store.get(name)
        if not check_password(known[1].password if known else "", password):
            raise SignInError("The password is wrong.")

    def confirm_both(self, name: str, password: str, code: str, address: str, now: float) -> None:
        """Check password and code of somebody signed in; errors as `sign_in` and `give_code`."""
        self.confirm(name, password, address)
        self._second_factor.check(name, code, now)

    def make_link(self, name: str, who: str, now: float) -> str:
        """Return the secret of a one-time link with which a person sets a new password."""
        self._accounts.get(name)
        secret = new_secret()
        self._sessions.add_link(secret_digest(secret), name)
        self._audit.record("", who, "account.link-made", now, subject=name)
        return secret

    def make_setup_link(self) -> str | None:
        """Return the secret of a link that makes the first operator; None if there is one."""
        if self._accounts.has_operator():
            return None
        secret = new_secret()
        self._sessions.add_link(secret_digest(secret), "")
        return secret

    def link(self, secret: str) -> str:
        """Return whom a link is for (`""`: the first operator); SignInError if it is used up."""
        name = self._sessions.link(secret_digest(secret))
        if name is None or (not name and self._accounts.has_operator()):
            raise _used_up()
        return name

    def use_link(self, secret: str, name: str, password: str, now: float) -> Begun:
        """Set the password that a link allows to set, and go on as after a sign-in.

        Args:
            secret: of the link; it is used up unless name or password cannot be used.
            name: wanted by the first operator; else ignored.
            password: the new one.
            now: seconds since 1970.
        """
        owner = self.link(secret)
        name = owner or name
        hash_password(password, name)
        if not owner and not NAME.fullmatch(name):
            self._accounts.add(name, password, name, now, operator=True)  # says what is wrong
        if self._sessions.take_link(secret_digest(secret)) is None:
            raise _used_up()
        if owner:
            self._accounts.set_password(name, password, name, now)
        else:
            self._accounts.add(name, password, name, now, operator=True)
        return self._begun(name, now)

    def _begun(self, name: str, now: float) -> Begun:
        half = self._accounts.get(name).second_factor
        return Begun(self._begin(name, now, half=half), half)

    def _begin(self, name: str, now: float, *, half: bool = False) -> str:
        secret = new_secret()
        self._sessions.add(secret_digest(secret), Session(name, now, half))
        return secret

    def _throttle(self, name: str, address: str) -> None:
        subjects = {f"account {name}": ATTEMPTS_PER_MINUTE}
        subjects[f"address {network_prefix(address)}"] = ATTEMPTS_PER_MINUTE
        if ":" in address:
            subjects[f"customer {customer_prefix(address)}"] = CUSTOMER_ATTEMPTS_PER_MINUTE
        digests = [keyed_digest(self._secret, "attempt", text) for text in subjects]
        made = self._sessions.count_attempts(digests)
        if any(n > most for n, most in zip(made, subjects.values(), strict=True)):
            raise TooManyAttemptsError("Too many attempts. Wait a minute, then try again.")


def _used_up() -> SignInError:
    return SignInError(
        "This link was used already, or is older than a day. Ask for a new one with "
        "`stats-service admin link NAME`."
    )
