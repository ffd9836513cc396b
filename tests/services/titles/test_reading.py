"""Titles are read from the portal's own pages: which, when, and which never."""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from time import process_time
from urllib.parse import unquote_plus

import pycurl
import pytest

from stats_service.config import Settings
from stats_service.errors import InvalidInputError
from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.models.traffic.history import DayHistory, Pair
from stats_service.services.container import Services, create_services
from stats_service.services.notices import outgoing
from stats_service.services.periods import day_of
from stats_service.services.titles import feed, page, reader
from stats_service.store.traffic.history import HistoryStore
from tests.support.clock import FakeClock
from tests.support.portal_pages import Answer, PortalPages, running_portal

HOUR, DAY = 3_600.0, 86_400.0


@pytest.fixture
def portal() -> Iterator[PortalPages]:
    """Give a portal with a front page."""
    with running_portal() as pages:
        pages.title("/", "Cổng thông tin điện tử Kim Sơn")
        yield pages


@pytest.fixture
def reading(settings: Settings, clock: FakeClock, portal: PortalPages) -> Iterator[Services]:
    """Give the services of an installation that may read that portal."""
    services = create_services(
        replace(settings, titles=True, title_hosts=(f"http://{portal.host}",)), clock
    )
    yield services
    services.close()


Counted = Callable[..., Site]


@pytest.fixture
def counted(reading: Services, clock: FakeClock, portal: PortalPages) -> Counted:
    """Give what adds a site of which these articles were read today, the first most."""

    def add(*articles: str, **settings: object) -> Site:
        site = reading.sites.sites.add(
            Site(slug="kimson", name="Kim Sơn", hosts=(portal.host,), **settings)  # type: ignore[arg-type]
        )
        views = {key: 100 - at for at, key in enumerate(articles)}
        day = DayHistory(
            day=date.fromisoformat(day_of(clock.now(), site.timezone)),
            hours=(Pair(1, sum(views.values())),) * 24,
            articles=views,
        )
        history: HistoryStore = reading.traffic.history._store
        history.write(site, [day], 1)
        return site

    return add


def tick(services: Services) -> list[str]:
    """Run the regular work and return what it says of titles."""
    outcomes = list(services.operations.ticks.run(services.clock.now()))
    assert not [outcome for outcome in outcomes if outcome.failed]
    return [outcome.text for outcome in outcomes if "titles" in outcome.text]


def test_a_title_is_read_from_the_page(
    reading: Services, counted: Counted, portal: PortalPages
) -> None:
    """`og:title`, else `<title>`, without the name of the site behind it; and not again soon."""
    portal.pages["/tin/1"] = Answer(
        b"<head><title>x</title><meta content='Kh\xc3\xa1nh th\xc3\xa0nh &amp; c\xe1\xba\xa7u' "
        b"property=og:title></head><body><title>no</title>"
    )
    portal.title("/tin/2", "Tin hai | Cổng thông tin điện tử Kim Sơn")
    site = counted("/tin/1", "/tin/2", "bai-viet-3")

    told = tick(reading)

    assert told == ["kimson: read 2 titles."]
    assert reading.traffic.titles.of(site, ["/tin/1", "/tin/2", "bai-viet-3"]) == {
        "/tin/1": "Khánh thành & cầu",
        "/tin/2": "Tin hai",
    }
    assert {agent.split()[0] for _, agent in portal.asked} == {"stats_service"}
    top = reading.traffic.top_articles.of_all_time(site)
    assert [one.title for one in top] == ["Khánh thành & cầu", "Tin hai", ""]
    portal.asked.clear()
    assert tick(reading) == []
    assert portal.asked == []


