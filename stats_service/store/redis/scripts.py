"""The Lua scripts, read once from the `lua/` folders of the store and called by their digest.

A script is one verb: it runs atomically, touches the keys of one site, and takes one round trip.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from redis.exceptions import NoScriptError

from stats_service.store.redis.client import RedisClient


@dataclass(frozen=True, slots=True)
class Script:
    """One Lua file and its digest."""

    name: str
    body: str
    sha: str

    def run(self, client: RedisClient, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """Run the script by its digest; send the source only if the server lacks it.

        A server loses its scripts when it restarts. After NOSCRIPT nothing was run, so the second
        attempt is safe.
        """
        try:
            return client.evalsha(self.sha, len(keys), *keys, *args)
        except NoScriptError:
            return client.eval(self.body, len(keys), *keys, *args)


def load_script(*names: str) -> Script:
    """Read the files named `folder/verb`; several files are joined to one script.

    `polls/cast_ballot` is `polls/lua/cast_ballot.lua` below the store.
    """
    store = files("stats_service.store")
    rooms = [name.split("/") for name in names]
    body = "".join(
        store.joinpath(room, "lua", f"{verb}.lua").read_text("utf-8") for room, verb in rooms
    )
    # Redis identifies a script by its SHA-1; nothing depends on the strength of the digest.
    return Script(
        rooms[-1][1], body, hashlib.sha1(body.encode(), usedforsecurity=False).hexdigest()
    )
