"""Single writes to a key of a site, which leave nothing behind where the site was erased."""

from typing import Any

from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors
from stats_service.store.redis.scripts import load_script

WRITE_TO_SITE = load_script("sites/write_to_site")


def write_to_site(
    client: RedisClient, names: SiteKeys, key: str, *command: Any, seconds: int = 0
) -> Any:
    """Do one command on a key of a site, if the site is there.

    Args:
        client: of Redis.
        names: the keys of the site.
        key: one of them.
        command: the command, and what follows the key in it.
        seconds: after which the key ends, counted from the first write; 0: never.

    Returns:
        What the command answers, or None if there is no such site; nothing was written then.
    """
    with store_errors():
        return WRITE_TO_SITE.run(client, [names.site, key], [seconds, *command])
