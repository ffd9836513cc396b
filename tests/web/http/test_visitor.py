"""Only what our own proxies wrote decides who the client is."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.visitors.addresses import canonical_address
from stats_service.web.http.visitor import AddressSource, address_hint, client_address
from tests.support.clock import FakeClock
from tests.support.openapi import Serve
from tests.support.pages import BROWSER, ORIGIN, view

PEER = "192.0.2.1"


@pytest.mark.parametrize(
    ("forwarded_for", "proxies", "address"),
    [
        ("", 0, PEER),
        ("198.51.100.9", 0, PEER),
        ("198.51.100.9", 1, "198.51.100.9"),
        ("6.6.6.6, 198.51.100.9", 1, "198.51.100.9"),
        ("6.6.6.6, 198.51.100.9, 10.0.0.2", 2, "198.51.100.9"),
        ("198.51.100.9, 10.0.0.2", 2, "198.51.100.9"),
        ("6.6.6.6,7.7.7.7 , 198.51.100.9:5123 ,10.0.0.3,10.0.0.2", 3, "198.51.100.9"),
        ("198.51.100.9", 2, PEER),
        ("", 1, PEER),
        ("6.6.6.6, unknown", 1, PEER),
        ("6.6.6.6, ", 1, PEER),
        ("6.6.6.6, <script>", 1, PEER),
        ("[2001:db8::1]:443", 1, "2001:db8::1"),
        ("::ffff:198.51.100.9", 1, "198.51.100.9"),
        ("fe80::1%25eth0", 1, "fe80::1"),
        (", " * 10_000 + "198.51.100.9", 1, PEER),
    ],
)
def test_the_entry_is_counted_from_the_right(
    forwarded_for: str, proxies: int, address: str
) -> None:
    """What the client put in front changes nothing, and rubbish falls back on the peer."""
    assert client_address(PEER, forwarded_for, proxies) == address


def test_a_spoofed_header_never_becomes_the_identity() -> None:
    """With one proxy, twelve inventions in front of its entry give one and the same client."""
    inventions = ["127.0.0.1", "10.0.0.1", "::1", "unknown", "", "8.8.8.8", "fe80::1", "x" * 50]
    inventions += ["203.0.113.1:80", "[::1]", '"', "1.1.1.1;2.2.2.2"]

    seen = {client_address(PEER, f"{text}, 198.51.100.9", 1) for text in inventions}
    direct = {client_address(PEER, text, 0) for text in inventions}

    assert seen == {"198.51.100.9"}
    assert direct == {PEER}


def test_the_peer_has_one_spelling_too() -> None:
    """A server that listens on IPv6 sees IPv4 clients as mapped addresses."""
    assert client_address("::ffff:192.0.2.1", "", 0) == PEER


@pytest.mark.parametrize("peer", ["", "unix:", "\x00", "None"])
def test_a_unix_socket_has_no_address(peer: str) -> None:
    """There the proxy's word is all there is; without it the client is not known."""
    assert client_address(peer, "198.51.100.9", 1) == "198.51.100.9"
    assert client_address(peer, "", 1) == ""
    assert client_address(peer, "198.51.100.9", 0) == ""


@given(
    st.text(max_size=50),
    st.text(max_size=200) | st.text(alphabet="0123456789.:,[] ", max_size=200),
    st.integers(0, 16),
)
def test_no_header_breaks_the_parser(peer: str, forwarded_for: str, proxies: int) -> None:
    """Any header gives an address or nothing, at once."""
    began = time.thread_time()
    address = client_address(peer, forwarded_for, proxies)

    assert time.thread_time() - began < 0.05
    assert address == canonical_address(address)


@pytest.mark.parametrize(
    ("address", "forwarded_for", "proxies", "hint"),
    [
        ("192.0.2.9", "192.0.2.9", 1, ""),
        ("10.0.0.2", "192.0.2.9, 10.0.0.2", 1, "proxy-more"),
        ("127.0.0.1", "192.0.2.9", 0, "proxy-more"),
        ("127.0.0.1", "", 0, "proxy-local"),
        ("172.17.0.1", "", 0, "proxy-private"),
        ("fd00::7", "fd00::7", 1, "proxy-private"),
        ("", "", 1, ""),
    ],
)
def test_an_address_that_is_hardly_the_reader_s_gives_a_hint(
    address: str, forwarded_for: str, proxies: int, hint: str
) -> None:
    """More stations than there are proxies of ours, this machine, or a private network."""
    assert address_hint(address, forwarded_for, proxies) == hint


