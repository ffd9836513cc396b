"""What is erased is gone and stays gone, whatever is on its way to it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis

from stats_service.config import Settings
from stats_service.errors import (
    ConflictError,
    SiteChangedError,
    StatsError,
    StoreUnavailableError,
    UnknownSiteError,
)
from stats_service.models.clicks import ClickQuery
from stats_service.models.install_checks import InstallCheck, InstallReport, Sender
from stats_service.models.polls import BallotQuery
from stats_service.models.portability.legacy import DayPart, ImportedFile
from stats_service.models.ratings import RatingQuery
from stats_service.models.sites import Site
from stats_service.models.traffic.views import PageQuery, Visitor
from stats_service.services.container import Services, create_services
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.periods import periods_at
from stats_service.services.portability.legacy.marks import Mark, pack_marks
from stats_service.store.keys import SiteKeys, sites
from stats_service.store.portability.legacy import Spans
from tests.support.away import lose_redis
from tests.support.clock import FakeClock
from tests.support.filled import fill
from tests.support.pages import BROWSER, ORIGIN, new_hit
from tests.support.processes import wait_until
from tests.support.redis_groups import keys_of
from tests.support.spools import spool_of
from tests.support.votes import make_poll, new_ballot, new_voter

READER = Visitor(
    address="192.0.2.1", user_agent=BROWSER, origin=ORIGIN, private=False, prefetch=False
)
CHECK = InstallCheck(
    at=0.0,
    report=InstallReport(),
    sender=Sender("kimson.example.vn", "192.0.2.1", 0, "", private=False),
    allowed=True,
)


class Worker:
    """Another worker that knows the site, and goes on as long as it does."""

    def __init__(self, settings: Settings, clock: FakeClock) -> None:
        self.services = create_services(replace(settings, site_cache_seconds=3600), clock)
        self.clock = clock
        self.entry: SiteEntry = self.services.sites.directory.entry("kimson", clock.now())

    def everything(self) -> list[str]:
        """Do all that writes for a site, as it was known; return what was taken."""
        done = []
        for act in (
            *(self.view, self.vote, self.rate, self.click),
            *(self.issue, self.administer, self.bring_in),
        ):
            try:
                act()
                done.append(act.__name__)
            except StatsError:
                pass
        return done

    def view(self) -> None:
        """Load a page."""
        query = PageQuery(hit=new_hit(), article="/tin/1")
        self.services.loop.run(
            self.services.traffic.recorder.record(self.entry, query, READER, self.clock.now())
        )

    def click(self) -> None:
        """Open a document."""
        query = ClickQuery("document", "/van-ban/12.pdf", new_hit())
        self.services.loop.run(
            self.services.traffic.clicks.record_click(self.entry, query, READER, self.clock.now())
        )

    def vote(self) -> None:
        """Send a ballot."""
        voter = new_voter(self.services)
        self.services.loop.run(
            self.services.polls.ballots.cast_ballot(
                self.entry,
                "muc-quan-tam",
                BallotQuery(new_ballot(), ("a",), voter),
                READER,
                self.clock.now(),
            )
        )

    def rate(self) -> None:
        """Rate an article."""
        query = RatingQuery("/tin/1", 4, new_voter(self.services, age=60))
        self.services.loop.run(
            self.services.ratings.ratings.rate_article(self.entry, query, READER, self.clock.now())
        )

    def issue(self) -> None:
        """Ask for a voter's token; one is given, and counted nowhere if there is no site."""
        self.services.polls.voter_tokens.issue(self.entry, "", READER, self.clock.now())
        raise UnknownSiteError("kimson")

    def administer(self) -> None:
        """Do what people do on the admin pages, each for itself."""
        services, now, site = self.services, self.clock.now(), self.entry.site
        tries: list[Callable[[], Any]] = [
            lambda: services.accounts.tokens.add("kimson", "web", "read", "an", now),
            lambda: services.notices.notices.add_report(
                "kimson", "an@example.vn", "week", "vi", "an", now
            ),
            lambda: services.notices.notices.delivered("kimson", "1a2b3c4d", "report", now),
            lambda: services.traffic.opening_balances.set(site, "/tin/1", 5, "an", now),
            lambda: services.accounts.audit.record("kimson", "an", "site.changed", now),
            lambda: services.sites.install_checks._store.put("kimson", "0a1b", CHECK),
            lambda: services.traffic.retention.retain(site, now),
            lambda: list(services.portability.archives._store.rows("kimson", ["2026-03-04"])),
            lambda: services.polls.quarantine.settle(
                "kimson", "muc-quan-tam", "2026-03-04T12-a0011223344556677", "voided", "an", now
            ),
        ]
        for attempt in tries:
            try:
                attempt()
            except StatsError:
                continue
        raise UnknownSiteError("kimson")

    def bring_in(self) -> None:
        """Go on with numbers of another counter."""
        store, site = self.services.portability.legacy._store, self.entry.site
        spans = Spans(periods_at(self.clock.now(), site.timezone), 9, 9)
        file = ImportedFile(name="a", kind="matomo", at=1, views=3, visits=0, id="0a1b")
        tries: list[Callable[[], object]] = [
            lambda: store.begin(site, file, store.imports("kimson")[0]),
            lambda: store.add_day(site, "0a1b", 0, DayPart(day="2026-03-01", views=3), spans),
            lambda: store.add_lines(site, "0a1b", {"l1": pack_marks([Mark(1, 2, 1)])}),
            lambda: store.note(site, file),
        ]
        refused = []
        for attempt in tries:
            try:
                attempt()
            except StatsError as error:
                refused.append(error)
        if refused:
            raise refused[0]