def test_a_title_is_read_again_after_a_week(
    reading: Services, counted: Counted, portal: PortalPages, clock: FakeClock
) -> None:
    """And an administrator's is left alone."""
    portal.title("/tin/1", "Trước")
    portal.title("/tin/2", "Trước")
    site = counted("/tin/1", "/tin/2")
    tick(reading)
    portal.title("/tin/1", "Sau")
    reading.traffic.titles.set(site, "/tin/2", "Của tôi", Author("an", clock.now()))

    clock.advance(7 * DAY)
    portal.paths()
    tick(reading)

    assert "/tin/2" not in portal.paths()
    titles = reading.traffic.titles.of(site, ["/tin/1", "/tin/2"])
    assert titles == {"/tin/1": "Sau", "/tin/2": "Của tôi"}


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (Answer(b"<title>Gone</title>", 404), "missing"),
        (Answer(b"<title>Gone</title>", 410), "missing"),
        (Answer("<title>Không tìm thấy trang</title>".encode()), "missing"),
        (Answer("<title>Nơi đây chẳng có gì</title>".encode()), "missing"),
        (Answer("<title>Cổng thông tin điện tử Kim Sơn</title>".encode()), "same"),
        (Answer(status=302, location="/"), "elsewhere"),
        (Answer(status=302, location="http://127.0.0.1:1/x"), "elsewhere"),
        (Answer(status=302, location="https://evil.example.vn/x"), "elsewhere"),
        (Answer(status=302, location="/tin/1"), "elsewhere"),
        (Answer(b"<title>x</title>", 500), "status"),
        (Answer(b"<title>x</title>", 403), "status"),
        (Answer(b"%PDF-1.7 <title>x</title>", content_type="application/pdf"), "no-page"),
        (Answer(b"<p>x</p><title>x</title>" + b" " * 9, content_type="text/html"), ""),
        (Answer(b"<body><title>x</title>"), "no-title"),
        (Answer(b"<title>\xff</title>", content_type="text/html; charset=x-tcvn"), "charset"),
    ],
)
def test_what_names_no_article(
    reading: Services, counted: Counted, portal: PortalPages, answer: Answer, trouble: str
) -> None:
    """Pages that are not there, whatever their status; the front page; files; other hosts."""
    portal.missing = Answer("<title>Nơi đây chẳng có gì</title>".encode())
    portal.pages["/robots.txt"] = Answer(status=404)
    portal.pages["/tin/1"] = answer
    site = counted("/tin/1")

    tick(reading)

    known = reading.traffic.titles.known(site, ["/tin/1"])["/tin/1"]
    assert known.trouble == trouble
    assert bool(known.text) == (not trouble)
    assert reading.traffic.titles.counts(site).troubles == ({trouble: 1} if trouble else {})


def test_a_page_that_is_gone_leaves_the_title_and_is_asked_ever_more_rarely(
    reading: Services, counted: Counted, portal: PortalPages, clock: FakeClock
) -> None:
    """The article was called that."""
    portal.title("/tin/1", "Một")
    site = counted("/tin/1")
    tick(reading)
    portal.pages["/tin/1"] = Answer(status=404)
    clock.advance(7 * DAY)

    asked = []
    for _ in range(10):
        portal.paths()
        tick(reading)
        asked.append("/tin/1" in portal.paths())
        clock.advance(HOUR)

    assert reading.traffic.titles.of(site, ["/tin/1"]) == {"/tin/1": "Một"}
    assert asked == [True, True, True, False, True, False, False, False, True, False]


def _search(path: str) -> Answer | None:
    """Answer as a portal that searches: the title of the page has the words that were sought."""
    found = re.fullmatch(r"/\?s=(.*)|/tim-kiem/(.*)\.html|/index\.php\?q=(.*)&view=search", path)
    words = found and unquote_plus("".join(filter(None, found.groups())))
    return Answer(f"<title>Kết quả cho “{words.upper()}”</title>".encode()) if words else None


