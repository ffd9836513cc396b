"""Webhooks: called for what happened, once, signed, and never into the inner network."""

import base64
import contextlib
import hmac
import json
import socket
import threading
import time
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pycurl
import pytest
import redis

from stats_service.config import Settings
from stats_service.errors import InvalidInputError
from stats_service.models.audit import COMMAND_LINE
from stats_service.models.polls import Choice, Poll
from stats_service.models.sites import Site
from stats_service.models.traffic.history import DayHistory, Pair
from stats_service.services.container import Services, create_services
from stats_service.services.notices import outgoing
from stats_service.services.notices.notices import PAUSE_MAX_SECONDS, PAUSE_SECONDS
from stats_service.services.notices.outgoing import DeliveryError
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.receivers import Receiver


@pytest.fixture
def calling(settings: Settings, clock: FakeClock, site: Site) -> Services:
    """Give the services of an installation that may call this machine."""
    return create_services(replace(settings, webhook_hosts=("127.0.0.1",)), clock)


def add(services: Services, url: str, *events: str) -> str:
    """Add a webhook and return its id."""
    now = services.clock.now()
    return services.notices.notices.add_webhook("kimson", url, events, 6, COMMAND_LINE, now).id


def signature(key: str, message: str, at: int, body: bytes) -> str:
    """Return what the specification of Standard Webhooks says that the signature is."""
    secret = base64.b64decode(key.removeprefix("whsec_"))
    mac = hmac.digest(secret, f"{message}.{at}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(mac).decode()}"


def tick(services: Services) -> list[str]:
    """Run the regular work and return what failed."""
    outcomes = list(services.operations.ticks.run(services.clock.now()))
    return [outcome.text for outcome in outcomes if outcome.failed]


def test_a_new_peak_is_told_once_and_signed(
    calling: Services, receiver: Receiver, redis_client: redis.Redis, settings: Settings
) -> None:
    """The receiver can check who called, when, and whether it had this call before."""
    counts = SiteKeys(settings.key_prefix, "kimson").counts
    hook = add(calling, receiver.url, "peak")
    redis_client.hset(counts, mapping={"peak": 20, "peak:at": 1772600400000})
    tick(calling)
    assert receiver.calls == []  # what was before the webhook is no news

    redis_client.hset(counts, mapping={"peak": 30})
    assert tick(calling) == []
    tick(calling)

    ((headers, body),) = receiver.calls
    event = json.loads(body)
    assert (event["type"], event["site"], event["data"]["online"]) == ("peak", "kimson", 30)
    key = calling.notices.notices.signing_key("kimson", hook)
    at = int(headers["webhook-timestamp"])
    assert at == calling.clock.now()
    message = headers["webhook-id"]
    assert headers["webhook-signature"] == signature(key, message, at, body)
    other = calling.notices.notices.signing_key("kimson", "other")
    assert headers["webhook-signature"] != signature(other, message, at, body)


def test_a_burst_on_a_poll(
    calling: Services, receiver: Receiver, redis_client: redis.Redis, settings: Settings
) -> None:
    """Each time more ballots wait for review, and not when they are settled."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    choices = tuple(Choice(id=name, text={"vi": name}) for name in ("co", "khong"))
    poll = Poll(id="p1", question={"vi": "?"}, choices=choices)
    calling.polls.polls.create("kimson", poll, COMMAND_LINE, calling.clock.now())
    add(calling, receiver.url, "burst")
    tick(calling)

    for held in (40, 40, 90, 0):
        redis_client.hset(keys.poll("p1", "report"), "now:held", held)
        assert tick(calling) == []

    assert [json.loads(body)["data"] for _, body in receiver.calls] == [
        {"poll": "p1", "held": 40},
        {"poll": "p1", "held": 90},
    ]


def test_a_poll_that_one_network_makes(
    calling: Services, receiver: Receiver, redis_client: redis.Redis, settings: Settings
) -> None:
    """Told once, although every ballot counted; and again if it comes back."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    choices = tuple(Choice(id=name, text={"vi": name}) for name in ("co", "khong"))
    poll = Poll(id="p1", question={"vi": "?"}, choices=choices)
    calling.polls.polls.create("kimson", poll, COMMAND_LINE, calling.clock.now())
    add(calling, receiver.url, "burst")
    tick(calling)

    for network, ballots in ((19, 40), (20, 40), (30, 60), (30, 1_000), (300, 1_200)):
        redis_client.hset(keys.poll("p1", "report"), "now:network", network)
        redis_client.hset(keys.poll("p1", "tally"), "ballots", ballots)
        assert tick(calling) == []

    assert [json.loads(body)["data"] for _, body in receiver.calls] == [
        {"poll": "p1", "held": 0, "network": 20},
        {"poll": "p1", "held": 0, "network": 300},
    ]


def test_a_silent_site(calling: Services, receiver: Receiver, site: Site, clock: FakeClock) -> None:
    """Where there were readers a week ago; told once until it is heard again."""
    calling.traffic.history.write(
        site, [DayHistory(date(2026, 2, 25), tuple(Pair(10, 20) for _ in range(24)))]
    )
    add(calling, receiver.url, "silent")

    tick(calling)
    clock.advance(300)
    tick(calling)

    assert receiver.events() == ["silent"]


def test_a_failed_call_is_tried_again_as_the_same_delivery(
    calling: Services,
    receiver: Receiver,
    redis_client: redis.Redis,
    settings: Settings,
    clock: FakeClock,
) -> None:
    """Until it is taken, and a redirect is no way to take it."""
    counts = SiteKeys(settings.key_prefix, "kimson").counts
    add(calling, receiver.url, "peak")
    redis_client.hset(counts, mapping={"peak": 20, "peak:at": 1772600400000})
    tick(calling)
    redis_client.hset(counts, mapping={"peak": 30})

    for receiver.status in (500, 302, 200, 200):
        failed = tick(calling)
        assert bool(failed) == (receiver.status != 200)
        clock.advance(PAUSE_MAX_SECONDS)

    assert len(receiver.calls) == 3
    assert len({headers["webhook-id"] for headers, _ in receiver.calls}) == 1


def test_trouble_with_redis(
    settings: Settings, clock: FakeClock, receiver: Receiver, redis_server: str
) -> None:
    """The operator is told once, and once more when it is over."""
    clock.set(time.time())  # another time than that of Redis would be trouble too
    told = replace(settings, webhook_hosts=("127.0.0.1",), alert_url=receiver.url)
    away = create_services(replace(told, redis_url="unix:///nowhere.sock"), clock)
    well = create_services(told, clock)

    for services in (well, away, away, well, well):
        list(services.operations.ticks.run(clock.now()))

    data = [(json.loads(body)["type"], json.loads(body)["data"]) for _, body in receiver.calls]
    assert data == [("redis", {"ok": False}), ("redis", {"ok": True})]


@pytest.mark.parametrize(
    "url",
    [
        "http://hook.example.vn/",
        "ftp://hook.example.vn/",
        "https://127.0.0.1/",
        "https://10.0.0.7/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://[fec0::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/",
        "https://0.0.0.0/",
        "https://user:pass@hook.example.vn/",
        "https://hook.example.vn:99999/",
        "https:///path",
        "https://hook.example.vn/a b",
        "https://hook.example.vn/\r\nX: y",
        "https://hook.example.vn/" + "a" * 600,
        "javascript:alert(1)",
    ],
)
def test_an_url_that_may_not_be_called(
    services: Services, site: Site, clock: FakeClock, url: str
) -> None:
    """Is refused before it is stored."""
    with pytest.raises(InvalidInputError):
        services.notices.notices.add_webhook("kimson", url, (), 6, COMMAND_LINE, clock.now())

    assert services.notices.notices.get("kimson").webhooks == ()


#: Addresses inside, each in a spelling of its own, and names that every machine has for itself.
INSIDE = (
    *("127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0177.0.0.1"),
    *("0x7f.1", "017700000001", "0x7f.0x0.0x0.0x1", "0.0.0.0", "0", "0.0.0.1", "10.0.0.1"),
    *("10.255.255.255", "0xa000001", "167772161", "172.16.0.1", "172.31.255.255", "192.168.0.1"),
    *("192.168.1", "0xc0a80001", "169.254.169.254", "2852039166", "0xa9fea9fe", "100.64.0.1"),
    *("100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "localhost", "localhost."),
    *("a.localhost", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]"),
    *("[::ffff:7f00:1]", "[::ffff:10.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]"),
    *("[2002:7f00:1::]", "[2001:0:7f00:1::1]", "[fc00::1]", "[fd00::1]", "[fe80::1]", "[fec0::1]"),
    *("192.0.0.192", "192.88.99.1", "168.63.129.16", "[3fff::1]", "[5f00::1]"),
    *("[ff02::1]", "[2001:db8::1]", "[100::1]", "[::ffff:0:127.0.0.1]", "[::ffff:169.254.169.254]"),
)


#: Names that lead nowhere outside, and what is no name.
INNER_NAMES = (
    *("kimson", "KIMSON", "localhost.localdomain", "nas.local", "db.internal", "wiki.intranet"),
    *("a.corp", "router.lan", "x.home.arpa", "x.home", "y.private", "z.test", "z.invalid"),
    *(
        "abc.onion",
        "127%2e0.0.1",
        "a..b",
        ".",
        "-a.vn",
        "1.2.3.4.5",
        "a.0x7f",
        "256.1.1.1",
        "08.8.8.8",
    ),
)


@pytest.mark.parametrize("host", INSIDE + INNER_NAMES)
def test_a_host_inside_is_refused_when_it_is_added(
    services: Services, site: Site, clock: FakeClock, host: str
) -> None:
    """However it is written, with the reason; it would never be called, and never tell."""
    url = f"https://{host}/x"

    with pytest.raises(InvalidInputError, match="URL "):
        services.notices.notices.add_webhook("kimson", url, (), 6, COMMAND_LINE, clock.now())


@pytest.mark.parametrize(
    "host",
    [
        *("hook.example.vn", "hook.example.vn.", "a_b.example.vn", "xn--d1acpjx3f.xn--p1ai"),
        *("8.8.8.8", "[2606:4700::1111]", "hook.local.vn", "localhost.vn", "1.example.vn"),
        "4chan.org:8443",
    ],
)
def test_a_host_of_the_public_internet_is_taken(
    services: Services, site: Site, clock: FakeClock, host: str
) -> None:
    """Also one that looks a little like one inside."""
    url = f"https://{host}/x"

    added = services.notices.notices.add_webhook("kimson", url, (), 6, COMMAND_LINE, clock.now())

    assert added.url == url


def test_a_name_inside_is_taken_where_the_operator_allows_it() -> None:
    """By STATS_WEBHOOK_HOSTS, without https too."""
    assert outgoing.check_url("http://localhost/x", ("localhost",)).hostname == "localhost"


@pytest.mark.parametrize("host", INSIDE)
def test_an_address_inside_is_never_called(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it is written: refused by its spelling, or when libcurl asks for a socket."""
    opened = sockets_that_are_opened(monkeypatch)

    with pytest.raises((InvalidInputError, DeliveryError)):
        outgoing.post(f"https://{host}:1/", b"{}", {}, ())

    assert opened == []


def sockets_that_are_opened(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Open no socket for `outgoing`, and give the list of those that it wanted."""
    opened: list[object] = []

    def refuse(*args: object) -> socket.socket:
        opened.append(args)
        raise OSError("a test connects to nobody")

    monkeypatch.setattr(outgoing, "socket", SimpleNamespace(socket=refuse))
    return opened


def answer_for_the_hook(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    """Say where hook.example.vn is, as its DNS server would."""

    class Curl(pycurl.Curl):
        def __init__(self) -> None:
            super().__init__()
            self.setopt(pycurl.RESOLVE, ["hook.example.vn:443:" + ",".join(addresses)])

    monkeypatch.setattr(pycurl, "Curl", Curl)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "fe80::1", "::ffff:127.0.0.1", "100.64.0.1", "224.0.0.1"],
)
def test_a_name_that_leads_inside(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is not called, and the error says why."""
    opened = sockets_that_are_opened(monkeypatch)
    answer_for_the_hook(monkeypatch, [address])

    with pytest.raises(DeliveryError, match="public"):
        outgoing.post("https://hook.example.vn/", b"{}", {}, ())

    assert opened == []


def test_a_call_goes_to_addresses_that_were_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several, only public ones get a socket, so a name that changes its mind gains nothing."""
    opened = sockets_that_are_opened(monkeypatch)
    answer_for_the_hook(monkeypatch, ["192.168.0.1", "93.184.216.34", "127.0.0.1"])
    checked: list[str] = []
    monkeypatch.setattr(
        outgoing, "is_public", lambda address: checked.append(address) or address[:3] == "93."
    )

    with pytest.raises(DeliveryError):
        outgoing.post("https://hook.example.vn/", b"{}", {}, ())

    assert set(checked) == {"192.168.0.1", "93.184.216.34", "127.0.0.1"}
    assert len(opened) == 1


def test_a_proxy_of_the_environment_is_not_used(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    """It would take the call wherever it likes."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    outgoing.post(receiver.url, b"{}", {}, ("127.0.0.1",))

    assert len(receiver.calls) == 1


@pytest.mark.parametrize(
    ("scheme", "begin"),
    [
        ("http", b"HTTP/1.1 200 "),
        ("http", b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 200\r\n\r\n"),
        ("https", b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"),
    ],
)
def test_a_receiver_that_never_comes_to_an_end_is_left(
    monkeypatch: pytest.MonkeyPatch, scheme: str, begin: bytes
) -> None:
    """Each byte of its head, body or handshake is in time; the call as a whole is not."""
    monkeypatch.setattr(outgoing, "CALL_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        dripping = threading.Thread(target=_drip, args=(server, begin), daemon=True)
        dripping.start()
        port = server.getsockname()[1]

        with pytest.raises(DeliveryError, match="did not answer within"):
            outgoing.post(f"{scheme}://127.0.0.1:{port}/", b"{}", {}, ("127.0.0.1",))

        dripping.join(5)
        assert not dripping.is_alive()


def _drip(server: socket.socket, begin: bytes) -> None:
    client, _ = server.accept()
    with client, contextlib.suppress(OSError):
        client.sendall(begin)
        for _ in range(100):  # ten seconds, if nobody hangs up
            client.sendall(b"1")
            time.sleep(0.1)


def test_one_webhook_that_cannot_be_called_is_not_in_the_way_of_others(
    calling: Services,
    services: Services,
    receiver: Receiver,
    redis_client: redis.Redis,
    settings: Settings,
    clock: FakeClock,
) -> None:
    """A host that may no longer be called, a name that is none: each fails for itself."""
    counts = SiteKeys(settings.key_prefix, "kimson").counts
    redis_client.hset(counts, mapping={"peak": 20, "peak:at": 1772600400000})
    both = create_services(replace(settings, webhook_hosts=("127.0.0.1", "a..b")), clock)
    for url in ("http://a..b/", receiver.url):
        add(both, url, "peak")
    tick(calling)
    redis_client.hset(counts, mapping={"peak": 30})

    assert len(tick(calling)) == 1
    clock.advance(PAUSE_SECONDS)
    assert len(tick(both)) == 1

    assert receiver.events() == ["peak"]
