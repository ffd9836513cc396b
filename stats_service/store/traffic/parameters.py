"""Query parameters that split or merge articles: what a day tells, and what was found."""

from collections.abc import Sequence
from typing import Any

import msgspec

from stats_service.models.sites import Site
from stats_service.models.traffic.article_changes import ParameterFinding
from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.site_writes import write_to_site

#: Articles of a day that are looked at, the least read first: a flood is among these.
LOOKED_AT = 5_000
KEPT_SECONDS = 2 * 86_400

_findings = msgspec.json.Decoder(tuple[ParameterFinding, ...])


class ParameterStore:
    """The parameters of every site of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def day(self, slug: str, day: str) -> dict[str, int]:
        """Return the views of some articles of a day, those with few; long keys are left out."""
        key = SiteKeys(self._prefix, slug).day_articles(day)
        with store_errors():
            found: Any = self._client.zrange(key, 0, LOOKED_AT - 1, withscores=True)
        return {text_of(member): int(views) for member, views in found}

    def save(self, site: Site, findings: Sequence[ParameterFinding]) -> None:
        """Keep what was found."""
        names = SiteKeys(self._prefix, site.slug)
        document = msgspec.json.encode(findings)
        write_to_site(self._client, names, names.parameters, "SET", document, "EX", KEPT_SECONDS)

    def get(self, slug: str) -> tuple[ParameterFinding, ...]:
        """Return what was found last."""
        with store_errors():
            document = self._client.get(SiteKeys(self._prefix, slug).parameters)
        return decoded_findings(document)


def decoded_findings(document: bytes | str | None) -> tuple[ParameterFinding, ...]:
    """Return what was found, out of its JSON; nothing if there is none."""
    return _findings.decode(document) if document else ()
