"""HTTP at its edges, byte for byte, against a real worker, with and without the fast lane."""

import contextlib
import itertools
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import redis

from stats_service.config import Settings
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.sites import Site
from stats_service.services.container import create_services
from stats_service.web.server.http_limits import HEAD_MAX_BYTES, HEADERS_MAX, PIPELINE_MAX
from tests.support.pages import BROWSER, ORIGIN
from tests.support.processes import service_processes, wait_until
from tests.support.server import running_service
from tests.support.wire import Wire

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
LINE = "POST /v1/kimson/page HTTP/1.1"

BALLOT = '{"ballot": "a-ballot-of-the-test", "choices": [], "voter": ""}'

_numbers = itertools.count()


def page(
    *headers: str, line: str = LINE, body: str | None = None, hit: str = "", host: bool = True
) -> bytes:
    """Return a page view; `headers` come behind the usual ones."""
    hit = hit or f"edge-{next(_numbers):016d}"
    body = json.dumps({"hit": hit, "article": "/tin/1"}) if body is None else body
    lines = [
        line,
        *(["Host: x"] if host else []),
        f"User-Agent: {BROWSER}",
        f"Origin: {ORIGIN}",
        *headers,
    ]
    if not any(h.lower().startswith(("content-length", "transfer-encoding")) for h in headers):
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def ballot() -> bytes:
    """Return a ballot for a poll that there is not: its answer takes two questions to Redis."""
    return page(line="POST /v1/kimson/polls/none/ballots HTTP/1.1", body=BALLOT)


def chunked(*trailers: str) -> bytes:
    """Return a page view in one chunk."""
    body = json.dumps({"hit": f"edge-{next(_numbers):016d}"})
    end = "".join(f"{trailer}\r\n" for trailer in trailers)
    return page("Transfer-Encoding: chunked", body=f"{len(body):x}\r\n{body}\r\n0\r\n{end}\r\n")


@dataclass(frozen=True)
class Running:
    """A worker, its Redis, and what it counts."""

    url: str
    redis: EmbeddedRedis
    folder: Path
    connections: list[Wire] = field(default_factory=list)

    def total(self) -> int:
        """Return the views in Redis."""
        with redis.Redis.from_url(self.redis.url) as client:
            return int(client.hget("st:{kimson}:counts", "views") or 0)  # type: ignore[arg-type]

    def ask(self, *requests: bytes) -> Wire:
        """Send the requests in one packet on a connection of their own."""
        self.connections.append(Wire(self.url))
        return self.connections[-1].send(b"".join(requests))

    def part(self) -> None:
        """Close every connection."""
        while self.connections:
            self.connections.pop().close()


@contextlib.contextmanager
def running(
    tmp: pytest.TempPathFactory, *, fast: bool, app: str = "", redis_timeout: float = 0.3
) -> Iterator[Running]:
    """Run one worker with a Redis of its own and a site."""
    folder = tmp.mktemp("edges")
    with EmbeddedRedis(folder) as server:
        settings = Settings(secret="edges-" + "0" * 32, data_dir=folder, redis_url=server.url)
        settings = replace(settings, workers=1, site_cache_seconds=300, redis_timeout=redis_timeout)
        site = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",))
        create_services(settings).sites.sites.add(site)
        chosen = {"app": app} if app else {}
        worker = "" if fast else "stats_service.web.server.worker.Worker"
        with running_service(settings, worker=worker, **chosen) as url:
            service = Running(url, server, folder)
            yield service
            service.part()


