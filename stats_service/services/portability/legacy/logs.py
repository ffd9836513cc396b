"""Access logs, counted by the rules of live views as far as a log permits.

A log does not show whether a page became visible, nor who asked not to be tracked; and it contains
requests for pictures, styles and data, which a counting page never sends.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from itertools import count, islice
from typing import TypeVar
from urllib.parse import unquote
from zlib import crc32

import msgspec

from stats_service.errors import InvalidInputError
from stats_service.models.portability.legacy import ADDRESSES_KNOWN, ADDRESSES_TOLD
from stats_service.models.sites import Site
from stats_service.services.articles.keys import canonical_article
from stats_service.services.periods import FIRST_MOMENT, LAST_MOMENT
from stats_service.services.portability.legacy.formats.hit import UNREADABLE, Format, Quick
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.marks import PRINT_MASK
from stats_service.services.portability.legacy.rows import (
    CEILING_SECONDS,
    RUN,
    VIEW,
    Row,
    pack_rows,
)
from stats_service.services.portability.legacy.told import Client, Told
from stats_service.services.visitors.addresses import (
    canonical_address,
    in_networks,
    ipv6_48_prefix,
    network_prefix,
)
from stats_service.services.visitors.bots import is_bot
from stats_service.services.visitors.countries import NO_COUNTRIES, Countries
from stats_service.services.visitors.hosts import canonical_host

#: Characters of the readers, pages and user agents that are remembered, each of which counts
#: `REMEMBERED_EACH` more; and number of tellings.
READERS_REMEMBERED, PAGES_REMEMBERED, AGENTS_REMEMBERED = 2_000_000, 3_500_000, 2_000_000
REMEMBERED_EACH = 100
TELLINGS_REMEMBERED = 5_000
#: Longest text that is remembered, in characters.
REMEMBERED_LENGTH = 512
#: Number of endings and hosts that the report of left-out lines distinguishes.
NAMES_MAX = 1000

#: Endings of files that are not pages. All else is a page, because a slug may end in anything
#: (`/bao-cao-quy-1.2026`), and portals have endings of their own (`.vnp`, `.chn`).
# fmt: off
FILE_ENDINGS = frozenset({
    # pictures, audio, video
    "apng", "avi", "avif", "bmp", "cur", "flac", "flv", "gif", "heic", "ico", "jfif", "jpe", "jpeg",
    "jpg", "m3u8", "m4a", "m4s", "m4v", "mkv", "mov", "mp3", "mp4", "mpd", "mpeg", "mpg", "oga",
    "ogg", "ogv", "opus", "png", "svg", "svgz", "swf", "tif", "tiff", "ts", "vtt", "wav", "webm",
    "webp", "wma", "wmv",
    # styles, scripts, fonts, data
    "asc", "ashx", "asmx", "atom", "axd", "css", "csv", "eot", "geojson", "htc", "js", "json",
    "jsonp", "kml", "less", "map", "mjs", "otf", "rdf", "rss", "scss", "svc", "ttf", "txt", "vcf",
    "wasm", "webmanifest", "woff", "woff2", "wsdl", "xaml", "xap", "xml", "xsd", "xsl", "xslt",
    # documents and packages
    "7z", "apk", "bin", "bz2", "deb", "dll", "dmg", "doc", "docm", "docx", "dot", "dwg", "epub",
    "exe", "gz", "ics", "ipa", "iso", "jar", "mobi", "msi", "odp", "ods", "odt", "pdf", "pps",
    "ppsx", "ppt", "pptx", "prc", "ps", "psd", "rar", "rpm", "rtf", "tar", "tgz", "torrent", "war",
    "xls", "xlsb", "xlsm", "xlsx", "xz", "zip", "zst",
    # only scanners ask for these
    "bak", "cfg", "conf", "config", "db", "env", "git", "htaccess", "htpasswd", "inc", "ini", "key",
    "log", "mdb", "old", "orig", "pem", "py", "save", "sh", "sql", "sqlite", "swp", "toml", "yaml",
    "yml",
})
# fmt: on
_ENDING = re.compile(r"\.([A-Za-z0-9]{1,11})$")
#: Addresses without an ending that are not read by people.
_NO_PAGE = re.compile(r"/(?:feed|rss|atom|wp-json|wp-admin|wp-login\.php|xmlrpc\.php)(?:/|$|\?)")
_IPV4 = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\Z")
#: Parameters of campaigns and of clicks, and no others, are told.
_CAMPAIGN = re.compile(r"utm_|clid=", re.IGNORECASE)
#: Answers of a page that counts.
_ANSWERED = ("200", "304")
#: Reader, network and /48 as in `Reader`; the line of the country; the host in the line unless it
#: is the site's; whether the address is excluded.
_Reader = tuple[int, int, int, str, str, bool]
#: Of a request: whether it gets anything; the ending as `no_page_ending` gives it; the host of a
#: whole URL, as in `_Reader`, else None; the checksum of the path; the article; the query of a
#: campaign.
_Page = tuple[bool, str | None, str | None, int, str, str]
_OTHER_METHOD: _Page = (False, None, None, 0, "", "")
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_URL = re.compile(r"https?://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)


class LogPart(msgspec.Struct, array_like=True):
    """What a part of a log contains."""

    lines: int = 0
    #: Number of lines by the reason why each is no view.
    ignored: dict[str, int] = {}
    #: Number of lines by the endings and hosts for which they were left out.
    endings: dict[str, int] = {}
    hosts: dict[str, int] = {}
    #: Pseudonyms of the networks that sent views, up to a maximum.
    networks: set[int] = set()
    #: Views by half hour, as `pack_rows` packs them.
    views: dict[int, bytes] = {}
    #: What the log calls an article, by its key, if that is not the key.
    addresses: dict[str, str] = {}
    #: What visits tell and no part before it has, with the numbers that stand in the views.
    told: list[tuple[int, str]] = []


class LogReader:
    """Reads lines of access logs.

    Args:
        site: the site whose settings apply.
        salt: the salt of the readers' pseudonyms.
        options: what the person states about the log.
        countries: where the readers' addresses are looked up.
        numbers: gives the numbers of what visits tell.
    """

    def __init__(
        self,
        site: Site,
        salt: bytes,
        options: LogOptions,
        countries: Countries = NO_COUNTRIES,
        numbers: Iterator[int] | None = None,
    ) -> None:
        self._site = site
        self._hosts = frozenset(site.hosts)
        self._salt = salt
        self._agents_wanted = not options.without_agents
        self._countries = countries
        self._new_numbers = numbers or count(1)
        self._told = Told(site)
        self._readers = _Remembered[tuple[object, _Agent], _Reader](READERS_REMEMBERED)
        self._agents = _Remembered[str, _Agent](AGENTS_REMEMBERED)
        self._pages = _Remembered[tuple[str, str] | str, _Page](PAGES_REMEMBERED)
        self._none = _Agent("", "no-user-agent" if self._agents_wanted else "")
        #: Numbers of tellings: of all that a request tells.
        self._tellings: dict[tuple[tuple[str, str], Client, str], int] = {}
        self._numbers: dict[str, int] = {"": 0}
        #: New ones of `LogPart.addresses`.
        self._addresses: dict[str, str] = {}

    def read(self, texts: Iterable[str], form: Format, file: int = 0) -> LogPart:
        """Return what lines of a file contain."""
        part = LogPart(addresses=self._addresses)
        ignored, pages, views = part.ignored, self._pages, _Views(form, file)
        quick, parse = form.quick or _nothing_is_quick, form.parse
        for text in texts:
            hit = quick(text)
            page = (pages.get(hit[2]) or self._page(hit[2])) if hit else None
            if hit is None or page is None:
                parsed = parse(text)
                if isinstance(parsed, str):
                    if parsed:
                        part.lines += 1
                        _note(ignored, parsed)
                    continue
                request = parsed.method, parsed.path
                page = pages.get(request) or self._new_page(request, *request)
                hit = parsed.shared(request)
            part.lines += 1
            reason = self._no_page(hit, page, part) or self._view(hit, page, part, views)
            if reason:
                ignored[reason] = ignored.get(reason, 0) + 1
        self._addresses = {}
        part.views = {bucket: pack_rows(rows) for bucket, rows in views.rows.items()}
        return part

    def _no_page(self, hit: Quick, page: _Page, part: LogPart) -> str:
        """Return why a request is not for a page by a reader; empty: it is."""
        if not FIRST_MOMENT <= hit[0] <= LAST_MOMENT:
            return UNREADABLE
        if not page[0] or hit[3] not in _ANSWERED:
            return "no-page"
        ending = page[1]
        if ending is not None:
            if ending:
                _note(part.endings, ending)
            return "no-page"
        agent = hit[5]
        return (self._agents.get(agent) or self._agent(agent)).reason

    def _view(self, hit: Quick, page: _Page, part: LogPart, views: "_Views") -> str:
        """Add a view; or return why it does not count."""
        at, source, _, _, referrer, text = hit
        _, _, foreign, checksum, article, query = page
        agent = self._agents.get(text) or self._agent(text)
        who, network, ipv6_48, country, host, excluded = self._readers.get(
            (source, agent)
        ) or self._reader(source, agent, views.form)
        if foreign is None:
            foreign = host
        if foreign:
            _note(part.hosts, foreign)
            return "host"
        if excluded:
            return "excluded"
        if len(part.networks) < ADDRESSES_TOLD:
            part.networks.add(network)
        via = self._told.via(_page_before(referrer) if views.form.referrers else None, query)
        client = agent.client
        if client is None:
            client = agent.client = self._told.client(agent.text)
        told = self._tellings.get((via, client, country))
        if told is None:
            told = self._telling(via, client, country, part)
        mark = crc32(agent.encoded, checksum) & PRINT_MASK
        at = int(at)
        views.rows.setdefault(at // CEILING_SECONDS, []).append(
            (at, mark, views.file, who, network, ipv6_48, article, VIEW | RUN, told)
        )
        return ""

    def _page(self, request: tuple[str, str] | str) -> _Page | None:
        """Return what a request is for; None: a text that does not get a path."""
        if isinstance(request, tuple):
            return self._new_page(request, *request)
        if request[:5] != "GET /" or request[-9:-3] != " HTTP/":
            return None
        return self._new_page(request, "GET", request[4:-9])

    def _new_page(self, request: tuple[str, str] | str, method: str, path: str) -> _Page:
        host, bare = _of_url(path) if path[:1] != "/" else (None, path)
        page = _OTHER_METHOD
        if method == "GET":
            ending, article = no_page_ending(bare), ""
            foreign = None if host is None else self._foreign(host)
            if ending is None:
                with suppress(InvalidInputError):
                    article = canonical_article(bare, self._site.article_parameters)
                if article not in ("", bare):
                    self._addresses.setdefault(article, bare)
                query = bare.partition("?")[2] if "?" in bare and _CAMPAIGN.search(bare) else ""
                page = True, None, foreign, crc32(_encoded(f"{bare}\0")), article, query
            else:
                page = _no_page(ending)
        return self._pages.keep(request, page, len(path))

    def _agent(self, text: str) -> "_Agent":
        if not text or text == "-":
            return self._none
        return self._agents.keep(text, _Agent(text, "bot" if is_bot(text) else ""), len(text))

    def _telling(self, via: tuple[str, str], client: Client, country: str, part: LogPart) -> int:
        """Return the number of what a request tells; a new one is added to the part."""
        text = self._told.by_parts(via, client, country)
        number = self._numbers.get(text)
        if number is None:
            number = next(self._new_numbers)
            part.told.append((number, text))
            if len(self._numbers) >= TELLINGS_REMEMBERED:
                self._numbers = {"": 0}
            self._numbers[text] = number
        if len(self._tellings) >= TELLINGS_REMEMBERED:
            self._tellings.clear()
        self._tellings[via, client, country] = number
        return number

    def _reader(self, source: tuple[str, str] | str, agent: "_Agent", form: Format) -> _Reader:
        if isinstance(source, str):
            source_of = form.source_of
            address, host = source_of(source) if source_of else (source, "")
        else:
            address, host = source
        network, ipv6_48, canonical = first_address(address), "", ""
        is_ipv4 = bool(_IPV4.match(network))
        if not is_ipv4 or self._countries.is_known or self._site.excluded:
            canonical = canonical_address(network)
        if not is_ipv4:
            network = network_prefix(canonical) or network
            ipv6_48 = ipv6_48_prefix(canonical) if ":" in canonical else ""
        reader = (
            self._pseudonym(f"{network}\0{agent.text}", 8) >> 1,  # integers of SQLite are signed
            self._pseudonym(network, 4),
            self._pseudonym(f"/{ipv6_48}", 4) if ipv6_48 else 0,
            self._countries.line(canonical),
            self._foreign(host),
            bool(self._site.excluded) and in_networks(canonical, self._site.excluded),
        )
        if len(agent.text) > REMEMBERED_LENGTH:  # its object is of this line, and would be kept
            return reader
        return self._readers.keep((source, agent), reader, len(address) + len(host))

    def _pseudonym(self, text: str, size: int) -> int:
        digest = blake2b(_encoded(text), digest_size=size, key=self._salt)
        return int.from_bytes(digest.digest())

    def _foreign(self, host: str) -> str:
        """Return a host that is not the site's; empty: it is, or there is none."""
        if not host or host == "-":
            return ""
        name = _canonical_host(host)
        # A server on a port of its own may appear with and without it.
        ours = name in self._hosts or name.partition(":")[0] in self._hosts
        return "" if ours else host


