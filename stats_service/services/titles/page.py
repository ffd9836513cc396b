"""The title of an HTML page, out of the beginning of it."""

import codecs
import re
from html.parser import HTMLParser
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
    match = _BODY.search(body)
    head = decoded(body[: match.start()] if match else body, content_type)
    parser = _Head()
    parser.feed(head)
    parser.close()
    for text in (parser.og_title, "".join(parser.title)):
        if title := title_text(text):
            return PageTitle(title, title_text(parser.site_name))
    return PageTitle("", "")


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


class _Head(HTMLParser):
    """Collects what a head says of the title."""

    def __init__(self) -> None:
        super().__init__()
        self.title: list[str] = []
        self.og_title = ""
        self.site_name = ""
        self._in_title = self._had_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title" and not self._had_title:
            self._in_title = self._had_title = True
        elif tag == "meta":
            found = {name: value or "" for name, value in reversed(attrs)}
            name = (found.get("property") or found.get("name", "")).strip().lower()
            if name == "og:title" and not self.og_title:
                self.og_title = found.get("content", "")
            elif name == "og:site_name" and not self.site_name:
                self.site_name = found.get("content", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)
