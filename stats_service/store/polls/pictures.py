"""Pictures of choices, and emblems: one hash a site, so that erasing a site erases its pictures."""

from typing import Any

from stats_service.errors import UnknownSiteError
from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script

ADD_PICTURE = load_script("polls/add_picture")
SWEEP_PICTURES = load_script("polls/sweep_pictures")

#: Behind the id of a picture: the field with the time at which it was put there.
PLACED = ":at"
#: Attempts at a sweep while polls are removed.
ATTEMPTS = 3


class PictureStore:
    """The pictures of every site of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def get(self, slug: str, picture: str) -> bytes | None:
        """Return the bytes of a picture, or None."""
        with store_errors():
            found: Any = self._client.hget(SiteKeys(self._prefix, slug).pictures, picture)
        return found or None

    def add(self, slug: str, picture: str, data: bytes, now: float, most: int, size: int) -> str:
        """Keep a picture, unless there are `most` or all together have more than `size` bytes.

        Returns:
            `added`, also if it was there; `many`; `large`.
        """
        names = SiteKeys(self._prefix, slug)
        args = (picture, data, int(now), most, size)
        with store_errors():
            reply: Any = ADD_PICTURE.run(self._client, (names.site, names.pictures), args)
        outcome = text_of(reply)
        if outcome == "no-site":
            raise UnknownSiteError(slug)
        return outcome

    def sweep(self, slug: str, before: float) -> int:
        """Remove what was put there before that moment and nothing has; return how many went."""
        names = SiteKeys(self._prefix, slug)
        for _ in range(ATTEMPTS):
            with store_errors():
                if not self._client.exists(names.pictures):
                    return 0
                found: Any = self._client.zrange(names.removed_polls, 0, -1)
                removals = [text_of(removal) for removal in found]
                keys = [names.pictures, names.polls, names.removed_polls, names.site]
                keys += [names.removed(removal) for removal in removals]
                gone: Any = SWEEP_PICTURES.run(self._client, keys, (int(before), *removals))
            if gone >= 0:
                return int(gone)
        return 0