class _Agent:
    """A user agent."""

    __slots__ = ("client", "encoded", "reason", "text")

    def __init__(self, text: str, reason: str) -> None:
        self.text = text
        self.encoded = _encoded(text)
        #: Why its lines do not count; empty: they do.
        self.reason = reason
        #: What it tells; None: nobody has asked yet.
        self.client: Client | None = None


class _Remembered(dict[_Key, _Value]):
    """What was worked out lately, as long as it has some number of characters together."""

    __slots__ = ("_characters", "_most")

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._characters = 0

    def keep(self, key: _Key, value: _Value, size: int) -> _Value:
        """Remember a value of a key of `size` characters, and return it."""
        if size <= REMEMBERED_LENGTH:
            if self._characters >= self._most:  # the older half goes
                for old in list(islice(self, len(self) // 2)):
                    del self[old]
                self._characters //= 2
            self._characters += size + REMEMBERED_EACH
            self[key] = value
        return value


class _Views:
    """The views of a file in a part, by half hour."""

    __slots__ = ("file", "form", "rows")

    def __init__(self, form: Format, file: int) -> None:
        self.form = form
        self.file = file
        self.rows: dict[int, list[Row]] = {}


class LogContents:
    """What a log contains besides views."""

    __slots__ = ("addresses", "endings", "hosts", "ignored", "lines", "networks")

    def __init__(self) -> None:
        self.lines = 0
        self.ignored: Counter[str] = Counter()
        #: Endings and hosts of the lines that were left out.
        self.endings: Counter[str] = Counter()
        self.hosts: Counter[str] = Counter()
        #: Pseudonyms of the networks that sent views, up to a maximum.
        self.networks: set[int] = set()
        #: What the log calls an article, by its key, if that is not the key.
        self.addresses: dict[str, str] = {}

    def add(self, part: LogPart) -> None:
        """Add the next part of the log."""
        self.lines += part.lines
        self.ignored.update(part.ignored)
        for counted, more in ((self.endings, part.endings), (self.hosts, part.hosts)):
            for name, number in more.items():
                if name in counted or len(counted) < NAMES_MAX:
                    counted[name] += number
        room = ADDRESSES_TOLD - len(self.networks)
        self.networks.update(islice(part.networks - self.networks, room))
        for article, address in part.addresses.items():
            if len(self.addresses) < ADDRESSES_KNOWN:
                self.addresses.setdefault(article, address)


def no_page_ending(path: str) -> str | None:
    """Return the ending of a file's address; "": no page without an ending; None: a page."""
    bare = path.partition("?")[0]
    last = bare.rpartition("/")[2]
    if "." in last or "%" in last:
        ending = _ENDING.search(unquote(last))
        if ending and ending[1].lower() in FILE_ENDINGS:
            return ending[1].lower()
    return "" if _NO_PAGE.search(path) else None


def first_address(text: str) -> str:
    """Return the reader's address in a list like X-Forwarded-For."""
    if "," not in text:
        return text
    return next(filter(canonical_address, text.split(",")), "").strip()


def _of_url(path: str) -> tuple[str | None, str]:
    """Return host and path of a request with a whole URL, as proxies get it."""
    match = _URL.match(path)
    if not match:
        return None, path
    return match[1], match[2] if match[2].startswith("/") else f"/{match[2]}"


def _page_before(referrer: str) -> str:
    """Return what counts of the address of the page before: its host, in usual ones."""
    if referrer in ("", "-"):
        return ""
    parts = referrer.split("/", 3)
    return parts[2] if len(parts) > 2 and parts[0][-1:] == ":" and not parts[1] else referrer


def _note(counted: dict[str, int], name: str) -> None:
    counted[name] = counted.get(name, 0) + 1


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _nothing_is_quick(_: str) -> None:
    """Stand for `Format.quick` of a format that has none."""


@lru_cache(maxsize=1024)
def _no_page(ending: str) -> _Page:
    """Return what a request is for that is for no page; one object for all with an ending."""
    return True, ending, None, 0, "", ""


@lru_cache(maxsize=1024)
def _canonical_host(host: str) -> str:
    try:
        return canonical_host(host.removesuffix(":80").removesuffix(":443"))
    except InvalidInputError:
        return ""
