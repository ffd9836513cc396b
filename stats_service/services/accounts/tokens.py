"""API tokens: shown once, stored as a digest, valid for one site."""

import hmac
import re
import secrets

from stats_service.errors import (
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    TokenRefusedError,
    UnknownSiteError,
)
from stats_service.models.accounts import SCOPES, SCREEN, Token
from stats_service.services.accounts.audit import Audit
from stats_service.services.accounts.passwords import new_secret, secret_digest
from stats_service.store.accounts.tokens import TokenStore

#: Prefix of a token, by which scanners of leaked secrets recognise it.
PREFIX = "sst"
#: `sst_<site>_<id>_<secret>`: with the site, so that a token of another site can be reported.
TOKEN = re.compile(PREFIX + r"_([a-z0-9][a-z0-9-]{0,38})_([0-9a-f]{12})_([\w-]{43})", re.ASCII)
NAME_MAX = 80
TOKENS_MAX = 100
#: Resolution of the last use in seconds, so that not every read causes a write.
USED_SECONDS = 60


class Tokens:
    """The tokens of a site."""

    def __init__(self, store: TokenStore, audit: Audit) -> None:
        self._store = store
        self._audit = audit

    def all(self, slug: str) -> list[Token]:
        """Return the tokens of a site, newest first."""
        return self._store.all(slug)

    def add(self, slug: str, name: str, scope: str, who: str, now: float) -> tuple[Token, str]:
        """Create a token; return it with its text, which cannot be shown again.

        Raises:
            InvalidInputError: names the value that is not valid.
        """
        name = " ".join(name.split())
        if not 1 <= len(name) <= NAME_MAX or not name.isprintable():
            raise InvalidInputError(
                "name: say in 1 to {name_max} characters what it is for.", name_max=NAME_MAX
            )
        if scope not in (*SCOPES, SCREEN):
            raise InvalidInputError(
                "scope {scope!r}: use one of {scopes}.", scope=scope[:40], scopes=", ".join(SCOPES)
            )
        if len(self._store.all(slug)) >= TOKENS_MAX:
            raise InvalidInputError(
                "A site has at most {tokens_max} tokens. Revoke one first.", tokens_max=TOKENS_MAX
            )
        secret = new_secret()
        token = Token(
            id=secrets.token_hex(6),
            name=name,
            scope=scope,
            by=who,
            created=int(now),
            digest=secret_digest(secret),
        )
        self._store.add(slug, token)
        self._audit.record(
            slug,
            who,
            "token.created",
            now,
            subject=token.id,
            after={"name": name, "scope": scope},
        )
        return token, f"{PREFIX}_{slug}_{token.id}_{secret}"

    def revoke(self, slug: str, token_id: str, who: str, now: float) -> None:
        """Revoke a token; NotFoundError if it does not exist."""
        token = self._store.get(slug, token_id)
        if token is None or not self._store.remove(slug, token_id):
            raise NotFoundError("There is no token {token_id!r}.", token_id=token_id[:40])
        self._audit.record(
            slug, who, "token.revoked", now, subject=token_id, before={"name": token.name}
        )

    def check(self, slug: str, text: str, scope: str, now: float) -> Token:
        """Return the token of a request, if it permits `scope` on the site.

        Raises:
            TokenRefusedError: the text is no token, or the token was revoked.
            UnknownSiteError: the token is for another site, whether the site `slug` exists or not.
            ForbiddenError: the token permits something else, or only reading.
        """
        parts = TOKEN.fullmatch(text)
        named, token_id, secret = parts.groups() if parts else ("", "", "")
        token = self._store.get(named, token_id) if parts else None
        if token is None or not hmac.compare_digest(token.digest, secret_digest(secret)):
            raise TokenRefusedError
        if named != slug:
            raise UnknownSiteError(slug)
        if not _permits(token.scope, scope):
            raise ForbiddenError("This needs a token with the scope {scope!r}.", scope=scope)
        if now - token.used >= USED_SECONDS:
            self._store.touch(slug, token.id, now)
        return token


def _permits(granted: str, wanted: str) -> bool:
    """Return whether a scope includes another; that of a television includes nothing."""
    if SCREEN in (granted, wanted):
        return granted == wanted
    return SCOPES.index(granted) >= SCOPES.index(wanted)
