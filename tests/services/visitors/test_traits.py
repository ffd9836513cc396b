"""What a visit tells of itself: only names that many have, and nothing of who reads."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats_service.errors import ConfigurationError
from stats_service.models.sites import Site
from stats_service.models.traffic.readers import LETTERS
from stats_service.models.traffic.views import Visitor
from stats_service.services.visitors import clients
from stats_service.services.visitors.clients import client_lines, language_line
from stats_service.services.visitors.countries import NO_COUNTRIES, Countries
from stats_service.services.visitors.sources import (
    source_and_campaign,
    source_in_app,
    source_of,
    word,
)
from stats_service.services.visitors.traits import traits_of

SITE = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",))
HOSTS = frozenset(SITE.hosts)
LISTS = Path(__file__).parents[2] / "support"


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("www.google.com", "Google"),
        ("news.google.co.uk", "Google"),
        ("google.example.vn", "example.vn"),
        ("notgoogle.com", "notgoogle.com"),
        ("coccoc.com", "Cốc Cốc"),
        ("www.bing.com", "Bing"),
        ("lm.facebook.com", "Facebook"),
        ("www.messenger.com", "Messenger"),
        ("chat.zalo.me", "Zalo"),
        ("m.youtube.com", "YouTube"),
        ("www.tiktok.com", "TikTok"),
        ("t.me", "Telegram"),
        ("mail.google.com", "@mail"),
        ("outlook.live.com", "@mail"),
        ("mail.ninhbinh.gov.vn", "@mail"),
        ("com.google.android.gm", "@mail"),
        ("com.zing.zalo", "Zalo"),
        ("kimson.ninhbinh.gov.vn", "ninhbinh.gov.vn"),
        ("portal.example.com:8443", "example.com"),
        ("8.8.8.8", "8.8.8.8"),
        ("[2001:4860:4860::8888]:8080", "[2001:4860:4860::8888]"),
        ("10.0.0.7", "@internal"),
        ("192.168.1.20:8080", "@internal"),
        ("100.64.0.9", "@internal"),
        ("127.0.0.1:8000", "@internal"),
        ("[fd12::1]:8080", "@internal"),
        ("[::1]", "@internal"),
        ("1.2", "?"),
        ("[:]", "?"),
        ("intranet", "@internal"),
        ("vn", "@internal"),
        ("localhost:3000", "@internal"),
        ("vanthu.kimson.local", "@internal"),
        ("com.kimson.local", "@internal"),
        ("hoso.bqp", "@internal"),
        ("mail.kimson.local", "@mail"),
        ("org.mozilla.firefox", "org.mozilla.firefox"),
        ("0n-line.tv", "@spam"),
        ("www.xn--bcher-kva.vn", "xn--bcher-kva.vn"),
        ("a b", "?"),
        ("<script>", "?"),
        ("x" * 200, "?"),
        ("example.vn/secret", "?"),
        ("an@example.vn", "?"),
    ],
)
def test_a_host_is_counted_under_a_name(host: str, source: str) -> None:
    """A known name, the registrable domain, or nothing that is kept."""
    assert source_of(host) == source


@pytest.mark.parametrize(
    ("via", "source", "campaign"),
    [
        ("kimson.example.vn", "", ""),
        ("KIMSON.example.vn,utm_source=tin", "", "utin\n"),
        (",gclid=SECRET", "Google", "gGoogle Ads\n"),
        ("bing.com,gclid=SECRET,fbclid=SECRET", "Bing", "gGoogle Ads\n"),
        (",fbclid,utm_source=fb&utm_medium=cpc&fbclid=S&q=x", "Facebook", "gFacebook\nufb\nmcpc\n"),
        (",utm_campaign=T%E1%BA%BFt%202026,utm_campaign=2", "", "kTết 2026\n"),
        (",UTM_Medium=a%0Ab%E2%80%AEc", "", "ma b c\n"),
        (",utm_term=an.nguyen%40example.vn", "", "t\n"),
        (",utm_content=0912+345+678", "", "n\n"),
        (",utm_term=an.nguyen%2540example.vn", "", "t\n"),
        (",utm_term=" + "x" * 60 + "%40example.vn", "", "t\n"),
        (",utm_content=" + "x" * 52 + "0912345678", "", "n\n"),
        (",utm_content=" + "x" * 100, "", "n" + "x" * 60 + "\n"),
        (",utm_source=%FF", "", "u\n"),
        (",email=an%40example.vn,q=secret", "", ""),
    ],
)
def test_a_campaign_is_its_words(via: str, source: str, campaign: str) -> None:
    """Bounded, on one line, without what may name a person; of a click id the kind alone."""
    assert source_and_campaign(via, HOSTS) == (source, campaign)


def unpacked(traits: bytes, number: int) -> list[str] | None:
    """Return what is packed, if that is so many texts."""
    try:
        return msgspec.msgpack.decode(bytes((0x90 | number,)) + traits, type=list[str])
    except msgspec.DecodeError:
        return None


@given(st.text())
def test_whatever_is_sent_becomes_lines(text: str) -> None:
    """Each with the letter of a dimension, and not too long."""
    visitor = Visitor("192.0.2.1", text, "", private=False, prefetch=False, language=text)
    traits = traits_of(SITE, HOSTS, visitor, f"{text},utm_source={text}", NO_COUNTRIES)

    # They stand one after the other, as the script unpacks them: at most one of each dimension.
    lines = next(filter(None, (unpacked(traits, n) for n in range(1, len(LETTERS) + 1))))
    assert all(line[0] in LETTERS and len(line) <= 101 for line in lines)
    assert len({line[0] for line in lines}) == len(lines) < 16
    assert "".join(lines).isprintable()


@given(st.text())
def test_a_word_is_plain(text: str) -> None:
    """Whatever a stranger writes."""
    plain = word(text)

    assert len(plain) <= 60
    assert plain.isprintable()
    assert plain == plain.strip()
    assert word(plain) == plain


def lines(agent: str) -> list[str]:
    """Return what a user agent tells."""
    return "".join(client_lines(agent)).splitlines()


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                "coc_coc_browser/135.0 Chrome/129.0.0.0 Safari/537.36"
            ),
            ["dcomputer", "bCốc Cốc", "oWindows"],
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
                "(KHTML, like Gecko) CriOS/142.0.0.0 Mobile/15E148 Safari/604.1"
            ),
            ["dphone", "vChrome 142", "oiOS"],
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 15; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) "
                "SamsungBrowser/28.0 Chrome/130.0.0.0 Safari/537.36"
            ),
            ["dtablet", "vSamsung Internet 28", "oAndroid"],
        ),
        (
            (
                "Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) "
                "SamsungBrowser/5.2 Chrome/94.0.4606.31 TV Safari/537.36"
            ),
            ["dtelevision", "vSamsung Internet 5", "oTizen"],
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0",
            ["dcomputer", "vFirefox 145", "omacOS"],
        ),
        ("Invented-Browser-of-An/7.1 (secret)", []),
        ("", []),
    ],
)
def test_a_user_agent_tells_families(agent: str, told: list[str]) -> None:
    """Of a closed list: an invented browser has no name."""
    assert lines(agent) == told


def test_only_known_names_come_out_of_user_agents() -> None:
    """Of all browsers and programs that the tests know."""
    allowed = {*clients._BROWSERS, *(name for _, name in clients._SIGNS)}
    for name in ("browsers.txt", "phones.txt", "apps.txt", "programs.txt"):
        for agent in (LISTS / name).read_text().splitlines():
            for line in lines(agent):
                value = line[1:].rpartition(" ")[0] if line[0] == "v" else line[1:]
                assert (
                    value
                    in {
                        "d": {"phone", "tablet", "computer", "television"},
                        "b": allowed,
                        "v": allowed,
                        "o": {*clients._SYSTEMS},
                    }[line[0]]
                )


@pytest.mark.parametrize(
    ("accepted", "line"),
    [
        ("vi-VN,vi;q=0.9", "lvi\n"),
        ("en", "len\n"),
        ("zh-Hant-TW;q=0.3", "lzh\n"),
        ("*", ""),
        ("qqq", ""),
        ("xx", ""),
        ("secret-words", ""),
    ],
)
def test_a_language_is_one_that_has_a_name(accepted: str, line: str) -> None:
    """And nobody invents one."""
    assert language_line(accepted) == line


@pytest.mark.parametrize(
    ("agent", "source"),
    [
        ("Mozilla/5.0 (Linux; Android 14; wv) Chrome/141 Mobile Safari/537.36 Zalo", "Zalo"),
        ("Mozilla/5.0 [FBAN/FBIOS;FBAV/480.0;FBLC/vi_VN]", "Facebook"),
        ("Mozilla/5.0 [FBAN/MessengerForiOS;FBAV/480.0]", "Messenger"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0.0.0", "@direct"),
    ],
)
def test_an_app_is_a_source_where_there_is_no_page_before(agent: str, source: str) -> None:
    """Its own browser says so in the user agent."""
    assert source_in_app(agent) == source


def test_a_country_is_that_of_the_database() -> None:
    """In the words of MaxMind, DB-IP and others; what is no country is none."""
    found = Countries()
    records: dict[str, Any] = {
        "192.0.2.1": {"country": {"iso_code": "VN"}},
        "192.0.2.2": {"country_code": "FR"},
        "192.0.2.3": {"country": "Nowhere"},
        "192.0.2.4": None,
    }
    found._reader = records

    assert [found.line(address) for address in records] == ["cVN\n", "cFR\n", "", ""]
    assert found.line("") == ""
    assert NO_COUNTRIES.line("192.0.2.1") == ""


def test_a_database_that_cannot_be_read_stops_startup(tmp_path: Path) -> None:
    """The error names the setting and the file."""
    path = tmp_path / "countries.mmdb"
    path.write_bytes(b"no database")

    with pytest.raises(ConfigurationError, match=r"STATS_COUNTRY_DB: .*countries\.mmdb"):
        Countries(path)
    with pytest.raises(ConfigurationError, match="STATS_COUNTRY_DB"):
        Countries(tmp_path / "none.mmdb")
