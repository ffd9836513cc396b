"""Numbers with an expiry, and the summaries that outlast them."""

from collections.abc import Sequence

from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors
from stats_service.store.redis.scripts import load_script

ROLL_UP_MONTH = load_script("traffic/roll_up_month")
TRIM_DAY = load_script("traffic/trim_day")
#: Articles of a month that are kept by name.
MONTH_ARTICLES = 1_000
#: Articles of a day that is over that are kept by name, and how many are added up at a time.
DAY_ARTICLES = 5_000
TRIMMED_AT_ONCE = 2_000


class RetentionStore:
    """The expiring numbers of every site of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def roll_up_month(self, slug: str, month: str, days: Sequence[str]) -> bool:
        """Keep the most read articles of a month; False if that was done, or nobody read."""
        names = SiteKeys(self._prefix, slug)
        keys = [
            names.month_articles(month),
            names.site,
            names.names,
            *map(names.day_articles, days),
        ]
        with store_errors():
            return bool(ROLL_UP_MONTH.run(self._client, keys, [MONTH_ARTICLES]))

    def trim_days(self, slug: str, days: Sequence[str]) -> int:
        """Keep the most read articles of days that are over; return how many were added up."""
        names = SiteKeys(self._prefix, slug)
        trimmed = 0
        with store_errors():
            for day in days:
                keys, some = (names.site, names.day_articles(day), names.names), 1
                while some:
                    some = int(
                        TRIM_DAY.run(self._client, keys, [DAY_ARTICLES, TRIMMED_AT_ONCE, day])
                    )
                    trimmed += some
        return trimmed

    def forget_ignored(self, slug: str, before: str) -> int:
        """Delete the daily numbers of ignored views before the day `before`."""
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
        """Set missing expiries, as after a restore by other tools; return how many.

        Args:
            slug: the site.
            lives: days, each with the remaining seconds of its hours and of its articles.
        """
        names = SiteKeys(self._prefix, slug)
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for day, hours, articles in lives:
                for key, seconds in (
                    (names.hours(day), hours),
                    (names.day_articles(day), articles),
                    (names.readers(day), articles),
                ):
                    pipe.expire(key, max(1, seconds), nx=True)
            return sum(map(int, pipe.execute()))
