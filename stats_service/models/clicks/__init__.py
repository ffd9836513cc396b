"""Clicks: documents, outgoing links, named actions."""

from datetime import date

import msgspec

#: Kinds of clicks, and the letters of their fields.
KINDS = {"document": "d", "outgoing": "o", "action": "a"}
#: The kind of clicks on documents.
DOCUMENT = "document"
#: Most names of each kind that a site keeps; beyond them a name with one click gives way.
NAMES_MAX = {"document": 5000, "outgoing": 500, "action": 50}
#: Reason, among those of views that were not counted, of clicks while Redis was away. One of them
#: may have been sent again in time, and counted.
CLICK_LOST = "click-lost"
#: Clicks of one day, by kind and name.
DayClicks = dict[str, dict[str, int]]


class ClickQuery(msgspec.Struct, frozen=True):
    """A click, as the script on a page sends it."""

    kind: str
    #: The document's URL or path, the host of an outgoing link, or the name of an action.
    name: str
    #: Random for each load of a page; a retry has the same.
    hit: str
    #: Whether the reader opted out of being counted.
    out: bool = False
    #: Where the page stands in a frame; as in a page view.
    frame: str | None = None
    #: Whether a program drives the browser.
    bot: bool = False
    #: Whether the click was sent before and got no answer.
    again: bool = False


class ClickCommand(msgspec.Struct, frozen=True):
    """A click that is to be recorded."""

    kind: str
    #: The document's canonical path, the host, or the action.
    name: str
    #: 8 bytes for the reader (or the load) and the name.
    mark: bytes
    #: The same of a visit that began yesterday; empty: none did.
    mark_before: bytes = b""


class ClickAnswer(msgspec.Struct, frozen=True):
    """What became of a click."""

    #: `counted`, `repeated`, `off` if the site counts no clicks of the kind, or why it was not
    #: counted, as of page views.
    outcome: str
    #: What the name has now, of all time; None: it was not counted, or has no number of its own.
    clicks: int | None = None


class Downloads(msgspec.Struct, frozen=True):
    """Documents by the names in the request, and how often each was opened."""

    downloads: dict[str, int]


class ClickedName(msgspec.Struct, frozen=True):
    """A document, a host or an action."""

    name: str
    clicks: int


class ClickKind(msgspec.Struct, frozen=True):
    """One kind of clicks of a span."""

    kind: str
    #: The most clicks first.
    names: tuple[ClickedName, ...]
    #: Clicks under names that are not listed, or gave way.
    other: int
    #: The sum of all of these.
    clicks: int


class ClickCounts(msgspec.Struct, frozen=True):
    """Clicks of a span, both ends included."""

    first: date
    last: date
    kinds: tuple[ClickKind, ...]
    #: Clicks that may be missing, because Redis was away.
    lost: int = 0