def fresh_site() -> Site:
    """Return the settings of a site of that name."""
    return Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",))


@pytest.fixture
def busy(services: Services, site: Site, clock: FakeClock, settings: Settings) -> Iterator[Worker]:
    """Give a worker that has counted, voted and rated on a site with something in every table."""
    make_poll(services)
    fill(services, clock, site, days=1)
    worker = Worker(settings, clock)
    assert {"view", "vote", "rate", "click", "bring_in"} <= set(worker.everything())
    yield worker
    worker.services.close()


def while_scanning(services: Services, act: Callable[[], object]) -> None:
    """Let `act` happen before each key that a look at all keys of Redis finds, and at its end."""
    client: Any = services.sites.sites._store._client
    scan = client.scan_iter

    def scan_iter(**options: Any) -> Iterator[Any]:
        for key in scan(**options):
            act()
            yield key
        act()

    client.scan_iter = scan_iter


def left(client: redis.Redis, settings: Settings) -> list[str]:
    """Return the keys of the site."""
    return keys_of(client, SiteKeys(settings.key_prefix, "kimson").pattern)


@pytest.mark.parametrize("run", range(2))
def test_what_is_erased_stays_gone_under_traffic(
    services: Services,
    busy: Worker,
    clock: FakeClock,
    redis_client: redis.Redis,
    settings: Settings,
    run: int,
) -> None:
    """Whatever comes at whatever moment of it; a new site of the name begins with nothing."""
    taken: list[str] = []
    while_scanning(services, lambda: taken.extend(busy.everything()))

    services.sites.erasure.erase("kimson", "an", clock.now())

    assert taken == []
    assert left(redis_client, settings) == []
    site = services.sites.sites.add(fresh_site())
    assert services.traffic.views.counts(site, clock.now()).views.total == 0
    assert services.polls.polls.all("kimson") == []
    assert services.accounts.audit.newest("kimson") == []
    assert services.sites.erasure.unfinished() == []


def test_what_was_on_its_way_does_not_land_in_a_new_site(
    services: Services, busy: Worker, clock: FakeClock, redis_client: redis.Redis
) -> None:
    """Of another worker, which has not heard of it: views, ballots, ratings, imports."""
    services.sites.erasure.erase("kimson", "an", clock.now())
    site = services.sites.sites.add(fresh_site())
    make_poll(services)

    taken = busy.everything()

    assert taken == []
    counts = services.traffic.views.counts(site, clock.now())
    assert (counts.views.total, counts.visits.total, counts.online) == (0, 0, 0)
    assert services.polls.quarantine.groups("kimson", "muc-quan-tam") == []
    assert services.polls.polls.tally("kimson", "muc-quan-tam").ballots == 0
    assert services.ratings.ratings.ranked(site, 1, clock.now()).articles == ()


