"""Connections whose client leaves or does not read, whose Redis is away, whose worker stops."""

import contextlib
import os
import signal
import time

import pytest
import redis

from tests.support.one_worker import Running, running
from tests.support.processes import service_processes, wait_until
from tests.support.raw_requests import HEALTH, ballot, page
from tests.support.wire import Wire


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
        # Whoever comes after them is answered: so both have been read.
        assert service.ask(HEALTH).answer().status == 200
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