def test_words_of_a_stranger_are_no_title(
    reading: Services, counted: Counted, portal: PortalPages, clock: FakeClock
) -> None:
    """Whoever opens a search page often enough would write a title into the portal's lists."""
    portal.made = _search
    portal.title("/index.php?title=Ha_Noi", "Hà Nội")
    portal.title("/tin-tuc/khanh-thanh-cau.html", "Khánh thành cầu Sông Vạc")
    searched = ("/?s=casino+bet", "/tim-kiem/casino.html", "/index.php?q=casino&view=search")
    real = ("/index.php?title=Ha_Noi", "/tin-tuc/khanh-thanh-cau.html")
    site = counted(*searched, *real)

    tick(reading)

    known = reading.traffic.titles.known(site, [*searched, *real])
    assert [known[key].trouble for key in searched] == ["echo"] * 3
    assert [known[key].text for key in searched] == [""] * 3
    assert [known[key].text for key in real] == ["Hà Nội", "Khánh thành cầu Sông Vạc"]
    asked = portal.paths()
    assert sum(path.startswith("/tin-tuc/") for path in asked) == 2


@pytest.mark.parametrize(
    "article", ["/?s=%C4%91%C4%A9", "/?s=0909123456", "/tim-kiem/x+y.html", "/?s=a%2Fb"]
)
def test_short_words_and_telephone_numbers_are_no_title(
    reading: Services, counted: Counted, portal: PortalPages, article: str
) -> None:
    """Words of two letters, as many Vietnamese ones are, say as much as longer ones."""
    portal.made = _search
    site = counted(article)

    tick(reading)

    assert reading.traffic.titles.known(site, [article])[article].trouble == "echo"


def test_one_question_serves_all_pages_of_a_kind(
    reading: Services, counted: Counted, portal: PortalPages
) -> None:
    """A portal whose addresses have the titles in them is not asked twice for each article."""
    articles = [f"/2026/11/{day}/bai-viet-{day}" for day in range(10, 15)]
    for article in articles:
        portal.title(article, f"Bài viết {article[-2:]}")
    site = counted(*articles)

    tick(reading)

    assert len(reading.traffic.titles.of(site, articles)) == 5
    assert len([path for path in portal.paths() if path.startswith("/2026/")]) == 6


def test_a_title_that_was_a_strangers_goes_away(
    reading: Services, counted: Counted, portal: PortalPages, clock: FakeClock
) -> None:
    """Read before the service looked for that, or before the portal searched."""
    portal.title("/?s=casino", "Kết quả cho casino")
    site = counted("/?s=casino")
    tick(reading)
    assert reading.traffic.titles.of(site, ["/?s=casino"])
    portal.made = _search
    clock.advance(7 * DAY)

    tick(reading)

    assert reading.traffic.titles.of(site, ["/?s=casino"]) == {}


@pytest.mark.parametrize(
    ("named", "is_read"),
    [
        ("http://127.0.0.1", True),
        ("http://{host}", True),
        ("http://127.0.0.1:1 127.0.0.1:2", False),
    ],
)
def test_a_private_host_is_read_at_the_port_that_the_operator_named(
    settings: Settings, clock: FakeClock, portal: PortalPages, named: str, is_read: bool
) -> None:
    """Whoever adds sites may not reach what else listens on that machine."""
    hosts = tuple(named.format(host=portal.host).split())
    site = Site(slug="kimson", name="Kim Sơn", hosts=(portal.host,))

    found = reader.SiteReader(site, hosts)

    if is_read:
        assert found.host() == portal.host
        assert found.page(portal.host, "/", 1_000, None)[0].status == 200
    else:
        with pytest.raises(InvalidInputError, match="STATS_TITLE_HOSTS"):
            found.host()


def test_redirects_within_the_site_are_followed(
    reading: Services, counted: Counted, portal: PortalPages
) -> None:
    """Three at most; letters beyond ASCII may stand in them as they are."""
    portal.pages["/tin/1"] = Answer(status=301, location="/tin/1-bài".encode().decode("latin-1"))
    portal.title("/tin/1-b%C3%A0i", "Một")
    site = counted("/tin/1")

    tick(reading)

    assert reading.traffic.titles.of(site, ["/tin/1"]) == {"/tin/1": "Một"}