def test_a_worker_takes_a_new_site_for_what_it_is(
    services: Services, busy: Worker, clock: FakeClock
) -> None:
    """Its polls too, whose revision may be the same as that of the erased site's."""
    services.sites.erasure.erase("kimson", "an", clock.now())
    services.sites.sites.add(fresh_site())
    make_poll(services, question={"vi": "Câu hỏi mới?"})

    entry = busy.services.sites.directory.load("kimson", clock.now())

    poll = entry.polls.find("muc-quan-tam", clock.now())
    assert poll is not None
    assert poll.question == {"vi": "Câu hỏi mới?"}
    assert busy.services.ratings.ratings.ranked(entry.site, 1, clock.now()).articles == ()


def test_kept_views_are_those_of_the_site_that_they_were_sent_to(
    services: Services, busy: Worker, clock: FakeClock, settings: Settings
) -> None:
    """A spool that waited longer than the site lived."""
    lose_redis(busy.services)
    with pytest.raises(StatsError):
        busy.view()
    services.sites.erasure.erase("kimson", "an", clock.now())
    site = services.sites.sites.add(fresh_site())
    entry = services.sites.directory.entry("kimson", clock.now())
    find_redis = lose_redis(services)
    query = PageQuery(hit=new_hit(), article="/moi")
    with pytest.raises(StatsError):
        services.loop.run(services.traffic.recorder.record(entry, query, READER, clock.now()))
    find_redis()

    wait_until(lambda: not services.traffic.replay.run(clock.now()))  # or another worker does

    workers = (services.traffic.replay, busy.services.traffic.replay)
    assert sum(replay.replayed for replay in workers) == 1
    assert sum(replay.dropped for replay in workers) == 1
    assert services.traffic.views.counts(site, clock.now()).views.total == 1
    assert services.traffic.views.articles(site, ["/tin/1"], clock.now())["/tin/1"].views == 0
    assert spool_of(services).waiting() == 0


class CutOffError(Exception):
    """The process is killed here."""


def cut_off(services: Services, clock: FakeClock) -> None:
    """Begin to erase the site, and be killed at the first look at its keys."""

    def die() -> None:
        raise CutOffError

    client: Any = services.sites.sites._store._client
    scan = client.scan_iter
    while_scanning(services, die)
    with pytest.raises(CutOffError):
        services.sites.erasure.erase("kimson", "an", clock.now())
    client.scan_iter = scan


@pytest.mark.parametrize("by", ["erase", "tick", "add", "import"])
def test_a_cut_off_erasure_is_finished(
    services: Services,
    busy: Worker,
    clock: FakeClock,
    redis_client: redis.Redis,
    settings: Settings,
    tmp_path: Path,
    by: str,
) -> None:
    """By the next one, by the regular work, and before a site of the name begins."""
    archive = tmp_path / "a.jsonl"
    archive.write_bytes(b"".join(services.portability.archives.lines("kimson", clock.now())))
    views = services.traffic.views.counts(busy.entry.site, clock.now()).views.total
    cut_off(services, clock)
    assert len(left(redis_client, settings)) > 10
    assert services.sites.erasure.unfinished() == ["kimson"]
    assert busy.everything() == []

    if by == "erase":
        services.sites.erasure.erase("kimson", "an", clock.now())
        assert left(redis_client, settings) == []
    elif by == "tick":
        said = [outcome.text for outcome in services.operations.ticks.run(clock.now())]
        assert "kimson: finished an erasure that was cut off." in said
        assert left(redis_client, settings) == []
    elif by == "add":
        site = services.sites.sites.add(fresh_site())
        assert services.traffic.views.counts(site, clock.now()).views.total == 0
        list(services.operations.ticks.run(clock.now()))
        assert services.sites.sites.get("kimson") == site, "the tick erases nothing that lives"
    else:
        site = services.portability.archives.restore(archive, clock.now()).site
        list(services.operations.ticks.run(clock.now()))
        assert services.traffic.views.counts(site, clock.now()).views.total == views
        assert not redis_client.exists(SiteKeys(settings.key_prefix, "kimson").online)

    assert services.sites.erasure.unfinished() == []
    if by in ("erase", "tick"):
        with pytest.raises(UnknownSiteError):
            services.sites.erasure.erase("kimson", "an", clock.now())


