"""Bots that identify themselves: crawlers, monitors, HTTP libraries, headless browsers.

The list is `crawler-user-agents`. Bots that are not on it are recognised by the form of the user
agent rather than by more names: browsers have had the same form for twenty years, and bots do not
have it. docs/decisions/0004-bots.md has figures for both.
"""

import re
from functools import lru_cache

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from stats_service.services.visitors.pattern_words import Sieve

#: Longest part of a user agent that is examined, in characters; in-app browsers need 500.
USER_AGENT_MAX_LENGTH = 1024
#: Letters of a name by which it is found; no name is shorter.
NAME_HEAD = 3
#: Number of user agents whose result is cached, each of at most `USER_AGENT_MAX_LENGTH`.
CACHE_SIZE = 4096

#: Patterns of the list that also match browsers of people, and are therefore not used. The form
#: recognises most of the crawlers that they were meant for.
PATTERNS_OF_PEOPLE = {
    # The programs of the messengers, which fetch previews, put the name first.
    "Viber": "Viber's in-app browser",
    "WhatsApp": "WhatsApp's in-app browser",
    r"AP3A\.240617\.008": "the build of Android 15 on phones of OPPO, realme and OnePlus",
    "MetaIAB Facebook": "Facebook's in-app browser",
    "Fluid": "Fluid, which makes a Mac browser for one site",
    "Sogou": "Sogou's browsers for phones",
    # Words that are also names of devices. Some browsers repeat the model in unusual places.
    "Sonic": "ViewSonic's tablets and screens; Slack's window for a site",
    "Butterfly": "HTC Butterfly",
    "Expanse": "a phone's model",
    "Fever": "Wiko's phones of the line Fever",
}

#: Parts of a user agent in which makers of phones put names, and which are therefore not searched:
#: model and build after "Android 15;", the same repeated by Instagram, Threads, Telegram and
#: Snapchat, and Facebook's brackets. A bot that poses as a phone has its name elsewhere.
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

#: Forms that no browser's user agent has. Case does not matter.
_BEGINNINGS = (
    # Browsers say Mozilla or Opera first; so old telephones and text browsers are let pass, and
    # DuckDuckGo's for Android, which loses the beginning.
    (
        r"(?!Mozilla[/ ]|Opera/|UCWEB/|Nokia|BlackBerry|Lynx/|E?Links\b|w3m/|Dillo/|NetSurf/"
        r"|(?:Android [\d.]+\) )?AppleWebKit/)"
        r"(?!.*(?:MIDP|\bWAP\b|Browser\b))"
    ),
    # No browser leaves it at that; scripts do.
    r"Mozilla/[\d.]+\s*(?:\(compatible;?\s*\))?$",
)
_FORMS = (
    # "compatible" is what Internet Explorer and Konqueror call themselves, and robots.
    r"[(;]\s*compatible;\s*(?!MSIE ?\d|Konqueror|Opera)\S",
    # An address for the owner of the server to complain to. (Ecosia writes "ios@10.3".)
    r"https?:|\bwww\.",
    r"@[a-z][\w-]*\.[a-z]",
    # What it does. Cubot makes telephones, CamScanner shows pages to those who scan with it.
    r"(?<!cu)bot(?![a-z])|bots\b|crawl|spider|slurp|scrap(?:er|y)|fetch|archiver|aggregator",
    r"feed ?(?:parser|reader)|validator|link ?check|(?<!cam)scanner|monitor(?:ing)?\b|uptime",
    r"synthetic|favicon|web ?preview|headless|phantomjs|puppeteer|playwright|selenium",
    r"cypress/|lighthouse",
    # Libraries that a string may put behind "Mozilla/5.0". Old telephones write "Java/Jbed".
    r"python|\bjava/\d|libwww-perl|okhttp|httpclient|http_request|node-fetch|\bcurl|\bwget|go-http",
    r"zgrab|\bnuclei\b|\bnikto|\bsqlmap|\bnmap\b",
)
_BEGINNING = re.compile("|".join(_BEGINNINGS), re.IGNORECASE)
_FORM = re.compile("|".join(_FORMS), re.IGNORECASE)
_ESCAPED_SIGN = re.compile(r"\\([^A-Za-z0-9])")
_REGEX_SIGN = re.compile(r"[\[\](){}*+?|^$.]|\\")


