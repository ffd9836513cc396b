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

#: Patterns of the list that people's browsers match as well, and where. None of them is looked for.
#: The crawlers that most of them were meant for are told by their shape.
PATTERNS_OF_PEOPLE = {
    # The messengers' own programs, which fetch previews, put the name first.
    "Viber": "Viber's in-app browser",
    "WhatsApp": "WhatsApp's in-app browser",
    r"AP3A\.240617\.008": "the build of Android 15 on phones of OPPO, realme and OnePlus",
    "MetaIAB Facebook": "Facebook's in-app browser",
    "Fluid": "Fluid, which makes a Mac browser for one site",
    "Sogou": "Sogou's browsers for phones",
    # Words that are also names of devices. Some browsers repeat the model where nobody expects it.
    "Sonic": "ViewSonic's tablets and screens; Slack's window for a site",
    "Butterfly": "HTC Butterfly",
    "Expanse": "a phone's model",
    "Fever": "Wiko's phones of the line Fever",
}

#: Parts of a string where the maker of a telephone names things, so that nothing is looked for
#: there: model and build after "Android 15;", the same repeated by Instagram, Threads, Telegram and
#: Snapchat, and the brackets of Facebook. A robot that poses as a telephone names itself elsewhere.
_DEVICE = re.compile(
    r"""
    (?P<system>\b(?:Android|Adr)[ /-]?[\w.]*;
        (?:\s*(?:U|Mobile|Tablet|HarmonyOS|[a-z]{2,3}(?:[-_]\w{2,4})?);)*)
        (?!\s*compatible)
        # Some models have a note in parentheses: "moto g power (2022)".
        (?P<model>[^;()]*(?:\([^;()]*\)[^;()]*)*)(?=[;)])
    | \b(?:Android\ \(\d+/|(?:Telegram-Android|Snapchat)/[\d.]+\ \()[^()]*(?:\([^;()]*\)[^()]*)*\)
    | \[FB(?:AN|_IAB)/[^\]]*
    """,
    re.IGNORECASE | re.VERBOSE,
)

#: Shapes that no browser's string has. Read without regard to case.
_PROGRAM = re.compile(
    r"""
    # Browsers say Mozilla or Opera first; so old telephones and text browsers are let pass, and
    # DuckDuckGo's for Android, which loses the beginning.
    ^(?!Mozilla[/ ]|Opera/|UCWEB/|Nokia|BlackBerry|Lynx/|E?Links\b|w3m/|Dillo/|NetSurf/
        |(?:Android\ [\d.]+\)\ )?AppleWebKit/)
        (?!.*(?:MIDP|\bWAP\b|Browser\b))
    # No browser leaves it at that; scripts do.
    | ^Mozilla/[\d.]+\s*(?:\(compatible;?\s*\))?$
    # "compatible" is what Internet Explorer and Konqueror call themselves, and robots.
    | [(;]\s*compatible;\s*(?!MSIE\ ?\d|Konqueror|Opera)\S
    # An address for the owner of the server to complain to. (Ecosia writes "ios@10.3".)
    | https?:|\bwww\.|@[a-z][\w-]*\.[a-z]
    # What it does. Cubot makes telephones, CamScanner shows pages to those who scan with it.
    | (?<!cu)bot(?![a-z])|bots\b|crawl|spider|slurp|scrap(?:er|y)|fetch|archiver|aggregator
    | feed\ ?(?:parser|reader)|validator|link\ ?check|(?<!cam)scanner|monitor(?:ing)?\b|uptime
    | synthetic|favicon|web\ ?preview|headless|phantomjs|puppeteer|playwright|selenium
    | cypress/|lighthouse
    # Libraries that a string may put behind "Mozilla/5.0". Old telephones write "Java/Jbed".
    | python|\bjava/\d|libwww-perl|okhttp|httpclient|http_request|node-fetch|\bcurl|\bwget|go-http
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
    user_agent = _DEVICE.sub(r"\g<system>", user_agent)
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
        if entry["pattern"] not in PATTERNS_OF_PEOPLE
    ]
)
