"""Programs that call themselves by name: crawlers, monitors, HTTP libraries, headless browsers.

The list is `crawler-user-agents`. What it misses is recognised by the shape of the string
rather than by more names: a browser's string has had the same shape for twenty years, and a
program's has not. How well both do is measured in docs/decisions/0004-bots.md.
"""

import re
from functools import lru_cache

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

#: Longest part of a user agent that is looked at, in characters; in-app browsers need 500.
USER_AGENT_MAX_LENGTH = 1024
#: Number of user agents whose answer is remembered, of at most `USER_AGENT_MAX_LENGTH` each.
CACHE_SIZE = 4096

#: Names on the list that people's in-app browsers carry as well. The messengers' programs, which
#: fetch previews, put the name first, and are told by that.
MESSENGERS_WITH_BROWSERS = frozenset({"Viber", "WhatsApp"})

#: Shapes that no browser's string has. Read without regard to case.
_PROGRAM = re.compile(
    r"""
    # Browsers say Mozilla or Opera first; so old telephones and text browsers are let pass.
    ^(?!Mozilla/|Opera/|UCWEB/|Nokia|BlackBerry|Lynx/|E?Links\b|w3m/|Dillo/|NetSurf/)
        (?!.*(?:MIDP|\bWAP\b|Browser\b))
    # No browser leaves it at that; scripts do.
    | ^Mozilla/[\d.]+\s*(?:\(compatible;?\s*\))?$
    # "compatible" is what Internet Explorer and Konqueror call themselves, and robots.
    | [(;]\s*compatible;\s*(?!MSIE\ ?\d|Konqueror|Opera)\S
    # An address for the owner of the server to complain to. (Ecosia writes "ios@10.3".)
    | https?:|\bwww\.|@[a-z][\w-]*\.[a-z]
    # What it does. Cubot makes telephones.
    | (?<!cu)bot(?![a-z])|bots\b|crawl|spider|slurp|scrap(?:er|y)|fetch|archiver|aggregator
    | feed\ ?(?:parser|reader)|validator|link\ ?check|scanner|monitor(?:ing)?\b|uptime|synthetic
    | favicon|web\ ?preview|headless|phantomjs|puppeteer|playwright|selenium|cypress/|lighthouse
    # Libraries that a string may put behind "Mozilla/5.0".
    | python|\bjava/|libwww-perl|okhttp|httpclient|http_request|node-fetch|\bcurl|\bwget|go-http
    | zgrab|\bnuclei\b|\bnikto|\bsqlmap|\bnmap\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ESCAPED_SIGN = re.compile(r"\\([^A-Za-z0-9])")
_REGEX_SIGN = re.compile(r"[\[\](){}*+?|^$.]|\\")


def is_bot(user_agent: str) -> bool:
    """Tell whether `user_agent` names a program rather than a browser with a reader before it.

    The empty string is a program's too, but the caller may have a reason of its own for it.
    Only the first `USER_AGENT_MAX_LENGTH` characters are looked at.
    """
    return _is_bot(user_agent[:USER_AGENT_MAX_LENGTH])


@lru_cache(maxsize=CACHE_SIZE)
def _is_bot(user_agent: str) -> bool:
    if _PROGRAM.search(user_agent):
        return True
    return any(name in user_agent for name in _NAMES) or bool(_PATTERNS.search(user_agent))


def _split_patterns(patterns: list[str]) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """Return the patterns that are plain text as text, and the others as one expression.

    All but some forty are plain text, and looking for text is seven times as fast.
    """
    texts: list[str] = []
    expressions: list[str] = []
    for pattern in patterns:
        if _REGEX_SIGN.search(_ESCAPED_SIGN.sub("", pattern)):
            expressions.append(pattern)
        else:
            texts.append(_ESCAPED_SIGN.sub(r"\1", pattern))
    return tuple(texts), re.compile("|".join(expressions))


_NAMES, _PATTERNS = _split_patterns(
    [
        entry["pattern"]
        for entry in CRAWLER_USER_AGENTS_DATA
        if entry["pattern"] not in MESSENGERS_WITH_BROWSERS
    ]
)
