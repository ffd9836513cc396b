"""What visits of other counters' files told: each dimension as an independent count has it."""

import random
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import redis

from stats_service.config import Settings
from stats_service.errors import InvalidInputError
from stats_service.models.portability.legacy import LegacySummary
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.work import Plan
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.overlapping_logs import everything

Bring = Callable[..., LegacySummary]


@pytest.fixture
def bring(services: Services, tmp_path: Path) -> Bring:
    """Give what imports texts as files, by their names."""
    numbers = iter(range(10**6))

    def import_them(
        files: dict[str, str],
        now: float = FakeClock().now(),
        *,
        packed: bool = True,
        **options: object,
    ) -> LegacySummary:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        paths = [folder / name for name in files]
        if packed and "imported_exit_pages" in " ".join(files):
            paths = [folder / "plausible.zip"]
            with zipfile.ZipFile(paths[0], "w") as archive:
                for name, text in files.items():
                    archive.writestr(name, text)
        else:
            for path, text in zip(paths, files.values(), strict=True):
                path.write_text(text)
        plan = Plan(**options)  # type: ignore[arg-type]
        source = Source(services.sites.sites.get("kimson"))
        return services.portability.legacy.run(source, paths, plan, now)

    return import_them


@pytest.fixture
def told(redis_client: redis.Redis, settings: Settings) -> Callable[[str], dict[str, int]]:
    """Give what stands in Redis of a day or month, by line."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    return lambda span: {
        line: int(n) for line, n in redis_client.hgetall(keys.readers(span)).items()
    }


PLAUSIBLE = {
    "imported_visitors_20260217_20260218.csv": (
        '"date","visitors","pageviews","bounces","visits","visit_duration"\n'
        '"2026-02-17",90,304,77,134,21070\n"2026-02-18",8,12,3,10,600\n'
    ),
    "imported_sources_20260217_20260218.csv": (
        '"date","source","referrer","utm_source","utm_medium","utm_campaign","utm_content",'
        '"utm_term","pageviews","visitors","visits","visit_duration","bounces"\n'
        '"2026-02-17","","","","","","","",200,60,80,1,1\n'
        '"2026-02-17","Google","google.com","","","","","",70,23,25,8249,13\n'
        '"2026-02-17","Facebook","m.facebook.com/l.php","","","","","",9,9,9,1,1\n'
        '"2026-02-17","zalo","","zalo","social","tet-2026","","",9,9,12,1,1\n'
        '"2026-02-17","Bing","","","","","","",2,2,2,1,1\n'
        '"2026-02-17","tin.bao.vn","tin.bao.vn/a","","","","","",2,2,3,1,1\n'
        '"2026-02-17","kimson.example.vn","kimson.example.vn/","","","","","",2,2,2,1,1\n'
        '"2026-02-17","Some Letter","","","","","","",1,1,1,1,1\n'
        '"2026-02-18","Direct / None","","","","","","",12,8,10,600,3\n'
    ),
    "imported_devices_20260217_20260218.csv": (
        '"date","device","visitors","visits","visit_duration","bounces","pageviews"\n'
        '"2026-02-17","Desktop",60,70,0,1,200\n"2026-02-17","Laptop",10,10,0,1,10\n'
        '"2026-02-17","Mobile",39,44,0,1,104\n"2026-02-17","(not set)",10,10,0,1,10\n'
        '"2026-02-18","Tablet",8,10,0,1,12\n'
    ),
    "imported_browsers_20260217_20260218.csv": (
        '"date","browser","browser_version","visitors","visits","visit_duration","bounces",'
        '"pageviews"\n'
        '"2026-02-17","Chrome","121.0",50,60,0,1,120\n"2026-02-17","Chrome","120",5,9,0,1,12\n'
        '"2026-02-17","Safari","16.3",40,45,0,1,120\n'
        '"2026-02-17","Samsung Browser","23.0",5,5,0,1,5\n'
        '"2026-02-17","Nobody\'s","1",15,15,0,1,5\n'
        '"2026-02-18","Microsoft Edge","119",8,10,0,1,12\n'
    ),
    "imported_operating_systems_20260217_20260218.csv": (
        '"date","operating_system","operating_system_version","visitors","visits",'
        '"visit_duration","bounces","pageviews"\n'
        '"2026-02-17","Windows","10",60,70,0,1,304\n"2026-02-17","Windows","11",1,10,0,1,3\n'
        '"2026-02-17","iOS","17.2",30,54,0,1,3\n"2026-02-18","GNU/Linux","",8,10,0,1,12\n'
    ),
    "imported_locations_20260217_20260218.csv": (
        '"date","country","region","city","visitors","visits","visit_duration","bounces",'
        '"pageviews"\n'
        '"2026-02-17","VN","VN-HN",1581130,90,100,400,3,304\n'
        '"2026-02-17","VN","VN-SG",1566083,10,20,400,3,304\n'
        '"2026-02-17","FR","FR-PAC",3027647,10,14,400,3,30\n"2026-02-18","VN","",0,8,10,0,1,12\n'
    ),
    "imported_entry_pages_20260217_20260218.csv": (
        '"date","entry_page","visitors","entrances","visit_duration","bounces","pageviews"\n'
        '"2026-02-17","/tin/1",90,100,922,0,7\n"2026-02-17","/tin/1/",4,4,922,0,7\n'
        '"2026-02-17","/",30,30,922,0,7\n"2026-02-18","/tin/2",8,10,922,0,7\n'
    ),
    "imported_exit_pages_20260217_20260218.csv": (
        '"date","exit_page","visitors","visit_duration","exits","bounces","pageviews"\n'
        '"2026-02-17","/pricing",12,900,14,7,20\n'
    ),
}
#: Worked out by hand from the rows above. 60 of Chrome 121, 9 of 120: from 50 on a version is kept.
#: Of Facebook's, of the link that said `zalo` and of ourselves: 9; direct, as nobody knows the page
#: before; direct. `Some Letter` is no host.
PLAUSIBLE_TOLD = {
    "2026-02-17": {
        "s@direct": 80 + 12 + 2,
        "sGoogle": 25,
        "sFacebook": 9,
        "sBing": 2,
        "sbao.vn": 3,
        "s": 1,
        "uzalo": 12,
        "msocial": 12,
        "ktet-2026": 12,
        "dcomputer": 80,
        "dphone": 44,
        "vChrome 121": 60,
        "bChrome": 9,
        "bSafari": 45,
        "bSamsung Internet": 5,
        "oWindows": 80,
        "oiOS": 54,
        "cVN": 120,
        "cFR": 14,
        "e/tin/1": 104,
        "e/": 30,
    },
    "2026-02-18": {
        "s@direct": 10,
        "dtablet": 10,
        "bEdge": 10,
        "oLinux": 10,
        "cVN": 10,
        "e/tin/2": 10,
    },
}


def test_every_file_of_plausible_is_told_of_its_visits(
    services: Services, site: Site, bring: Bring, told: Callable[[str], dict[str, int]]
) -> None:
    """The visits column of each file; what live visits have not is not told."""
    summary = bring(PLAUSIBLE)

    assert {day: told(day) for day in PLAUSIBLE_TOLD} == PLAUSIBLE_TOLD
    assert (summary.visits, summary.readers) == (
        144,
        {
            "source": 144,
            "campaign": 12,
            "campaign_source": 12,
            "campaign_medium": 12,
            "entry": 144,
            "device": 134,
            "browser": 129,
            "system": 144,
            "country": 144,
        },
    )
    assert bring(PLAUSIBLE).known


def test_what_an_import_told_is_taken_out_exactly(
    site: Site,
    services: Services,
    bring: Bring,
    redis_client: redis.Redis,
    settings: Settings,
) -> None:
    """Of two imports on one day, each alone; an interrupted month is made again."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    first = bring(PLAUSIBLE)
    before = everything(redis_client, keys)
    second = bring({"e.csv": UMAMI_HEAD + "".join(map(str, some_visits(3)))}, beside=True)

    services.portability.legacy.undo("kimson", second.id, FakeClock().now())
    assert everything(redis_client, keys) == before
    services.portability.legacy.undo("kimson", first.id, FakeClock().now())
    assert everything(redis_client, keys) == {}