@pytest.fixture(scope="module", params=[True, False], ids=["fast", "plain"])
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Run the service, once with the fast lane and once without."""
    with running(tmp_path_factory, fast=request.param) as service:
        yield service


@pytest.fixture
def service(shared: Running) -> Iterator[Running]:
    """Give the service; what a test has opened is closed behind it."""
    yield shared
    shared.part()


def test_a_view_in_one_packet_and_byte_by_byte(service: Running) -> None:
    """However it is cut, it is one request."""
    before = service.total()

    whole, cut = service.ask(page()), service.ask()
    for byte in page():
        cut.send(bytes((byte,)))
    answers = [whole.answer(), cut.answer()]

    assert [answer.status for answer in answers] == [200, 200]
    assert json.loads(answers[0].body)["counted"] is True
    assert answers[0].headers["access-control-allow-origin"] == ORIGIN
    assert "date" in answers[0].headers
    assert "server" not in answers[0].headers
    assert service.total() - before == 2


@pytest.mark.parametrize("order", ["hh", "ph", "hp", "pp", "hhh", "ppp"])
def test_rubbish_behind_pipelined_requests_ends_the_connection(
    service: Running, order: str
) -> None:
    """Each of them is answered; then the connection closes, and does not stay for ever."""
    requests = b"".join(HEALTH if kind == "h" else page() for kind in order)
    connection = service.ask(requests + b"GARBAGE\0\r\n\r\n")

    assert connection.statuses(len(order)) == [200] * len(order)
    with contextlib.suppress(AssertionError):  # the rubbish's own, if nothing was owed
        assert connection.answer().status == 400
    assert connection.is_closed()


@pytest.mark.parametrize(
    "last",
    [
        page("Transfer-Encoding: chunked", body="no length\r\n"),
        page("Content-Length: 5", "Content-Length: 6"),
        HEALTH.replace(b"Host: x", b"Host: x\r\nHost: y"),
    ],
    ids=["body", "head", "hosts"],
)
def test_a_bad_request_takes_no_answer_of_those_before_it(service: Running, last: bytes) -> None:
    """Its 400 would be read as the answer to the first."""
    connection = service.ask(HEALTH, HEALTH, page(), last)

    assert connection.statuses(3) == [200, 200, 200]
    assert connection.is_closed()


@pytest.mark.parametrize("request_", [HEALTH, page()], ids=["flask", "view"])
def test_more_in_a_row_than_are_kept(service: Running, request_: bytes) -> None:
    """As many as there is room for are answered, the last says so; then the connection closes."""
    connection = service.ask(request_ * (2 * PIPELINE_MAX))

    answers = [connection.answer() for _ in range(PIPELINE_MAX + 1)]

    assert {answer.status for answer in answers} == {200}
    assert answers[-1].headers["connection"] == "close"
    assert connection.is_closed()


@pytest.mark.parametrize("order", ["vvv", "vhv", "hvh", "hhvv", "vvhhvvhh", "bvhbbv", "vbvbh"])
def test_pipelined_requests_are_answered_in_order(service: Running, order: str) -> None:
    """Views (v), ballots (b), Flask's routes (h) in one packet, each answered in its place."""
    kinds = {"v": page, "b": ballot, "h": lambda: HEALTH}
    connection = service.ask(*(kinds[kind]() for kind in order))

    bodies = [connection.answer().body for _ in order]

    marks = {"v": b'"counted":true', "b": b"unknown-poll", "h": b"ok\n"}
    assert all(marks[kind] in body for kind, body in zip(order, bodies, strict=True)), bodies
    connection.send(page())
    assert connection.answer().status == 200


def test_a_connection_is_kept_for_both_lanes_in_turn(service: Running) -> None:
    """One after the other, each answered before the next."""
    connection = service.ask()
    got = [connection.send(r).answer().status for r in [page(), HEALTH, page(), page(), HEALTH]]

    assert got == [200] * 5


def test_connection_close_is_obeyed(service: Running) -> None:
    """The answer says so, and what was pipelined behind is not done."""
    before = service.total()
    connection = service.ask(page("Connection: close"), page())

    answer = connection.answer()

    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert connection.is_closed()
    assert service.total() - before == 1


def test_the_date_is_said_once(service: Running) -> None:
    """Also where Flask has one, in answers that may be kept."""
    closing = (
        page("Connection: close"),
        page("Connection: close", line="GET /v1/kimson/counts HTTP/1.1"),
    )

    answers = [service.ask(request).rest().lower() for request in closing]

    assert [answer.count(b"\r\ndate: ") for answer in answers] == [1, 1]


