"""What files say of a visit becomes the lines that a live visit tells."""

import pytest

from stats_service.models.sites import Site
from stats_service.services.portability.legacy.exports.names import (
    browser_line,
    country_line,
    device_line,
    system_line,
)
from stats_service.services.portability.legacy.told import Told
from tests.support.pages import BROWSER

SITE = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",))


@pytest.mark.parametrize(
    ("referrer", "line"),
    [
        ("", "s@direct"),
        ("-", "s@direct"),
        ("https://kimson.example.vn/tin/1", "s@direct"),
        ("www.kimson.example.vn/tin/1", "s@direct"),
        ("https://www.google.com.vn/search?q=1", "sGoogle"),
        ("HTTPS://M.Facebook.com/l.php", "sFacebook"),
        ("android-app://com.zing.zalo/", "sZalo"),
        ("mail.google.com/mail", "s@mail"),
        ("semalt.com/a", "s@spam"),
        ("tin.bao.vn/x", "sbao.vn"),
        ("bao.vn,utm_source=x", "s"),
        ("<script>", "s"),
        ("a" * 3000, "s"),
    ],
)
def test_a_referrer_is_a_source_as_of_live_visits(referrer: str, line: str) -> None:
    """Grouped by host, spam together; what is no host has no name, and is no campaign either."""
    assert Told(SITE).by_names(referrer, "").split("\n") == [line, "e"]


def test_a_visit_tells_each_line_once() -> None:
    """Umami may have a device in the row of an event and in its session: it is one visit's."""
    told = Told(SITE).by_names("", "", "dphone", "oLinux", "dphone", "oLinux")

    assert told.split("\n") == ["s@direct", "e", "dphone", "oLinux"]


def test_a_request_tells_all_that_a_live_view_would() -> None:
    """Of the user agent and the query; a word that may name a person is not kept."""
    told = Told(SITE)
    query = "utm_campaign=tet&utm_source=an@example.vn&x=1"

    text = told.by_parts(told.via("-", query), told.client(BROWSER), "cVN\n")

    lines = text.split("\n")
    assert lines[:4] == ["s@direct", "ktet", "u", "e"]
    assert {line[0] for line in lines} == set("skuedvoc")
    assert lines[-1] == "cVN"
    assert text.removesuffix("\ncVN") == told.by_request("-", query, BROWSER)


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (browser_line("Chrome", "121.0.1"), "vChrome 121"),
        (browser_line("Coc Coc"), "bCốc Cốc"),
        (browser_line("fxios", "x"), "bFirefox"),
        (browser_line("Mosaic", "1"), ""),
        (browser_line(""), ""),
        (system_line("Windows 11"), "oWindows"),
        (system_line("Windows Phone 8"), "oWindows Phone"),
        (system_line("macOS 13.2"), "omacOS"),
        (system_line("Plan 9"), ""),
        (device_line("Smartphone"), "dphone"),
        (device_line("console"), ""),
        (country_line("vn"), "cVN"),
        (country_line("VN-HN"), "cVN"),
        (country_line("ZZ"), ""),
        (country_line("Việt Nam"), ""),
    ],
)
def test_names_of_other_counters(found: str, line: str) -> None:
    """A name that live visits do not have tells nothing."""
    assert found == line
