"""Access logs, counted by the rules of live views as far as a log permits.

A log does not show whether a page became visible, nor who asked not to be tracked; and it contains
requests for pictures, styles and data, which a counting page never sends.
"""

import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import TypeVar
from urllib.parse import unquote
from zlib import crc32

import msgspec

from stats_service.errors import InvalidInputError
from stats_service.models.portability.legacy import ADDRESSES_TOLD
from stats_service.models.sites import Site
from stats_service.services.articles.keys import canonical_article
from stats_service.services.periods import FIRST_MOMENT, LAST_MOMENT
from stats_service.services.portability.legacy.formats.hit import UNREADABLE, Format, Hit
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.marks import PRINT_MASK
from stats_service.services.portability.legacy.told import Told
from stats_service.services.visitors.addresses import (
    canonical_address,
    in_networks,
    ipv6_48_prefix,
    network_prefix,
)
from stats_service.services.visitors.bots import is_bot
from stats_service.services.visitors.clients import client_lines
from stats_service.services.visitors.countries import NO_COUNTRIES, Countries
from stats_service.services.visitors.hosts import canonical_host

#: Number of readers, user agents, pages and tellings that are remembered, each.
REMEMBERED_MAX = 10_000
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
#: Reader, network and /48 as in `Reader`, and the line of the country.
_Reader = tuple[int, int, int, str]
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
    #: Views: second, mark, reader, network, /48, article, and which of `told` a visit tells that
    #: begins with it.
    views: list[tuple[int, int, int, int, int, str, int]] = []
    told: list[str] = []


class LogReader:
    """Reads lines of access logs.

    Args:
        site: the site whose settings apply.
        salt: the salt of the readers' pseudonyms.
        options: what the person states about the log.
        countries: where the readers' addresses are looked up.
    """

    def __init__(
        self, site: Site, salt: bytes, options: LogOptions, countries: Countries = NO_COUNTRIES
    ) -> None:
        self._site = site
        self._hosts = frozenset(site.hosts)
        self._salt = salt
        self._agents_wanted = not options.without_agents
        self._countries = countries
        self._told = Told(site, self._client_lines)
        self._readers: dict[tuple[str, str], _Reader] = {}
        #: User agents by themselves; bots' are empty.
        self._agents: dict[str, str] = {}
        self._clients: dict[str, tuple[str, str, str]] = {}
        self._pages: dict[str, tuple[str | None, str]] = {}
        self._tellings: dict[tuple[str | None, str, str, str], str] = {}

    def read(self, texts: Iterable[str], form: Format) -> LogPart:
        """Return what lines contain."""
        part = LogPart()
        ignored, parse, numbers = part.ignored, form.parse, dict[str, int]()
        for text in texts:
            hit = parse(text)
            if isinstance(hit, str):
                reason = hit
                part.lines += bool(hit)
            else:
                part.lines += 1
                reason = self._no_page(hit, part) or self._view(hit, part, form, numbers)
            if reason:
                ignored[reason] = ignored.get(reason, 0) + 1
        return part

    def _no_page(self, hit: Hit, part: LogPart) -> str:
        """Return why a request is not for a page by a reader; empty: it is."""
        at, _, method, path, status, agent, host, _ = hit
        if not FIRST_MOMENT <= at <= LAST_MOMENT:
            return UNREADABLE
        if method != "GET" or status not in ("200", "304"):
            return "no-page"
        if path[:1] != "/":
            host, path = _of_url(path, host)
        ending, _ = self._pages.get(path) or self._page(path)
        if ending is not None:
            if ending:
                _note(part.endings, ending)
            return "no-page"
        if not agent or agent == "-":
            if self._agents_wanted:
                return "no-user-agent"
        elif not (self._agents.get(agent) or self._agent(agent)):
            return "bot"
        if host and host != "-" and not self._is_ours(host):
            _note(part.hosts, host)
            return "host"
        return ""

    def _view(self, hit: Hit, part: LogPart, form: Format, numbers: dict[str, int]) -> str:
        """Add a view; or return why it does not count."""
        at, address, _, path, _, agent, _, referrer = hit
        if path[:1] != "/":
            path = _of_url(path, "")[1]
        agent = "" if agent == "-" else self._agents.get(agent, agent)
        if self._site.excluded and in_networks(
            canonical_address(first_address(address)), self._site.excluded
        ):
            return "excluded"
        who, network, ipv6_48, country = self._readers.get((address, agent)) or self._reader(
            address, agent
        )
        if len(part.networks) < ADDRESSES_TOLD:
            part.networks.add(network)
        query = path.partition("?")[2] if "?" in path and _CAMPAIGN.search(path) else ""
        telling = (_page_before(referrer) if form.referrers else None, query, agent, country)
        told = self._tellings.get(telling)
        if told is None:
            told = self._telling(telling)
        number = numbers.get(told)
        if number is None:
            number = numbers[told] = len(part.told)
            part.told.append(told)
        _, article = self._pages.get(path) or self._page(path)
        mark = crc32(f"{path}\0{agent}".encode("utf-8", "replace")) & PRINT_MASK
        part.views.append((int(at), mark, who, network, ipv6_48, article, number))
        return ""

    def _page(self, path: str) -> tuple[str | None, str]:
        """Return the ending as `no_page_ending` does, and the article's key."""
        ending, article = no_page_ending(path), ""
        if ending is None:
            with suppress(InvalidInputError):
                article = canonical_article(path, self._site.article_parameters)
        return _remembered(self._pages, path, (ending, article), len(path))

    def _agent(self, agent: str) -> str:
        """Return the user agent, always the same object; `""` for that of a bot."""
        if agent in self._agents:
            return ""
        return _remembered(self._agents, agent, "" if is_bot(agent) else agent, len(agent))

    def _client_lines(self, agent: str) -> tuple[str, str, str]:
        lines = self._clients.get(agent)
        if lines is None:
            lines = _remembered(self._clients, agent, client_lines(agent), len(agent))
        return lines

    def _telling(self, telling: tuple[str | None, str, str, str]) -> str:
        referrer, query, agent, country = telling
        told = self._told.by_request(referrer, query, agent, country=country)
        size = len(referrer or "") + len(query) + len(agent)
        return _remembered(self._tellings, telling, told, size)

    def _reader(self, address: str, agent: str) -> "_Reader":
        network, ipv6_48 = first_address(address), ""
        canonical = canonical_address(network)
        if not _IPV4.match(network):
            network = network_prefix(canonical) or network
            ipv6_48 = ipv6_48_prefix(canonical) if ":" in canonical else ""
        reader = (
            self._pseudonym(f"{network}\0{agent}", 8) >> 1,  # integers of SQLite are signed
            self._pseudonym(network, 4),
            self._pseudonym(f"/{ipv6_48}", 4) if ipv6_48 else 0,
            self._countries.line(canonical),
        )
        return _remembered(self._readers, (address, agent), reader, len(address) + len(agent))

    def _pseudonym(self, text: str, size: int) -> int:
        digest = blake2b(text.encode("utf-8", "replace"), digest_size=size, key=self._salt)
        return int.from_bytes(digest.digest())

    def _is_ours(self, host: str) -> bool:
        name = _canonical_host(host)
        # A server on a port of its own may appear with and without it.
        return name in self._hosts or name.partition(":")[0] in self._hosts


