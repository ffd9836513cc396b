"""A request at the edges of HTTP, byte for byte: answered, refused or cut."""

import json

import pytest

from stats_service.web.server.http_limits import HEAD_MAX_BYTES, HEADERS_MAX
from tests.support.one_worker import Running
from tests.support.raw_requests import HEALTH, chunked, page


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
