"""Files of other counters: what they add, and that they add it once."""

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from stats_service.config import Settings
from stats_service.errors import ConflictError, InvalidInputError, StoreUnavailableError
from stats_service.models.legacy import LegacySummary
from stats_service.models.polls import Poll, PollTally
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.legacy import lines
from stats_service.services.portability.legacy.exports.polls import LegacyPoll
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.files import TEXT_LINE_MAX
from stats_service.services.portability.legacy.imports import Plan
from stats_service.store.keys import SiteKeys
from stats_service.store.portability.legacy import LegacyStore
from tests.support.clock import FakeClock
from tests.support.filled import fill
from tests.support.pages import BROWSER
from tests.support.votes import make_choices, make_poll

BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def line(
    path: str = "/tin/1",
    *,
    at: str = "17/Feb/2026:10:05:03 +0700",
    address: str = "192.0.2.1",
    agent: str = BROWSER,
    status: int = 200,
    method: str = "GET",
    host: str = "",
) -> str:
    """Return one line of an access log."""
    return f'{host}{address} - - [{at}] "{method} {path} HTTP/1.1" {status} 512 "-" "{agent}"\n'


def run(services: Services, path: Path, kind: str, site: Site, **options: object) -> LegacySummary:
    """Import one file and return what became of it."""
    plan = Plan(kind=kind, **options)  # type: ignore[arg-type]
    return services.portability.legacy.run(Source(site), [path], plan, FakeClock().now())


def counts(client: redis.Redis, settings: Settings) -> dict[str, str]:
    """Return the site's counts as stored."""
    return client.hgetall(SiteKeys(settings.key_prefix, "kimson").counts)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Give a log of two days with everything that a log has."""
    path = tmp_path / "access.log"
    path.write_text(
        line()
        + line("/tin/1/?utm_source=zalo", at="17/Feb/2026:10:35:02 +0700")  # the same visit
        + line(at="17/Feb/2026:11:05:02 +0700")  # half an hour later: another one
        + line(address="192.0.2.2", at="17/Feb/2026:17:30:00 +0000")  # the 18th in Vietnam
        + line("/anh/a.jpg")
        + line("/style.css?v=1")
        + line("/tin/1", agent=BOT)
        + line("/tin/1", agent="-")
        + line("/tin/1", status=404)
        + line("/tin/1", method="POST")
        + line("/feed/")
        + "rubbish\n"
    )
    return path


def test_a_log_adds_views_visits_hours_and_articles(
    services: Services, site: Site, log: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """Each view on its day and hour in the site's zone, by the rules of live views."""
    summary = run(services, log, "access-log", site)

    assert (summary.views, summary.visits, summary.articles, summary.days) == (4, 3, 1, 2)
    assert summary.ignored == {"no-page": 5, "bot": 1, "no-user-agent": 1, "unreadable": 1}
    stored = counts(redis_client, settings)
    assert stored["views"] == stored["views:2026"] == stored["views:2026-02"] == "4"
    assert stored["views:2026-02-17"] == "3"
    assert stored["views:2026-02-18"] == "1"
    assert stored["views:2026-W08"] == "4"
    assert stored["visits:2026-02-17"] == "2"
    assert (stored["record:views"], stored["record:views:day"]) == ("3", "2026-02-17")
    keys = SiteKeys(settings.key_prefix, "kimson")
    hours = {"views:10": "2", "views:11": "1", "visits:10": "1", "visits:11": "1"}
    assert redis_client.hgetall(keys.hours("2026-02-17")) == hours
    assert redis_client.zscore(keys.articles, "/tin/1") == 4
    assert redis_client.zscore(keys.day_articles("2026-02-17"), "/tin/1") == 3
    assert 0 < redis_client.ttl(keys.hours("2026-02-17")) < 91 * 86_400


