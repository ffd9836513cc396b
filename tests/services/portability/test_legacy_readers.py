"""What visits of other counters' files told: each dimension as an independent count has it."""

from collections.abc import Callable

import pytest
import redis

from stats_service.config import Settings
from stats_service.errors import InvalidInputError
from stats_service.models.portability.legacy import LegacySummary
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.overlapping_logs import everything
from tests.support.visits_told import (
    GOATCOUNTER,
    PLAUSIBLE,
    PLAUSIBLE_TOLD,
    UMAMI_HEAD,
    some_visits,
)

Bring = Callable[..., LegacySummary]


def test_every_file_of_plausible_is_told_of_its_visits(
    services: Services, site: Site, bring_files: Bring, told: Callable[[str], dict[str, int]]
) -> None:
    """The visits column of each file; what live visits have not is not told."""
    summary = bring_files(PLAUSIBLE)

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
    assert bring_files(PLAUSIBLE).known


def test_what_an_import_told_is_taken_out_exactly(
    site: Site,
    services: Services,
    bring_files: Bring,
    redis_client: redis.Redis,
    settings: Settings,
) -> None:
    """Of two imports on one day, each alone; an interrupted month is made again."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    first = bring_files(PLAUSIBLE)
    before = everything(redis_client, keys)
    second = bring_files({"e.csv": UMAMI_HEAD + "".join(map(str, some_visits(3)))}, beside=True)

    services.portability.legacy.undo("kimson", second.id, FakeClock().now())
    assert everything(redis_client, keys) == before
    services.portability.legacy.undo("kimson", first.id, FakeClock().now())
    assert everything(redis_client, keys) == {}


def test_a_later_export_tells_what_has_grown(
    site: Site, bring_files: Bring, told: Callable[[str], dict[str, int]]
) -> None:
    """Of each dimension no more than the day has grown by, whatever is renamed."""
    bring_files(PLAUSIBLE)
    grown = {
        name: text.replace("304,77,134,", "310,77,140,")
        .replace('"google.com","","","","","",70,23,25', '"google.com","","","","","",70,23,31')
        .replace('"Mobile",39,44', '"Mobile",39,50')
        for name, text in PLAUSIBLE.items()
    }

    summary = bring_files(grown)

    assert (summary.visits, summary.readers) == (6, {"source": 6, "device": 6})
    expected = PLAUSIBLE_TOLD["2026-02-17"] | {"sGoogle": 31, "dphone": 50}
    assert told("2026-02-17") == expected


def test_a_file_that_tells_comes_with_visits_or_after_them(
    site: Site, bring_files: Bring, told: Callable[[str], dict[str, int]]
) -> None:
    """Alone it is refused; beyond the visits of its day, the rarest is dropped."""
    names = list(PLAUSIBLE)
    with pytest.raises(InvalidInputError, match="no visits are known"):
        bring_files({names[2]: PLAUSIBLE[names[2]]})

    bring_files({names[0]: PLAUSIBLE[names[0]].replace("77,134,", "77,100,")})
    summary = bring_files({names[2]: PLAUSIBLE[names[2]]})

    assert summary.readers == {"device": 110}
    assert summary.ignored == {"told-beyond": 24}
    assert told("2026-02-17") == {"dcomputer": 80, "dphone": 20}


def test_a_file_that_nothing_is_taken_from_is_no_hindrance_beside_others(
    site: Site, bring_files: Bring
) -> None:
    """All that Plausible's zip had, unpacked; alone it is refused."""
    exits = "imported_exit_pages_20260217_20260218.csv"
    with pytest.raises(InvalidInputError, match="it is the table imported_exit_pages"):
        bring_files({exits: PLAUSIBLE[exits]}, packed=False)

    summary = bring_files(PLAUSIBLE, packed=False)

    assert summary.readers["source"] == 144
    assert summary.files[-1].ignored == {"not-used": 1}


def test_what_a_site_has_switched_off_is_not_told(
    services: Services, site: Site, bring_files: Bring, told: Callable[[str], dict[str, int]]
) -> None:
    """Of sums as of events."""
    services.sites.sites.edit("kimson", readers_off=("source", "browser", "entry"))

    bring_files(PLAUSIBLE)
    bring_files({"e.csv": UMAMI_HEAD + "".join(map(str, some_visits(3)))}, beside=True)

    assert {line[0] for line in told("2026-02-17")} <= set("kumdoclg")
    services.sites.sites.edit("kimson", readers_off=("all",))
    assert (
        bring_files({"f.csv": UMAMI_HEAD + "".join(map(str, some_visits(4)))}, beside=True).readers
        == {}
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
    site: Site, bring_files: Bring, told: Callable[[str], dict[str, int]]
) -> None:
    """`FirstVisit` is of each page that a session sees."""
    summary = bring_files({"goatcounter.csv": GOATCOUNTER})

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
    site: Site, bring_files: Bring, told: Callable[[str], dict[str, int]]
) -> None:
    """By segment, or by the picture's path; labels may be in any language."""
    summary = bring_files(MATOMO)

    assert (summary.views, summary.visits, summary.articles) == (80, 60, 2)
    assert told("2026-02-17") == MATOMO_TOLD
    assert bring_files(MATOMO).known
