"""What a visit tells of itself where it begins, as lines: the letter of a dimension and its value.

A letter alone is a value that is told and not kept by name; `e` alone asks for the article at which
the visit begins, which the script knows.
"""

from functools import lru_cache

from stats_service.models.readers import ALL_GROUPS, GROUPS
from stats_service.models.sites import Site
from stats_service.models.traffic import Visitor
from stats_service.services.visitors.clients import client_lines, language_line
from stats_service.services.visitors.countries import Countries
from stats_service.services.visitors.sources import source_and_campaign, source_in_app

#: Number of combinations of user agent, language and via that are remembered.
CACHE_SIZE = 4096
#: Longest texts that are remembered together, in characters.
REMEMBERED_MAX = 2048


def traits_of(
    site: Site, hosts: frozenset[str], visitor: Visitor, via: str, countries: Countries
) -> str:
    """Return what the view of `visitor` tells, if a visit begins with it.

    Args:
        site: the site; what it has switched off is not told.
        hosts: its hosts.
        visitor: who sends it.
        via: as the script sends it (`PageQuery.via`).
        countries: where addresses are looked up.
    """
    off, agent, language = site.readers_off, visitor.user_agent, visitor.language
    if ALL_GROUPS in off:
        return ""
    if len(agent) + len(language) + len(via) > REMEMBERED_MAX:
        agent, language, via = agent[:1024], language[:100], via[:900]
    lines = _lines(off, hosts, agent, language, via)
    return lines if "country" in off else lines + countries.line(visitor.address)


@lru_cache(maxsize=CACHE_SIZE)
def _lines(off: tuple[str, ...], hosts: frozenset[str], agent: str, language: str, via: str) -> str:
    source, campaign = source_and_campaign(via, hosts)
    source = source or source_in_app(agent)
    device, browser, system = client_lines(agent)
    told = {
        "source": "s\n" if source == "?" else f"s{source}\n",
        "campaign": campaign,
        "entry": "e\n",
        "device": device,
        "browser": browser,
        "system": system,
        "language": language_line(language),
    }
    return "".join(told[group] for group in GROUPS if group in told and group not in off)