def test_a_later_export_tells_what_has_grown(
    site: Site, bring: Bring, told: Callable[[str], dict[str, int]]
) -> None:
    """Of each dimension no more than the day has grown by, whatever is renamed."""
    bring(PLAUSIBLE)
    grown = {
        name: text.replace("304,77,134,", "310,77,140,")
        .replace('"google.com","","","","","",70,23,25', '"google.com","","","","","",70,23,31')
        .replace('"Mobile",39,44', '"Mobile",39,50')
        for name, text in PLAUSIBLE.items()
    }

    summary = bring(grown)

    assert (summary.visits, summary.readers) == (6, {"source": 6, "device": 6})
    expected = PLAUSIBLE_TOLD["2026-02-17"] | {"sGoogle": 31, "dphone": 50}
    assert told("2026-02-17") == expected


def test_a_file_that_tells_comes_with_visits_or_after_them(
    site: Site, bring: Bring, told: Callable[[str], dict[str, int]]
) -> None:
    """Alone it is refused; beyond the visits of its day, the rarest is dropped."""
    names = list(PLAUSIBLE)
    with pytest.raises(InvalidInputError, match="no visits are known"):
        bring({names[2]: PLAUSIBLE[names[2]]})

    bring({names[0]: PLAUSIBLE[names[0]].replace("77,134,", "77,100,")})
    summary = bring({names[2]: PLAUSIBLE[names[2]]})

    assert summary.readers == {"device": 110}
    assert summary.ignored == {"told-beyond": 24}
    assert told("2026-02-17") == {"dcomputer": 80, "dphone": 20}


