"""What a visit tells of itself where it begins: the letter of a dimension and its value, each.

A letter alone is a value that is told and not kept by name; `e` alone asks for the article at which
the visit begins, which the script knows. All of it is packed as `lua/record_views.lua` wants it.
"""

from functools import lru_cache

import msgspec

from stats_service.models.sites import Site
from stats_service.models.traffic.readers import ALL_GROUPS, GROUPS
from stats_service.models.traffic.views import Visitor
from stats_service.services.visitors.clients import client_lines, language_line
from stats_service.services.visitors.countries import Countries
from stats_service.services.visitors.sources import source_and_campaign, source_in_app

#: Number of combinations of user agent, language and via that are remembered.
CACHE_SIZE = 4096
#: Longest texts that are remembered together, in characters.
REMEMBERED_MAX = 2048


def traits_of(
    site: Site, hosts: frozenset[str], visitor: Visitor, via: str, countries: Countries
) -> bytes:
    """Return what the view of `visitor` tells, if a visit begins with it, in MessagePack.

    Args:
        site: the site; what it has switched off is not told.
        hosts: its hosts.
        visitor: who sends it.
        via: as the script sends it (`PageQuery.via`).
        countries: where addresses are looked up.
    """
    off, agent, language = site.readers_off, visitor.user_agent, visitor.language
    if ALL_GROUPS in off:
        return b""
    if len(agent) + len(language) + len(via) > REMEMBERED_MAX:
        agent, language, via = agent[:1024], language[:100], via[:900]
    packed = _packed(off, hosts, agent, language, via)
    country = "" if "country" in off else countries.line(visitor.address)
    return _with(packed, country) if country else packed


@lru_cache(maxsize=CACHE_SIZE)
def _packed(
    off: tuple[str, ...], hosts: frozenset[str], agent: str, language: str, via: str
) -> bytes:
    lines = lines_told(off, hosts, agent, language, via)
    return b"".join(map(msgspec.msgpack.encode, lines.splitlines()))


def lines_told(
    off: tuple[str, ...], hosts: frozenset[str], agent: str, language: str, via: str
) -> str:
    """Return what a visit tells, each line with its line feed; without its country.

    Args:
        off: what the site has switched off; not all of it.
        hosts: the hosts of the site.
        agent: the user agent, as short as `traits_of` makes it.
        language: `Accept-Language`.
        via: as the script sends it (`PageQuery.via`).
    """
    source, campaign = source_and_campaign(via, hosts)
    source = source or source_in_app(agent)
    return joined_lines(off, source, campaign, *client_lines(agent), language_line(language))


def joined_lines(
    off: tuple[str, ...],
    source: str,
    campaign: str,
    device: str,
    browser: str,
    system: str,
    language: str = "",
) -> str:
    """Return the lines that a visit tells, in the order of `GROUPS`.

    Args:
        off: what the site has switched off.
        source: its name; `?`: it has none that is kept.
        campaign: lines, each with its line feed, as the others; `""`: none.
        device: as `campaign`.
        browser: as `campaign`.
        system: as `campaign`.
        language: as `campaign`.
    """
    told = {
        "source": "s\n" if source == "?" else f"s{source}\n",
        "campaign": campaign,
        "entry": "e\n",
        "device": device,
        "browser": browser,
        "system": system,
        "language": language,
    }
    return "".join(told[group] for group in GROUPS if group in told and group not in off)


@lru_cache(maxsize=CACHE_SIZE)
def _with(packed: bytes, line: str) -> bytes:
    """Add one more line."""
    return packed + msgspec.msgpack.encode(line.rstrip())
