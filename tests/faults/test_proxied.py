"""Two instances behind nginx: restarts, votes in one packet, a flood."""

import json
import signal
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from stats_service.config import Settings
from stats_service.models.polls import Protection
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from tests.faults.load import Load, slowest, statuses
from tests.faults.programs import missing
from tests.faults.proxied import Instance, Nginx, renewed, running_nginx
from tests.support.pages import BROWSER, ORIGIN
from tests.support.processes import free_port, wait_until
from tests.support.votes import make_poll, new_ballot

SITE = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",), view_ceiling=10**6)
#: Streams that nginx lets a client open at a time on one connection: 128 by default.
STREAMS = 100

Note = Callable[[str], None]

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture
def installed(settings: Settings) -> Settings:
    """Give the settings of a service as in production."""
    return replace(
        settings, redis_timeout=0.3, site_cache_seconds=5, trusted_proxies=1, write_limit=10**6
    )


@pytest.fixture
def counted(installed: Settings) -> Services:
    """Give the services, with the site registered, to read the numbers."""
    services = create_services(replace(installed, redis_timeout=5))
    services.sites.sites.add(SITE)
    return services


@pytest.fixture
def instances(installed: Settings, counted: Services) -> Iterator[list[Instance]]:
    """Run two instances."""
    with ExitStack() as stack:
        running = [Instance(installed, free_port()) for _ in range(2)]
        for instance in running:
            stack.callback(instance.stop)
            instance.start()
        yield running


@pytest.fixture
def nginx(instances: list[Instance], tmp_path: Path) -> Iterator[Nginx]:
    """Run nginx before them."""
    with running_nginx(tmp_path / "nginx", [instance.port for instance in instances]) as nginx:
        yield nginx


def total(services: Services) -> int:
    """Bring what is kept to Redis, and return what is counted."""
    wait_until(lambda: not services.traffic.replay.run(time.time()), 30)
    return services.traffic.views.counts(SITE, time.time()).views.total


@pytest.mark.check("T47")
def test_restarts_behind_nginx_fail_nobody(
    instances: list[Instance], nginx: Nginx, counted: Services, measured: Note
) -> None:
    """HUP 20 times in turn, each when the one before is over; then TERM and start, twice each."""
    with Load([nginx.url], clients=16, rate=100) as load:
        load.run(2)
        for number in range(20):
            instance = instances[number % 2]
            before = instance.workers()
            instance.signal(signal.SIGHUP)
            # One after the other: the next one is restarted when this one serves again.
            load.wait_for(lambda: renewed(instance, before))  # noqa: B023
            load.run(0.5)
        hups = len(load.sent)
        for instance in [*instances, *instances]:
            instance.stop()
            load.run(0.5)
            instance.start()
            load.run(0.5)
    counted_views = total(counted)

    failed = [one for one in load.sent if not one.promised]
    measured(
        f"{len(failed)} of {len(load.sent)} requests failed ({hups} during 20 HUPs, the rest "
        f"during 4 restarts): {statuses(load.sent)}; {counted_views} counted; slowest "
        f"{slowest(load.sent):.2f} s"
    )
    assert not failed
    assert counted_views == len(load.sent)


@pytest.mark.check("T47")
def test_restarts_that_do_not_wait_for_each_other(
    instances: list[Instance], nginx: Nginx, counted: Services, measured: Note
) -> None:
    """HUP to both instances at the same moment, every 1.5 s, ten times."""
    with Load([nginx.url], clients=16, rate=100) as load:
        load.run(2)
        for _ in range(10):
            for instance in instances:
                instance.signal(signal.SIGHUP)
            load.run(1.5)
        load.run(2)
    counted_views = total(counted)

    failed = [one for one in load.sent if not one.promised]
    measured(
        f"HUP to both at once, every 1.5 s: {len(failed)} of {len(load.sent)} failed "
        f"({statuses(failed)}), {counted_views} counted, slowest {slowest(load.sent):.2f} s"
    )
    assert len(failed) <= len(load.sent) // 100
    assert len(load.sent) - len(failed) <= counted_views <= len(load.sent)