def test_robots_are_honoured(reading: Services, counted: Counted, portal: PortalPages) -> None:
    """The longest rule wins, wildcards count, and where a pause is asked for it is one a run."""
    portal.pages["/robots.txt"] = Answer(
        b"User-agent: *\nDisallow: /*private\nDisallow: /tin/\nAllow: /tin/2\nCrawl-delay: 10",
        content_type="text/plain",
    )
    for path in ("/tin/1", "/tin/2", "/tin/2/private", "/khac/1"):
        portal.title(path, f"T{path}")
    site = counted("/tin/1", "/tin/2", "/khac/1")

    runs = []
    for _ in range(4):
        tick(reading)
        runs.append([path for path in portal.paths() if path[:2] in ("/t", "/k")])

    assert runs == [[], [], ["/tin/2"], ["/khac/1"]]
    known = reading.traffic.titles.known(site, ["/tin/1"])
    assert known["/tin/1"].trouble == "robots"


def test_a_host_without_robots_is_left_alone(
    reading: Services, counted: Counted, portal: PortalPages, clock: FakeClock
) -> None:
    """While robots.txt cannot be read nothing is; then with a pause that grows."""
    portal.pages["/robots.txt"] = Answer(status=503)
    portal.title("/tin/1", "Một")
    site = counted("/tin/1")

    tick(reading)

    assert portal.paths() == []
    reading_now = reading.traffic.titles.reading(site)
    assert reading_now.message == "{host} answered {status} when asked for robots.txt."
    tick(reading)
    assert portal.asked == []
    del portal.pages["/robots.txt"]
    clock.advance(1_800)
    tick(reading)
    assert reading.traffic.titles.of(site, ["/tin/1"]) == {"/tin/1": "Một"}
    assert not reading.traffic.titles.reading(site).message


