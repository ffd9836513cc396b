"""Checks of a portal's page: what the page tells of itself, and what is made of it."""

from typing import Annotated

import msgspec

#: What became of the page's own request for its numbers.
OUTCOMES = ("answered", "policy", "blocked", "unreadable", "refused")

#: Short texts of the page. They are shown as text and nowhere else.
Name = Annotated[str, msgspec.Meta(max_length=80)]
Number = Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class InstallReport(msgspec.Struct, frozen=True):
    """What the checker found on a page, as the JSON body of `POST …/check`."""

    #: What the admin page put into the link; empty: the check began without one.
    token: Annotated[str, msgspec.Meta(max_length=160)] = ""
    #: `vi` or `en`: the language of the findings.
    lang: Annotated[str, msgspec.Meta(pattern="^(vi|en)$")] = "vi"
    #: Version of the script that runs.
    version: Annotated[str, msgspec.Meta(pattern="^[0-9]{1,4}$")] = "0"
    #: The snippet names this version, and has its hash.
    pinned: bool = False
    integrity: bool = False
    #: The core runs; otherwise the check was put on the page by hand.
    ran: bool = True
    #: The site that the snippet names, by `data-site` or in its address; empty if it names none.
    site: Name = ""
    #: Snippets on the page, and the sites that they name.
    snippets: Number = 1
    sites: Annotated[tuple[Name, ...], msgspec.Meta(max_length=5)] = ()
    #: One of `OUTCOMES`.
    outcome: Annotated[str, msgspec.Meta(pattern="^[a-z]{1,12}$")] = "answered"
    #: HTTP status of an answer that refuses.
    status: Annotated[int, msgspec.Meta(ge=0, le=999)] = 0
    #: From the question to its answer, in milliseconds.
    milliseconds: Annotated[int, msgspec.Meta(ge=0, le=600_000)] = 0
    #: Views that the page sent while it was watched, and changes of its address.
    views: Number = 1
    moves: Number = 0
    #: Origin of the page that frames this one, as `PageQuery.frame`; and how many frames on it show
    #: pages that count by themselves.
    frame: Name | None = None
    frames: Number = 0
    #: Parts of the language that a library has replaced.
    patched: Annotated[tuple[Name, ...], msgspec.Meta(max_length=5)] = ()
    #: The pixel for browsers without JavaScript was loaded, although there is JavaScript.
    pixel: bool = False
    #: Directives of the page's policy that stopped something of the service's.
    violations: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern="^[a-z-]{1,40}$")], ...],
        msgspec.Meta(max_length=10),
    ] = ()
    #: Seconds since the script left the service; None if that cannot be told.
    age: Annotated[int, msgspec.Meta(ge=0, le=10**9)] | None = None
    #: The script's hash as the page gets it; empty where the browser computes none.
    digest: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9+/=]{0,64}$")] = ""
    #: The browser was told not to count; a program drives it; it stores nothing.
    out: bool = False
    bot: bool = False
    storeless: bool = False
    #: Key that the page is counted under; None: not an article.
    article: Annotated[str, msgspec.Meta(max_length=2048)] | None = None
    #: URL of its canonical link; empty: it has none, or what it says is believed.
    canonical: Annotated[str, msgspec.Meta(max_length=2048)] = ""
    #: Widgets, and elements that look like one and are none.
    widgets: Number = 0
    strangers: Annotated[tuple[Name, ...], msgspec.Meta(max_length=5)] = ()
    #: Widgets of an article that name none, of the kind that has most; widgets that name one, how
    #: many articles that are, how many of them nobody has read, and the first of these.
    bare: Number = 0
    listed: Number = 0
    different: Number = 0
    unread: Number = 0
    unread_names: Annotated[tuple[Name, ...], msgspec.Meta(max_length=5)] = msgspec.field(
        name="unreadNames", default=()
    )
    #: What holds scripts back or joins them, by the marks on the page.
    optimisers: Annotated[tuple[Name, ...], msgspec.Meta(max_length=5)] = ()


class Sender(msgspec.Struct, frozen=True):
    """What the service itself saw of the request that brought a report."""

    #: Host of the page, as browsers write it in `Origin`; empty if that is none.
    host: str
    #: Where the request came from, as far as our own proxies are believed; empty: unknown.
    address: str
    #: Entries of `X-Forwarded-For`.
    forwarded: int
    #: Why views of this sender are not counted; empty if they are.
    ignored: str
    #: Global Privacy Control or Do Not Track.
    private: bool


class InstallCheck(msgspec.Struct, frozen=True):
    """One report with what the service knows of it; kept for minutes, for the admin page."""

    #: Seconds since 1970.
    at: float
    report: InstallReport
    sender: Sender
    #: Whether the site knows the page's host.
    allowed: bool
    #: Names of the query parameters of the page's article that are not part of its key.
    dropped: tuple[str, ...] = ()


class Finding(msgspec.Struct, frozen=True):
    """One thing that is right or wrong; its words are in `web.findings`."""

    #: What it is about; stable.
    code: str
    #: `bad`, `warn`, `info` or `good`.
    level: str
    #: What the words want to name.
    values: dict[str, str | int] = {}
