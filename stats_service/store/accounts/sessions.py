"""Sessions, one-time links and sign-in attempts. Secrets come here as digests only."""

from collections.abc import Sequence

import msgspec

from stats_service.models.accounts import Session
from stats_service.store.admin_keys import AdminKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script

COUNT_ATTEMPT = load_script("accounts/count_attempt")

#: A session ends when it was not used for this long.
SESSION_IDLE_SECONDS = 12 * 3600
#: A session ends this long after the sign-in, however much it is used.
SESSION_MAX_SECONDS = 30 * 86400
#: A sign-in waits this long for the code that follows the password.
PENDING_SECONDS = 300
#: A one-time link that nobody follows ends after this.
LINK_SECONDS = 24 * 3600


class SessionStore:
    """The sessions of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._keys = AdminKeys(prefix)

    def add(self, digest: str, session: Session) -> None:
        """Store a new session, or half of one."""
        keys, seconds = self._keys, PENDING_SECONDS if session.half else SESSION_IDLE_SECONDS
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.set(keys.session(digest), msgspec.json.encode(session), ex=seconds)
            pipe.sadd(keys.sessions(session.account), digest)
            pipe.expire(keys.sessions(session.account), SESSION_MAX_SECONDS + 86400)
            pipe.execute()

    def use(self, digest: str) -> Session | None:
        """Return a session and put off its end, or None."""
        with store_errors():
            document = self._client.getex(self._keys.session(digest), ex=SESSION_IDLE_SECONDS)
        return msgspec.json.decode(document, type=Session) if document else None

    def pending(self, digest: str) -> Session | None:
        """Return a session that waits for its code, or None; its end is not put off."""
        with store_errors():
            document = self._client.get(self._keys.session(digest))
        session = msgspec.json.decode(document, type=Session) if document else None
        return session if session and session.half else None

    def remove(self, digest: str, account: str) -> None:
        """End one session, or one-time link."""
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.unlink(self._keys.session(digest), self._keys.link(digest))
            pipe.srem(self._keys.sessions(account), digest)
            pipe.execute()

    def remove_all(self, account: str, keep: str = "") -> None:
        """End every session and link of an account but the one with the digest `keep`."""
        key = self._keys.sessions(account)
        with store_errors():
            for member in self._client.smembers(key):
                digest = member.decode() if isinstance(member, bytes) else member
                if digest != keep:
                    self.remove(digest, account)

    def add_link(self, digest: str, account: str) -> None:
        """Store a one-time link for an account; `""` is the setup of the first operator."""
        keys = self._keys
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.set(keys.link(digest), account, ex=LINK_SECONDS)
            if account:
                pipe.sadd(keys.sessions(account), digest)
                pipe.expire(keys.sessions(account), SESSION_MAX_SECONDS + 86400)
            pipe.execute()

    def link(self, digest: str) -> str | None:
        """Return whom a link is for, or None if it is used up or was never made."""
        with store_errors():
            return _name(self._client.get(self._keys.link(digest)))

    def take_link(self, digest: str) -> str | None:
        """Use a link up: of two who follow it at once, one gets None."""
        with store_errors():
            return _name(self._client.getdel(self._keys.link(digest)))

    def count_attempt(self, budgets: Sequence[tuple[str, int, int]]) -> tuple[int, int]:
        """Count an attempt against budgets in their order; one that is used up ends it.

        Args:
            budgets: of each the digest of what it is for, how many it allows, and the seconds
                after which it begins anew.

        Returns:
            The place of the budget that refuses, and what was tried against it; -1 and 0 if none
            refuses.
        """
        keys = [self._keys.attempts(digest) for digest, _, _ in budgets]
        args = [number for _, most, seconds in budgets for number in (most, seconds)]
        with store_errors():
            place, made = COUNT_ATTEMPT.run(self._client, keys, args)
        return int(place) - 1, int(made)

    def all(self, account: str) -> list[tuple[str, Session]]:
        """Return the sessions of an account that have not ended, with their digests.

        Digests of what has ended are forgotten: whoever knows the password adds ten a minute.
        """
        keys = self._keys
        with store_errors():
            digests = [text_of(m) for m in self._client.smembers(keys.sessions(account))]
            with self._client.pipeline(transaction=False) as pipe:
                for digest in digests:
                    pipe.get(keys.session(digest))
                    pipe.exists(keys.link(digest))
                replies = pipe.execute()
            found = dict(zip(digests, zip(replies[::2], replies[1::2], strict=True), strict=True))
            ended = [digest for digest, lives in found.items() if not any(lives)]
            if ended:
                self._client.srem(keys.sessions(account), *ended)
        return [
            (digest, msgspec.json.decode(document, type=Session))
            for digest, (document, _) in found.items()
            if document
        ]

    def show_setup(self) -> bool:
        """Tell whether the link for the first operator was never printed; from now on it was."""
        with store_errors():
            return bool(self._client.set(self._keys.setup_shown, 1, nx=True))


def _name(value: bytes | str | None) -> str | None:
    return value.decode() if isinstance(value, bytes) else value