def test_a_file_that_nothing_is_taken_from_is_no_hindrance_beside_others(
    site: Site, bring: Bring
) -> None:
    """All that Plausible's zip had, unpacked; alone it is refused."""
    exits = "imported_exit_pages_20260217_20260218.csv"
    with pytest.raises(InvalidInputError, match="it is the table imported_exit_pages"):
        bring({exits: PLAUSIBLE[exits]}, packed=False)

    summary = bring(PLAUSIBLE, packed=False)

    assert summary.readers["source"] == 144
    assert summary.files[-1].ignored == {"not-used": 1}


def test_what_a_site_has_switched_off_is_not_told(
    services: Services, site: Site, bring: Bring, told: Callable[[str], dict[str, int]]
) -> None:
    """Of sums as of events."""
    services.sites.sites.edit("kimson", readers_off=("source", "browser", "entry"))

    bring(PLAUSIBLE)
    bring({"e.csv": UMAMI_HEAD + "".join(map(str, some_visits(3)))}, beside=True)

    assert {line[0] for line in told("2026-02-17")} <= set("kumdoclg")
    services.sites.sites.edit("kimson", readers_off=("all",))
    assert (
        bring({"f.csv": UMAMI_HEAD + "".join(map(str, some_visits(4)))}, beside=True).readers == {}
    )


UMAMI_HEAD = (
    "website_id,session_id,visit_id,event_id,hostname,browser,os,device,language,country,url_path,"
    "url_query,referrer_domain,event_type,event_name,created_at\n"
)


class Event(NamedTuple):
    """A view of Umami."""

    number: int
    visit: int
    minute: int
    browser: str
    system: str
    device: str
    language: str
    country: str
    path: str
    query: str
    referrer: str

    def __str__(self) -> str:
        """Return the row; the times are those of 17 February in Vietnam."""
        return (
            f"w,s{self.visit},v{self.visit},e{self.number},kimson.example.vn,{self.browser},"
            f"{self.system},{self.device},{self.language},{self.country},{self.path},{self.query},"
            f"{self.referrer},1,,{self.time}\n"
        )

    @property
    def time(self) -> str:
        """The moment, in UTC."""
        return f"2026-02-17 {self.minute // 60:02d}:{self.minute % 60:02d}:00"