def test_http_1_0_is_answered_and_closed(service: Running) -> None:
    """Without a Host, as it may be."""
    connection = service.ask(page(line="POST /v1/kimson/page HTTP/1.0", host=False))

    assert connection.answer().status == 200
    assert connection.is_closed()


def test_head_has_no_body(service: Running) -> None:
    """And the connection goes on."""
    connection = service.ask(HEALTH.replace(b"GET", b"HEAD"), HEALTH)

    assert connection.answer(head=True).status == 200
    assert connection.answer().body == b"ok\n"


def test_expect_is_met(service: Running) -> None:
    """100 first, so that the client sends its body."""
    request = page("Expect: 100-continue")
    head, _, body = request.partition(b"\r\n\r\n")
    connection = service.ask(head + b"\r\n\r\n")

    assert connection.answer().status == 100
    assert connection.send(body).answer().status == 200


def test_chunks_are_read_and_trailers_are_nobodys(service: Running) -> None:
    """A trailer cannot pose as a header."""
    connection = service.ask(chunked(), chunked("X-Forwarded-For: 192.0.2.9", "Host: y"), HEALTH)

    assert connection.statuses(3) == [200, 200, 200]


@pytest.mark.parametrize(
    "request_",
    [
        page("Transfer-Encoding: chunked", "Content-Length: 5", body="0\r\n\r\n"),
        page("Content-Length: 2", "Content-Length: 2", body="{}"),
        page("Content-Length: +2", body="{}"),
        page("Content-Length: 2,2", body="{}"),
        page("Transfer-Encoding: gzip, chunked, gzip", body="0\r\n\r\n"),
        page("Host: y"),
        HEALTH.replace(b"\r\n\r\n", b"\r\nHost: y\r\n\r\n"),
        page(host=False),
        b"GET /healthz HTTP/1.1\r\n\r\n",
        page().replace(b"\r\n", b"\n"),
        HEALTH.replace(b"\r\n", b"\n"),
        page(" folded: x"),
        page("Space : x"),
        page("Nul: \x00"),
        page(line="POST /v1/kimson/page HTTP/1.2"),
        page(line="post /v1/kimson/page HTTP/1.1"),
        page("Transfer-Encoding: chunked", line="POST /v1/kimson/page HTTP/1.0", body="0\r\n\r\n"),
        b"GET /\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        page(*(f"X-{n}: 1" for n in range(HEADERS_MAX))),
        page("X: " + "a" * HEAD_MAX_BYTES),
        HEALTH.replace(b"Host", b"X: " + b"a" * 1_000_000 + b"\r\nHost"),
        HEALTH.replace(b"/healthz", b"/" + b"a" * HEAD_MAX_BYTES),
    ],
    ids=[
        "TE and CL",
        "two lengths",
        "signed length",
        "list of lengths",
        "coding other than chunked",
        "two hosts on a view",
        "two hosts",
        "no host on a view",
        "no host",
        "bare LF on a view",
        "bare LF",
        "folded header",
        "space before the colon",
        "NUL",
        "HTTP 1.2",
        "lower-case method",
        "chunks in HTTP 1.0",
        "HTTP 0.9",
        "TLS",
        "too many headers",
        "large header",
        "huge header",
        "huge target",
    ],
)
def test_what_is_not_sound_is_refused_and_closed(service: Running, request_: bytes) -> None:
    """400, and nothing that follows on the connection is read."""
    before = service.total()
    connection = service.ask(request_, page())

    assert connection.answer().status == 400
    assert connection.is_closed()
    assert service.total() == before


def test_a_head_without_end_is_cut(service: Running) -> None:
    """However slowly it comes: the sum counts."""
    connection = service.ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: ")
    for _ in range(HEAD_MAX_BYTES // 1000 + 2):
        connection.send(b"a" * 1000)

    assert connection.answer().status == 400
    assert connection.is_closed()


@pytest.mark.parametrize("how", ["declared", "chunked"])
def test_a_body_of_a_megabyte_is_refused(service: Running, how: str) -> None:
    """413 with a problem, then closed; it is not kept in memory to the end."""
    body = "x" * 1_000_000
    if how == "chunked":
        request = page("Transfer-Encoding: chunked", body=f"{len(body):x}\r\n{body}\r\n0\r\n\r\n")
    else:
        request = page(body=body)
    connection = service.ask(request)

    answer = connection.answer()

    assert answer.status == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.body)["code"] == "too-large"
    assert connection.is_closed()