def test_a_dry_run_adds_nothing(
    services: Services, site: Site, log: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """It says the same and leaves Redis as it was."""
    summary = run(services, log, "access-log", site, dry_run=True)

    assert summary.views == 4
    assert counts(redis_client, settings) == {}
    assert services.portability.legacy.files("kimson") == []


def test_a_file_is_added_once(
    services: Services, site: Site, log: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """Also under another name, and compressed."""
    run(services, log, "access-log", site)
    before = counts(redis_client, settings)
    packed = log.with_name("rotated.gz")
    packed.write_bytes(gzip.compress(log.read_bytes()))

    again = run(services, packed, "access-log", site)

    assert again.known
    assert counts(redis_client, settings) == before
    assert [file.complete for file in services.portability.legacy.files("kimson")] == [True]


def test_an_import_that_was_cut_off_goes_on(
    services: Services,
    site: Site,
    log: Path,
    redis_client: redis.Redis,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was added before the break is not added again."""
    add_day = LegacyStore.add_day

    def broken(self: LegacyStore, *arguments: object) -> None:
        if arguments[3].day == "2026-02-18":  # type: ignore[attr-defined]
            raise StoreUnavailableError("Redis is gone")
        add_day(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(LegacyStore, "add_day", broken)
    with pytest.raises(StoreUnavailableError):
        run(services, log, "access-log", site)
    assert counts(redis_client, settings)["views"] == "3"
    monkeypatch.undo()

    run(services, log, "access-log", site)

    assert counts(redis_client, settings)["views"] == "4"
    marks = redis_client.hgetall(SiteKeys(settings.key_prefix, "kimson").legacy)
    assert not [field for field in marks if ":" in field and not field.startswith("views:")]


def test_an_import_that_goes_on_with_other_settings_is_refused(
    services: Services, site: Site, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For it would add other parts than the ones that are missing."""

    def broken(*_: object) -> None:
        raise StoreUnavailableError("Redis is gone")

    monkeypatch.setattr(LegacyStore, "add_day", broken)
    with pytest.raises(StoreUnavailableError):
        run(services, log, "access-log", site)
    monkeypatch.undo()

    with pytest.raises(ConflictError, match="cut off"):
        run(
            services,
            log,
            "access-log",
            services.sites.sites.edit("kimson", timezone="Europe/Berlin"),
        )


def test_days_counted_live_are_left_out(
    services: Services, site: Site, clock: FakeClock, tmp_path: Path
) -> None:
    """The log of a portal that counts already has the same readers in it."""
    fill(services, clock, site, days=1)
    path = tmp_path / "access.log"
    path.write_text(line() + line(at="04/Mar/2026:10:00:00 +0700"))

    summary = run(services, path, "access-log", site)

    assert (summary.views, summary.overlapping) == (1, 1)
    assert services.traffic.views.counts(site, clock.now()).views.total == 12


def test_a_file_that_adds_nothing_can_come_again(
    services: Services, site: Site, clock: FakeClock, tmp_path: Path
) -> None:
    """Its days were counted live: nothing is remembered of it, so that it can become a balance."""
    fill(services, clock, site, days=1)
    path = tmp_path / "access.log"
    path.write_text(line("/cu", at="04/Mar/2026:10:00:00 +0700"))

    first = run(services, path, "access-log", site)

    assert (first.views, first.articles, first.adds) == (0, 0, False)
    assert services.portability.legacy.files("kimson") == []
    again = run(services, path, "access-log", site, opening=True, before="2026-03-05")
    assert (again.views, again.known) == (1, False)
    assert services.sites.sites.get("kimson").opening_views == 1


@pytest.mark.parametrize(
    "content", [b"2Path,Event\n/a,0\n", bytes(range(256)).replace(b"\n", b"") * 3]
)
def test_a_log_without_one_readable_line_is_none(
    services: Services, site: Site, tmp_path: Path, content: bytes
) -> None:
    """A file of another kind is no file in which nothing is new."""
    path = tmp_path / "access.log"
    path.write_bytes(content + b"\n")

    with pytest.raises(InvalidInputError, match=r"access\.log is no access log"):
        run(services, path, "access-log", site)

    assert services.portability.legacy.files("kimson") == []


def test_the_next_file_of_a_rotated_log_is_no_live_day(
    services: Services, site: Site, tmp_path: Path
) -> None:
    """A day that only imports brought is open for more."""
    for number in range(2):
        (tmp_path / str(number)).write_text(line(address=f"192.0.2.{number}"))
        assert run(services, tmp_path / str(number), "access-log", site).views == 1


def test_a_balance_that_may_hold_the_days_is_in_the_way(
    services: Services, site: Site, log: Path
) -> None:
    """Unless it is said that it does not."""
    site = services.sites.sites.edit("kimson", opening_views=5, opening_day="2026-03-01")

    with pytest.raises(ConflictError, match="keep-opening"):
        run(services, log, "access-log", site)

    assert run(services, log, "access-log", site, keep_opening=True).views == 4


def test_a_log_as_opening_balance(
    services: Services, site: Site, log: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """Everything goes into the balances, nothing into a day."""
    run(services, log, "access-log", site, opening=True)

    site = services.sites.sites.get("kimson")
    assert (site.opening_views, site.opening_visits) == (4, 3)
    assert counts(redis_client, settings) == {}
    opening = redis_client.hgetall(SiteKeys(settings.key_prefix, "kimson").opening)
    assert opening == {"/tin/1": "4"}


def test_the_rules_of_the_site_hold(services: Services, site: Site, tmp_path: Path) -> None:
    """Excluded networks, foreign hosts, ceilings, and the parameters that name articles."""
    site = services.sites.sites.edit(
        "kimson", excluded=("198.51.100.0/24",), view_ceiling=2, article_parameters=("id",)
    )
    path = tmp_path / "access.log"
    path.write_text(
        line(address="198.51.100.7")
        + line(host="other.example.vn:443 ")
        + line("/x.aspx?id=7&utm_source=a", host="kimson.example.vn:443 ")
        + line("/x.aspx?id=8")
        + line("/x.aspx?id=9", at="17/Feb/2026:10:05:04 +0700")  # the third of this address
        + line("/x.aspx?id=7", address="2001:db8::1", at="17/Feb/2026:10:06:03 +0700")
    )

    summary = run(services, path, "access-log", site)

    assert summary.ignored == {"excluded": 1, "host": 1, "ceiling": 1}
    assert (summary.views, summary.articles) == (3, 2)


def test_a_customer_with_many_networks_meets_the_ceilings_of_live_views(
    services: Services, site: Site, tmp_path: Path
) -> None:
    """Ten times those of one address."""
    site = services.sites.sites.edit("kimson", view_ceiling=2, identity_cap=1)
    path = tmp_path / "access.log"
    path.write_text("".join(line(address=f"2001:db8:1:{n:x}::1") for n in range(25)))

    summary = run(services, path, "access-log", site)

    assert (summary.views, summary.visits, summary.ignored) == (20, 10, {"ceiling": 5})


def test_a_file_has_no_more_than_is_added_exactly(
    services: Services, site: Site, tmp_path: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """Redis would lose single views of an article beyond 2^53."""
    path = tmp_path / "visitors.csv"
    days = "".join(f"2026-02-{day},1,600000000000\n" for day in (17, 18))
    path.write_text("date,visits,pageviews\n" + days)

    with pytest.raises(InvalidInputError, match="1,200,000,000,000 views"):
        run(services, path, "plausible-visitors", site)

    assert counts(redis_client, settings) == {}


@pytest.mark.parametrize(
    ("kind", "head", "row", "field"),
    [
        ("plausible-visitors", "date,visits,pageviews", "2026-02-17,0,9", "views"),
        ("plausible-visitors", "date,visits,pageviews", "2026-02-17,9,0", "visits"),
        ("plausible-pages", "date,page,pageviews", "2026-02-17,/b,9", "/a"),
    ],
)
def test_files_have_no_more_together_than_is_added_exactly(
    services: Services,
    site: Site,
    tmp_path: Path,
    redis_client: redis.Redis,
    settings: Settings,
    kind: str,
    head: str,
    row: str,
    field: str,
) -> None:
    """Each may be small enough, and all of them more than 10^15."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    most = 10**15
    if field == "/a":
        redis_client.zadd(keys.articles, {"/a": most - 8})
    else:
        redis_client.hset(keys.counts, field, most - 8)
    path = tmp_path / "file.csv"
    path.write_text(f"{head}\n{row}\n")
    before = counts(redis_client, settings)

    for dry_run in (True, False):
        with pytest.raises(InvalidInputError, match=r"file\.csv: 9 .*999,999,999,999,992"):
            run(services, path, kind, site, dry_run=dry_run, before="2026-03-01")

    assert counts(redis_client, settings) == before
    assert redis_client.zrange(keys.articles, 0, -1) == (["/a"] if field == "/a" else [])
    assert not redis_client.exists(keys.legacy)
    path.write_text(f"{head}\n{row.replace('9', '8')}\n")
    assert run(services, path, kind, site, before="2026-03-01").adds


@pytest.mark.parametrize(
    ("kind", "head", "row", "what"),
    [
        ("plausible-visitors", "date,visits,pageviews", "2026-02-17,0,9", "9 views"),
        ("plausible-visitors", "date,visits,pageviews", "2026-02-17,9,0", "9 visits"),
        ("plausible-pages", "date,page,pageviews", "2026-02-17,/a,9", "9 views of an article"),
    ],
)
def test_opening_balances_stay_what_the_settings_take(
    services: Services, site: Site, tmp_path: Path, kind: str, head: str, row: str, what: str
) -> None:
    """Or the site's settings could not be saved any more, nor its archive restored."""
    most = 10**12
    site = services.sites.sites.edit("kimson", opening_views=most - 8, opening_visits=most - 8)
    services.traffic.opening_balances.set(site, "/a", most - 8, "an", FakeClock().now())
    path = tmp_path / "file.csv"
    path.write_text(f"{head}\n{row}\n")

    with pytest.raises(InvalidInputError, match=rf"{what} cannot be added to the 999,999,999,992"):
        run(services, path, kind, site, opening=True)

    assert services.sites.sites.get("kimson") == site
    assert services.portability.legacy.files("kimson") == []


@pytest.mark.parametrize("day", ["9999-12-31", "9000-01-01", "1969-12-31", "0001-01-01"])
@pytest.mark.parametrize(
    ("kind", "head", "row"),
    [
        ("plausible-visitors", "date,visits,pageviews", "{day},1,1"),
        ("umami", "url_path,event_type,created_at", "/a,1,{day} 10:00:00"),
    ],
)
def test_a_file_of_days_that_nothing_counts_is_refused(
    services: Services,
    site: Site,
    tmp_path: Path,
    redis_client: redis.Redis,
    settings: Settings,
    kind: str,
    head: str,
    row: str,
    day: str,
) -> None:
    """The calendar ends there, and the site's own archive could not be restored."""
    path = tmp_path / "file.csv"
    path.write_text(f"{head}\n{row.format(day=day)}\n")

    with pytest.raises(InvalidInputError, match=f"'{day}.*' is not what the column holds"):
        run(services, path, kind, site)

    assert counts(redis_client, settings) == {}
    assert services.portability.legacy.files("kimson") == []


def test_a_line_of_a_day_that_nothing_counts_is_unreadable(
    services: Services, site: Site, tmp_path: Path
) -> None:
    """In a log it is rubbish among lines that are none."""
    path = tmp_path / "access.log"
    path.write_text(
        line(at="01/Jan/0001:00:00:00 +0700") + line(at="31/Dec/9999:23:00:00 +0000") + line()
    )

    summary = run(services, path, "access-log", site)

    assert (summary.views, summary.ignored) == (1, {"unreadable": 2})


def test_visits_go_on_from_one_log_to_the_next(
    services: Services, site: Site, tmp_path: Path
) -> None:
    """A visit that spans the rotation is one."""
    first, second = tmp_path / "1", tmp_path / "2"
    first.write_text(line())
    second.write_text(line(at="17/Feb/2026:10:15:03 +0700"))

    summary = services.portability.legacy.run(
        Source(site), [first, second], Plan(kind="access-log"), FakeClock().now()
    )

    assert [file.visits for file in summary.files] == [1, 0]


EXPORTS = {
    "goatcounter": (
        (
            "2Path,Title,Event,UserAgent,Browser,System,Session,Bot,Referrer,Referrer scheme,"
            "Screen size,Location,FirstVisit,Date\n"
            "/tin/1,T,false,,Chrome 9,Linux,a,0,,,,VN,true,2026-02-17T03:00:00Z\n"
            '/tin/2,"Có, phẩy",false,,Chrome 9,Linux,a,0,,,,VN,false,2026-02-17T18:00:00Z\n'
            "/tin/2,T,false,,Bot,,b,1,,,,US,true,2026-02-17T03:00:00Z\n"
            "click,T,true,,Chrome 9,Linux,a,0,,,,VN,false,2026-02-17T03:00:00Z\n"
        ),
        (2, 1, 2, 2),
    ),
    "umami": (
        (
            "website_id,session_id,visit_id,event_id,hostname,url_path,url_query,event_type,"
            "event_name,created_at\n"
            "w,s,v1,1,kimson.example.vn,/tin/1,,1,,2026-02-17 03:00:00\n"
            "w,s,v1,2,kimson.example.vn,/tin/2,utm_source=x,1,,2026-02-17 18:00:00.123\n"
            "w,s,v1,3,kimson.example.vn,/tin/2,,2,click,2026-02-17 03:05:00\n"
        ),
        (2, 1, 2, 2),
    ),
    "plausible-visitors": (
        (
            '"date","visitors","pageviews","bounces","visits","visit_duration"\n'
            '"2026-02-17",7,12,1,8,99\n"2026-02-18",1,1,1,1,0\n'
        ),
        (13, 9, 0, 2),
    ),
    "plausible-pages": (
        (
            '"date","hostname","page","visits","visitors","pageviews"\n'
            '"2026-02-17","h","/tin/1",1,1,3\n"2026-02-17","h","/tin/2",1,1,4\n'
        ),
        (0, 0, 2, 1),
    ),
    "matomo": (
        (
            "date,nb_uniq_visitors,nb_visits,nb_actions,nb_pageviews\n"
            "2026-02-17,5,6,9,8\n2026-02-18,1,1,1,1\n"
        ),
        (9, 7, 0, 2),
    ),
    "wp-statistics": (
        (
            "ID,last_visit,last_counter,visit\n1,2026-02-17 10:00:00,2026-02-17,12\n"
            "2,2026-02-18 10:00:00,2026-02-18,3\n"
        ),
        (15, 0, 0, 2),
    ),
    "wp-postviews": (
        "meta_id,post_id,meta_key,meta_value\n1,5,views,366\n2,6,views,4\n3,6,_edit_last,1\n",
        (370, 0, 2, 0),  # each `?p=` is an article
    ),
}


def test_pages_of_matomo_as_its_renderer_writes_them(
    services: Services, site: Site, tmp_path: Path
) -> None:
    """UTF-16, metadata with a prefix, and early days without columns that only later ones have."""
    path = tmp_path / "pages.csv"
    path.write_text(
        "date,label,nb_visits,nb_hits,metadata_url,entry_nb_visits\n"
        "2026-02-17,/tin/1,3,4,https://kimson.example.vn/tin/1\n"
        "2026-02-18,tin/2,1,2,https://kimson.example.vn/tin/2,1\n"
        "2026-02-18,tin/1,5,6,,2\n",
        encoding="utf-16",
    )

    run(services, path, "matomo", site)

    counted = services.traffic.views.articles(site, ["/tin/1", "/tin/2"], services.clock.now())
    assert {key: article.views for key, article in counted.items()} == {"/tin/1": 10, "/tin/2": 2}


@pytest.mark.parametrize("kind", EXPORTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_exports(services: Services, site: Site, tmp_path: Path, kind: str, encoding: str) -> None:
    """Each kind by its documented columns, in each encoding that is met."""
    text, expected = EXPORTS[kind]
    path = tmp_path / "export.csv"
    path.write_text(text.replace("\n", "\r\n"), encoding=encoding, newline="")

    summary = run(services, path, kind, site)

    assert (summary.views, summary.visits, summary.articles, summary.days) == expected
    assert run(services, path, kind, site).known


def test_postviews_become_balances_of_articles(
    services: Services, site: Site, tmp_path: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """At the address of each post, or at the one that WordPress gives it."""
    path = tmp_path / "postmeta.csv"
    path.write_text(EXPORTS["wp-postviews"][0])
    site = services.sites.sites.edit("kimson", article_parameters=("p",))
    source = Source(site, {"5": "https://kimson.example.vn/tin/abc/"})

    services.portability.legacy.run(source, [path], Plan(kind="wp-postviews"), FakeClock().now())

    opening = redis_client.hgetall(SiteKeys(settings.key_prefix, "kimson").opening)
    assert opening == {"/tin/abc": "366", "/?p=6": "4"}
    assert services.sites.sites.get("kimson").opening_views == 370


def test_postratings_join_the_ratings(
    services: Services, site: Site, tmp_path: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """By score, added to those that are there."""
    path = tmp_path / "ratings.csv"
    path.write_text(
        "rating_id,rating_postid,rating_posttitle,rating_rating\n1,5,A,5\n2,5,A,5\n3,5,A,2\n4,5,A,9\n"
    )
    keys = SiteKeys(settings.key_prefix, "kimson")
    redis_client.hset(keys.ratings, "/tin/abc", "0,1,0,0,3")
    source = Source(site, {"5": "/tin/abc"})

    summary = services.portability.legacy.run(
        source, [path], Plan(kind="wp-postratings"), FakeClock().now()
    )

    assert (summary.ratings, summary.ignored) == (3, {"score-invalid": 1})
    assert redis_client.hget(keys.ratings, "/tin/abc") == "0,2,0,0,5"


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("goatcounter", "a,b\n1,2\n", "2path"),
        ("umami", "url_path,event_type,created_at\n/a,1,yesterday\n", "yesterday"),
        ("plausible-visitors", "date,visits,pageviews\n2026-02-17,1,many\n", "many"),
        ("wp-statistics", "a\n1\n", "last_counter"),
        ("matomo", "date,nb_visits\n2026-02-17,4\n", "nb_pageviews"),
    ],
)
def test_a_file_of_another_kind_is_refused(
    services: Services, site: Site, tmp_path: Path, kind: str, text: str, said: str
) -> None:
    """It says what is missing or wrong, and nothing is added."""
    path = tmp_path / "export.csv"
    path.write_text(text)

    with pytest.raises(InvalidInputError, match=said):
        run(services, path, kind, site)

    assert services.portability.legacy.files("kimson") == []


def test_articles_beyond_the_cap_share_a_name(
    services: Services, site: Site, tmp_path: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    """As live."""
    site = services.sites.sites.edit("kimson", article_cap=2)
    path = tmp_path / "access.log"
    path.write_text("".join(line(f"/tin/{number}") for number in range(5)))

    run(services, path, "access-log", site)

    articles = redis_client.zrange(SiteKeys(settings.key_prefix, "kimson").articles, 0, -1)
    assert len(articles) == 3
    assert redis_client.zscore(SiteKeys(settings.key_prefix, "kimson").articles, "(other)") == 3


def test_a_large_log_takes_bounded_memory(
    services: Services, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sums that memory does not hold go to disk, and come together there."""
    monkeypatch.setattr("stats_service.services.portability.legacy.tally.MEMORY_SUMS", 3)
    path = tmp_path / "access.log"
    path.write_text("".join(line(f"/tin/{number % 10}") for number in range(100)))

    summary = run(services, path, "access-log", site)

    assert (summary.views, summary.articles) == (100, 10)


@pytest.mark.parametrize("kind", ["matomo", "wp-postviews"])
def test_a_line_without_end_is_no_csv(
    services: Services, site: Site, tmp_path: Path, kind: str
) -> None:
    """A small file that unpacks into one line is not put together in memory."""
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(b"date,nb_visits\n")
        for _ in range(3 * TEXT_LINE_MAX // 10**6):
            file.write(b"a" * 10**6)

    with pytest.raises(InvalidInputError, match="A line has more than"):
        run(services, path, kind, site, dry_run=True)


@pytest.mark.parametrize("known", [0, 1])
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_site_gets_no_more_polls_than_it_may_have(
    services: Services, site: Site, monkeypatch: pytest.MonkeyPatch, known: int, dry_run: bool
) -> None:
    """Those that it has included; a dry run says so already."""
    monkeypatch.setattr("stats_service.services.portability.legacy.imports.POLLS_MAX", 2)
    if known:
        make_poll(services, id="there-already")
    polls = [
        LegacyPoll(
            Poll(id=f"wp-{n}", question={"vi": "?"}, choices=make_choices("ab"), status="archived"),
            PollTally(),
        )
        for n in range(3 - known)
    ]

    with pytest.raises(InvalidInputError, match="at most 2 polls"):
        list(services.portability.legacy.add_polls("kimson", iter(polls), dry_run=dry_run))

    assert len(services.polls.polls.all("kimson")) == (known if dry_run else 2)


def long_names(number: int) -> Iterator[bytes]:
    """Give lines of a log, each of an article of its own with a name of 1,000 bytes."""
    for n in range(number):
        name = hashlib.sha256(str(n).encode()).hexdigest() + "x" * 900
        yield (
            f'192.0.2.{n % 250} - - [17/May/2015:10:{n % 60:02d}:03 +0000] "GET /{name} HTTP/1.1" '
            f'200 1 "-" "{BROWSER}"\n'
        ).encode()


def test_the_temporary_disk_of_a_file_is_bounded(
    services: Services,
    clock: FakeClock,
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A small file may name more articles than a disk has room for; the error names the bound."""
    monkeypatch.setattr(lines, "BATCH", 500)
    monkeypatch.setattr(lines.Lines.__init__, "__defaults__", (2_000_000,))
    path = tmp_path / "access.log.gz"
    path.write_bytes(gzip.compress(b"".join(long_names(3000))))
    plan = Plan(kind="access-log", dry_run=True)

    with pytest.raises(InvalidInputError, match=r"the 2 MB that it may.*Split them"):
        services.portability.legacy.run(Source(site), [path], plan, clock.now())

    assert services.portability.legacy.files("kimson") == []
