"""Receivers that never answer delay nobody, and are left alone for longer and longer.

Also that any receiver can check a call with the ready verifiers of Standard Webhooks.
"""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from stats_service.config import Settings
from stats_service.models.audit import COMMAND_LINE
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from stats_service.services.notices import outgoing
from stats_service.services.notices.notices import NOTICES_MAX, PAUSE_MAX_SECONDS, pause_seconds
from stats_service.services.notices.parallel import SITE_PARALLEL, SITE_SECONDS, Task, in_parallel
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.receivers import Receiver

DOCS = Path(__file__).parents[3] / "docs" / "notices.md"


@pytest.fixture
def calling(settings: Settings, clock: FakeClock, site: Site) -> Iterator[Services]:
    """Give the services of an installation that may call this machine, with a second site."""
    services = create_services(replace(settings, webhook_hosts=("127.0.0.1",)), clock)
    services.sites.sites.add(Site(slug="zet", name="Zet", hosts=("zet.example.vn",)))
    yield services
    services.close()


@pytest.fixture
def silent() -> Iterator[Receiver]:
    """Give a receiver that takes calls and never answers."""
    receiver = Receiver()
    receiver.answers.clear()
    yield receiver
    receiver.answers.set()
    receiver.close()


def reach_peak(client: redis.Redis, settings: Settings, slug: str, peak: int) -> None:
    """Let a site have so many visitors at a time."""
    counts = SiteKeys(settings.key_prefix, slug).counts
    client.hset(counts, mapping={"peak": peak, "peak:at": 1772600400000})


def tick(services: Services) -> list[str]:
    """Run the regular work and return what failed."""
    return [one.text for one in services.operations.ticks.run(services.clock.now()) if one.failed]


def test_t78_receivers_that_never_answer_delay_nobody(
    calling: Services,
    silent: Receiver,
    receiver: Receiver,
    redis_client: redis.Redis,
    settings: Settings,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other site's webhook is called though it comes last; the pause grows, and ends."""
    monkeypatch.setattr(outgoing, "CALL_SECONDS", 0.3)
    for _ in range(NOTICES_MAX):
        calling.notices.notices.add_webhook(
            "kimson", silent.url, ("peak",), 6, COMMAND_LINE, clock.now()
        )
    added = calling.notices.notices.add_webhook(
        "zet", receiver.url, ("peak",), 6, COMMAND_LINE, clock.now()
    )
    for slug in ("kimson", "zet"):
        reach_peak(redis_client, settings, slug, 20)
    tick(calling)
    for slug in ("kimson", "zet"):
        reach_peak(redis_client, settings, slug, 30)

    assert len(tick(calling)) == NOTICES_MAX  # each is told of
    assert receiver.events() == ["peak"]
    assert len(silent.calls) == NOTICES_MAX
    assert calling.notices.notices.deliveries("zet")[added.id].error == ""

    clock.advance(60)
    assert tick(calling) == []  # left alone
    waiting = 0
    for tries in (2, 3):
        clock.advance(pause_seconds(tries - 1))
        assert len(tick(calling)) == NOTICES_MAX
        for delivery in calling.notices.notices.deliveries("kimson").values():
            assert delivery.failures == tries
            assert delivery.next_at == clock.now() + pause_seconds(tries)
            assert "did not answer within 0.3 seconds" in delivery.error
            waiting += len(delivery.waiting)
    assert waiting == 2 * NOTICES_MAX

    silent.answers.set()
    clock.advance(pause_seconds(3))
    assert tick(calling) == []
    for delivery in calling.notices.notices.deliveries("kimson").values():
        assert (delivery.failures, delivery.next_at, delivery.waiting) == (0, 0, {})


def test_what_is_over_before_it_is_told_is_counted(
    calling: Services,
    receiver: Receiver,
    redis_client: redis.Redis,
    settings: Settings,
    clock: FakeClock,
) -> None:
    """Two peaks while the receiver is away: the last is told, the other counted."""
    hook = calling.notices.notices.add_webhook(
        "kimson", receiver.url, ("peak",), 6, COMMAND_LINE, clock.now()
    ).id
    receiver.status = 500
    for peak in (20, 30, 40):
        reach_peak(redis_client, settings, "kimson", peak)
        tick(calling)

    assert calling.notices.notices.deliveries("kimson")[hook].missed == 1
    receiver.status = 200
    clock.advance(PAUSE_MAX_SECONDS)
    tick(calling)
    assert calling.notices.notices.deliveries("kimson")[hook].missed == 1
    assert [b"40 visitors" in body for _, body in receiver.calls] == [False, True]


def test_the_pause_doubles_up_to_six_hours() -> None:
    """However long a receiver is away, it is tried again the same day."""
    pauses = [pause_seconds(n) for n in (1, 2, 3, 4, 50, 5000)]

    assert pauses == [240, 480, 960, 1920, PAUSE_MAX_SECONDS, PAUSE_MAX_SECONDS]


def test_a_site_has_a_share_of_the_calls_and_of_the_time() -> None:
    """Another site's call runs beside those of a site that waits; who is over time is left."""
    free, at_once = threading.Event(), threading.Semaphore(0)
    seconds = iter([0.0, *[SITE_SECONDS * step for step in range(1, 1000)]])

    def wait_for_the_other() -> str:
        at_once.release()
        assert free.wait(20)
        return "slow"

    def let_go() -> str:
        for _ in range(SITE_PARALLEL):
            assert at_once.acquire(timeout=20)
        free.set()
        return "quick"

    tasks = [Task("kimson", wait_for_the_other)] * SITE_PARALLEL + [Task("zet", let_go)]
    done = list(in_parallel(tasks, time.monotonic))
    late = list(in_parallel(tasks, lambda: next(seconds)))

    assert sorted(map(str, done)) == ["quick", *["slow"] * SITE_PARALLEL]
    assert late == [None] * len(tasks)


def test_the_ready_verifier_takes_our_calls_and_no_others(
    calling: Services, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the key that the page shows; a changed body or another key is refused."""
    clock = calling.clock
    hook = calling.notices.notices.add_webhook(
        "kimson", receiver.url, ("peak",), 6, COMMAND_LINE, clock.now()
    ).id
    calling.notices.webhooks.test("kimson", hook, time.time())
    ((headers, body),) = receiver.calls
    key = calling.notices.notices.signing_key("kimson", hook)

    assert key.startswith("whsec_")
    assert Webhook(key).verify(body, headers)["type"] == "test"
    with pytest.raises(WebhookVerificationError):
        Webhook(key).verify(body.replace(b"test", b"peak"), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(calling.notices.notices.signing_key("kimson", "other")).verify(body, headers)


def test_the_example_of_the_documentation_checks_a_call(
    calling: Services, receiver: Receiver
) -> None:
    """It runs as it is printed, with nothing but Python, and as the library does."""
    hook = calling.notices.notices.add_webhook(
        "kimson", receiver.url, ("peak",), 6, COMMAND_LINE, calling.clock.now()
    ).id
    calling.notices.webhooks.test("kimson", hook, time.time())
    ((headers, body),) = receiver.calls
    example = re.search(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert example is not None
    lower = {name.lower(): value for name, value in headers.items()}
    key = calling.notices.notices.signing_key("kimson", hook)

    for sent, expected in ((body, "True"), (body + b" ", "False")):
        program = f"headers, body, key = {lower!r}, {sent!r}, {key!r}\n{example[1]}\nprint(ok)"
        told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
        assert told.stdout.decode().strip() == expected
