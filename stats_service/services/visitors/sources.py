"""Where a reader came from, by the host of the page before, and by which campaign.

All of it is text that strangers send: a host must be one, a word is bounded and without control or
direction signs, and what may name a person is not kept.
"""

import ipaddress
import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from urllib.parse import unquote_plus

from publicsuffixlist import PublicSuffixList

from stats_service.models.traffic.readers import DIRECT, INTERNAL, MAIL, SPAM

#: Longest text about where a reader came from that is looked at, in characters.
VIA_MAX_LENGTH = 2048
#: Longest word of a campaign that is kept, and longest host, in characters.
WORD_MAX, HOST_MAX = 60, 100
#: Number of them that are remembered.
CACHE_SIZE = 4096

#: Names by registrable domain.
_NAMES = {
    "coccoc.com": "Cốc Cốc",
    "bing.com": "Bing",
    "duckduckgo.com": "DuckDuckGo",
    "ecosia.org": "Ecosia",
    "brave.com": "Brave",
    "startpage.com": "Startpage",
    "facebook.com": "Facebook",
    "fb.com": "Facebook",
    "fb.me": "Facebook",
    "messenger.com": "Messenger",
    "m.me": "Messenger",
    "zalo.me": "Zalo",
    "zalo.vn": "Zalo",
    "zaloapp.com": "Zalo",
    "youtube.com": "YouTube",
    "youtu.be": "YouTube",
    "tiktok.com": "TikTok",
    "t.me": "Telegram",
    "telegram.me": "Telegram",
    "telegram.org": "Telegram",
    "instagram.com": "Instagram",
    "threads.net": "Threads",
    "threads.com": "Threads",
    "x.com": "X",
    "twitter.com": "X",
    "t.co": "X",
    "linkedin.com": "LinkedIn",
    "lnkd.in": "LinkedIn",
    "reddit.com": "Reddit",
    "whatsapp.com": "WhatsApp",
    "viber.com": "Viber",
    "chatgpt.com": "ChatGPT",
    "openai.com": "ChatGPT",
    "perplexity.ai": "Perplexity",
}
#: Names by the first label of a registrable domain, for those who have one in every country.
_LABELS = {
    "google": "Google",
    "yahoo": "Yahoo",
    "yandex": "Yandex",
    "baidu": "Baidu",
    "pinterest": "Pinterest",
}
#: What apps send in place of a host (`android-app://…`).
_APPS = {
    "com.google.android.gm": MAIL,
    "com.google.android.googlequicksearchbox": "Google",
    "com.google.android.youtube": "YouTube",
    "com.facebook.katana": "Facebook",
    "com.facebook.orca": "Messenger",
    "com.zing.zalo": "Zalo",
    "com.ss.android.ugc.trill": "TikTok",
    "com.zhiliaoapp.musically": "TikTok",
    "org.telegram.messenger": "Telegram",
    "com.instagram.android": "Instagram",
    "com.linkedin.android": "LinkedIn",
    "com.twitter.android": "X",
}
_MAIL = re.compile(
    r"(?:web)?mail\d?\.|outlook\.(?:live|office|office365|cloud)\.|email\.|exchange\.|owa\."
)
#: What a browser inside an app has in its user agent; the first that fits counts.
_IN_APPS = (
    ("Zalo", "Zalo"),
    ("MessengerForiOS", "Messenger"),
    ("Orca-Android", "Messenger"),
    ("MessengerLite", "Messenger"),
    ("Instagram", "Instagram"),
    ("FBAN", "Facebook"),
    ("FBAV", "Facebook"),
    ("FB_IAB", "Facebook"),
    ("musical_ly", "TikTok"),
    ("BytedanceWebview", "TikTok"),
    ("trill_", "TikTok"),
    ("Telegram", "Telegram"),
    ("LinkedInApp", "LinkedIn"),
    ("Pinterest", "Pinterest"),
    ("GSA/", "Google"),
)
#: Ends of names of networks inside, which no app's name has: RFC 6761, RFC 6762, and what is usual.
_INSIDE = frozenset(
    ("local", "localhost", "localdomain", "lan", "internal", "intranet", "corp", "home", "private",
     "test", "invalid", "example")
)  # fmt: skip
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?")
_PORT = re.compile(r":\d+\Z")
_ADDRESS = re.compile(r"[0-9.]+|\[[0-9a-f:.]+\]")
#: A mail address, or a number as long as a telephone's: a word that may name a person.
_PERSON = re.compile(r"@|\d(?:[ .-]?\d){8}")
#: Parameters of a campaign, with the letters of their dimensions.
_WORDS = {
    "utm_campaign": "k",
    "utm_source": "u",
    "utm_medium": "m",
    "utm_content": "n",
    "utm_term": "t",
}
#: Parameters that an advertising network or a platform adds to a link: what counts is which one,
#: never its value; and the source that it names where no page before does.
_CLICKS = {
    "gclid": ("Google Ads", "Google"),
    "fbclid": ("Facebook", "Facebook"),
    "ttclid": ("TikTok", "TikTok"),
    "twclid": ("X", "X"),
    "yclid": ("Yandex", "Yandex"),
    "dclid": ("Google Ads", "Google"),
}