def test_a_promised_body_is_not_waited_for_beyond_the_limit(service: Running) -> None:
    """A hundred megabytes are promised; the answer comes once more than the limit is there."""
    connection = service.ask(page("Content-Length: 100000000", body="x" * 70_000))

    assert connection.answer().status == 413
    assert connection.is_closed()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (page(body=""), 400),
        (page(body="x" * 100), 400),
        (page(line="POST /v1/nowhere/page HTTP/1.1"), 404),
        (page(line="POST /v1/kimson/page/ HTTP/1.1"), 404),
        (page(line="POST /v1/%6bimson/page HTTP/1.1"), 200),
        (page(line="POST /v1/kimson/page?x=/page HTTP/1.1"), 200),
        (page(line="POST http://elsewhere/v1/kimson/page HTTP/1.1"), 200),
        (page(line="GET /v1/kimson/page HTTP/1.1"), 405),
        (page("X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2"), 200),
    ],
)
def test_what_is_unusual_is_answered_and_the_connection_kept(
    service: Running, request_: bytes, status: int
) -> None:
    """Errors of the application are no errors of the connection."""
    connection = service.ask(request_, HEALTH)

    assert connection.statuses(2) == [status, 200]


@pytest.mark.parametrize("first", [page(), HEALTH, page(body="x")], ids=["view", "flask", "bad"])
def test_garbage_behind_a_request_does_not_take_its_answer(service: Running, first: bytes) -> None:
    """What is owed is answered first and alone."""
    connection = service.ask(first, b"garbage\r\n\r\n")

    assert connection.answer().status in (200, 400)
    with contextlib.suppress(AssertionError):
        assert connection.answer().status == 400
    assert connection.is_closed()


def test_another_protocol_is_not_spoken(service: Running) -> None:
    """The request is answered as it stands, and what follows is not read as HTTP/1.1."""
    before = service.total()
    connection = service.ask(
        HEALTH.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
        page(),
    )

    assert connection.answer().status == 200
    assert connection.is_closed()
    assert service.total() == before


def test_a_client_that_leaves(service: Running) -> None:
    """Gone before the answer, it is counted; gone inside its request, it is not."""
    before = service.total()
    cut = page()[:-5]

    for _ in range(20):
        service.ask(page()).close()
        service.ask(cut).close()
    wait_until(lambda: service.total() - before >= 20)
    assert service.ask(page()).answer().status == 200

    assert service.total() - before == 21


def test_a_hit_id_twice_in_one_packet_counts_once(service: Running) -> None:
    """The second is answered as a duplicate."""
    connection = service.ask(page(hit="a" * 16), page(hit="a" * 16))

    first, second = connection.answer(), connection.answer()

    assert "stats-ignored" not in first.headers
    assert second.headers["stats-ignored"] == "duplicate"


def test_a_client_that_does_not_read_is_not_served_for_ever(service: Running) -> None:
    """Once its side is full nothing more is read, or it is parted from; others do not notice."""
    begin = service.total()
    greedy = service.ask()
    greedy.socket.settimeout(0.5)
    with contextlib.suppress(TimeoutError, BlockingIOError, ConnectionError):
        for _ in range(20_000):
            greedy.socket.sendall(page())

    wait_until(lambda: _stands_still(service))
    assert service.total() - begin < 20_000
    assert service.ask(page()).answer().status == 200