#: Kind of a bot that is not on the list.
BY_SHAPE = "other"
#: Kind of a browser that reports that a program drives it.
DRIVEN = "driven-browser"
#: Longest kind, in characters.
KIND_MAX = 32


def bot_kind(user_agent: str) -> str:
    """Return the kind of a bot, by its name on the list, or `BY_SHAPE` if it is not on the list.

    Lower-case letters and hyphens, never a part of the user agent itself; empty for a browser.
    """
    return _kind(user_agent[:USER_AGENT_MAX_LENGTH])


@lru_cache(maxsize=CACHE_SIZE)
def _kind(user_agent: str) -> str:
    if not _is_bot(user_agent):
        return ""
    user_agent = _DEVICE.sub(r"\g<system>", user_agent)
    for name in _NAMES:
        if name in user_agent:
            return _KINDS[name]
    for pattern, kind in _PATTERNS.candidates(user_agent):
        if pattern.search(user_agent):
            return kind
    return BY_SHAPE


def _kind_name(pattern: str) -> str:
    """Return a kind from a pattern of the list."""
    letters = re.sub(r"\\.|\[[^]]*\]|[^A-Za-z]", "-", _ESCAPED_SIGN.sub(r"\1", pattern)).lower()
    return re.sub("-+", "-", letters).strip("-")[:KIND_MAX].rstrip("-") or BY_SHAPE


def is_bot(user_agent: str) -> bool:
    """Return whether `user_agent` belongs to a bot rather than to a browser with a reader.

    The empty text belongs to a bot, although a caller may treat it separately. Only the first
    `USER_AGENT_MAX_LENGTH` characters are examined.
    """
    return _is_bot(user_agent[:USER_AGENT_MAX_LENGTH])


@lru_cache(maxsize=CACHE_SIZE)
def _is_bot(user_agent: str) -> bool:
    user_agent = _DEVICE.sub(r"\g<system>", user_agent)
    if _BEGINNING.match(user_agent) or _has_form(user_agent):
        return True
    return _has_name(user_agent) or any(
        pattern.search(user_agent) for pattern, _ in _PATTERNS.candidates(user_agent)
    )


def _has_form(text: str) -> bool:
    """Return whether a text has one of the forms; nearly none has a word of any of them."""
    if text.isascii() and not any(_FORM_WORDS.candidates(text)):
        return False
    return bool(_FORM.search(text))


def _has_name(text: str) -> bool:
    """Return whether a name of the list is in a text.

    Only those are searched for whose first letters are in it: a tenth of the time.
    """
    heads = {text[at : at + NAME_HEAD] for at in range(len(text) - NAME_HEAD + 1)}
    return any(name in text for head in heads & _BY_HEAD.keys() for name in _BY_HEAD[head])


def _is_text(pattern: str) -> bool:
    """Return whether a pattern of the list has no special characters: all but some forty."""
    return not _REGEX_SIGN.search(_ESCAPED_SIGN.sub("", pattern))


_LISTED = [
    entry["pattern"]
    for entry in CRAWLER_USER_AGENTS_DATA
    if entry["pattern"] not in PATTERNS_OF_PEOPLE
]
# Searching for text is seven times as fast.
_NAMES = tuple(_ESCAPED_SIGN.sub(r"\1", pattern) for pattern in _LISTED if _is_text(pattern))
_BY_HEAD: dict[str, list[str]] = {}
for _name in _NAMES:
    _BY_HEAD.setdefault(_name[:NAME_HEAD], []).append(_name)
_KINDS = {name: _kind_name(name) for name in _NAMES}
_PATTERNS = Sieve(
    (pattern, (re.compile(pattern), _kind_name(pattern)))
    for pattern in _LISTED
    if not _is_text(pattern)
)
_FORM_WORDS = Sieve((form, True) for form in _FORMS)