def test_a_portal_that_does_not_answer_gets_a_pause(
    reading: Services, counted: Counted, portal: PortalPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After two pages in a row; each is bounded in time, however slowly it comes."""
    monkeypatch.setattr(outgoing, "CALL_SECONDS", 0.3)
    portal.title("/tin/9", "Chín")

    def drip(write: Callable[[bytes], object]) -> None:
        while not portal.stopping.wait(0.05):
            write(b"<p>")

    for number in range(5):
        portal.pages[f"/tin/{number}"] = Answer(write=drip)
    site = counted(*(f"/tin/{number}" for number in range(5)), "/tin/9")

    tick(reading)

    asked = [path for path in portal.paths() if path.startswith("/tin/")]
    assert asked == ["/tin/0", "/tin/1"]
    assert "did not answer" in reading.traffic.titles.reading(site).message
    assert reading.traffic.titles.counts(site).troubles == {"away": 2}


def test_a_page_without_end_is_cut(
    reading: Services, counted: Counted, portal: PortalPages
) -> None:
    """At the end of its head, or at 256 KB."""
    sent = [0]

    def pour(begin: bytes) -> Callable[[Callable[[bytes], object]], None]:
        def write(out: Callable[[bytes], object]) -> None:
            out(begin)
            while sent[0] < 50_000_000 and not portal.stopping.is_set():
                sent[0] += len(begin) + 65_536
                out(b" " * 65_536)

        return write

    portal.pages["/tin/1"] = Answer(write=pour("<head><title>Một</title></head><body>".encode()))
    portal.pages["/tin/2"] = Answer(write=pour(b"<head>"))
    site = counted("/tin/1", "/tin/2")

    tick(reading)

    assert reading.traffic.titles.of(site, ["/tin/1", "/tin/2"]) == {"/tin/1": "Một"}
    assert sent[0] < 50_000_000


def test_calls_of_a_run_are_bounded(
    reading: Services, counted: Counted, portal: PortalPages
) -> None:
    """The most read come first, and the next run goes on."""
    articles = [f"/tin/{number:02}" for number in range(20)]
    for path in articles:
        portal.title(path, f"Bài {path}")
    site = counted(*articles)

    tick(reading)

    first = [path for path in portal.paths() if path.startswith("/tin/")]
    assert first == articles[:15]
    tick(reading)
    assert len(reading.traffic.titles.of(site, articles)) == 20


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_a_name_that_leads_inside(
    settings: Settings, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """Is looked at when it is called, whatever it led to before."""

    class Curl(pycurl.Curl):
        def __init__(self) -> None:
            super().__init__()
            self.setopt(pycurl.RESOLVE, [f"kimson.example.vn:443:{address}"])

    monkeypatch.setattr(pycurl, "Curl", Curl)
    services = create_services(replace(settings, titles=True), clock)
    site = services.sites.sites.add(
        Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",))
    )
    days = [DayHistory(day=date(2026, 3, 4), hours=(Pair(1, 1),) * 24, articles={"/tin/1": 3})]
    services.traffic.history._store.write(site, days, 1)

    tick(services)

    message = services.traffic.titles.reading(site).message
    assert message == "{host} leads to an address that is not on the public Internet."
    services.close()


@pytest.mark.parametrize("hosts", [("127.0.0.1:1",), ("portal.lan",), ("2130706433",)])
def test_inner_hosts_are_not_called(
    settings: Settings, clock: FakeClock, portal: PortalPages, hosts: tuple[str, ...]
) -> None:
    """Unless the operator names them."""
    services = create_services(replace(settings, titles=True), clock)
    site = services.sites.sites.add(
        Site(slug="kimson", name="Kim Sơn", hosts=(*hosts, portal.host))
    )
    days = [DayHistory(day=date(2026, 3, 4), hours=(Pair(1, 1),) * 24, articles={"/tin/1": 3})]
    services.traffic.history._store.write(site, days, 1)

    tick(services)

    assert portal.asked == []
    assert "STATS_TITLE_HOSTS" in services.traffic.titles.reading(site).message
    services.close()


@pytest.mark.parametrize(
    "feed",
    [
        (
            "<rss><channel><title>Kênh</title><item><title>Một &amp;amp; hai</title><link>{}</link>"
            "<media:title xmlns:media='m'>no</media:title></item></channel></rss>"
        ),
        (
            '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Một &amp;amp; hai</title>'
            '<link rel="edit" href="/no"/><link href="{}"/></entry></feed>'
        ),
        (
            '<urlset xmlns:news="n" xmlns="s"><url><loc>{}</loc><news:news><news:title>'
            "Một &amp;amp; hai</news:title></news:news></url></urlset>"
        ),
        (
            '<rdf:RDF xmlns:rdf="r" xmlns="x"><item><title><![CDATA[Một & hai]]></title>'
            "<link>{}</link></item></rdf:RDF>"
        ),
    ],
)
def test_titles_come_from_a_feed(
    reading: Services, counted: Counted, portal: PortalPages, feed: str
) -> None:
    """Of RSS, Atom, RDF or a sitemap of news; the pages that it names are not read."""
    text = feed.format(f"http://{portal.host}/tin/1?utm_source=rss")
    portal.pages["/rss"] = Answer(text.encode(), content_type="application/xml")
    site = counted("/tin/1", titles="feed", titles_feed=f"http://{portal.host}/rss")

    tick(reading)

    assert portal.paths() == ["/rss"]
    assert reading.traffic.titles.of(site, ["/tin/1"]) == {"/tin/1": "Một & hai"}
    assert reading.traffic.titles.reading(site).feed_titles == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'<!DOCTYPE x [<!ENTITY a "aaaa">]><rss><item><title>&a;</title></item></rss>', "entit"),
        (b"<html><title>x</title></html>", "is a {root}"),
        (b"\xff\xfenonsense", "no XML"),
        (b"<rss>" * 60, "no XML"),
    ],
)
def test_a_feed_that_is_none(
    reading: Services, counted: Counted, portal: PortalPages, body: bytes, message: str
) -> None:
    """What is wrong stands on the page of settings."""
    portal.pages["/rss"] = Answer(body, content_type="application/xml")
    site = counted("/tin/1", titles="feed", titles_feed=f"http://{portal.host}/rss")

    tick(reading)

    assert message in reading.traffic.titles.reading(site).feed_message


def test_a_feed_that_declares_attributes() -> None:
    """A feed of 4 MB took more than ten minutes: each element got each attribute declared."""
    declared = b"".join(b"<!ATTLIST a b%d CDATA ''>" % number for number in range(6_000))
    body = b"<!DOCTYPE rss [%b]><rss>%b</rss>" % (declared, b"<a/>" * 6_000)
    begun = process_time()

    with pytest.raises(InvalidInputError, match="attributes are declared"):
        feed.feed_items(body)

    assert process_time() - begun < 2


def test_nothing_is_read_where_it_is_off(
    reading: Services, counted: Counted, portal: PortalPages
) -> None:
    """By the site's own switch."""
    counted("/tin/1", titles="off")

    tick(reading)

    assert portal.asked == []


@pytest.mark.parametrize(
    ("body", "content_type", "title"),
    [
        ("<title>Đường</title>".encode(), "text/html", "Đường"),
        ("<title>Đường</title>".encode(), "text/html; charset=iso-8859-1", "Đường"),
        (
            "<title>Ti\u00ea\u0301n</title>".encode("cp1258"),
            "text/html; charset=windows-1258",
            "Tiến",
        ),
        ("<meta charset=windows-1258><title>Ti\u00ea\u0301n</title>".encode("cp1258"), "", "Tiến"),
        ("<title>Đường</title>".encode("utf-16"), "text/html", "Đường"),
        ("\ufeff<title>Đường</title>".encode(), "text/html", "Đường"),
        ("<title>Caf\xe9</title>".encode("latin-1"), "text/html; charset=latin1", "Café"),
        (
            b"<script>'<title>no</title>'</script><TITLE\n>yes &#x1EA7; <b>x</TITLE>",
            "",
            "yes ầ <b>x",
        ),
        (b"<svg><title>icon</title></svg>", "", "icon"),
        (b"<title>yes</title></head><body><title>no</title>", "", "yes"),
        (b"<meta content='Say \"x\" y' name=OG:Title><title>no", "", 'Say "x" y'),
        (b'<meta name=a content="x"y" z><title>yes</title>', "", "yes"),
        (b"<title>not closed", "", ""),
        (b"<!-- <title>no</title> --><title></title><meta name=og:title content=yes>", "", "yes"),
    ],
)
def test_encodings_and_markup(body: bytes, content_type: str, title: str) -> None:
    """Of Vietnamese portals, old ones too."""
    assert page.page_title(body, content_type).title == title


@pytest.mark.parametrize(
    "piece", [b"<", b"<!--", b"<![", b"<a ", b"<title>", b"&", b"<meta ", b"</", b"<a='", b"<a = "]
)
def test_the_time_grows_with_the_length_alone(piece: bytes) -> None:
    """However broken a head is: the standard library's parser takes up to 20 seconds for it."""
    body = piece * (page.PAGE_MAX_BYTES // len(piece))
    begun = process_time()

    page.page_title(body, "")

    assert process_time() - begun < 2


@pytest.mark.parametrize("name", ["punycode", "unicode_escape", "utf-7", "idna", "zlib", ".."])
@pytest.mark.parametrize(
    ("head", "content_type"), [("", "text/html; charset={}"), ("<meta charset={}>", "text/html")]
)
def test_encodings_that_browsers_do_not_know(name: str, head: str, content_type: str) -> None:
    """Punycode of a page as long as may be read took half a minute, in each run of `tick`."""
    begin = head.format(name).encode() + b"<title>\xff</title>-"
    body = begin + b"a" * (page.PAGE_MAX_BYTES - len(begin))
    begun = process_time()

    with pytest.raises(UnicodeError):
        page.page_title(body, content_type.format(name))

    assert process_time() - begun < 2


def test_the_time_of_a_run_is_bounded(
    reading: Services, counted: Counted, portal: PortalPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left is read in the next run."""
    site = counted("/tin/1")
    monkeypatch.setattr(reader, "RUN_SECONDS", 0.0)
    threads = threading.active_count()

    tick(reading)

    assert portal.asked == []
    assert reading.traffic.titles.known(site, ["/tin/1"]) == {}
    assert threading.active_count() <= threads