#: A proxy of the network that is named, and a reader behind it.
CDN, READER = "173.245.48.9", "198.51.100.9"
NETWORKS = ("173.245.48.0/20", "2400:cb00::/32")


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("cf-connecting-ip", READER, READER),
        ("true-client-ip", f" {READER} ", READER),
        ("x-real-ip", "2001:DB8::1", "2001:db8::1"),
        ("x-real-ip", f"{READER}:5123", READER),
        ("cf-connecting-ip", "", CDN),
        ("cf-connecting-ip", "unknown", CDN),
        ("cf-connecting-ip", f"6.6.6.6,{READER}", CDN),  # two headers: whose is which?
        ("cf-connecting-ip", "x" * 5000, CDN),
        ("forwarded", f"for={READER}", READER),
        ("forwarded", f"For={READER};proto=https;by=203.0.113.43", READER),
        ("forwarded", f"for=6.6.6.6, for={READER}", READER),
        ("forwarded", 'proto=http;for="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17"),
        ("forwarded", f'for="6.6.6.6, for=7.7.7.7", for="{READER}:80"', READER),
        ("forwarded", f"for={READER}, for=unknown", CDN),
        ("forwarded", f"for={READER}, for=_hidden", CDN),
        ("forwarded", f"for={READER}, by=203.0.113.43", CDN),
        ("forwarded", 'for="6.6.6.6', CDN),
        ("forwarded", "for=6.6.6.6, " * 500 + f"for={READER}", CDN),
        ("forwarded", READER, CDN),
    ],
)
def test_a_header_by_name(name: str, value: str, found: str) -> None:
    """Believed of a named proxy; rubbish leaves the proxy's own address, and is no reader's."""
    source = AddressSource(0, name.encode(), NETWORKS)

    assert source.find(CDN, "", value)[0] == found
    assert source.find("203.0.113.5", "", value)[0] == "203.0.113.5"
    assert source.find("", "", value)[0] == ""


def test_a_header_by_name_behind_our_own_proxy() -> None:
    """There the named network is looked for in what our proxy says of who called it."""
    source = AddressSource(1, b"cf-connecting-ip", NETWORKS)

    assert source.find("127.0.0.1", f"{READER}, {CDN}", READER) == (READER, "")
    assert source.find("127.0.0.1", f"{CDN}, 203.0.113.5", READER)[0] == "203.0.113.5"
    assert source.find("127.0.0.1", "", READER)[0] == "127.0.0.1"


def test_a_proxy_that_sends_no_header_gives_a_hint() -> None:
    """All of its readers look like one, which is said of a miscounted proxy as well."""
    source = AddressSource(0, b"cf-connecting-ip", NETWORKS)

    assert source.find(CDN, READER, "") == (CDN, "proxy-more")
    assert source.find(CDN, "", "10.0.0.7") == ("10.0.0.7", "proxy-private")


@pytest.mark.parametrize(
    ("name", "value"),
    [("CF-Connecting-IP", "{}"), ("True-Client-IP", "{}"), ("Forwarded", "for={};proto=https")],
)
def test_readers_behind_a_named_proxy_are_themselves(
    serve: Serve,
    services: Services,
    site: Site,
    settings: Settings,
    clock: FakeClock,
    name: str,
    value: str,
) -> None:
    """On every route: they are as many as there are; who comes past the proxy invents nobody."""
    ours = replace(settings, client_ip_header=name, proxy_networks=NETWORKS)
    client = serve(ours)

    def readers(peer: str) -> None:
        for number in range(3):
            header = {name: value.format(f"198.51.100.{number}")}
            assert view(client, address=peer, headers=header).status_code == 200
            pixel = {"User-Agent": BROWSER, "Referer": f"{ORIGIN}/tin/1"}
            pixel[name] = value.format(f"198.51.100.{100 + number}")
            client.get("/v1/kimson/dot.gif", headers=pixel, environ_base={"REMOTE_ADDR": peer})

    readers(CDN)
    assert services.traffic.views.counts(site, clock.now()).visits.total == 6
    readers("203.0.113.5")
    counts = services.traffic.views.counts(site, clock.now())
    assert (counts.views.total, counts.visits.total) == (12, 7)