def test_who_leaves_with_answers_unread_is_no_error(service: Running) -> None:
    """What was being answered, and what waited behind it, ends without a word in the log."""
    greedy = service.ask()
    greedy.socket.settimeout(0.5)
    with contextlib.suppress(TimeoutError, BlockingIOError):
        for _ in range(2000):
            greedy.socket.sendall(b"GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 10)
    greedy.close()
    assert service.ask(page()).answer().status == 200

    [log] = service.folder.glob("gunicorn-*.log")
    assert "Traceback" not in log.read_text()


def _stands_still(service: Running) -> bool:
    before = service.total()
    time.sleep(0.1)
    return service.total() == before


def test_a_forgotten_script_is_no_error(service: Running) -> None:
    """SCRIPT FLUSH in the middle."""
    with redis.Redis.from_url(service.redis.url) as client:
        client.script_flush()
    before = service.total()

    assert service.ask(page(), page()).statuses(2) == [200, 200]
    assert service.total() - before == 2


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])
def test_redis_stopped_and_gone_and_back(
    tmp_path_factory: pytest.TempPathFactory, fast: bool
) -> None:
    """Views are kept after one wait; what needs no Redis goes on; then 200 by itself."""
    timeout = 1.0  # long beside the disk of a busy machine
    with running(tmp_path_factory, fast=fast, redis_timeout=timeout) as service:
        assert service.ask(page()).answer().status == 200  # from now on the site is known
        os.kill(service.redis.pid or 0, signal.SIGSTOP)
        try:
            begin = time.monotonic()
            stopped = service.ask(page(), page()).statuses(2)
            took = time.monotonic() - begin
        finally:
            os.kill(service.redis.pid or 0, signal.SIGCONT)
        wait_until(lambda: service.ask(page()).answer().status == 200)

        service.redis.stop()
        gone = service.ask(page(), HEALTH).statuses(2)
        service.redis.start()
        wait_until(lambda: service.ask(page()).answer().status == 200)

    assert stopped == [202, 202]
    assert took < 2 * timeout  # two, one after the other, the second at once
    assert gone == [202, 200]


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])
def test_an_unfinished_request_is_cut(tmp_path_factory: pytest.TempPathFactory, fast: bool) -> None:
    """In its head and in its body; an idle connection is kept meanwhile."""
    app = "tests.support.impatient_app:create_app()"
    with running(tmp_path_factory, fast=fast, app=app) as service:
        idle = service.ask(HEALTH)
        assert idle.answer().status == 200
        head, body = service.ask(page()[:30]), service.ask(page()[:-5])

        assert head.is_closed()
        assert body.is_closed()
        assert idle.send(page()).answer().status == 200


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])
def test_who_reads_nothing_is_parted_from(
    tmp_path_factory: pytest.TempPathFactory, fast: bool
) -> None:
    """And what was being answered ends without a complaint in the log."""
    app = "tests.support.impatient_app:create_app()"
    with running(tmp_path_factory, fast=fast, app=app) as service:
        greedy, idle = service.ask(), service.ask(HEALTH)
        assert idle.answer().status == 200

        wait_until(lambda: _is_refused(greedy))

        assert idle.send(page()).answer().status == 200
    [log] = service.folder.glob("gunicorn-*.log")
    assert "Traceback" not in log.read_text()


def _is_refused(greedy: Wire) -> bool:
    """Ask for more, as far as there is room; return whether the server has closed."""
    greedy.socket.settimeout(0.05)
    try:
        greedy.socket.sendall(b"GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 10)
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return False


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])
def test_a_stop_answers_what_is_under_way(
    tmp_path_factory: pytest.TempPathFactory, fast: bool
) -> None:
    """SIGTERM: what is in flight is answered, an idle connection closed, a half request cut."""
    with running(tmp_path_factory, fast=fast, redis_timeout=10) as service:
        idle, half = service.ask(page()), service.ask(page()[:-5])
        assert idle.answer().status == 200
        os.kill(service.redis.pid or 0, signal.SIGSTOP)
        under_way, voting = service.ask(page()), service.ask(ballot())
        # The master ends its workers; the younger of the two is the worker.
        _, worker = sorted(
            p for p, c in service_processes(service.folder).items() if "gunicorn" in c
        )
        os.kill(worker, signal.SIGTERM)
        assert idle.is_closed()
        os.kill(service.redis.pid or 0, signal.SIGCONT)

        answer = under_way.answer()

        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert under_way.is_closed()
        refused = voting.answer()
        assert (refused.status, refused.headers["connection"]) == (404, "close")
        assert voting.is_closed()
        assert b" 200 " not in half.rest()
