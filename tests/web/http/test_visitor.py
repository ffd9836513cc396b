"""Only what our own proxies wrote decides who the client is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats_service.services.visitors.addresses import canonical_address
from stats_service.web.http.visitor import client_address

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