@lru_cache(maxsize=CACHE_SIZE)
def source_and_campaign(via: str, own_hosts: frozenset[str]) -> tuple[str, str]:
    """Return a visit's source, and the lines of its campaign.

    Args:
        via: what the script sends: the host of the page before, or nothing, and behind a comma
            each of the query's parameters of a campaign, and of those of clicks the name. A word
            ends at a comma of its own.
        own_hosts: the hosts of the site, which are no source.

    Returns:
        The source, `""` if nothing tells it (then the user agent may) and `?` for a host that is
        none; the lines of the campaign, each with its line feed.
    """
    host, _, query = via[:VIA_MAX_LENGTH].partition(",")
    lines: dict[str, str] = {}
    click = ""
    for part in re.split("[,&]", query):
        name, _, value = part.partition("=")
        lower = name.lower().lstrip("?")
        if letter := _WORDS.get(lower):
            lines.setdefault(letter, letter + word(unquote_plus(value, errors="replace")))
        elif lower in _CLICKS and "g" not in lines:
            kind, click = _CLICKS[lower]
            lines["g"] = "g" + kind
    host = host.strip().lower()
    source = "" if not host or host in own_hosts else source_of(host)
    campaign = "".join(f"{line}\n" for line in lines.values())
    return source or click, campaign


def source_in_app(user_agent: str) -> str:
    """Return the app whose own browser has this user agent, or `DIRECT`."""
    return next((name for sign, name in _IN_APPS if sign in user_agent), DIRECT)


def source_of(host: str) -> str:
    """Return what a host in small letters is counted under; `?` for what is no host."""
    app = _APPS.get(host)
    if app:
        return app
    name = _PORT.sub("", host).rstrip(".")
    if _ADDRESS.fullmatch(name):
        return _source_of_address(name)
    if len(name) > HOST_MAX or not _HOST.fullmatch(name):
        return "?"
    if _MAIL.match(name):
        return MAIL
    if not _suffixes().publicsuffix(name, accept_unknown=False) or "." not in name:
        # The name of an app is written backwards, with the domain of its maker in front.
        return name if _is_app(name) else INTERNAL
    domain = str(_suffixes().privatesuffix(name) or name)
    known = _NAMES.get(domain) or _LABELS.get(domain.partition(".")[0] if "." in domain else "")
    if known:
        return known
    return SPAM if domain in _spam() or name in _spam() else domain


def _source_of_address(name: str) -> str:
    """Return a public address itself, and for all others that it is one of a network inside."""
    try:
        address = ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return "?"
    return name if address.is_global else INTERNAL


def _is_app(name: str) -> bool:
    """Tell whether a name that no list of suffixes knows is one that Android gives to apps."""
    first, _, rest = name.partition(".")
    last = rest.rpartition(".")[2]
    return (
        "." in rest
        and last not in _INSIDE
        and bool(_suffixes().publicsuffix(first, accept_unknown=False))
    )


def source_named(text: str) -> str:
    """Return what a source is counted under that another counter calls `text`; `""`: unknown."""
    return _by_name().get(text.strip().lower(), "")


def word(text: str) -> str:
    """Return a word of a campaign as it is kept; `""` for one that is not kept."""
    signs = "".join(
        " " if unicodedata.category(sign)[0] in "CZ" else sign
        for sign in unicodedata.normalize("NFC", text[:VIA_MAX_LENGTH])
    )
    plain = " ".join(signs.split())
    # All of it is looked at, and what is quoted twice as well: a part would name a person too.
    once = unquote_plus(plain)
    if any("\ufffd" in one or _PERSON.search(one) for one in (plain, once, unquote_plus(once))):
        return ""
    return plain[:WORD_MAX].rstrip()


@cache
def _by_name() -> dict[str, str]:
    names = (*_NAMES.values(), *_LABELS.values())
    return {name.lower(): name for name in names} | {"twitter": "X", "coc coc": "Cốc Cốc"}


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@cache
def _spam() -> frozenset[str]:
    """The hosts of the list of referrer spam that Matomo keeps (public domain)."""
    text = (files("stats_service.services.visitors") / "referrer_spam.txt").read_text()
    return frozenset(text.split())
