"""What ends, and what is kept of it."""

from collections.abc import Sequence

from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors
from stats_service.store.redis.scripts import load_script

ROLL_UP_MONTH = load_script("traffic/roll_up_month")
#: Articles of a month that are kept by name.
MONTH_ARTICLES = 1_000


class RetentionStore:
    """The numbers of every site that do not last."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def roll_up_month(self, slug: str, month: str, days: Sequence[str]) -> bool:
        """Keep the most read articles of a month; False if that was done, or nobody read."""
        names = SiteKeys(self._prefix, slug)
        keys = [names.month_articles(month), *map(names.day_articles, days)]
        with store_errors():
            return bool(ROLL_UP_MONTH.run(self._client, keys, [MONTH_ARTICLES]))

    def forget_ignored(self, slug: str, before: str) -> int:
        """Forget the daily numbers of ignored views of the days before `before`."""
        key = SiteKeys(self._prefix, slug).ignored
        with store_errors():
            old = [
                field
                for field, _ in self._client.hscan_iter(key, count=1000)
                if b":" in field and field.rpartition(b":")[2].decode() < before
            ]
            for start in range(0, len(old), 1000):
                self._client.hdel(key, *old[start : start + 1000])
        return len(old)

    def set_ends(self, slug: str, lives: Sequence[tuple[str, int, int]]) -> int:
        """Give an end to what has none, as after a restore by other means; return how many.

        Args:
            slug: the site.
            lives: days, with the seconds that their hours and their articles are still kept.
        """
        names = SiteKeys(self._prefix, slug)
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for day, hours, articles in lives:
                for key, seconds in (
                    (names.hours(day), hours),
                    (names.day_articles(day), articles),
                ):
                    pipe.expire(key, max(1, seconds), nx=True)
            return sum(map(int, pipe.execute()))
