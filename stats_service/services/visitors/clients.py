"""What a reader reads with: device, browser and system by family, and the language.

The user agent is read by `ua-parser`. What it calls one browser on five systems is one here, and
families that hardly anybody has are none: a name must not tell one reader from all others.
"""

import re
from functools import cache, lru_cache
from typing import TypeVar

from babel import Locale
from ua_parser import OS, UserAgent
from ua_parser.core import Matcher
from ua_parser.loaders import load_lazy_builtins

from stats_service.services.visitors.pattern_words import Sieve

#: Longest part of a user agent that is looked at, in characters.
LENGTH = 512
#: Number of user agents and of languages that are remembered.
CACHE_SIZE = 4096

#: Browsers by sign, before the parser is asked: apps that it takes for the system's browser.
_SIGNS = (
    ("Zalo", "Zalo"),
    ("FBAN", "Facebook"),
    ("FBAV", "Facebook"),
    ("FB_IAB", "Facebook"),
    ("coc_coc", "Cốc Cốc"),
    ("BytedanceWebview", "TikTok"),
    ("musical_ly", "TikTok"),
)
#: Families of the parser, by what each is counted under.
_BROWSERS = {
    "Chrome": ("Chrome", "Chrome Mobile", "Chrome Mobile iOS", "Chromium", "HeadlessChrome"),
    "Android WebView": ("Chrome Mobile WebView", "Android", "Android WebView"),
    "Safari": ("Safari", "Mobile Safari", "Mobile Safari UI/WKWebView"),
    "Firefox": ("Firefox", "Firefox Mobile", "Firefox iOS", "Firefox Focus"),
    "Edge": ("Edge", "Edge Mobile", "Edge iOS"),
    "Opera": ("Opera", "Opera Mobile", "Opera Mini", "Opera Touch", "Opera GX"),
    "Samsung Internet": ("Samsung Internet",),
    "Cốc Cốc": ("Coc Coc", "coc_coc_browser"),
    "UC Browser": ("UC Browser",),
    "Yandex": ("Yandex Browser", "YaBrowser"),
    "Mi Browser": ("MiuiBrowser",),
    "Huawei Browser": ("Huawei Browser",),
    "Vivo Browser": ("VivoBrowser",),
    "OPPO Browser": ("HeyTap", "HeyTapBrowser", "OppoBrowser"),
    "Brave": ("Brave",),
    "Vivaldi": ("Vivaldi",),
    "DuckDuckGo": ("DuckDuckGo Mobile", "DuckDuckGo"),
    "Internet Explorer": ("IE", "IE Mobile"),
    "Google app": ("Google",),
    "Facebook": ("Facebook", "Facebook Messenger", "FacebookBot"),
    "Instagram": ("Instagram",),
    "TikTok": ("TikTok",),
    "WhatsApp": ("WhatsApp",),
    "LINE": ("LINE",),
    "Pinterest": ("Pinterest",),
    "Snapchat": ("Snapchat",),
    "X": ("Twitter",),
    "WeChat": ("WeChat Browser",),
    "Silk": ("Amazon Silk",),
}
_SYSTEMS = {
    "Android": ("Android",),
    "iOS": ("iOS",),
    "Windows": ("Windows",),
    "macOS": ("Mac OS X", "Mac OS"),
    "ChromeOS": ("Chrome OS",),
    "Linux": ("Linux", "Ubuntu", "Debian", "Fedora", "Linux Mint", "SUSE", "Red Hat"),
    "HarmonyOS": ("HarmonyOS",),
    "Tizen": ("Tizen",),
    "webOS": ("Web0S", "webOS"),
    "KaiOS": ("KaiOS",),
    "Windows Phone": ("Windows Phone",),
}
_Found = TypeVar("_Found")
_TELEVISION = re.compile(
    r"smart-?tv|\btv\b|appletv|googletv|android tv|bravia|hbbtv|netcast|web0s|webos.tv"
    r"|aft[a-z]{1,4}\b|crkey|roku|viera|tizen.*\btv",
    re.IGNORECASE,
)
_TELEVISION_WORDS = Sieve([(_TELEVISION.pattern, True)])
_TABLET = re.compile(r"iPad|Tablet|PlayBook|Silk(?!.*Mobile)|Kindle|SM-[TX]\d")
_PHONE = re.compile(
    r"iPhone|iPod|Mobile|Mobi\b|Windows Phone|Opera Mini|BlackBerry|BB10|KaiOS|Nokia"
)
_COMPUTER = re.compile(r"Windows NT|Macintosh|X11|CrOS|Linux x86_64")
_LANGUAGE = re.compile(r"\s*([A-Za-z]{2,3})(?:[-_][A-Za-z0-9-]*)?\s*(?:[,;]|\Z)")


