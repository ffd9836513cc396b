"""Access logs, counted by the rules of live views as far as a log permits.

A log does not show whether a page became visible, nor who asked not to be tracked; and it contains
requests for pictures, styles and data, which a counting page never sends.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from urllib.parse import unquote

from stats_service.errors import InvalidInputError
from stats_service.models.portability.legacy import ADDRESSES_TOLD
from stats_service.models.sites import Site
from stats_service.services.articles.keys import canonical_article
from stats_service.services.periods import FIRST_MOMENT, LAST_MOMENT
from stats_service.services.portability.legacy.formats.hit import UNREADABLE, Format, Hit
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.lines import Line, Lines
from stats_service.services.portability.legacy.marks import Reader, print_of
from stats_service.services.visitors.addresses import (
    canonical_address,
    in_networks,
    ipv6_48_prefix,
    network_prefix,
)
from stats_service.services.visitors.bots import is_bot
from stats_service.services.visitors.hosts import canonical_host

#: Number of readers whose pseudonyms are cached.
READERS_MAX = 20_000
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
_URL = re.compile(r"https?://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)


class LogReader:
    """Reads lines of access logs.

    Args:
        site: the site whose settings apply.
        salt: the salt of the readers' pseudonyms.
        options: what the person states about the log.
    """

    def __init__(self, site: Site, salt: bytes, options: LogOptions) -> None:
        self._site = site
        self._hosts = frozenset(site.hosts)
        self._salt = salt
        self._agents_wanted = not options.without_agents
        self._readers: dict[tuple[str, str], Reader] = {}

    def read(self, texts: Iterable[str], form: Format, number: int, lines: Lines) -> "LogContents":
        """Add every view in file `number` to `lines`; return what else the file contains."""
        found = LogContents()
        ignored, parse = found.ignored, form.parse
        for text in texts:
            hit = parse(text)
            if isinstance(hit, str):
                if hit:
                    found.lines += 1
                    ignored[hit] += 1
                continue
            found.lines += 1
            reason = self._hit(hit, number, lines, found)
            if reason:
                ignored[reason] += 1
        return found

    def _hit(self, hit: Hit, number: int, lines: Lines, found: "LogContents") -> str:
        """Add a view; or return why the request is not one."""
        at, address, method, path, status, agent, host = hit
        if not FIRST_MOMENT <= at <= LAST_MOMENT:
            return UNREADABLE
        if method != "GET" or status not in ("200", "304"):
            return "no-page"
        if path[:1] != "/":
            host, path = _of_url(path, host)
        reason = self._no_page(path, agent, host, found)
        if reason:
            return reason
        if agent == "-":
            agent = ""
        if self._site.excluded and in_networks(
            canonical_address(first_address(address)), self._site.excluded
        ):
            return "excluded"
        reader = self._readers.get((address, agent)) or self._reader(address, agent)
        if len(found.networks) < ADDRESSES_TOLD:
            found.networks.add(reader.network)
        try:
            article = canonical_article(path, self._site.article_parameters)
        except InvalidInputError:
            article = ""
        lines.add(Line(int(at), print_of(path, agent), number, *reader, article))
        return ""

    def _no_page(self, path: str, agent: str, host: str, found: "LogContents") -> str:
        """Return why the request was not for a page, or an empty text."""
        ending = no_page_ending(path)
        if ending is not None:
            if ending:
                _note(found.endings, ending)
            return "no-page"
        if not agent or agent == "-":
            if self._agents_wanted:
                return "no-user-agent"
        elif is_bot(agent):
            return "bot"
        if host and host != "-" and not self._is_ours(host):
            _note(found.hosts, host)
            return "host"
        return ""

    def _reader(self, address: str, agent: str) -> Reader:
        network, ipv6_48 = first_address(address), ""
        if not _IPV4.match(network):
            canonical = canonical_address(network)
            network = network_prefix(canonical) or network
            ipv6_48 = ipv6_48_prefix(canonical) if ":" in canonical else ""
        reader = Reader(
            self._pseudonym(f"{network}\0{agent}", 8) >> 1,  # integers of SQLite are signed
            self._pseudonym(network, 4),
            self._pseudonym(f"/{ipv6_48}", 4) if ipv6_48 else 0,
        )
        if len(self._readers) >= READERS_MAX:
            self._readers.clear()
        self._readers[address, agent] = reader
        return reader

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


def _note(counted: Counter[str], name: str) -> None:
    if name in counted or len(counted) < NAMES_MAX:
        counted[name] += 1


@lru_cache(maxsize=1024)
def _canonical_host(host: str) -> str:
    try:
        return canonical_host(host.removesuffix(":80").removesuffix(":443"))
    except InvalidInputError:
        return ""