def test_nobody_keeps_a_role_on_an_erased_site(
    services: Services, busy: Worker, clock: FakeClock
) -> None:
    """Nor does a token that is used meanwhile leave a trace."""
    services.accounts.accounts.add("an", "", "x", clock.now())
    services.accounts.accounts.set_role("an", "kimson", "owner", "x", clock.now())
    _, text = services.accounts.tokens.add("kimson", "web", "read", "an", clock.now())
    token = services.accounts.tokens.check("kimson", text, "read", clock.now())

    services.sites.erasure.erase("kimson", "x", clock.now())
    services.accounts.tokens._store.touch("kimson", token.id, clock.now())

    assert services.accounts.accounts.get("an").roles == {}
    services.sites.sites.add(fresh_site())
    assert services.accounts.tokens.all("kimson") == []


def test_what_an_earlier_version_left_is_not_inherited(
    services: Services, clock: FakeClock, redis_client: redis.Redis, settings: Settings
) -> None:
    """Keys of a name that no site has."""
    names = SiteKeys(settings.key_prefix, "kimson")
    redis_client.hset(names.counts, mapping={"views": 1808})
    redis_client.zadd(names.online, {"12345678": clock.now() * 1000})

    site = services.sites.sites.add(fresh_site())

    counts = services.traffic.views.counts(site, clock.now())
    assert (counts.views.total, counts.online) == (0, 0)


def test_an_erasure_that_a_new_site_overtakes_leaves_it_alone(
    services: Services, busy: Worker, clock: FakeClock
) -> None:
    """The new one began with nothing, and keeps what is counted."""
    other = create_services(busy.services.settings, clock)
    added: list[Site] = []

    def add_and_view() -> None:
        if not added:
            added.append(other.sites.sites.add(fresh_site()))
            entry = other.sites.directory.load("kimson", clock.now())
            query = PageQuery(hit=new_hit(), article="/moi")
            other.loop.run(other.traffic.recorder.record(entry, query, READER, clock.now()))

    while_scanning(services, add_and_view)

    services.sites.erasure.erase("kimson", "an", clock.now())

    assert [site.slug for site in services.sites.sites.all()] == ["kimson"]
    assert services.traffic.views.counts(added[0], clock.now()).views.total == 1
    other.close()


@pytest.fixture
def archive(services: Services, busy: Worker, clock: FakeClock, tmp_path: Path) -> Path:
    """Give an archive of the site, which has counted more since."""
    path = tmp_path / "kimson.jsonl"
    path.write_bytes(b"".join(services.portability.archives.lines("kimson", clock.now())))
    busy.everything()
    return path


def test_a_replaced_site_is_as_the_archive_has_it_under_traffic(
    services: Services,
    busy: Worker,
    archive: Path,
    clock: FakeClock,
    redis_client: redis.Redis,
    settings: Settings,
) -> None:
    """What is written while the old keys are looked for does not stay beside the new ones.

    Views of that time are kept, and count for the site as it is afterwards.
    """
    taken: list[str] = []
    while_scanning(services, lambda: taken.extend(busy.everything()))
    spool = spool_of(busy.services)

    with spool.sole_sender() as sole:  # so that what is kept waits until all has been looked at
        assert sole
        services.portability.archives.restore(archive, clock.now(), replace=True)

        assert taken == []
        lines = list(services.portability.archives.lines("kimson", clock.now()))
        assert lines[1:] == archive.read_bytes().splitlines(keepends=True)[1:]
        names = SiteKeys(settings.key_prefix, "kimson")
        gone = [names.online, names.held, names.replacing, names.check("0a1b")]
        assert not redis_client.exists(*gone)
        before = services.traffic.views.counts(busy.entry.site, clock.now()).views.total
        kept = spool.waiting()
    assert kept
    wait_until(lambda: not spool.waiting())
    after = services.traffic.views.counts(busy.entry.site, clock.now()).views.total
    assert after == before + kept
    assert "view" in busy.everything(), "and it goes on"


