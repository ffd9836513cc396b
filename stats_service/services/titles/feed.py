"""The titles in a feed: RSS, Atom, or a sitemap of news."""

import html
from collections.abc import Mapping
from typing import NamedTuple
from xml.parsers import expat

from stats_service.errors import InvalidInputError
from stats_service.services.traffic.titles import title_text

FEED_MAX_BYTES = 4 * 1024 * 1024
#: Items of a feed that are read; a sitemap of news has at most 1,000.
ITEMS_MAX = 2_000
#: Elements inside each other.
_DEPTH_MAX = 50
_TEXT_MAX = 4_000

_ATOM = "http://www.w3.org/2005/Atom"
_ITEMS = frozenset(("item", "entry", "url"))


class FeedItem(NamedTuple):
    """One article of a feed."""

    link: str
    title: str


def feed_items(body: bytes) -> list[FeedItem]:
    """Return the articles of a feed that have a link and a title.

    Raises:
        InvalidInputError: it is no feed, or declares entities, which no feed needs.
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = _refuse_entities
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise InvalidInputError("the feed is no XML: {error}", error=str(error)[:200]) from error
    if reader.root not in ("rss", "RDF", "feed", "urlset"):
        raise InvalidInputError(
            "the feed is a {root}: name an RSS or Atom feed, or a sitemap of news.",
            root=reader.root[:40] or "file without an element",
        )
    return reader.items


def _refuse_entities(*_: object) -> None:
    raise InvalidInputError("the feed declares entities, which are not read.")


class _Reader:
    def __init__(self) -> None:
        self.root = ""
        self.items: list[FeedItem] = []
        self._path: list[str] = []
        self._item: dict[str, str] | None = None
        self._item_depth = 0
        self._chunks: list[str] = []
        self._length = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        self.root = self.root or local
        self._path.append(local)
        if len(self._path) > _DEPTH_MAX:
            raise ValueError("too many elements inside each other")
        self._chunks, self._length = [], 0
        if local in _ITEMS and self._item is None:
            self._item, self._item_depth = {}, len(self._path)
        elif (
            self._item is not None
            and (space, local) == (_ATOM, "link")
            and attributes.get("rel", "alternate") == "alternate"
        ):
            self._item.setdefault("link", attributes.get("href", ""))

    def end(self, name: str) -> None:
        local = name.rpartition(" ")[2]
        text, depth = "".join(self._chunks).strip(), len(self._path)
        self._path.pop()
        self._chunks, self._length = [], 0
        item = self._item
        if item is None:
            return
        if depth == self._item_depth:
            title = title_text(html.unescape(item.get("title", "")))
            link = item.get("link") or item.get("guid", "")
            if title and link and len(self.items) < ITEMS_MAX:
                self.items.append(FeedItem(link, title))
            self._item = None
        elif text and (local in ("title", "link", "guid") and depth == self._item_depth + 1):
            item.setdefault(local, text)
        elif text and local == "loc" and depth == self._item_depth + 1:
            item.setdefault("link", text)
        elif text and local == "title" and self._path[-1:] == ["news"]:
            item.setdefault("title", text)

    def text(self, text: str) -> None:
        if self._item is not None and self._length < _TEXT_MAX:
            self._chunks.append(text)
            self._length += len(text)
