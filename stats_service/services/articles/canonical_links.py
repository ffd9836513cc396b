"""The canonical link of a page: which query parameters of its address tell no articles apart.

`<link rel="canonical">` is what a portal says of its own page, and templates say it wrongly: the
home page on every article, the address without its query where the query names the article, another
article's. So it is believed within bounds that keep two articles apart: the same site, the same
path, parameters left out and none altered, and of those only what looks like a source or a draw.
"""

import re
from collections.abc import Collection

from stats_service.errors import InvalidInputError
from stats_service.services.articles.keys import NONE, canonical_article

#: Paths that are programs: without their query they are no article.
_PROGRAM = re.compile(r"\.(?:php|aspx?|jspx?|do|cfm|cgi|pl)$", re.IGNORECASE)
#: Names by which systems find what to show, and in which language, whatever the value looks like.
# fmt: off
NAMING_PARAMETERS = frozenset({
    "a", "act", "action", "alias", "article", "bai", "c", "cat", "category", "chuyenmuc",
    "controller", "do", "id", "l", "la", "lang", "language", "locale", "m", "ma", "mod",
    "module", "mode", "muc", "name", "nv", "op", "option", "p", "page", "page_id", "post", "q",
    "s", "section", "sid", "slug", "t", "tab", "tag", "task", "tin", "title", "trang", "type",
    "url", "v", "view",
})
# fmt: on
#: Where a reader came from: `zalo`, `trang_chu`. Numbers, names with hyphens, GUIDs name articles.
_WORD = re.compile(r"[A-Za-z_]{1,20}")
#: What a network drew for one reader: letters and digits mixed, fewer hyphens than a GUID.
_DRAWN = re.compile(r"(?=(?:[^0-9]*[0-9]){2})(?=(?:[^A-Za-z]*[A-Za-z]){2})[A-Za-z0-9_.~-]{8,}")
#: From a letter to a digit or back: an article's own name (`tin2024`, `bai-7`) has few of these.
_CHANGE = re.compile(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
DRAWN_CHANGES = 3


def counted_key(key: str, canonical: str, parameters: tuple[str, ...]) -> str:
    """Return the key under which a page counts that names its canonical address.

    Args:
        key: That of the page's own address.
        canonical: URL in its canonical link, on a host of the site.
        parameters: `Site.article_parameters`. A site that names those that are kept, or `+name`,
            has decided.

    Returns:
        The key of the canonical address, or `key` if that is to be kept.
    """
    path, mark, query = key.partition("?")
    if not mark or not path.startswith("/") or canonical == "":
        return key
    if not _is_open(parameters):
        return key
    try:
        shorter = canonical_article(canonical, parameters)
    except InvalidInputError:
        return key
    other_path, _, other_query = shorter.partition("?")
    pairs, others = query.split("&"), other_query.split("&") if other_query else []
    left_out = [pair for pair in pairs if pair not in others]
    if other_path != path or len(left_out) + len(others) != len(pairs):
        return key
    if not others and (path == "/" or _PROGRAM.search(path)):
        return key
    wanted = _wanted(parameters)
    if all(_names_no_article(pair) and _name(pair) not in wanted for pair in left_out):
        return shorter
    return key


def left_out_names(key: str, counted: str) -> set[str]:
    """Return the names of the parameters, in lower case, that `key` has and `counted` has not."""
    return _names(key) - _names(counted)


def without_left_out(key: str, names: Collection[str], parameters: tuple[str, ...]) -> str:
    """Return the key of an article in a list, whose address has what canonical links leave out.

    Args:
        key: That of the address.
        names: What canonical links of the site were believed to leave out. Lower case.
        parameters: `Site.article_parameters`.
    """
    path, mark, query = key.partition("?")
    names = set(names) - _wanted(parameters)
    if not mark or not path.startswith("/") or not names or not _is_open(parameters):
        return key
    kept = [
        pair for pair in query.split("&") if _name(pair) not in names or not _names_no_article(pair)
    ]
    if not kept and (path == "/" or _PROGRAM.search(path)):
        return key
    return f"{path}?{'&'.join(kept)}" if kept else path


def _names_no_article(pair: str) -> bool:
    """Tell whether a parameter looks like a source or a draw, not like an article."""
    name, equals, value = pair.partition("=")
    if not equals or name.lower() in NAMING_PARAMETERS:
        return False
    return _WORD.fullmatch(value) is not None or looks_drawn(value)


def looks_drawn(value: str) -> bool:
    """Tell whether a value looks as if it had been drawn for one reader, such as `IwAR0x7Kd9…`."""
    return (
        value.count("-") < 2
        and _DRAWN.fullmatch(value) is not None
        and len(_CHANGE.findall(value)) >= DRAWN_CHANGES
    )


def _is_open(parameters: tuple[str, ...]) -> bool:
    """Tell whether a site leaves open which parameters tell its articles apart."""
    return parameters != NONE and (not parameters or parameters[0][0] in "+-")


def _wanted(parameters: tuple[str, ...]) -> set[str]:
    return {name[1:].lower() for name in parameters if name[0] == "+"}


def _names(key: str) -> set[str]:
    return {_name(pair) for pair in key.partition("?")[2].split("&")}


def _name(pair: str) -> str:
    return pair.partition("=")[0].lower()
