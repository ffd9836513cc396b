"""The one spelling of an article: however a page is addressed, it is counted under one key.

A key is either a path, always in ASCII and beginning with `/`, or the explicit key that a page
gives in `data-article`, kept as it is written. The two cannot meet: an explicit key never
begins with a slash. Neither can be used as a link to elsewhere: a path has one slash in front,
and an explicit key may not look like an address.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from urllib.parse import unquote

from stats_service.errors import InvalidInputError
from stats_service.models.traffic.views import LISTED_MAX, OTHER_ARTICLES
from stats_service.services.articles.normal_form import has_endless_marks

#: Longest key, in bytes. A Vietnamese letter with two marks takes nine bytes in a path, so that
#: this leaves room for a title of some 300 letters.
KEY_MAX_BYTES = 1024
#: Longest input, in characters; what is dropped (other parameters, the fragment) fits in too.
RAW_MAX_LENGTH = 8192
#: Longer input is worked out afresh each time, which bounds the memory of the cache.
CACHED_MAX_LENGTH = 512
#: Number of inputs whose key is remembered.
CACHE_SIZE = 4096
#: Longest address that is shown beside its key, in characters.
ADDRESS_SHOWN = 300
#: Part of a refused value that the error shows, in characters.
SHOWN_LENGTH = 80

#: Pages that a web server also answers for the folder that holds them.
INDEX_FILES = frozenset(
    f"{stem}.{extension}"
    for stem in ("index", "default")
    for extension in ("htm", "html", "shtml", "xhtml", "php", "asp", "aspx", "jsp", "jspx", "cfm")
)

#: Parameters that say where a reader came from, never which article it is. Lower case.
# fmt: off
TRACKING_PARAMETERS = frozenset({
    "_ga", "_gl", "_hsenc", "_hsmi", "_openstat", "dclid", "epik", "fb_action_ids",
    "fb_action_types", "fb_source", "fbclid", "gad_source", "gad_campaignid", "gbraid", "gclid",
    "gclsrc", "gidzl", "hsctatracking", "igsh", "igshid", "li_fat_id", "mibextid", "mkt_tok",
    "msclkid", "oly_anon_id", "oly_enc_id", "rb_clickid", "s_cid", "sccid", "srsltid", "ttclid",
    "twclid", "vero_id", "wbraid", "wickedid", "yclid", "ysclid", "zalo_source", "zanpid",
    "zarsrc",
})
# fmt: on
TRACKING_PREFIXES = ("utm_", "mc_", "mtm_", "pk_", "piwik_", "matomo_", "hsa_")

#: The setting of a site whose query parameters never tell articles apart.
NONE = ("none",)
#: Parameters that show the same article in another way, or carry a session or a way back. Lower
#: case. `p`, `page_id` (WordPress), `sid` (PHP-Nuke), `id`, `title`, `v` name articles and stay.
# fmt: off
VIEW_PARAMETERS = frozenset({
    "_", "amp", "backurl", "cftoken", "cfid", "doaslanguageid", "format", "jsessionid", "limit",
    "limitstart", "nocache", "order", "order_by", "orderby", "p_auth", "p_l_back_url",
    "p_p_cacheability", "p_p_col_count", "p_p_col_id", "p_p_col_pos", "p_p_lifecycle", "p_p_mode",
    "p_p_state", "phpsessid", "print", "printable", "ref", "referer", "referrer", "replytocom",
    "return", "returnurl", "session_id", "sessionid", "sort", "sort_by", "sortby", "sortdir",
    "sortorder", "tmpl",
})
#: Parameters that turn pages if their value is a number: `?page=gioi-thieu` is an article.
PAGE_PARAMETERS = frozenset({
    "comment-page", "cpage", "cur", "delta", "offset", "page", "paged", "pageindex", "pagesize",
    "per_page", "start", "trang",
})
# fmt: on
#: Longest value of a parameter that is kept unasked, in bytes; longer ones are state, not names.
VALUE_MAX_BYTES = 512

#: Signs that reorder the text around them, so that a key would not read as what it is.
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_SURROGATES = "\ud800-\udfff"
#: What no input may have. The white space of HTML may surround it or stand in an explicit key.
_FORBIDDEN = re.compile(f"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f{_BIDI}{_SURROGATES}]")
#: The same as it looks in a finished path; what is dropped with a parameter does no harm.
_FORBIDDEN_IN_PATH = re.compile(
    r"%[01][0-9A-F]|%7F|%C2%[89][0-9A-F]"
    r"|%D8%9C|%E2%80%8[EF]|%E2%80%A[A-E]|%E2%81%A[6-9]"
)

_URL = re.compile(r"https?://[^/\\?#]*", re.IGNORECASE)
#: An explicit key that somebody might follow: a scheme that runs or fetches, or a backslash.
_ADDRESS = re.compile(
    r"(?:https?|javascript|data|vbscript|file|filesystem|blob|about|view-source):"
    r"|[a-z][a-z0-9+.-]*://|\\",
    re.IGNORECASE,
)
#: A path of which only the segments are left to look at.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._~/!$&()*+,=:@-]*")
#: A path that is its own key, unless it names an index file.
_SIMPLE = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
_UNSAFE_IN_PATH = re.compile(r"[^A-Za-z0-9._~/!$&()*+,;=:@\-]")
_UNSAFE_IN_QUERY = re.compile(r"[^A-Za-z0-9._~/!$()*,:@?\-]")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+|%")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
#: Session numbers that servers write into paths: Java's, and the segment of ASP.NET.
_PATH_SESSION = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)
_SEGMENT_SESSION = re.compile(r"\((?:[AFS]\([A-Za-z0-9_-]+\))+\)")


def canonical_article(raw: str, parameters: Collection[str] = ()) -> str:
    """Return the key under which the article `raw` is counted.

    Args:
        raw: A path with its query, a URL (its scheme and host are dropped: a site is one
            namespace), or an explicit key, which is anything else.
        parameters: Names of the query parameters that tell articles apart on this site, in
            any case: all others are dropped, and tracking parameters even when named here. Empty:
            all but those known to track, to turn pages, to sort, to print or to carry a session,
            so that two articles are never merged; the same but for these, if each has a sign:
            `-itemid` is dropped, `+page` kept. `NONE`: no parameter is kept.

    Returns:
        A key of at most `KEY_MAX_BYTES` bytes of UTF-8, for which this function returns the
        key itself.

    Raises:
        InvalidInputError: `raw` is empty, too long, or has characters that no address has.
    """
    named = parameters if isinstance(parameters, tuple) else tuple(sorted(parameters))
    if len(raw) <= CACHED_MAX_LENGTH:
        return _remembered_key(raw, named)
    return _key(raw, named)


def canonical_articles(
    articles: Sequence[str], parameters: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the keys of `articles`; InvalidInputError if they are too many or one is unusable."""
    check_number(articles)
    return tuple(canonical_article(text, parameters) for text in articles)


