"""Checks of a portal's page: the report of the page, and the findings."""

from typing import Annotated

import msgspec

#: Outcomes of the page's own request for its numbers.
OUTCOMES = ("answered", "policy", "blocked", "unreadable", "refused")

#: Short texts of the page. They are only ever shown as text.
Name = Annotated[str, msgspec.Meta(max_length=80)]
Number = Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class InstallReport(msgspec.Struct, frozen=True):
    """What the checker found on a page, as the JSON body of `POST …/check`."""

    #: The id that the admin page put into the link; empty: the check began without a link.
    token: Annotated[str, msgspec.Meta(max_length=160)] = ""
    #: `vi` or `en`: the language of the findings.
    lang: Annotated[str, msgspec.Meta(pattern="^(vi|en)$")] = "vi"
    #: Version of the running script.
    version: Annotated[str, msgspec.Meta(pattern="^[0-9]{1,4}$")] = "0"
    #: Whether the snippet names this version and has its hash.
    pinned: bool = False
    integrity: bool = False
    #: Whether the core runs; otherwise the check was put on the page by hand.
    ran: bool = True
    #: The site in the snippet, from `data-site` or its address; empty: none.
    site: Name = ""
    #: Number of snippets on the page, and their sites.
    snippets: Number = 1
    sites: Annotated[tuple[Name, ...], msgspec.Meta(max_length=5)] = ()
    #: One of `OUTCOMES`.
    outcome: Annotated[str, msgspec.Meta(pattern="^[a-z]{1,12}$")] = "answered"
    #: HTTP status of a refusal.
    status: Annotated[int, msgspec.Meta(ge=0, le=999)] = 0
    #: Time from request to response, in milliseconds.
    milliseconds: Annotated[int, msgspec.Meta(ge=0, le=600_000)] = 0
    #: Views that the page sent during the check, and changes of its address.
    views: Number = 1
    moves: Number = 0
    #: Origin of the page that frames this one, as `PageQuery.frame`; and number of frames on it
    #: whose pages count by themselves.
    frame: Name | None = None
    frames: Number = 0
    #: Built-in functions that a library has replaced.
    patched: Annotated[tuple[Name, ...], msgspec.Meta(max_length=5)] = ()
    #: Whether the pixel for browsers without JavaScript was loaded, although there is JavaScript.
    pixel: bool = False
    #: Directives of the page's policy that blocked a part of the service.
    violations: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern="^[a-z-]{1,40}$")], ...],
        msgspec.Meta(max_length=10),
    ] = ()
    #: Age of the script since it left the service, in seconds; None if unknown.
    age: Annotated[int, msgspec.Meta(ge=0, le=10**9)] | None = None
    #: Hash of the script as the page received it; empty if the browser computes none.
    digest: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9+/=]{0,64}$")] = ""
    #: The browser is opted out; a program drives it; it stores nothing.
    out: bool = False
    bot: bool = False
    storeless: bool = False
    #: Key under which the page is counted; None: not an article.
    article: Annotated[str, msgspec.Meta(max_length=2048)] | None = None
    #: URL of its canonical link; empty: it has none, or what it says is believed.
    canonical: Annotated[str, msgspec.Meta(max_length=2048)] = ""
    #: Number of widgets, and elements that look like a widget but are none.
    widgets: Number = 0
    strangers: Annotated[tuple[Name, ...], msgspec.Meta(max_length=5)] = ()
    #: Widgets of an article without a name, of the most frequent kind; widgets with a name, the
    #: number of their articles, how many of these nobody has read, and the first of these.
    bare: Number = 0
    listed: Number = 0
    different: Number = 0
    unread: Number = 0
    unread_names: Annotated[tuple[Name, ...], msgspec.Meta(max_length=5)] = msgspec.field(
        name="unreadNames", default=()
    )
    #: What delays or combines scripts, by its traces on the page.
    optimisers: Annotated[tuple[Name, ...], msgspec.Meta(max_length=5)] = ()


class Sender(msgspec.Struct, frozen=True):
    """What the service saw of the request with a report."""

    #: Host of the page from `Origin`; empty if it has none.
    host: str
    #: Address of the sender, as far as trusted proxies report it; empty: unknown.
    address: str
    #: Number of entries in `X-Forwarded-For`.
    forwarded: int
    #: Why views of this sender are not counted; empty if they are.
    ignored: str
    #: Global Privacy Control or Do Not Track.
    private: bool


class InstallCheck(msgspec.Struct, frozen=True):
    """A report with what the service knows about it; stored for minutes, for the admin page."""

    #: Seconds since 1970.
    at: float
    report: InstallReport
    sender: Sender
    #: Whether the page's host is one of the site's.
    allowed: bool
    #: Query parameters of the page that are not part of the article's key.
    dropped: tuple[str, ...] = ()


class Finding(msgspec.Struct, frozen=True):
    """One thing that is right or wrong; `web.findings` has the words."""

    #: The subject; a stable code.
    code: str
    #: `bad`, `warn`, `info` or `good`.
    level: str
    #: Values for the words.
    values: dict[str, str | int] = {}
