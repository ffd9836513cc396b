"""Access logs as servers write them: each kind of line is read, or refused by its name."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from stats_service.config import Settings
from stats_service.errors import InvalidInputError
from stats_service.models.portability.legacy import LegacySummary
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.work import Plan
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER

PLUS = BROWSER.replace(" ", "+")
DOUBLY = BROWSER.replace(" ", "%2520")
MINE = "kimson.example.vn"
CLF = f'192.0.2.1 - - [17/Feb/2026:10:05:03 +0700] "GET /tin/1 HTTP/1.1" 200 5 "-" "{BROWSER}"'

Read = Callable[..., LegacySummary]


@pytest.fixture
def read(services: Services, site: Site, tmp_path: Path) -> Read:
    """Give what imports contents as files of one command."""

    def import_them(*contents: str | bytes, names: tuple[str, ...] = (), **options: Any) -> Any:
        paths = []
        for number, content in enumerate(contents):
            path = tmp_path / (names[number] if names else f"{number}.log")
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            paths.append(path)
        plan = Plan(kind="access-log", log=LogOptions(**options))
        return services.portability.legacy.run(Source(site), paths, plan, FakeClock().now())

    return import_them


#: Each has one view of /tin/1 (or what is said) at 10:05:03 in Vietnam on 17 February 2026.
LINES: dict[str, tuple[str, dict[str, Any]]] = {
    "combined": (CLF, {}),
    "more behind": (f'{CLF} "198.51.100.7" 0.003 "-"', {}),
    "host in front": (f"{MINE} {CLF}", {}),
    "host and port in front": (f"KimSon.example.vn:8443 {CLF}", {}),
    "host in quotes": (f'"{MINE}" {CLF}', {}),
    "no host in front": (f"- {CLF}", {}),
    "host behind": (f'{CLF} "{MINE}"', {}),
    "host behind others": (f"{CLF} 0.003 {MINE} TLSv1.2", {}),
    "host second": (CLF.replace("192.0.2.1 -", f"192.0.2.1 {MINE}"), {}),
    "host behind the time": (CLF.replace('] "', f'] {MINE} "'), {}),
    "time taken behind the time": (CLF.replace('] "', '] (0 s) "'), {}),
    "user with spaces": (CLF.replace("- - [", "- Nguyễn Văn An ["), {}),
    "addresses in front": (f"192.0.2.1, 10.0.0.1, {CLF.replace('192.0.2.1', '10.0.0.2')}", {}),
    "syslog": (f"<190>Feb 17 10:05:04 web nginx: {CLF}", {}),
    "syslog of a host with dots": (f"Feb  7 10:05:04 web.example.org nginx[12]: {CLF}", {}),
    "journald with ISO time": (f"2026-02-17T10:05:04+07:00 web nginx[12]: {CLF}", {}),
    "containerd": (f"2026-02-17T03:05:03.123456789Z stdout F {CLF}", {}),
    "docker compose": (f"web_1  | {CLF}", {}),
    "time in front": (f"2026-02-17T03:05:03.123456789Z {CLF}", {}),
    "docker json": (
        json.dumps({"log": CLF + "\n", "stream": "stdout", "time": "2026-02-17T03:05:03Z"}),
        {},
    ),
    "ISO time": (CLF.replace("17/Feb/2026:10:05:03 +0700", "2026-02-17T10:05:03+07:00"), {}),
    "milliseconds": (CLF.replace(":03 +", ":03.250 +"), {}),
    "a day of one digit": (
        CLF.replace("17/Feb/2026:10:05:03 +0700", "17/Feb/2026:03:05:03 +0000"),
        {},
    ),
    "no zone": (
        CLF.replace(" +0700", ""),
        {"zone": "Asia/Ho_Chi_Minh"},
    ),
    "quotes in the referrer": (CLF.replace('"-"', '"http://x/?q="a b""'), {}),
    "escaped quotes": (CLF.replace('"-"', '"http://x/?q=\\"a\\""'), {}),
    "hexadecimal quotes": (CLF.replace('"-"', '"http://x/?q=\\x22a\\x22"'), {}),
    "quotes in the browser": (CLF.replace("Chrome", '\\"Chrome\\"'), {}),
    "common": (CLF.partition(' "-"')[0], {"without_agents": True}),
    "W3C of IIS": (
        (
            "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n"
            "#Date: 2026-02-17 03:00:00\n"
            "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip "
            "cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n"
            f"2026-02-17 03:05:03 10.0.0.1 GET /tin/1 - 443 - 192.0.2.1 {PLUS} - 200 0 0 46"
        ),
        {},
    ),
    "W3C with hosts, its fields said anew": (
        (
            "#Fields: date time cs-uri-stem\n"
            "2026-02-17 03:05:01 /anh.png\n"
            "#Software: Microsoft Internet Information Services 10.0\n"
            "#Fields: date time cs-host c-ip sc-status cs-method cs-uri-stem cs-uri-query "
            "cs(User-Agent)\n"
            f"2026-02-17 03:05:03 {MINE} 192.0.2.1 200 GET /tin/1 - {PLUS}\n"
            f"2026-02-17 03:05:03 other.example.vn 192.0.2.1 200 GET /tin/1 - {PLUS}"
        ),
        {},
    ),
    "W3C with the reader in a field of its own": (
        (
            "#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query cs(User-Agent) sc-status "
            "X-Forwarded-For\n"
            f"2026-02-17 03:05:03 10.0.0.1 GET /tin/1 - {PLUS} 200 192.0.2.1,+10.0.0.9"
        ),
        {"reader": "X-Forwarded-For"},
    ),
    "W3C of advanced logging": (
        (
            "#Fields:   date-local time-local   s-ip   cs-method cs-uri-stem cs-uri-query c-ip "
            "cs(User-Agent) cs(Host) sc-status\n"
            f'2026-02-17 10:05:03.363 10.0.0.1 GET /tin/1 - "192.0.2.1" "{BROWSER}" "{MINE}" 200'
        ),
        {"zone": "Asia/Ho_Chi_Minh"},
    ),
    "CloudFront": (
        (
            "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) "
            "cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query x-host-header\n"
            "2026-02-17\t03:05:03\tSIN2\t182\t192.0.2.1\tGET\td1.cloudfront.net\t/tin/1\t200\t-\t"
            f"{DOUBLY}\t-\t{MINE}"
        ),
        {},
    ),
    "ALB": (
        (
            "https 2026-02-17T03:05:03.186641Z app/my/50dc 192.0.2.1:2817 10.0.0.1:80 0.0 0 0 200 "
            f'200 34 366 "GET https://{MINE}:443/tin/1 HTTP/2.0" "{BROWSER}" ECDHE TLSv1.2 arn:x '
            '"Root=1" "-" "-" 0 2026-02-17T03:05:03.1Z "forward" "-" "-"'
        ),
        {},
    ),
    "classic ELB": (
        (
            "2026-02-17T03:05:03.186641Z my-elb 192.0.2.1:2817 10.0.0.1:80 0 0 0 200 200 0 29 "
            f'"GET http://{MINE}:80/tin/1 HTTP/1.1" "{BROWSER}" - -'
        ),
        {},
    ),
    "S3": (
        (
            "79a5 my-bucket [17/Feb/2026:03:05:03 +0000] 192.0.2.1 - 3E57 REST.GET.OBJECT tin/1 "
            f'"GET /tin/1 HTTP/1.1" 200 - 113 113 7 6 "-" "{BROWSER}" - x= SigV2'
        ),
        {},
    ),
    "HAProxy with captured headers": (
        (
            "Feb 17 10:05:04 lb haproxy[6801]: 192.0.2.1:55008 [17/Feb/2026:10:05:03.584] ft~ bk/a "
            f'0/0/0/72/72 200 7 - - ---- 5/4/0/1/0 0/0 {{{MINE}|{BROWSER}}} "GET /tin/1 HTTP/1.1"'
        ),
        {"zone": "Asia/Ho_Chi_Minh"},
    ),
    "HAProxy": (
        (
            "192.0.2.1:55008 [17/Feb/2026:10:05:03.584] ft bk/a 0/0/0/72/72 200 7456 - - ---- "
            '5/4/0/1/0 0/0 "GET /tin/1 HTTP/1.1"'
        ),
        {"zone": "Asia/Ho_Chi_Minh", "without_agents": True},
    ),
    "JSON of nginx": (
        json.dumps(
            {
                "time_iso8601": "2026-02-17T10:05:03+07:00",
                "remote_addr": "192.0.2.1",
                "request": "GET /tin/1 HTTP/1.1",
                "status": 200,
                "http_user_agent": BROWSER,
            }
        ),
        {},
    ),
    "JSON of Caddy": (
        json.dumps(
            {
                "ts": 1771297503.81,
                "request": {
                    "client_ip": "192.0.2.1",
                    "method": "GET",
                    "host": MINE,
                    "uri": "/tin/1",
                    "headers": {"User-Agent": [BROWSER]},
                },
                "status": 200,
            }
        ),
        {},
    ),
    "JSON of Traefik": (
        json.dumps(
            {
                "ClientHost": "192.0.2.1",
                "DownstreamStatus": 200,
                "RequestHost": MINE,
                "RequestMethod": "GET",
                "RequestPath": "/tin/1",
                "StartUTC": "2026-02-17T03:05:03.773360139Z",
                "request_User-Agent": BROWSER,
            }
        ),
        {},
    ),
    "JSON with the reader in a header": (
        json.dumps(
            {
                "time": "2026-02-17T10:05:03+07:00",
                "ip": "10.0.0.1",
                "X-Forwarded-For": "192.0.2.1, 10.0.0.7",
                "path": "/tin/1",
                "status": "200",
                "user_agent": BROWSER,
            }
        ),
        {"reader": "x-forwarded-for"},
    ),
    "the reader last": (
        CLF.replace("192.0.2.1", "10.0.0.1") + ' "192.0.2.1, 10.0.0.9"',
        {"reader": "last"},
    ),
    "LogFormat pasted": (
        f'{MINE}|192.0.2.1|[17/Feb/2026:10:05:03 +0700]|200|GET /tin/1 HTTP/1.1|"{BROWSER}"',
        {"pattern": 'LogFormat "%v|%a|%t|%>s|%r|\\"%{User-Agent}i\\"" mine'},
    ),
    "LogFormat with the reader in a header": (
        f'10.0.0.1 192.0.2.1, 10.0.0.9; [17/Feb/2026:10:05:03 +0700] /tin/1 ?a=1 200 "{BROWSER}"',
        {
            "pattern": '%h %{X-Forwarded-For}i; %t %U %q %>s "%{User-agent}i"',
            "reader": "X-Forwarded-For",
        },
    ),
    "log_format pasted": (
        f'1771297503.250 192.0.2.1 {MINE} "GET /tin/1 HTTP/2.0" 200 12 0.001 "{BROWSER}" MISS',
        {
            "pattern": "log_format main escape=default '$msec $remote_addr $host \"$request\" '\n"
            "    '$status $body_bytes_sent $request_time \"$http_user_agent\" $upstream_status';"
        },
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_is_one_view_at_its_time_by_its_reader(
    read: Read, redis_client: redis.Redis, settings: Settings, name: str
) -> None:
    """The same page, minute and reader, however the server writes it."""
    line, options = LINES[name]

    found = read(f"{line}\n", **options)

    assert (found.views, found.visits, found.articles) == (1, 1, 1), found
    keys = SiteKeys(settings.key_prefix, "kimson")
    assert redis_client.hgetall(keys.hours("2026-02-17")) == {"views:10": "1", "visits:10": "1"}
    (article,) = redis_client.zrange(keys.articles, 0, -1)
    assert article.startswith("/tin/1")


def test_the_same_line_in_two_formats_is_known(read: Read) -> None:
    """Somebody has changed the format of the log, and kept both files."""
    read(f"{CLF}\n")

    again = read(LINES["JSON of nginx"][0] + "\n", names=("other.json",))

    assert (again.known, again.known_views) == (True, 1)


@pytest.mark.parametrize(
    ("name", "field"),
    [("the reader last", "last"), ("W3C with the reader in a field of its own", "")],
)
def test_the_reader_is_who_the_field_says(read: Read, name: str, field: str) -> None:
    """Two readers behind one proxy are two; without the field they are one, and that is said."""
    line, options = LINES[name]
    head, _, last = line.rpartition("\n")
    lines = [last.replace("192.0.2.1", f"192.0.2.{n}") for n in range(1, 121)]
    text = "\n".join([head, *lines] if head else lines)

    assert read(text, **options).visits == 120
    apart = read(text.replace("/tin/1", "/tin/2"), names=("b.log",))
    assert (apart.visits, apart.files[0].addresses) == (1, 1)


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "BOM": lambda data: b"\xef\xbb\xbf" + data,
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "UTF-16 big": lambda data: b"\xfe\xff" + data.decode().encode("utf-16-be"),
    "UTF-16 in gzip": lambda data: gzip.compress(data.decode().encode("utf-16")),
    "CRLF": lambda data: data.replace(b"\n", b"\r\n"),
}


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a zip of files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("how", PACKED)
def test_files_however_packed(read: Read, how: str) -> None:
    """The digest and the lines are those of what is in them."""
    text = f"{CLF}\n{CLF.replace('/tin/1', '/tin/2')}\n".encode()

    found = read(PACKED[how](text), names=("whatever.bin",))

    assert (found.views, found.lines, found.ignored) == (2, 2, {})


def test_a_zip_of_many_logs_is_one_import(read: Read, services: Services) -> None:
    """Hundreds of daily files of IIS, with folders and what macOS puts beside them."""
    head = LINES["W3C of IIS"][0].rpartition("\n")[0]
    days = {
        f"W3SVC1/u_ex2602{day:02d}.log": (
            f"{head}\n2026-02-{day:02d} 03:05:03 10.0.0.1 GET /tin/{day} - 443 - 192.0.2.1 {PLUS} "
            "- 200 0 0 4\n"
        ).encode()
        for day in range(1, 29)
    }
    junk = {"__MACOSX/W3SVC1/._u_ex260201.log": b"\0\0", "W3SVC1/.DS_Store": b"\0"}
    inside = {"W3SVC1/old.log.gz": gzip.compress(f"{CLF}\n".encode())}

    found = read(zipped(days | junk | inside), names=("logs.zip",))

    assert (found.views, found.visits, found.days, len(found.files)) == (29, 28, 28, 29)
    assert {file.format for file in found.files} == {"w3c", "combined"}
    (file,) = services.portability.legacy.files("kimson")
    assert len(file.files) == 29
    services.portability.legacy.undo("kimson", "u_ex260203.log", FakeClock().now())
    assert services.portability.legacy.files("kimson") == []


def tar_of(name: str) -> bytes:
    """Return a tar with one file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as packed:
        packed.addfile(tarfile.TarInfo(name))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (b"7z\xbc\xaf\x27\x1c" + b"\0" * 40, {}, r"0\.log is packed as 7z: unpack it"),
        (b"Rar!\x1a\x07" + b"\0" * 40, {}, "packed as RAR"),
        (tar_of("a.log"), {}, "packed as tar"),
        (gzip.compress(CLF.encode())[:-12], {}, r"0\.log is cut off"),
        (zipped({"[Content_Types].xml": b"<x/>"}), {}, "file of Excel: export"),
        (zipped({"a.log": b"x"})[:-30], {}, r"0\.log cannot be read"),
        ("2026/02/17 10:05:03 [error] 12#12: *1 open() failed\n", {}, r"error\.log \(nginx\)"),
        ("[Tue Feb 17 10:05:03.1 2026] [core:error] [pid 1] x\n", {}, r"error\.log \(Apache\)"),
        (
            "#Fields: date time c-ip c-port s-reason\n2026-02-17 03:05:03 192.0.2.1 1 Timer\n",
            {},
            "HTTPERR",
        ),
        (
            "192.0.2.1, -, 2/17/2026, 10:05:03, W3SVC1, SRV, 10.0.0.1, 4, 1, 3, 200, 0, GET, /a,\n",
            {},
            "IIS's own format.*W3C",
        ),
        ('{"level":"info","msg":"started"}\n', {}, "looks like JSON"),
        ("<html><body>\n", {}, "looks like HTML"),
        ("date,visits,pageviews\n2026-02-17,1,1\n", {}, "looks like CSV.*say what wrote it"),
        ("just text\nand more\n", {}, "no access log that is known"),
        (CLF.partition(' "-"')[0], {}, "with which browser.*--without-agents"),
        (CLF.replace(" +0700", ""), {}, "times have no zone.*--zone"),
        (CLF, {"pattern": "%h %t"}, "has no status"),
        (CLF, {"pattern": '%a %t "%r" %s'}, r"0\.log: none of its 1 lines"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_name(
    read: Read, services: Services, content: str | bytes, options: dict[str, Any], said: str
) -> None:
    """With what it looks like and what to do; never with an address."""
    with pytest.raises(InvalidInputError, match=said) as raised:
        read(content, **options)

    assert "192.0.2.1" not in str(raised.value)
    assert services.portability.legacy.files("kimson") == []


def test_a_quiet_day_does_not_stop_a_series(read: Read) -> None:
    """Requests that were broken off, another protocol, an empty file, a head without lines."""
    quiet = CLF.partition(' "GET')[0]
    junk = "".join(
        f'{quiet} "{request}" 400 226 "-" "-"\n' for request in ("-", "\\x16\\x03\\x01\\x02", "")
    )
    head = LINES["W3C of IIS"][0].rpartition("\n")[0] + "\n"

    found = read(junk, "", head, f"{CLF}\n")

    assert (found.views, found.ignored) == (1, {"no-page": 3})
    assert [file.lines for file in found.files] == [3, 0, 0, 1]


def test_requests_for_whole_addresses(read: Read) -> None:
    """Those of other hosts are probes for an open proxy; those of the site's own are views."""
    texts = ("http://www.google.com/", "http://5.188.210.101/echo.php", f"http://{MINE}", "/tin/1")

    found = read("".join(CLF.replace("/tin/1", text) + "\n" for text in texts))

    assert (found.views, found.articles, found.ignored) == (2, 2, {"host": 2})
    assert found.files[0].hosts == {"www.google.com": 1, "5.188.210.101": 1}


def test_one_article_however_its_letters_are_written(
    read: Read, redis_client: redis.Redis, settings: Settings
) -> None:
    """As bytes that Apache or nginx escapes, as a URL has them, or as they are."""
    paths = (
        "/tin-tức/họp-dân",
        "/tin-t%E1%BB%A9c/h%E1%BB%8Dp-d%C3%A2n",
        "/tin-t%e1%bb%a9c/h%e1%bb%8dp-d%c3%a2n/",
        "/tin-t\\xE1\\xBB\\xA9c/h\\xE1\\xBB\\x8Dp-d\\xC3\\xA2n",
        "/tin-t\\xe1\\xbb\\xa9c/h\\xe1\\xbb\\x8dp-d\\xc3\\xa2n",
    )

    found = read("".join(CLF.replace("/tin/1", path) + "\n" for path in paths))

    assert (found.views, found.articles) == (5, 1)
    articles = redis_client.zrange(SiteKeys(settings.key_prefix, "kimson").articles, 0, -1)
    assert articles == ["/tin-t%E1%BB%A9c/h%E1%BB%8Dp-d%C3%A2n"]


def test_pages_are_what_is_not_known_as_a_file(read: Read) -> None:
    """Slugs and the endings of portals count; the endings of files are listed."""
    pages = (
        "/bao-cao-quy-1.2026",
        "/1.vnp",
        "/a.chn",
        "/x.do",
        "/nghi-dinh-15.2020.nd-cp",
        "/a.html",
    )
    files = ("/a.jpg", "/b.JPG", "/c.pdf", "/d.css?v=1", "/e.axd", "/feed/", "/wp-json/x")

    found = read("".join(CLF.replace("/tin/1", path) + "\n" for path in (*pages, *files)))

    assert (found.views, found.ignored) == (len(pages), {"no-page": len(files)})
    assert found.files[0].endings == {"jpg": 2, "pdf": 1, "css": 1, "axd": 1}


@pytest.mark.parametrize("turned", [False, True])
def test_the_order_of_files_does_not_matter(read: Read, turned: bool) -> None:
    """The shell names rotated logs newest first: ceilings and visits follow the lines' times."""
    days = [
        "".join(
            CLF.replace("17/Feb/2026:10:05:03", f"{day}/Feb/2026:10:{n // 60:02d}:{n % 60:02d}")
            + "\n"
            for n in range(0, 3600, 2)
        )
        for day in (17, 18, 19)
    ]

    found = read(*(reversed(days) if turned else days))

    assert (found.views, found.visits, found.ignored) == (5400, 3, {})