def check_number(articles: Sequence[str]) -> None:
    """Return if `articles` are few enough to ask for at a time; else InvalidInputError."""
    if len(articles) > LISTED_MAX:
        raise InvalidInputError(
            "articles: {number} were asked for; ask for at most {listed_max} at a time.",
            number=len(articles),
            listed_max=LISTED_MAX,
        )


def is_tracking_parameter(name: str) -> bool:
    """Tell whether the query parameter `name` is never part of an article's key."""
    lower = name.lower()
    return lower in TRACKING_PARAMETERS or lower.startswith(TRACKING_PREFIXES)


def may_be_key(text: str) -> bool:
    """Tell whether `text` may be a key that was made here, under whatever parameters."""
    if text.isascii() and text.isprintable() and " " not in text:  # nearly every one
        return 0 < len(text) <= KEY_MAX_BYTES
    return (
        text == " ".join(text.split())
        and not _FORBIDDEN.search(text)
        and 0 < len(text.encode()) <= KEY_MAX_BYTES
    )


def _key(raw: str, parameters: tuple[str, ...]) -> str:
    if len(raw) <= KEY_MAX_BYTES and _SIMPLE.fullmatch(raw):  # nearly every one
        last = raw[raw.rindex("/") + 1 :].lower()
        if last not in INDEX_FILES:
            return raw
    if len(raw) > RAW_MAX_LENGTH:
        raise _refusal(
            raw,
            f"has {len(raw)} characters and may have {RAW_MAX_LENGTH}",
            "send the page's path",
        )
    if _FORBIDDEN.search(raw):
        raise _refusal(raw, "has a control or direction character", "remove it")
    text = _composed(raw, raw).strip()
    if not text:
        raise _refusal(raw, "is empty", "send the page's path, or leave the field out")
    url = _URL.match(text)
    if url or text.startswith("/"):
        key = _path_key(text[url.end() if url else 0 :], parameters)
        if "%" in key and _FORBIDDEN_IN_PATH.search(key):
            raise _refusal(raw, "has an encoded control or direction character", "remove it")
    else:
        key = _explicit_key(raw, text)
    if len(key.encode()) > KEY_MAX_BYTES:
        raise _refusal(
            raw,
            f"makes a key of {len(key.encode())} bytes and may make one of {KEY_MAX_BYTES}",
            "give the page a short key with data-article",
        )
    return key