@pytest.mark.check("T23", "T25")
def test_a_hundred_votes_of_one_voter_in_one_packet_are_one(
    nginx: Nginx, counted: Services, measured: Note
) -> None:
    """HTTP/2 through nginx: the last byte of a hundred requests comes in one TLS record.

    Twenty voters; half of each one's ballots are retries of one, half are others.
    """
    poll = make_poll(counted, protection=Protection(wait=0))
    told: list[Counter[str]] = []
    sizes = set()
    for _ in range(20):
        voter = counted.polls.voters.issue("kimson", time.time() - 60)
        one = new_ballot()
        bodies = [
            json.dumps(
                {"ballot": one if n % 2 else new_ballot(), "choices": ["abc"[n % 3]]}
                | {"voter": voter}
            ).encode()
            for n in range(STREAMS)
        ]
        answers, size = _in_one_packet(
            nginx.tls_port, f"/v1/kimson/polls/{poll.id}/ballots", bodies
        )
        sizes.add(size)
        told.append(Counter(a.get("outcome") or a["code"] for a in answers))
    report = counted.polls.integrity.report("kimson", poll.id, "UTC", time.time())

    measured(
        f"20 voters, {STREAMS} ballots each in one write of {max(sizes)} bytes: {report.ballots} "
        f"ballots, {report.votes} votes, {report.voters} voters; of the last: {dict(told[-1])}"
    )
    assert all(counter.total() == STREAMS for counter in told)
    assert all(counter.keys() <= {"counted", "already-voted"} for counter in told)
    # Either the retried ballot is the one that counts, or one of the others is.
    assert all(counter["counted"] in (1, STREAMS // 2) for counter in told)
    assert report.sound is True, report.faults
    assert (report.ballots, report.votes, report.voters) == (20, 20, 20)


def _in_one_packet(
    port: int, path: str, bodies: Sequence[bytes]
) -> tuple[list[dict[str, str]], int]:
    """POST each body on a stream of its own; its last byte goes out with those of all others.

    Returns: the answers' JSON, and the size of that last write in bytes.
    """
    connection = pytest.importorskip("h2.connection")
    config, events = pytest.importorskip("h2.config"), pytest.importorskip("h2.events")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port), 20)) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        assert wire.selected_alpn_protocol() == "h2"
        peer = connection.H2Connection(config.H2Configuration(client_side=True))
        peer.initiate_connection()
        wire.sendall(peer.data_to_send())
        streams = {}
        for body in bodies:
            stream = peer.get_next_available_stream_id()
            head = [(":path", path), *_HEAD, ("content-length", str(len(body)))]
            peer.send_headers(stream, head)
            peer.send_data(stream, body[:-1])
            streams[stream] = b""
        peer.ping(b"all read")
        wire.sendall(peer.data_to_send())
        heard: list[object] = []
        while not any(isinstance(event, events.PingAckReceived) for event in heard):
            heard = peer.receive_data(wire.recv(65_536))  # then nginx has read all before
        for stream, body in zip(streams, bodies, strict=True):
            peer.send_data(stream, body[-1:], end_stream=True)
        last = peer.data_to_send()
        wire.sendall(last)
        open_streams = set(streams)
        while open_streams:
            for event in peer.receive_data(wire.recv(65_536)):
                if isinstance(event, events.DataReceived):
                    streams[event.stream_id] += event.data
                    peer.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, events.StreamEnded | events.StreamReset):
                    open_streams.discard(event.stream_id)
            if data := peer.data_to_send():
                wire.sendall(data)
    return [json.loads(data) for data in streams.values()], len(last)


_HEAD = [
    (":method", "POST"),
    (":scheme", "https"),
    (":authority", "dem.example.vn"),
    ("user-agent", BROWSER),
    ("origin", ORIGIN),
    ("content-type", "text/plain"),
]


@pytest.mark.check("T53")
def test_a_flood_from_one_address_ends_at_nginx(
    instances: list[Instance], counted: Services, tmp_path: Path, measured: Note
) -> None:
    """The example's limit of an address: 50 a second and 500 in a row."""
    ports = [instance.port for instance in instances]
    with (
        running_nginx(tmp_path / "nginx", ports, rate=50) as nginx,
        Load([nginx.url], clients=32, rate=1000) as flood,
    ):
        flood.run(4)
    counted_views = total(counted)

    told = statuses(flood.sent)
    measured(f"from one address through nginx: {told}, {counted_views} counted")
    assert told.keys() == {200, 429}
    assert counted_views == told[200] <= 500 + 50 * 8
