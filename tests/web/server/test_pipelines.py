"""Requests in a row on one connection: answered in order, or the connection is closed."""

import contextlib
import json

import pytest

from stats_service.web.server.http_limits import PIPELINE_MAX
from tests.support.one_worker import Running
from tests.support.pages import ORIGIN
from tests.support.raw_requests import HEALTH, ballot, page


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


@pytest.mark.parametrize("first", [page(), HEALTH, page(body="x")], ids=["view", "flask", "bad"])
def test_garbage_behind_a_request_does_not_take_its_answer(service: Running, first: bytes) -> None:
    """What is owed is answered first and alone."""
    connection = service.ask(first, b"garbage\r\n\r\n")

    assert connection.answer().status in (200, 400)
    with contextlib.suppress(AssertionError):
        assert connection.answer().status == 400
    assert connection.is_closed()


def test_a_hit_id_twice_in_one_packet_counts_once(service: Running) -> None:
    """The second is answered as a duplicate."""
    connection = service.ask(page(hit="a" * 16), page(hit="a" * 16))

    first, second = connection.answer(), connection.answer()

    assert "stats-ignored" not in first.headers
    assert second.headers["stats-ignored"] == "duplicate"
