"""Programs among the visitors: crawlers, monitors, HTTP libraries."""

from functools import lru_cache

import crawleruseragents


@lru_cache(maxsize=4096)
def is_bot(user_agent: str) -> bool:
    """Return whether a user agent belongs to a program rather than a reader."""
    return bool(crawleruseragents.is_crawler(user_agent[:512]))
