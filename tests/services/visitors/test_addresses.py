"""Addresses have one spelling; a subscriber is one network; lists of networks are exact."""

import ipaddress
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stats_service.errors import InvalidInputError
from stats_service.services.visitors.addresses import (
    canonical_address,
    canonical_network,
    in_networks,
    ipv6_48_prefix,
    network_prefix,
)

RUBBISH = st.one_of(
    st.text(max_size=120),
    st.text(alphabet='0123456789abcdef:.[]%/" ,', max_size=60),
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.7:51234", "203.0.113.7"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ('"[2001:db8::1]:443"', "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::FFFF:cb00:7107", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:80", "203.0.113.7"),
    ],
)
def test_an_address_has_one_spelling(text: str, address: str) -> None:
    """Ports, brackets, zones and IPv4 inside IPv6 do not make another visitor."""
    assert canonical_address(text) == address
    assert canonical_address(address) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "unknown", "_hidden", "localhost", "203.0.113", "203.0.113.256", "010.0.0.1"),
        *("203.0.113.7:", "203.0.113.7:x", "203.0.113.7:99999", "[2001:db8::1", "[::1]80"),
        *("1", "203.0.113.7/24", "203.0.113.7\x00", "::1::", "1.1.1.1%eth0", "1" * 5000),
    ],
)
def test_what_is_no_address_is_not_known(text: str) -> None:
    """Rubbish is never an identity."""
    assert canonical_address(text) == ""


@given(RUBBISH)
@example("[]")
@example(":")
@example("%")
@example('"')
@example(" 192.0.2.1 ")
@example("[2001:DB8::0:1]:8080")
def test_no_text_breaks_the_parser(text: str) -> None:
    """Any text gives an address or nothing, at once, and the address is its own spelling."""
    began = time.thread_time()
    address = canonical_address(text)
    prefix = network_prefix(text)

    assert time.thread_time() - began < 0.05
    assert prefix is not None
    if address:
        assert str(ipaddress.ip_address(address)) == address
        assert canonical_address(address) == address


def test_an_ipv6_subscriber_is_one_network() -> None:
    """A rotating lower half stays one visitor; IPv4 stays whole."""
    rotating = {network_prefix(f"2001:db8:1:2::{n:x}") for n in range(1, 100)}

    assert rotating == {"2001:db8:1:2::/64"}
    assert network_prefix("2001:db8:1:3::1") == "2001:db8:1:3::/64"
    assert network_prefix("203.0.113.7") == "203.0.113.7"
    assert network_prefix("") == ""


def test_an_ipv6_customer_is_one_network() -> None:
    """Rotating through the networks of a /48 stays in one bucket of that level."""
    rotating = {ipv6_48_prefix(f"2001:db8:1:{n:x}::1") for n in range(100)}

    assert rotating == {"2001:db8:1::/48"}
    assert ipv6_48_prefix("203.0.113.7") == "203.0.113.7"


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        (" 203.0.113.7/24 ", "203.0.113.0/24"),
        ("2001:DB8::1/32", "2001:db8::/32"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::/0", "::/0"),
    ],
)
def test_a_network_has_one_spelling(text: str, network: str) -> None:
    """An admin may type an address, or leave bits of the host standing."""
    assert canonical_network(text) == network


@pytest.mark.parametrize("text", ["", "10.0.0.0/33", "office", "10.0.0", "10.0.0.0/8/8"])
def test_what_is_no_network_is_refused(text: str) -> None:
    """The error names the value and shows what one looks like."""
    with pytest.raises(InvalidInputError, match=r"203\.0\.113\.0/24"):
        canonical_network(text)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("10.1.2.3", True),
        ("11.1.2.3", False),
        ("203.0.113.7", True),
        ("203.0.113.8", False),
        ("2001:db8:ffff::1", True),
        ("2001:db9::1", False),
        ("::ffff:10.1.2.3", True),
        ("::a01:203", False),
        ("", False),
        ("unknown", False),
    ],
)
def test_an_address_lies_in_a_network_of_its_version(address: str, inside: bool) -> None:
    """IPv4 and IPv6 numbers are never taken for each other."""
    networks = ("10.0.0.0/8", "203.0.113.7", "2001:db8::/32")

    assert in_networks(address, networks) is inside
    assert in_networks(address, list(networks)) is inside
    assert in_networks(address, ()) is False


def test_a_list_with_rubbish_is_refused() -> None:
    """A list that was never checked does not silently exclude nobody."""
    with pytest.raises(InvalidInputError):
        in_networks("10.1.2.3", ("office",))


@given(
    st.lists(
        st.sampled_from(["0", "1", "01", "255", "256", "١", "1e1", "", " 7", "100"]), max_size=5
    )
)
def test_what_looks_like_ipv4_is_read_as_by_the_standard_library(parts: list[str]) -> None:
    """The short way through the C library takes nothing else, and spells it no other way."""
    text = ".".join(parts)
    try:
        expected = str(ipaddress.ip_address(text.strip()))
    except ValueError:
        expected = ""

    assert canonical_address(text) == expected
