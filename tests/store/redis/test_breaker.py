"""The breaker, and the clients that have it."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from stats_service.errors import ConfigurationError, StoreUnavailableError
from stats_service.store.redis.breaker import FAILURES, TRY_SECONDS, Breaker
from stats_service.store.redis.client import connect, store_errors
from tests.support.clock import FakeClock
from tests.support.processes import free_port


@pytest.fixture
def breaker(clock: FakeClock) -> Breaker:
    """Give a breaker that is open."""
    breaker = Breaker(clock.now)
    for _ in range(FAILURES):
        breaker.failed()
    return breaker


def refused(breaker: Breaker) -> bool:
    """Tell whether a breaker lets nobody through."""
    try:
        breaker.check()
    except StoreUnavailableError:
        return True
    return False


def refused_elsewhere(breaker: Breaker) -> bool:
    """Tell whether it lets no other thread through."""
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(refused(breaker)))
    thread.start()
    thread.join()
    return answers == [True]


def test_a_few_failures_are_a_hiccup(clock: FakeClock) -> None:
    """It opens at the third failure in a row, and not before."""
    breaker = Breaker(clock.now)

    for _ in range(FAILURES - 1):
        breaker.failed()
        assert not refused(breaker)
    breaker.succeeded()
    for _ in range(FAILURES - 1):
        breaker.failed()
        assert not refused(breaker)
    breaker.failed()

    assert refused(breaker)


def test_one_at_a_time_tries_whether_the_server_is_back(breaker: Breaker, clock: FakeClock) -> None:
    """Whoever tries goes on; everybody else is refused until it is known."""
    clock.advance(TRY_SECONDS)

    breaker.check()

    assert refused_elsewhere(breaker)
    assert not refused(breaker), "whoever tries sends more than one command"
    breaker.succeeded()
    assert not refused_elsewhere(breaker)


def test_a_try_in_vain_puts_the_next_one_off(breaker: Breaker, clock: FakeClock) -> None:
    """A server that is still away is tried once in half a second."""
    clock.advance(TRY_SECONDS)
    breaker.check()
    breaker.failed()

    assert refused(breaker)
    clock.advance(TRY_SECONDS)
    assert not refused(breaker)


@pytest.fixture(params=["redis://127.0.0.1:{0}", "redis+sentinel://127.0.0.1:{0}/portal"])
def nowhere(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Give a client of a server that does not run."""
    client = connect(request.param.format(free_port()), 0.2)
    yield client
    client.connection_pool.disconnect()


def test_a_client_stops_trying_a_server_that_is_away(nowhere: Any) -> None:
    """After the first failures nothing is sent any more, and each caller hears so at once."""
    messages = []
    for _ in range(10):
        with pytest.raises(StoreUnavailableError) as caught, store_errors():
            nowhere.get("x")
        messages.append(str(caught.value))

    assert "did not answer (ConnectionError)" in messages[0].replace(
        "MasterNotFoundError", "ConnectionError"
    )
    assert all("a moment ago" in message for message in messages[FAILURES:])


def test_a_cluster_that_is_away_does_not_stop_the_start() -> None:
    """The client is made at its first use, and fails as any other."""
    client = connect(f"redis+cluster://127.0.0.1:{free_port()}", 0.2)

    with pytest.raises(StoreUnavailableError), store_errors():
        client.get("x")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("redis+sentinel://127.0.0.1:26379", "names the master"),
        ("redis+sentinel://127.0.0.1:26379/portal?x=1", "knows no x"),
        ("redis+sentinel://127.0.0.1:26379/portal/zwei", "zwei"),
        ("redis+cluster://127.0.0.1:7000/3", "no database but 0"),
        ("redis+cluster://:7000", "no host"),
        ("redis://127.0.0.1:x", "x"),
    ],
)
def test_an_address_that_cannot_be_used_says_why(url: str, why: str) -> None:
    """At startup, naming the part."""
    with pytest.raises(ConfigurationError, match=why):
        connect(url, 0.2)