class LogContents:
    """What a log contains besides views."""

    __slots__ = ("endings", "hosts", "ignored", "lines", "networks")

    def __init__(self) -> None:
        self.lines = 0
        self.ignored: Counter[str] = Counter()
        #: Endings and hosts of the lines that were left out.
        self.endings: Counter[str] = Counter()
        self.hosts: Counter[str] = Counter()
        #: Pseudonyms of the networks that sent views, up to a maximum.
        self.networks: set[int] = set()

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


def _of_url(path: str, host: str) -> tuple[str, str]:
    """Return host and path of a request with a whole URL, as proxies get it."""
    match = _URL.match(path)
    if not match:
        return host, path
    return match[1], match[2] if match[2].startswith("/") else f"/{match[2]}"


def _page_before(referrer: str) -> str:
    """Return what counts of the address of the page before: its host, in usual ones."""
    if referrer in ("", "-"):
        return ""
    parts = referrer.split("/", 3)
    return parts[2] if len(parts) > 2 and parts[0][-1:] == ":" and not parts[1] else referrer


def _note(counted: dict[str, int], name: str) -> None:
    counted[name] = counted.get(name, 0) + 1


def _remembered(known: dict[_Key, _Value], key: _Key, value: _Value, size: int) -> _Value:
    """Remember a value of a key of `size` characters, and return it."""
    if size <= REMEMBERED_LENGTH:
        if len(known) >= REMEMBERED_MAX:
            known.clear()
        known[key] = value
    return value


@lru_cache(maxsize=1024)
def _canonical_host(host: str) -> str:
    try:
        return canonical_host(host.removesuffix(":80").removesuffix(":443"))
    except InvalidInputError:
        return ""