def _composed(raw: str, text: str) -> str:
    if has_endless_marks(text):
        raise _refusal(raw, "has more combining marks in a row than any language", "remove them")
    return unicodedata.normalize("NFC", text)


_remembered_key = lru_cache(maxsize=CACHE_SIZE)(_key)


def _explicit_key(raw: str, text: str) -> str:
    if _ADDRESS.match(text):
        raise _refusal(raw, "looks like an address", "send a path, an http(s) URL or a plain key")
    if text == OTHER_ARTICLES:
        raise _refusal(raw, "stands for all articles without a name", "choose another key")
    if "<" in text or ">" in text:
        raise _refusal(raw, "has markup", "remove < and >")
    return " ".join(text.split())


def _path_key(text: str, parameters: tuple[str, ...]) -> str:
    address = text.partition("#")[0]
    path, _, query = address.partition("?")
    if not _PLAIN_PATH.fullmatch(path):
        path = _PATH_SESSION.sub("", _escaped(path.replace("\\", "/"), _UNSAFE_IN_PATH))
    key = "/" + "/".join(_segments(path))
    if not query or parameters == NONE:
        return key
    if parameters and parameters[0][0] not in "+-":
        kept = _kept_parameters(query, parameters)
    else:
        kept = _kept_unasked(query, _signs(parameters))
    return f"{key}?{kept}" if kept else key


def _segments(path: str) -> list[str]:
    """Resolve the dot segments of `path`; leave out empty ones, sessions and index files."""
    segments: list[str] = []
    for segment in path.split("/"):
        if not segment or segment == ".":
            continue
        if segment == "..":
            if segments:
                segments.pop()
        elif segment[0] != "(" or not _SEGMENT_SESSION.fullmatch(segment):
            segments.append(segment)
    while segments and segments[-1].lower() in INDEX_FILES:
        segments.pop()
    return segments


def _kept_parameters(query: str, parameters: tuple[str, ...]) -> str:
    """Return the parameters of `query` that are named, by name, each pair once."""
    spellings = _spellings(parameters)
    pairs: dict[tuple[str, str], None] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        spelling = spellings.get(_escaped(name, _UNSAFE_IN_QUERY, plus=True).lower())
        if spelling:
            pairs[spelling, _escaped(value, _UNSAFE_IN_QUERY, plus=True)] = None
    return "&".join(f"{name}={value}" for name, value in sorted(pairs, key=lambda pair: pair[0]))


@lru_cache(maxsize=1024)
def _signs(parameters: tuple[str, ...]) -> dict[str, bool]:
    """Return whether a parameter with a sign is kept, by the lower-case spelling of keys."""
    return {
        _escaped(unicodedata.normalize("NFC", name[1:]), _UNSAFE_IN_QUERY).lower(): name[0] == "+"
        for name in reversed(parameters)
    }


def _kept_unasked(query: str, signs: Mapping[str, bool]) -> str:
    """Return the parameters of `query` that may tell articles apart, by name, each pair once."""
    pairs: dict[tuple[str, str], None] = {}
    for part in query.replace("&amp;", "&").split("&"):
        text, equals, raw_value = part.partition("=")
        name = _escaped(text, _UNSAFE_IN_QUERY, plus=True)
        value = _escaped(raw_value, _UNSAFE_IN_QUERY, plus=True)
        if not _may_name_article(name, value if equals else None, signs):
            continue
        if not equals:
            pairs[name, name] = None
        else:
            # ASP.NET takes a name in any case; that of an escape is settled already.
            name = name if "%" in name else name.lower()
            pairs[name, f"{name}={value}"] = None
    return "&".join(pair for _, pair in sorted(pairs, key=lambda pair: pair[0]))


def _may_name_article(name: str, value: str | None, signs: Mapping[str, bool]) -> bool:
    """Tell whether a parameter may tell articles apart; `value` is None without a `=`."""
    lower = name.lower()
    if not name or value == "" or len(value or name) > VALUE_MAX_BYTES:
        return False
    if is_tracking_parameter(lower):
        return False
    if lower in signs:
        return signs[lower]
    if lower in VIEW_PARAMETERS:
        return False
    return lower not in PAGE_PARAMETERS or not (value is None or value.isdigit())