def test_a_replacement_that_is_cut_off_lets_the_site_go_on(
    services: Services,
    busy: Worker,
    archive: Path,
    clock: FakeClock,
    redis_client: redis.Redis,
    settings: Settings,
) -> None:
    """As it was: when it fails, at once; when its process is killed, after a minute."""
    before = services.traffic.views.counts(busy.entry.site, clock.now()).views.total
    names = SiteKeys(settings.key_prefix, "kimson")

    def fail() -> None:
        raise CutOffError

    while_scanning(services, fail)
    with pytest.raises(CutOffError):
        services.portability.archives.restore(archive, clock.now(), replace=True)
    assert services.traffic.views.counts(busy.entry.site, clock.now()).views.total == before

    redis_client.rename(names.site, names.held)  # as a process leaves it that is killed there
    redis_client.set(names.replacing, "someone", ex=60)
    assert services.sites.sites.all() == [busy.entry.site]
    with pytest.raises(StoreUnavailableError, match="taking the place"):
        services.sites.directory.load("kimson", clock.now())
    with pytest.raises(ConflictError):
        services.sites.sites.add(fresh_site())
    redis_client.delete(names.replacing)  # as Redis does after a minute

    assert services.sites.directory.load("kimson", clock.now()).site == busy.entry.site
    assert "view" in busy.everything()


def test_of_two_replacements_one_is_done(
    services: Services, busy: Worker, archive: Path, clock: FakeClock
) -> None:
    """The second would replace what the first brought in, and nobody has looked at that."""
    other = create_services(busy.services.settings, clock)
    done: list[bool] = []

    def another() -> None:
        if not done:
            done.append(True)
            other.portability.archives.restore(archive, clock.now(), replace=True)

    original = services.portability.archives._store.replace

    def replace_later(*args: Any, **options: Any) -> bool:
        another()
        return original(*args, **options)

    services.portability.archives._store.replace = replace_later  # type: ignore[method-assign]

    with pytest.raises(SiteChangedError, match="not what it was"):
        services.portability.archives.restore(archive, clock.now(), replace=True)

    assert services.sites.sites.exists("kimson")
    other.close()


def test_an_archive_looked_at_while_its_name_was_free_replaces_nobody(
    services: Services, busy: Worker, archive: Path, clock: FakeClock
) -> None:
    """Nor does one looked at while another site of the name was there."""
    seen_taken = services.portability.archives.look(archive, clock.now())
    services.sites.erasure.erase("kimson", "an", clock.now())
    seen_free = services.portability.archives.look(archive, clock.now())
    site = services.sites.sites.add(fresh_site())

    for seen in (seen_free, seen_taken):
        with pytest.raises(SiteChangedError):
            services.portability.archives.restore(archive, clock.now(), seen=seen)

    assert services.sites.sites.all() == [site]
    assert seen_taken.taken
    assert not seen_free.taken


def test_a_site_of_an_earlier_version_gets_a_birth(
    services: Services, clock: FakeClock, redis_client: redis.Redis, settings: Settings
) -> None:
    """By the regular work; until then it counts as before."""
    names = SiteKeys(settings.key_prefix, "kimson")
    redis_client.set(names.site, msgspec.json.encode(fresh_site()))
    redis_client.sadd(sites(settings.key_prefix), "kimson")
    old = Worker(settings, clock)
    old.view()

    list(services.operations.ticks.run(clock.now()))
    again = list(services.operations.ticks.run(clock.now()))

    site = services.sites.sites.get("kimson")
    assert len(site.birth) == 16
    assert again == []
    old.view()
    assert services.traffic.views.counts(site, clock.now()).views.total == 2
    assert services.accounts.audit.newest("kimson") == []
    old.services.close()