#: As Umami writes them, with what they are counted under.
BROWSERS = {"crios": "bChrome", "edge-chromium": "bEdge", "ios": "bSafari", "curl": ""}
SYSTEMS = {"Windows 10": "oWindows", "Android OS": "oAndroid", "Mac OS": "omacOS", "BeOS": ""}
DEVICES = {"laptop": "dcomputer", "mobile": "dphone", "tablet": "dtablet", "": ""}
LANGUAGES = {"vi-VN": "lvi", "en-US": "len", "": ""}
COUNTRIES = {"VN": "cVN", "FR": "cFR", "": ""}
QUERIES = {
    "": [],
    "utm_source=zalo&utm_campaign=tet": ["uzalo", "ktet"],
    "gclid=abc": ["gGoogle Ads"],
}
REFERRERS = {
    "": "",
    "www.google.com.vn": "sGoogle",
    "l.facebook.com": "sFacebook",
    "bao.vn": "sbao.vn",
}


OWN = ("kimson.example.vn", "www.kimson.example.vn")


def some_visits(seed: int, number: int = 120) -> list[Event]:
    """Return events of visits that read on for a while, in no order."""
    drawn = random.Random(seed)
    events = []
    for visit in range(number // 3):
        reader = (
            drawn.choice(list(BROWSERS)),
            drawn.choice(list(SYSTEMS)),
            drawn.choice(list(DEVICES)),
            drawn.choice(list(LANGUAGES)),
            drawn.choice(list(COUNTRIES)),
        )
        begin = drawn.randrange(900)
        for step in range(drawn.randrange(1, 5)):
            events.append(
                Event(
                    len(events) + 1000 * seed,
                    visit + 1000 * seed,
                    begin + 5 * step,
                    *reader,
                    f"/tin/{drawn.randrange(5)}",
                    drawn.choice(list(QUERIES)),
                    # Who reads on comes from our own pages.
                    drawn.choice(OWN if step else list(REFERRERS)),
                )
            )
    drawn.shuffle(events)
    return events


def naive_count(events: list[Event]) -> dict[str, int]:
    """Count by hand what the first event of each visit tells."""
    first: dict[int, Event] = {}
    for event in sorted(events, key=lambda event: event.minute):
        first.setdefault(event.visit, event)
    sums: Counter[str] = Counter()
    for event in first.values():
        source = REFERRERS[event.referrer]
        if not source:
            source = "sGoogle" if "gclid" in event.query else "s@direct"
        sums.update(
            [
                source,
                *QUERIES[event.query],
                BROWSERS[event.browser],
                SYSTEMS[event.system],
                DEVICES[event.device],
                LANGUAGES[event.language],
                COUNTRIES[event.country],
                f"e{event.path}",
            ]
        )
    del sums[""]
    return dict(sums)


@pytest.mark.parametrize("seed", range(3))
def test_events_of_umami_tell_where_a_visit_begins(
    site: Site, bring: Bring, told: Callable[[str], dict[str, int]], seed: int
) -> None:
    """In any order, cut into files that overlap, in one command or in several."""
    events = some_visits(seed)
    half = len(events) // 2
    parts = [events[: half + 20], events[half - 20 :], events]
    texts = [UMAMI_HEAD + "".join(map(str, part)) for part in parts]
    if seed:
        texts = ["".join([UMAMI_HEAD, *map(str, sorted(events, key=lambda e: e.visit))])]

    if seed == 2:
        summary = bring({"a.csv": texts[0], "b.csv": texts[0] + "\n"})
    else:
        summary = bring({f"{n}.csv": text for n, text in enumerate(texts)})

    assert told("2026-02-17") == naive_count(events)
    assert summary.readers["entry"] == summary.visits
    assert bring({"c.csv": texts[-1]}).readers == {}


@pytest.mark.parametrize("seed", range(10, 16))
def test_no_day_is_told_of_more_visits_than_it_has(
    services: Services,
    site: Site,
    bring: Bring,
    told: Callable[[str], dict[str, int]],
    redis_client: redis.Redis,
    settings: Settings,
    seed: int,
) -> None:
    """Events are dealt out to commands in any order, which cuts visits; then each is taken out."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    drawn = random.Random(seed)
    # Over midnight in Vietnam, which is 17:00 in UTC.
    found = some_visits(seed)
    begins = {one.visit: min(e.minute for e in found if e.visit == one.visit) for one in found}
    events = [
        event._replace(minute=event.minute - begins[event.visit] + 1000 + begins[event.visit] % 25)
        for event in found
    ]
    cut = sorted(events, key=lambda event: event.minute)
    hands: list[list[Event]] = [[], [], []]
    for place, event in enumerate(cut):
        hand = place * 3 // len(cut) if seed % 2 else drawn.randrange(3)
        hands[hand].append(event)
    drawn.shuffle(hands)

    def check() -> None:
        for day in ("2026-02-17", "2026-02-18"):
            visits = int(redis_client.hget(keys.counts, f"visits:{day}") or 0)
            sums: Counter[str] = Counter()
            for line, n in told(day).items():
                assert n > 0
                sums["b" if line[0] == "v" else line[0]] += n
            assert max(sums.values(), default=0) <= visits

    imports = []
    for hand in hands:
        imports.append(bring({"e.csv": UMAMI_HEAD + "".join(map(str, hand))}))
        check()
    assert int(redis_client.hget(keys.counts, "visits")) == len({e.visit for e in events})
    drawn.shuffle(imports)
    for one in imports:
        services.portability.legacy.undo("kimson", one.id, FakeClock().now())
        check()
    assert everything(redis_client, keys) == {}


@pytest.mark.parametrize("seed", range(7, 10))
def test_a_later_part_that_overlaps_tells_what_is_new(
    site: Site, bring: Bring, told: Callable[[str], dict[str, int]], seed: int
) -> None:
    """In the order of time, a command each: as if all had come at once."""
    events = sorted(some_visits(seed), key=lambda event: event.minute)
    for part in (events[:70], events[50:90], events[80:]):
        bring({"e.csv": UMAMI_HEAD + "".join(map(str, part))})

    assert told("2026-02-17") == naive_count(events)


def test_sessions_of_umamis_database_tell_for_their_events(
    site: Site, bring: Bring, told: Callable[[str], dict[str, int]]
) -> None:
    """PostgreSQL's dump: the table of sessions, then that of events."""
    events = some_visits(6)
    sessions = {
        f"s{e.visit},w,{e.browser},{e.system},{e.device},{e.language},{e.country}\n" for e in events
    }
    rows = (
        f"e{e.number},w,s{e.visit},v{e.visit},{e.time},{e.path},{e.query},{e.referrer},1,,kimson.example.vn\n"
        for e in events
    )
    head = (
        "event_id,website_id,session_id,visit_id,created_at,url_path,url_query,referrer_domain,"
        "event_type,event_name,hostname\n"
    )

    bring(
        {
            "session.csv": "session_id,website_id,browser,os,device,language,country\n"
            + "".join(sorted(sessions)),
            "website_event.csv": head + "".join(rows),
        }
    )

    assert told("2026-02-17") == naive_count(events)


GOATCOUNTER = (
    "2Path,Title,Event,UserAgent,Browser,System,Session,Bot,Referrer,Referrer scheme,"
    "Screen size,Location,FirstVisit,Date\n"
    "/tin/1,T,false,,Chrome 109,Windows 10,a-1,0,www.google.com/search,h,,VN-HN,true,"
    "2026-02-17T03:00:00Z\n"
    "/tin/2,T,false,,Chrome 109,Windows 10,a-1,0,kimson.example.vn/tin/1,h,,VN-HN,true,"
    "2026-02-17T03:05:00Z\n"
    "/tin/2,T,false,,Safari 16,iOS 16,b-2,0,,,,FR,true,2026-02-17T04:00:00Z\n"
    "/tin/2,T,false,,Opera,Plan9,c-3,0,zalo-oa,c,,,true,2026-02-17T04:00:00Z\n"
    "/tin/3?utm_medium=thu,T,false,,Firefox 115,macOS 13,d-4,0,Google,g,,VN,true,"
    "2026-02-17T05:00:00Z\n"
    "/tin/3,T,false,,Bot,,e-5,1,bing.com,h,,US,true,2026-02-17T03:00:00Z\n"
)
#: By hand: four sessions of readers. The first saw two pages, and so has two rows with FirstVisit.
GOATCOUNTER_TOLD = {
    "sGoogle": 2,
    "s@direct": 1,
    "kzalo-oa": 1,
    "mthu": 1,
    "e/tin/1": 1,
    "e/tin/2": 2,
    "e/tin/3": 1,
    "bChrome": 1,
    "bSafari": 1,
    "bOpera": 1,
    "bFirefox": 1,
    "oWindows": 1,
    "oiOS": 1,
    "omacOS": 1,
    "cVN": 2,
    "cFR": 1,
}


def test_a_session_of_goatcounter_is_a_visit_and_tells_once(
    site: Site, bring: Bring, told: Callable[[str], dict[str, int]]
) -> None:
    """`FirstVisit` is of each page that a session sees."""
    summary = bring({"goatcounter.csv": GOATCOUNTER})

    assert (summary.views, summary.visits) == (5, 4)
    assert told("2026-02-17") == GOATCOUNTER_TOLD


MATOMO = {
    "api.csv": "date,nb_uniq_visitors,nb_visits,nb_actions,nb_pageviews\n2026-02-17,50,60,90,80\n",
    "pages.csv": (
        "date,label,nb_visits,nb_hits,entry_nb_visits,metadata_url,metadata_segment\n"
        "2026-02-17,/tin/1,40,50,45,https://kimson.example.vn/tin/1,pageUrl==https%3A%2F%2Fk\n"
        "2026-02-17,/tin/2,20,30,15,https://kimson.example.vn/tin/2,pageUrl==https%3A%2F%2Fk\n"
    ),
    "types.csv": (
        "date,label,nb_visits,metadata_logo,metadata_segment\n"
        "2026-02-17,Máy tính,33,x/devices/desktop.png,deviceType==desktop\n"
        "2026-02-17,Smartphone,20,plugins/Morpheus/icons/dist/devices/smartphone.png,\n"
        "2026-02-17,Phablet,4,plugins/Morpheus/icons/dist/devices/phablet.png,deviceType==phablet\n"
    ),
    "browsers.csv": (
        "date,label,nb_visits,metadata_logo,metadata_segment\n"
        "2026-02-17,Chrome Mobile,41,x/browsers/CM.png,browserCode==CM\n"
        "2026-02-17,Coc Coc,19,x/browsers/CC.png,browserCode==CC\n"
    ),
    "os.csv": (
        "date,label,nb_visits,metadata_logo,metadata_segment\n"
        "2026-02-17,Android,41,x/os/AND.png,operatingSystemCode==AND\n"
        "2026-02-17,Windows,19,x/os/WIN.png,operatingSystemCode==WIN\n"
    ),
    "countries.csv": (
        "date,label,nb_visits,metadata_code,metadata_logo,metadata_segment\n"
        "2026-02-17,Việt Nam,55,vn,x/flags/vn.png,countryCode==vn\n"
        "2026-02-17,Không rõ,5,xx,x/flags/xx.png,countryCode==xx\n"
    ),
    "languages.csv": (
        "date,label,nb_visits,metadata_segment\n2026-02-17,Tiếng Việt (vi),58,languageCode==vi\n"
    ),
    "referrers.csv": (
        "date,label,nb_visits,metadata_segment\n"
        "2026-02-17,Nhập trực tiếp,20,referrerType==direct\n"
        "2026-02-17,Công cụ tìm kiếm,25,referrerType==search\n"
    ),
    "engines.csv": (
        "date,label,nb_visits,metadata_segment\n"
        "2026-02-17,Google,24,referrerType==search;referrerName==Google\n"
        "2026-02-17,Cốc Cốc,1,referrerType==search;referrerName==C%E1%BB%91c%20C%E1%BB%91c\n"
    ),
    "websites.csv": (
        "date,label,nb_visits,metadata_segment\n"
        "2026-02-17,tin.bao.vn,7,referrerType==website;referrerName==tin.bao.vn\n"
    ),
    "campaigns.csv": (
        "date,label,nb_visits,metadata_segment\n"
        "2026-02-17,tet,8,referrerType==campaign;referrerName==tet\n"
    ),
}
MATOMO_TOLD = {
    "e/tin/1": 45,
    "e/tin/2": 15,
    "dcomputer": 33,
    "dphone": 24,
    "bChrome": 41,
    "bCốc Cốc": 19,
    "oAndroid": 41,
    "oWindows": 19,
    "cVN": 55,
    "lvi": 58,
    "s@direct": 20,
    "sGoogle": 24,
    "sCốc Cốc": 1,
    "sbao.vn": 7,
    "ktet": 8,
}


def test_reports_of_matomo_are_told_of_its_visits(
    site: Site, bring: Bring, told: Callable[[str], dict[str, int]]
) -> None:
    """By segment, or by the picture's path; labels may be in any language."""
    summary = bring(MATOMO)

    assert (summary.views, summary.visits, summary.articles) == (80, 60, 2)
    assert told("2026-02-17") == MATOMO_TOLD
    assert bring(MATOMO).known


@pytest.mark.parametrize("years", [1, 6])
def test_days_that_are_no_longer_kept_are_told_by_month(
    services: Services,
    site: Site,
    bring: Bring,
    told: Callable[[str], dict[str, int]],
    redis_client: redis.Redis,
    settings: Settings,
    years: int,
) -> None:
    """Six years ago no day is kept; a year ago the month is summed by the next tick."""
    year = 2026 - years
    files = {
        name.replace("2026", str(year)): text.replace("2026-02", f"{year}-12")
        for name, text in PLAUSIBLE.items()
    }
    month = dict(Counter(PLAUSIBLE_TOLD["2026-02-17"]) + Counter(PLAUSIBLE_TOLD["2026-02-18"]))
    before = everything(redis_client, SiteKeys(settings.key_prefix, "kimson"))

    summary = bring(files)

    now = FakeClock().now()
    services.traffic.retention.retain(site, now)
    assert told(f"{year}-12") == month
    assert bool(told(f"{year}-12-17")) == (years == 1)
    assert bring(files).known
    services.portability.legacy.undo("kimson", summary.id, now)
    assert everything(redis_client, SiteKeys(settings.key_prefix, "kimson")) == before


def test_a_day_with_many_values_sums_to_its_visits(
    site: Site,
    bring: Bring,
    services: Services,
    told: Callable[[str], dict[str, int]],
    redis_client: redis.Redis,
    settings: Settings,
) -> None:
    """200 sources are kept by name, those of most visits, and the remainder is exact."""
    rows = "".join(
        f'"2026-02-17","a{n}.vn","a{n}.vn","","","","","",1,1,{n},1,1\n' for n in range(1, 701)
    )
    total = sum(range(1, 701))
    files = {
        "imported_visitors.csv": PLAUSIBLE["imported_visitors_20260217_20260218.csv"].replace(
            "77,134,", f"77,{total},"
        ),
        "imported_sources.csv": PLAUSIBLE["imported_sources_20260217_20260218.csv"].split("\n")[0]
        + "\n"
        + rows,
    }

    summary = bring(files)

    found = told("2026-02-17")
    assert len(found) == 201
    assert found["sa700.vn"] == 700
    assert "sa500.vn" not in found
    assert sum(found.values()) == total == summary.readers["source"]
    assert bring(files).known


def test_a_month_that_has_lost_days_is_added_to(
    services: Services,
    site: Site,
    bring: Bring,
    told: Callable[[str], dict[str, int]],
    redis_client: redis.Redis,
    settings: Settings,
) -> None:
    """The 5th of January of last year is no longer kept by day, the 30th is."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    events = some_visits(1)
    umami = UMAMI_HEAD + "".join(map(str, events)).replace("2026-02-17", "2025-01-30")
    files = {
        name: text.replace("2026-02-17", "2025-01-05").replace("2026-02-18", "2025-01-30")
        for name, text in PLAUSIBLE.items()
    }
    counted = Counter(naive_count(events))

    first = bring({"e.csv": umami})
    before = everything(redis_client, keys)
    second = bring(files, beside=True)

    expected = Counter(PLAUSIBLE_TOLD["2026-02-18"]) + counted
    assert told("2025-01-30") == expected
    assert told("2025-01") == expected + Counter(PLAUSIBLE_TOLD["2026-02-17"])
    services.traffic.retention.retain(site, FakeClock().now())
    assert told("2025-01") == expected + Counter(PLAUSIBLE_TOLD["2026-02-17"])
    services.portability.legacy.undo("kimson", second.id, FakeClock().now())
    assert everything(redis_client, keys) == before
    services.portability.legacy.undo("kimson", first.id, FakeClock().now())
    assert everything(redis_client, keys) == {}


def test_values_beyond_those_that_a_day_keeps_go_and_come_with_their_import(
    services: Services,
    site: Site,
    bring: Bring,
    told: Callable[[str], dict[str, int]],
    redis_client: redis.Redis,
    settings: Settings,
) -> None:
    """Three imports with 200 sources each: 500 have a name, and 100 are of the third alone."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    head, *_ = PLAUSIBLE["imported_sources_20260217_20260218.csv"].split("\n")
    row = '"2026-02-17","a{0}.vn","a{0}.vn","","","","","",1,1,1,1,1\n'
    files = (
        {
            "imported_visitors.csv": PLAUSIBLE["imported_visitors_20260217_20260218.csv"].replace(
                "77,134,", "77,200,"
            ),
            "imported_sources.csv": f"{head}\n" + "".join(map(row.format, range(200))),
        },
        {
            "e.csv": UMAMI_HEAD
            + "".join(
                f"w,s,v{n},e{n},kimson.example.vn,,,,,,/,,b{n}.vn,1,,2026-02-17 01:00:00\n"
                for n in range(200)
            )
        },
        {
            "g.csv": GOATCOUNTER.split("\n", maxsplit=1)[0]
            + "\n"
            + "".join(
                f"/,,false,,,,{n + 1:x}-1,0,c{n}.vn/,h,,,true,2026-02-17T03:00:00Z\n"
                for n in range(200)
            )
        },
    )
    states, imports = [everything(redis_client, keys)], []
    for some in files:
        imports.append(bring(some, beside=True))
        states.append(everything(redis_client, keys))

    sources = {line: n for line, n in told("2026-02-17").items() if line[0] == "s"}
    assert sum(sources.values()) == 600
    assert (len(sources), sources["s"]) == (501, 100)
    for one, state in zip(reversed(imports), reversed(states[:-1]), strict=True):
        services.portability.legacy.undo("kimson", one.id, FakeClock().now())
        assert everything(redis_client, keys) == state


def test_an_archive_carries_what_imports_told_and_how_it_is_taken_out(
    services: Services,
    site: Site,
    bring: Bring,
    redis_client: redis.Redis,
    settings: Settings,
    tmp_path: Path,
) -> None:
    """After a restore the same files are known, and taking them out leaves nothing."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    old = {name: text.replace("2026-02", "2019-12") for name, text in PLAUSIBLE.items()} | {
        "imported_exit_pages.csv": "date,exit_page\n"
    }
    imports = [bring(PLAUSIBLE), bring(old)]
    before = everything(redis_client, keys)
    path = tmp_path / "kimson.jsonl"
    now = FakeClock().now()
    path.write_bytes(b"".join(services.portability.archives.lines("kimson", now)))
    services.sites.sites.remove("kimson")

    services.portability.archives.restore(path, now)

    assert everything(redis_client, keys) == before
    assert bring(PLAUSIBLE).known
    for one in imports:
        services.portability.legacy.undo("kimson", one.id, now)
    assert everything(redis_client, keys) == {}