@lru_cache(maxsize=CACHE_SIZE)
def client_lines(user_agent: str) -> tuple[str, str, str]:
    """Return the lines of device, browser and system of a user agent.

    Each has its line feed; it is `""` if the user agent does not tell it. A browser with its
    version is one line: the sum of a family is that of its versions.
    """
    text = user_agent[:LENGTH]
    device = device_class(text)
    browsers, systems = _matchers()
    browser = next((f"b{name}\n" for sign, name in _SIGNS if sign in text), "")
    if not browser and (found := _first(browsers, text)):
        family = _browser_names().get(found.family, "")
        is_number = re.fullmatch(r"[0-9]{1,4}", found.major or "")
        browser = f"v{family} {found.major}\n" if is_number else f"b{family}\n"
        browser = browser if family else ""
    running = _first(systems, text)
    system = _system_names().get(running.family, "") if running else ""
    return f"d{device}\n" if device else "", browser, f"o{system}\n" if system else ""


def browser_named(text: str) -> str:
    """Return what a browser is counted under by its name, the parser's or ours; `""`: none."""
    return _lower_names()[0].get(text.strip().lower(), "")


def system_named(text: str) -> str:
    """Return the same for a system."""
    return _lower_names()[1].get(text.strip().lower(), "")


def device_class(user_agent: str) -> str:
    """Return `phone`, `tablet`, `computer` or `television`; `""` if nothing tells."""
    may_be = any(_TELEVISION_WORDS.candidates(user_agent)) or not user_agent.isascii()
    if may_be and _TELEVISION.search(user_agent):
        return "television"
    if _TABLET.search(user_agent):
        return "tablet"
    if _PHONE.search(user_agent):
        return "phone"
    # Android says Mobile on phones alone.
    if "Android" in user_agent:
        return "tablet"
    return "computer" if _COMPUTER.search(user_agent) else ""


@lru_cache(maxsize=CACHE_SIZE)
def language_line(accepted: str) -> str:
    """Return the line of the language that a browser asks for first (`Accept-Language`)."""
    found = _LANGUAGE.match(accepted[:100])
    if not found:
        return ""
    language = found[1].lower()
    return f"l{language}\n" if language in _languages() else ""


def warm_up() -> None:
    """Make ready what the first user agents would wait for: 0.3 seconds."""
    client_lines("-")
    for sieve in _matchers():
        for matcher in sieve.items():
            matcher("")  # compiles its expression


def _first(matchers: Sieve[Matcher[_Found]], text: str) -> _Found | None:
    """Return what the first matcher finds that finds anything."""
    return next(filter(None, (matcher(text) for matcher in matchers.candidates(text))), None)


@cache
def _matchers() -> tuple[Sieve[Matcher[UserAgent]], Sieve[Matcher[OS]]]:
    browsers, systems, _ = load_lazy_builtins()
    return (
        Sieve((matcher.regex, matcher) for matcher in browsers),
        Sieve((matcher.regex, matcher) for matcher in systems),
    )


@cache
def _browser_names() -> dict[str, str]:
    return {family: name for name, families in _BROWSERS.items() for family in families}


@cache
def _system_names() -> dict[str, str]:
    return {family: name for name, families in _SYSTEMS.items() for family in families}


@cache
def _lower_names() -> tuple[dict[str, str], dict[str, str]]:
    """Return names in small letters, of browsers and of systems, by what they are counted under."""
    browsers = {**_browser_names(), **{name: name for name in _BROWSERS}, "Zalo": "Zalo"}
    systems = {**_system_names(), **{name: name for name in _SYSTEMS}}
    return (
        {family.lower(): name for family, name in browsers.items()},
        {family.lower(): name for family, name in systems.items()},
    )


@cache
def _languages() -> frozenset[str]:
    """The languages that have a name, so that nobody invents one."""
    return frozenset(str(code) for code in Locale("en").languages)
