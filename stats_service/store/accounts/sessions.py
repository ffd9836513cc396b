"""Sessions, one-time links and sign-in attempts. The store knows only digests of secrets."""

from collections.abc import Sequence

import msgspec

from stats_service.models.accounts import Session
from stats_service.store.admin_keys import AdminKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script

COUNT_ATTEMPT = load_script("accounts/count_attempt")

#: A session ends after this time without use.
SESSION_IDLE_SECONDS = 12 * 3600
#: A session ends this long after the sign-in, even if it is used.
SESSION_MAX_SECONDS = 30 * 86400
#: A pending sign-in waits this long for the code of the second factor.
PENDING_SECONDS = 300
#: An unused one-time link ends after this time.
LINK_SECONDS = 24 * 3600


class SessionStore:
    """The sessions of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._keys = AdminKeys(prefix)

    def add(self, digest: str, session: Session) -> None:
        """Store a new session, or a pending one."""
        keys, seconds = self._keys, PENDING_SECONDS if session.half else SESSION_IDLE_SECONDS
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.set(keys.session(digest), msgspec.json.encode(session), ex=seconds)
            pipe.sadd(keys.sessions(session.account), digest)
            pipe.expire(keys.sessions(session.account), SESSION_MAX_SECONDS + 86400)
            pipe.execute()

    def use(self, digest: str) -> Session | None:
        """Return a session and extend it, or None."""
        with store_errors():
            document = self._client.getex(self._keys.session(digest), ex=SESSION_IDLE_SECONDS)
        return msgspec.json.decode(document, type=Session) if document else None

    def pending(self, digest: str) -> Session | None:
        """Return a session that waits for a code, or None; it is not extended."""
        with store_errors():
            document = self._client.get(self._keys.session(digest))
        session = msgspec.json.decode(document, type=Session) if document else None
        return session if session and session.half else None

    def remove(self, digest: str, account: str) -> None:
        """End one session or one-time link."""
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.unlink(self._keys.session(digest), self._keys.link(digest))
            pipe.srem(self._keys.sessions(account), digest)
            pipe.execute()

    def remove_all(self, account: str, keep: str = "") -> None:
        """End every session and link of an account except the one with the digest `keep`."""
        key = self._keys.sessions(account)
        with store_errors():
            for member in self._client.smembers(key):
                digest = member.decode() if isinstance(member, bytes) else member
                if digest != keep:
                    self.remove(digest, account)

    def add_link(self, digest: str, account: str) -> None:
        """Store a one-time link for an account; `""` stands for the setup of the first operator."""
        keys = self._keys
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.set(keys.link(digest), account, ex=LINK_SECONDS)
            if account:
                pipe.sadd(keys.sessions(account), digest)
                pipe.expire(keys.sessions(account), SESSION_MAX_SECONDS + 86400)
            pipe.execute()

    def link(self, digest: str) -> str | None:
        """Return the account of a link, or None if the link is used up or never existed."""
        with store_errors():
            return _name(self._client.get(self._keys.link(digest)))

    def take_link(self, digest: str) -> str | None:
        """Use up a link: if two follow it at once, one gets None."""
        with store_errors():
            return _name(self._client.getdel(self._keys.link(digest)))

    def count_attempt(self, budgets: Sequence[tuple[str, int, int]]) -> tuple[int, int]:
        """Count an attempt against budgets in order, up to the first that is used up.

        Args:
            budgets: for each, the digest of its subject, its size, and the seconds after which it
                starts again.

        Returns:
            The index of the refusing budget, and its count; -1 and 0 if none refuses.
        """
        keys = [self._keys.attempts(digest) for digest, _, _ in budgets]
        args = [number for _, most, seconds in budgets for number in (most, seconds)]
        with store_errors():
            place, made = COUNT_ATTEMPT.run(self._client, keys, args)
        return int(place) - 1, int(made)

    def all(self, account: str) -> list[tuple[str, Session]]:
        """Return the current sessions of an account, with their digests.

        Digests of ended sessions are deleted: a person with the password can add ten a minute.
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
        """Return True the first time only: the link for the first operator is to be printed."""
        with store_errors():
            return bool(self._client.set(self._keys.setup_shown, 1, nx=True))


def _name(value: bytes | str | None) -> str | None:
    return value.decode() if isinstance(value, bytes) else value