def without_parameter(key: str, name: str) -> str:
    """Return a key without the query parameter `name`, in any case; itself if it has none."""
    path, mark, query = key.partition("?")
    if not mark or not path.startswith("/"):
        return key
    wanted = name.lower()
    kept = [part for part in query.split("&") if part.partition("=")[0].lower() != wanted]
    return f"{path}?{'&'.join(kept)}" if kept else path


def dropped_parameters(raw: str, key: str) -> tuple[str, ...]:
    """Return the names of the query parameters of the address `raw` that `key` has not.

    Each once and at most ten, as they are escaped in a key.
    """
    if not raw.startswith("/") and not _URL.match(raw):
        return ()
    kept = {part.partition("=")[0].lower() for part in key.partition("?")[2].split("&")}
    query = raw.partition("#")[0].partition("?")[2].replace("&amp;", "&")
    names = (
        _escaped(part.partition("=")[0], _UNSAFE_IN_QUERY, plus=True) for part in query.split("&")
    )
    return tuple(dict.fromkeys(name for name in names if name and name.lower() not in kept))[:10]


def shown_address(raw: str, key: str) -> str:
    """Return an address for people beside the key that was made of it; `""` if the paths agree.

    Values of parameters that are dropped are left out: they may be anybody's session.
    """
    path, mark, query = raw.partition("#")[0].partition("?")
    if unquote(path) == unquote(key.partition("?")[0]):
        return ""
    kept = {part.partition("=")[0].lower() for part in key.partition("?")[2].split("&")}
    parts = []
    for part in query.replace("&amp;", "&").split("&") if mark else ():
        name, equals, _ = part.partition("=")
        is_kept = _escaped(name, _UNSAFE_IN_QUERY, plus=True).lower() in kept
        parts.append(part if is_kept else f"{name}{equals}…" if equals else name)
    shown = path + mark + "&".join(parts)
    return shown if len(shown) <= ADDRESS_SHOWN else shown[:ADDRESS_SHOWN] + "…"


@lru_cache(maxsize=1024)
def _spellings(parameters: tuple[str, ...]) -> dict[str, str]:
    """Return the parameters' names as a key spells them, by their lower-case spelling."""
    names = (
        _escaped(unicodedata.normalize("NFC", name), _UNSAFE_IN_QUERY)
        for name in reversed(parameters)
        if name and not is_tracking_parameter(name)
    )
    return {name.lower(): name for name in names}


def _escaped(text: str, unsafe: re.Pattern[str], *, plus: bool = False) -> str:
    """Return `text` with percent-encoding where `unsafe` wants it and nowhere else.

    Escapes of unreserved characters are resolved and those of others kept, in upper case. A
    `%` that begins no escape is encoded. With `plus`, a `+` stands for a space, as in forms.
    """
    if plus:
        text = text.replace("+", "%20")
    if "%" in text:
        # A kept escape becomes one lone surrogate meanwhile: the letters of "%3D" must not
        # join with a combining mark that follows.
        text = _composed(text, _ESCAPES.sub(_unescaped, text))
    return unsafe.sub(_escape, text)


#: Escapes of bytes are kept as U+DC00 + byte: ASCII that is not unreserved, and what is not
#: UTF-8 (old Vietnamese encodings), as `surrogateescape` does.
_KEPT = 0xDC00


def _unescaped(match: re.Match[str]) -> str:
    escapes = match[0]
    if escapes == "%":
        return chr(_KEPT + ord("%"))
    text = bytes.fromhex(escapes.replace("%", "")).decode("utf-8", "surrogateescape")
    return "".join(
        char if char in _UNRESERVED or char > "\x7f" else chr(_KEPT + ord(char)) for char in text
    )


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if _KEPT <= ord(char) <= _KEPT + 0xFF:
        return f"%{ord(char) - _KEPT:02X}"
    return "".join(f"%{byte:02X}" for byte in char.encode())


def _refusal(raw: str, fault: str, advice: str) -> InvalidInputError:
    shown = raw if len(raw) <= SHOWN_LENGTH else raw[:SHOWN_LENGTH] + "…"
    return InvalidInputError(
        "article {shown!r} {fault}: {advice}.", shown=shown, fault=fault, advice=advice
    )
