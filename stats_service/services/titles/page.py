"""The title of an HTML page, out of the beginning of it."""

import codecs
import html
import re
from typing import NamedTuple

from stats_service.services.traffic.titles import title_text

#: Bytes of a page that are read; its head is in there.
PAGE_MAX_BYTES = 256 * 1024
#: Where a head ends.
_BODY = re.compile(rb"</head|<body", re.IGNORECASE)
_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([a-z0-9_:.-]{2,40})", re.IGNORECASE
)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([a-z0-9_:.-]{2,40})", re.IGNORECASE)
#: As browsers read these names.
_ALIASES = {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "x-cp1258": "cp1258",
    "windows-1258": "cp1258",
}
#: The beginning of a tag, and the parts of it, as browsers take them apart.
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_NAME = re.compile(r"[\s/]*([^\s/>][^\s/>=]*)")
_EQUALS = re.compile(r"\s*=\s*")
_UNQUOTED = re.compile(r"[^\s>]+")
_COMMENT_END = re.compile(r"--!?>")
#: Elements that hold text alone, up to their own end.
_RAW = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("title", "script", "style", "textarea", "noframes", "iframe", "xmp")
}
#: Longest text of which entities are replaced.
_RAW_TEXT_MAX = 4_000
#: What stands between the title of an article and the name of the site.
_DASHES = (" - ", " | ", " – ", " — ", " :: ", " » ", " · ", " • ")
#: Titles of pages that are not there, with which servers answer 200.
_MISSING = re.compile(
    r"(?:(?:lỗi|error|http)\W*)?(?:404|410)\b.{0,60}"
    r"|(?:page |trang )?(?:was )?not found|không tìm thấy(?: (?:trang|nội dung|bài viết))?(?: này)?"
    r"|(?:trang|bài viết|nội dung)(?: này)? không (?:tồn tại|tìm thấy)",
    re.IGNORECASE,
)


class PageTitle(NamedTuple):
    """What a page says of itself."""

    title: str
    #: `og:site_name`; empty: none.
    site_name: str


def has_head(body: bytes) -> bool:
    """Tell whether the whole head of a page is there."""
    return _BODY.search(body) is not None


def page_title(body: bytes, content_type: str) -> PageTitle:
    """Return the `og:title` of a page, else its `<title>`, as plain text; empty if there is none.

    Args:
        body: the beginning of the page.
        content_type: the header of that name.

    Raises:
        UnicodeError: the page is in no encoding that is known here.
    """
    head = _Head(decoded(body, content_type))
    title = title_text(head.og_title) or title_text(head.title)
    return PageTitle(title, title_text(head.site_name))


def without_site_name(title: str, names: tuple[str, ...]) -> str:
    """Return a title without the name of the site behind or before it."""
    folded = title.casefold()
    for name in filter(None, names):
        for dash in _DASHES:
            tail, front = f"{dash}{name}".casefold(), f"{name}{dash}".casefold()
            if folded.endswith(tail) and len(folded) == len(title) > len(tail):
                return title[: -len(tail)].rstrip()
            if folded.startswith(front) and len(folded) == len(title) > len(front):
                return title[len(front) :].lstrip()
    return title


def says_missing(title: str) -> bool:
    """Tell whether a title is that of a page that is not there."""
    return _MISSING.fullmatch(title.strip(" .!-–")) is not None


def decoded(body: bytes, content_type: str) -> str:
    """Return the text of a page by its byte order mark, UTF-8, the header, or its own word.

    What is valid UTF-8 with letters beyond ASCII is UTF-8, whatever it says of itself.

    Raises:
        UnicodeError: none of them fits.
    """
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if body.startswith(mark):
            return body[len(mark) if name == "utf-8" else 0 :].decode(name, "replace")
    try:
        # The end may be in the middle of a letter.
        return codecs.getincrementaldecoder("utf-8")().decode(body)
    except UnicodeDecodeError:
        pass
    header = _HEADER_CHARSET.search(content_type)
    meta = _CHARSET.search(body[:4096])
    declared = (header[1] if header else meta[1].decode() if meta else "windows-1258").lower()
    name = _ALIASES.get(declared, declared)
    try:
        return body.decode(name, "replace")
    except LookupError as error:
        raise UnicodeError(f"the encoding {declared} is not known here") from error


class _Head:
    """What a head says of the title, read in one pass: the time grows with its length alone.

    As browsers do it: comments, scripts and attributes are told apart, and what is not closed
    swallows the rest.
    """

    def __init__(self, text: str) -> None:
        self.title = self.og_title = self.site_name = ""
        self._text = text
        at = 0
        while (at := text.find("<", at)) >= 0 and (at := self._markup(at)) >= 0:
            pass

    def _markup(self, at: int) -> int:
        """Read what begins with the `<` at this place; return where it ends, -1: read no more."""
        text = self._text
        if text.startswith("<!--", at):
            comment = _COMMENT_END.search(text, at + 2)
            return comment.end() if comment else -1
        if text.startswith(("<!", "<?"), at):
            return text.find(">", at)
        tag = _TAG.match(text, at)
        if not tag:
            return at + 1
        name = tag[2].lower()
        if (name == "body" and not tag[1]) or (name == "head" and tag[1]):
            return -1
        end, attributes = self._attributes(tag.end())
        if end < 0 or tag[1]:
            return end
        if name == "meta":
            self._meta(attributes)
        if name not in _RAW:
            return end
        close = _RAW[name].search(text, end)
        if not close:
            return -1
        if name == "title":
            self.title = self.title or _unescaped(text[end : close.start()])
        return close.start()

    def _attributes(self, at: int) -> tuple[int, dict[str, str]]:
        """Return where a tag ends, -1 if it does not, and its attributes."""
        text, found = self._text, dict[str, str]()
        while True:
            name = _NAME.match(text, at)
            if not name:
                end = text.find(">", at)
                return (end + 1 if end >= 0 else -1), found
            at, value = name.end(), ""
            if equals := _EQUALS.match(text, at):
                at = equals.end()
                quote = text[at : at + 1]
                if quote in ("'", '"'):
                    end = text.find(quote, at + 1)
                    if end < 0:
                        return -1, found
                    value, at = text[at + 1 : end], end + 1
                elif unquoted := _UNQUOTED.match(text, at):
                    value, at = unquoted[0], unquoted.end()
            found.setdefault(name[1].lower(), value)

    def _meta(self, attributes: dict[str, str]) -> None:
        name = (attributes.get("property") or attributes.get("name", "")).strip().lower()
        content = _unescaped(attributes.get("content", ""))
        if name == "og:title":
            self.og_title = self.og_title or content
        elif name == "og:site_name":
            self.site_name = self.site_name or content


def _unescaped(text: str) -> str:
    return html.unescape(text[:_RAW_TEXT_MAX])
