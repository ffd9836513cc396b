"""A site's host matches exactly what browsers send, and nothing that only resembles it."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats_service.errors import InvalidInputError
from stats_service.services.visitors.hosts import canonical_host, origin_host

TEXTS = st.one_of(
    st.text(max_size=80),
    st.text(max_size=60).map("https://".__add__),
    st.text(alphabet="abAB019.:-_[]/@*%?#\\ứ。", max_size=60).map("http://".__add__),
)
HOST = re.compile(r"(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://portal.vn", "portal.vn"),
        ("HTTPS://Portal.VN", "portal.vn"),
        ("https://portal.vn:443", "portal.vn"),
        ("http://portal.vn:80", "portal.vn"),
        ("http://portal.vn:443", "portal.vn:443"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("http://[0:0:0:0:0:0:0:1]", "[::1]"),
        ("https://xn--tingvit-5t4cyc.vn", "xn--tingvit-5t4cyc.vn"),
        ("https://tiếngviệt.vn/", "xn--tingvit-5t4cyc.vn"),
        ("https://portal.vn./", "portal.vn"),
        ("https://portal.vn/tin/abc?x=1#y", "portal.vn"),
        ("https://portal.vn?x=@evil.vn", "portal.vn"),
        ("https://portal.vn/" + "x" * 4000, "portal.vn"),
    ],
)
def test_an_origin_has_one_host(origin: str, host: str) -> None:
    """The scheme's own port is left out; an Origin and a Referer are read alike."""
    assert origin_host(origin) == host


@pytest.mark.parametrize(
    "origin",
    [
        *("null", "", "portal.vn", "//portal.vn", "https://", "https:///", "https://:443"),
        *("file:///etc", "javascript:alert(1)", "chrome-extension://abc", "ftp://portal.vn"),
        *("https://user@portal.vn", "https://portal.vn@evil.vn", "https://evil.vn\\@portal.vn"),
        *("https://portal.vn\n", "https://portal vn", "https://por\x00tal.vn", " https://a.vn"),
        *("https://portal.vn:0", "https://portal.vn:99999", "https://portal.vn:x", "https://[::1"),
        *("https://-a.vn", "https://a..vn", "https://%70ortal.vn", "https://" + "a" * 300),
        *("https://portal.vn,https://evil.vn", "https://*", "https://[fe80::1%eth0]"),
        "https://" + "a" * 9000,
    ],
)
def test_what_is_no_origin_has_no_host(origin: str) -> None:
    """Opaque, foreign and broken origins are None."""
    assert origin_host(origin) is None


@pytest.mark.parametrize(
    "origin",
    [
        *("null", "https://evil-portal.vn", "https://portal.vn.evil", "https://portal.vn.evil.vn"),
        *("https://evil.vn/portal.vn", "https://portal.vn:8443", "https://xportal.vn"),
        *("https://sub.portal.vn", "https://portal.vn%2eevil.vn", "https://evil.vn?portal.vn"),
    ],
)
def test_a_look_alike_is_not_the_site(origin: str) -> None:
    """No prefix, suffix or part of the site's host is the site's host."""
    assert origin_host(origin) != canonical_host("portal.vn")


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("portal.vn", "portal.vn"),
        (" Portal.VN ", "portal.vn"),
        ("https://portal.vn/", "portal.vn"),
        ("HTTPS://portal.vn:443", "portal.vn"),
        ("portal.vn:443", "portal.vn"),
        ("portal.vn:80", "portal.vn"),
        ("portal.vn:8080", "portal.vn:8080"),
        ("portal.vn.", "portal.vn"),
        ("localhost:08080", "localhost:8080"),
        ("[::1]:8080", "[::1]:8080"),
        ("tiếngviệt.vn", "xn--tingvit-5t4cyc.vn"),
        ("TIẾNGVIỆT.vn", "xn--tingvit-5t4cyc.vn"),
    ],
)
def test_an_admin_may_type_a_host_in_many_ways(text: str, host: str) -> None:
    """All end in what browsers send from a page of that host."""
    assert canonical_host(text) == host


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "e.g. portal.vn"),
        ("https://", "e.g. portal.vn"),
        ("*.portal.vn", "each host"),
        ("*", "each host"),
        ("https://portal.vn/tin", "what follows"),
        ("portal.vn?x", "what follows"),
        ("portal.vn\\x", "what follows"),
        ("user@portal.vn", "before the @"),
        ("portal.vn:0", "1 to 65535"),
        ("portal.vn:http", "1 to 65535"),
        ("ftp://portal.vn", "portal.vn"),
        ("por tal.vn", "portal.vn:8080"),
        ("a..vn", "portal.vn:8080"),
        ("null\x00", "portal.vn:8080"),
        ("x" * 5000, "portal.vn:8080"),
    ],
)
def test_what_no_host_is_is_refused_with_advice(text: str, advice: str) -> None:
    """The error names the field, shows a part of the value, and says what to do."""
    with pytest.raises(InvalidInputError, match=re.escape(advice)) as caught:
        canonical_host(text)

    assert str(caught.value).startswith("host '")
    assert len(str(caught.value)) < 500


@given(TEXTS)
def test_no_header_breaks_the_parser(text: str) -> None:
    """Any text gives a host or None, at once, and the host stands for its own origin."""
    began = time.thread_time()
    host = origin_host(text)

    assert time.thread_time() - began < 0.05
    if host is not None:
        assert HOST.fullmatch(host)
        assert host in (origin_host(f"https://{host}"), origin_host(f"http://{host}"))


@given(TEXTS)
def test_what_an_admin_types_is_an_origin_or_an_error(text: str) -> None:
    """A stored host is its own spelling, so that it can match what browsers send."""
    try:
        host = canonical_host(text)
    except InvalidInputError:
        return

    assert HOST.fullmatch(host)
    assert canonical_host(host) == host or host.endswith((":80", ":443"))


@pytest.mark.parametrize("unit", ["ứ", "a.", "ứ.", "xn--", "[", ":", "。", "\u0301"])
def test_no_origin_takes_long(unit: str) -> None:
    """The longest header that is read takes below 50 ms, whatever it repeats."""
    origin = "https://" + unit * (8000 // len(unit))

    began = time.thread_time()
    origin_host(origin)

    assert time.thread_time() - began < 0.05
