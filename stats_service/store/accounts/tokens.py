"""API tokens: a hash for each site, so that removing a site removes its tokens."""

import msgspec

from stats_service.errors import UnknownSiteError
from stats_service.models.accounts import Token
from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors
from stats_service.store.redis.scripts import load_script
from stats_service.store.site_writes import write_to_site

TOUCH_TOKEN = load_script("accounts/touch_token")

_USED = ":used"


class TokenStore:
    """The tokens of every site of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def add(self, slug: str, token: Token) -> None:
        """Store a new token; UnknownSiteError if the site does not exist."""
        names, document = SiteKeys(self._prefix, slug), msgspec.json.encode(token)
        if write_to_site(self._client, names, names.tokens, "HSET", token.id, document) is None:
            raise UnknownSiteError(slug)

    def get(self, slug: str, token_id: str) -> Token | None:
        """Return one token, or None."""
        with store_errors():
            document, used = self._client.hmget(self._key(slug), token_id, token_id + _USED)
        if not document:
            return None
        token = msgspec.json.decode(document, type=Token)
        return msgspec.structs.replace(token, used=float(used or 0))

    def all(self, slug: str) -> list[Token]:
        """Return every token of a site, newest first."""
        with store_errors():
            fields = self._client.hgetall(self._key(slug))
        rows = {k.decode() if isinstance(k, bytes) else k: v for k, v in fields.items()}
        tokens = [
            msgspec.structs.replace(
                msgspec.json.decode(document, type=Token), used=float(rows.get(name + _USED, 0))
            )
            for name, document in rows.items()
            if not name.endswith(_USED)
        ]
        return sorted(tokens, key=lambda token: -token.created)

    def remove(self, slug: str, token_id: str) -> bool:
        """Revoke a token; False if it does not exist."""
        with store_errors():
            return bool(self._client.hdel(self._key(slug), token_id, token_id + _USED))

    def touch(self, slug: str, token_id: str, now: float) -> None:
        """Record the last use of a token, unless it was revoked in the meantime."""
        keys, args = [self._key(slug)], [token_id, token_id + _USED, int(now)]
        with store_errors():
            TOUCH_TOKEN.run(self._client, keys, args)

    def _key(self, slug: str) -> str:
        return SiteKeys(self._prefix, slug).tokens
