"""Kiosks: one device, many voters; enrolled by an administrator, exact, and no stranger's."""

import html
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stats_service.errors import ConflictError, InvalidInputError, NotFoundError
from stats_service.models.audit import Author
from stats_service.models.devices import Kiosk
from stats_service.models.polls import Poll
from stats_service.models.quarantine import Integrity
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.polls import kiosks
from stats_service.services.voting.concentration import is_for_everybody
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER
from tests.support.votes import WHO, make_poll, new_voter, vote

POLL = "muc-quan-tam"
PAGE = f"/v1/kimson/k/{POLL}"
PAUSE = 8


@pytest.fixture(autouse=True)
def _site(site: Site) -> None:
    """Every test here has the site."""


@pytest.fixture
def poll(services: Services) -> Poll:
    """Give a poll that is for kiosks."""
    return make_poll(services, kiosk_pause=PAUSE)


class Tablet:
    """A device with a browser of its own."""

    def __init__(self, app: Flask, address: str = "198.51.100.7") -> None:
        self.client = app.test_client()
        self.client.environ_base["REMOTE_ADDR"] = address
        self.client.environ_base["HTTP_USER_AGENT"] = BROWSER

    def enrol(self, services: Services, name: str = "Một cửa 1") -> "Tablet":
        """Open a link, and press the button."""
        assert self.press(new_link(services, name)).status_code == 303
        return self

    def press(self, secret: str, origin: str = "http://localhost") -> TestResponse:
        """Press the button of a link's page."""
        return self.client.post(f"/v1/kimson/k/enrol/{secret}", headers={"Origin": origin})

    def open(self) -> TestResponse:
        """Show the ballot."""
        return self.client.get(PAGE)

    def fields(self) -> dict[str, str]:
        """Return the hidden fields of an empty ballot."""
        page = self.open()
        found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
        assert found, page.text
        return {name: html.unescape(value) for name, value in found}

    def send(
        self, fields: dict[str, str], *choices: str, origin: str = "http://localhost"
    ) -> TestResponse:
        """Send a ballot."""
        data = fields | {"choice": list(choices)}
        return self.client.post(f"{PAGE}?lang=vi", data=data, headers={"Origin": origin})

    def vote(self, *choices: str) -> TestResponse:
        """Vote with an empty ballot."""
        return self.send(self.fields(), *choices)


def new_link(services: Services, name: str = "Một cửa 1") -> str:
    """Return the secret of a link for the poll."""
    poll = services.polls.polls.get("kimson", POLL)
    return services.polls.kiosks.make_link("kimson", name, poll, by(services))


def by(services: Services) -> Author:
    """Return the administrator, now."""
    return Author("lan", services.clock.now())


def votes(services: Services) -> dict[str, int]:
    """Return the votes that count."""
    return services.polls.polls.tally("kimson", POLL).votes


def report(services: Services) -> Integrity:
    """Return the integrity report."""
    return services.polls.integrity.report("kimson", POLL, "UTC", services.clock.now())


def only_kiosk(services: Services) -> Kiosk:
    """Return the one device that there is."""
    (found,) = services.polls.kiosks.all("kimson")
    return found


@pytest.mark.usefixtures("poll")
def test_many_people_vote_on_one_device(app: Flask, services: Services, clock: FakeClock) -> None:
    """Each gets an empty ballot, is thanked, and the screen returns by itself after the pause."""
    tablet = Tablet(app).enrol(services)

    for choice in "aabc":
        clock.advance(PAUSE)
        thanks = tablet.vote(choice)
        assert thanks.status_code == 200
        assert "Cảm ơn bạn đã bình chọn." in thanks.text
        assert f'data-back="{PAUSE + 1}"' in thanks.text
        assert f'<meta http-equiv="refresh" content="{PAUSE + 1};' in thanks.text
        assert "<form" not in thanks.text

    assert votes(services) == {"a": 2, "b": 1, "c": 1}
    found = report(services)
    assert (found.verdict, found.faults, found.voters) == ("sound", (), 4)
    assert [(row.name, row.counted) for row in found.kiosks] == [("Một cửa 1", 4)]
    assert only_kiosk(services).used == int(clock.now())


@pytest.mark.usefixtures("poll")
def test_the_page_leads_nowhere_else(app: Flask, services: Services) -> None:
    """Its links are its languages; nobody may frame it; only its own script runs."""
    tablet = Tablet(app).enrol(services)

    page = tablet.open()

    assert set(re.findall(r'href="([^"]+)"', page.text)) == {f"{PAGE}?lang=en"}
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert 'autocomplete="off"' in page.text or '<input type="text"' not in page.text


@pytest.mark.usefixtures("poll")
def test_a_double_tap_and_a_lost_answer_are_one_ballot(
    app: Flask, services: Services, clock: FakeClock
) -> None:
    """The same ballot is answered as the first time, also when others have voted meanwhile."""
    tablet = Tablet(app).enrol(services)
    fields = tablet.fields()

    answers = [tablet.send(fields, "a") for _ in range(3)]
    clock.advance(PAUSE)
    tablet.vote("b")
    late = tablet.send(fields, "a")

    assert [answer.status_code for answer in [*answers, late]] == [200] * 4
    assert votes(services) == {"a": 1, "b": 1}
    assert report(services).voters == 2


@pytest.mark.usefixtures("poll")
def test_between_two_votes_is_a_pause(app: Flask, services: Services, clock: FakeClock) -> None:
    """A ballot within it is kept as it was filled in, and taken when it is sent after it."""
    tablet = Tablet(app).enrol(services)
    tablet.vote("a")
    clock.advance(PAUSE - 0.5)
    fields = tablet.fields()

    early = tablet.send(fields, "b")
    clock.advance(0.5)
    later = tablet.send(fields, "b")

    assert early.status_code == 429
    assert early.headers["Retry-After"] == "1"
    assert 'data-again="1"' in early.text
    assert re.search(r'value="b" checked', early.text)
    assert later.status_code == 200
    assert votes(services) == {"a": 1, "b": 1}


@pytest.mark.usefixtures("poll")
def test_a_clock_that_was_set_back_stops_nobody(
    app: Flask, services: Services, clock: FakeClock
) -> None:
    """The pause is never longer than it is."""
    tablet = Tablet(app).enrol(services)
    clock.advance(3600)
    tablet.vote("a")

    clock.advance(-3600)

    assert tablet.vote("b").status_code == 200
    assert votes(services) == {"a": 1, "b": 1}


def test_a_kiosk_has_a_ceiling_a_day(app: Flask, services: Services, clock: FakeClock) -> None:
    """Beyond it ballots wait, and their voters are told; the next day begins with none."""
    make_poll(services, kiosk_pause=1, kiosk_ceiling=3)
    tablet = Tablet(app).enrol(services)

    for _ in range(5):
        clock.advance(1)
        answer = tablet.vote("a")

    assert "chờ quản trị viên duyệt" in answer.text
    assert votes(services) == {"a": 3}
    assert report(services).verdict == "held"
    assert [(row.counted, row.held) for row in report(services).kiosks] == [(3, 2)]
    held = next(g for g in services.polls.quarantine.groups("kimson", POLL) if g.state == "held")
    assert (held.network, held.kiosk) == ("kiosk", only_kiosk(services).id)
    services.polls.quarantine.settle("kimson", POLL, held.name, "accepted", WHO, clock.now())
    clock.advance(86_400)
    assert "Cảm ơn bạn" in tablet.vote("b").text
    assert votes(services) == {"a": 5, "b": 1}
    assert report(services).faults == ()


@pytest.mark.usefixtures("poll")
def test_an_hour_of_a_kiosk_can_be_taken_out(
    app: Flask, services: Services, clock: FakeClock
) -> None:
    """Children have played with it: their hour is voided, and what comes in it later, too."""
    tablet, other = Tablet(app).enrol(services), Tablet(app).enrol(services, "Một cửa 2")
    for _ in range(3):
        clock.advance(PAUSE)
        tablet.vote("c")
    other.vote("a")
    groups = services.polls.quarantine.groups("kimson", POLL)
    played = next(group for group in groups if group.ballots == 3)

    services.polls.quarantine.settle("kimson", POLL, played.name, "voided", WHO, clock.now())
    clock.advance(PAUSE)
    tablet.vote("c")

    assert played.watched
    assert votes(services).get("c", 0) == 0
    assert votes(services)["a"] == 1
    found = {row.name: (row.counted, row.voided) for row in report(services).kiosks}
    assert found == {"Một cửa 1": (0, 4), "Một cửa 2": (1, 0)}
    assert report(services).faults == ()


def test_ceilings_of_networks_do_not_concern_a_kiosk(
    app: Flask, client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """The desk is one address; the report says that it is the desk, and looks at the others."""
    services.sites.sites.edit("kimson", by(services), token_ceiling=1)
    made = make_poll(services, kiosk_pause=1, kiosk_ceiling=5_000, results_when="admins")
    assert is_for_everybody(made)
    tablet = Tablet(app).enrol(services)
    for _ in range(3):
        vote(client, new_voter(services), "b")

    for _ in range(130):
        clock.advance(1)
        assert tablet.vote("a").status_code == 200

    assert votes(services) == {"a": 130, "b": 3}
    found = report(services)
    assert (found.held, found.verdict, found.networks) == (0, "sound", {})
    assert sum(hour.kiosk for hour in found.hours) == 130
    assert found.browsers["kiosk"] == 130


def test_two_kiosks_and_double_taps_are_exact(
    app: Flask, services: Services, clock: FakeClock
) -> None:
    """Two tablets, each ballot tapped four times at once, with readers who vote meanwhile."""
    make_poll(services, kiosk_pause=1)
    tablets = [Tablet(app).enrol(services, f"Một cửa {n}") for n in (1, 2)]
    rounds, taps = 12, 4

    def tap(job: tuple[Tablet, dict[str, str], str]) -> int:
        # A test client's cookies are for one thread: a tablet's taps are of browsers alike.
        tablet, fields, choice = job
        twin = Tablet(app)
        for cookie in tablet.client._cookies.values():
            twin.client._cookies[cookie._storage_key] = cookie
        return twin.send(fields, choice).status_code

    with ThreadPoolExecutor(8) as pool:
        for number in range(rounds):
            clock.advance(1)
            ballots = [(tablet, tablet.fields(), "abc"[number % 3]) for tablet in tablets]
            statuses = list(pool.map(tap, ballots * taps))
            assert set(statuses) == {200}

    assert votes(services) == {"a": 8, "b": 8, "c": 8}
    found = report(services)
    assert (found.voters, found.faults) == (rounds * 2, ())
    assert sorted(row.counted for row in found.kiosks) == [rounds, rounds]


@pytest.mark.usefixtures("poll")
def test_of_two_ballots_at_once_on_one_kiosk_one_counts(app: Flask, services: Services) -> None:
    """Two windows of one device have one pause."""
    tablet = Tablet(app).enrol(services)
    ballots = [tablet.fields() for _ in range(6)]
    twins = []
    for _ in ballots:
        twin = Tablet(app)
        twin.client._cookies.update(tablet.client._cookies)
        twins.append(twin)

    with ThreadPoolExecutor(6) as pool:
        jobs = zip(twins, ballots, strict=True)
        statuses = list(pool.map(lambda job: job[0].send(job[1], "a").status_code, jobs))

    assert sorted(statuses) == [200, 429, 429, 429, 429, 429]
    assert votes(services) == {"a": 1}


@pytest.mark.usefixtures("poll")
def test_a_stranger_neither_enrols_nor_votes(app: Flask, services: Services) -> None:
    """Not with a made-up link, token or page, not with a kiosk's ballot, not with a spent link."""
    tablet, stranger = Tablet(app), Tablet(app, "203.0.113.9")
    secret = new_link(services)
    tablet.press(secret)
    kiosk, fields = only_kiosk(services), tablet.fields()
    token = next(iter(tablet.client._cookies.values())).value

    assert stranger.open().status_code == 403
    assert stranger.send(fields, "a").status_code == 403
    assert stranger.press(secret).status_code == 404
    assert stranger.press("x" * 43).status_code == 404
    for forged in (
        f"1.{kiosk.id}.{'A' * 43}",
        token.replace(kiosk.id, "0" * 16),
        token[:-1],
        "..",
        "é" * 20,
        new_voter(services),
    ):
        stranger.client.set_cookie("kiosk-kimson", forged, path="/v1/kimson/k/")
        assert stranger.send(fields, "a").status_code == 403
    assert tablet.send(fields, "a", origin="https://kimson.example.vn").status_code == 403
    assert tablet.send(fields, "a", origin="null").status_code == 403
    assert votes(services) == {}
    assert len(services.polls.kiosks.all("kimson")) == 1


@pytest.mark.usefixtures("poll")
def test_a_token_is_good_for_its_site_alone(app: Flask, services: Services) -> None:
    """That of one site is a stranger's at another, also if both have a device of that id."""
    services.sites.sites.add(Site(slug="xa", name="Xã", hosts=("xa.example.vn",)))
    services.polls.polls.create(
        "xa", make_poll(services, id="khac", kiosk_pause=PAUSE), WHO, services.clock.now()
    )
    tablet = Tablet(app).enrol(services)
    token = next(iter(tablet.client._cookies.values())).value

    tablet.client.set_cookie("kiosk-xa", token, path="/v1/xa/k/")

    assert tablet.client.get("/v1/xa/k/khac").status_code == 403


@pytest.mark.usefixtures("poll")
def test_a_link_is_one_devices(app: Flask, services: Services) -> None:
    """Of sixteen that press at once one is enrolled; looking spends nothing."""
    secret = new_link(services)
    looked = Tablet(app).client.get(f"/v1/kimson/k/enrol/{secret}?lang=vi")

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: Tablet(app).press(secret).status_code, range(16)))

    assert "Một cửa 1" in looked.text
    assert sorted(statuses) == [303] + [404] * 15
    assert len(services.polls.kiosks.all("kimson")) == 1
    foreign = Tablet(app).press(new_link(services), origin="https://evil.example")
    assert foreign.status_code == 403
    entry = services.accounts.audit.newest("kimson")[0]
    assert (entry.what, entry.who, entry.after) == ("kiosk.enrolled", "lan", {"name": "Một cửa 1"})


@pytest.mark.usefixtures("poll")
def test_links_made_before_enrol_no_more_devices_than_a_site_may_have(
    app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last one opened is told, and its link stays good until another device is revoked."""
    monkeypatch.setattr(kiosks, "KIOSKS_MAX", 2)
    links = [new_link(services, f"Một cửa {n}") for n in range(3)]

    statuses = [Tablet(app).press(secret).status_code for secret in links]

    assert statuses == [303, 303, 409]
    services.polls.kiosks.revoke("kimson", services.polls.kiosks.all("kimson")[0].id, by(services))
    assert Tablet(app).press(links[2]).status_code == 303


@pytest.mark.usefixtures("poll")
def test_a_revoked_device_votes_no_more(app: Flask, services: Services, clock: FakeClock) -> None:
    """From that moment on, with a ballot that it had before, too; its votes keep its name."""
    tablet = Tablet(app).enrol(services)
    tablet.vote("a")
    clock.advance(PAUSE)
    fields = tablet.fields()
    kiosk = only_kiosk(services)

    services.polls.kiosks.rename("kimson", kiosk.id, "Tầng 2", by(services))
    services.polls.kiosks.revoke("kimson", kiosk.id, by(services))

    assert tablet.send(fields, "b").status_code == 403
    assert tablet.open().status_code == 403
    assert "thu hồi" in tablet.open().text
    assert votes(services) == {"a": 1}
    assert [row.name for row in report(services).kiosks] == ["Tầng 2"]
    whats = [entry.what for entry in services.accounts.audit.newest("kimson")]
    assert whats[:2] == ["kiosk.revoked", "kiosk.renamed"]


def test_named_networks_are_kiosks(app: Flask, services: Services, clock: FakeClock) -> None:
    """Each address has a pause of its own; nobody else votes there, and no wide network is one."""
    make_poll(services, kiosk_pause=PAUSE, kiosk_networks=("10.1.0.0/16",))
    desk, second = Tablet(app, "10.1.2.3"), Tablet(app, "10.1.2.4")

    assert desk.vote("a").status_code == 200
    assert desk.vote("a").status_code == 429
    assert second.vote("b").status_code == 200
    clock.advance(PAUSE)
    assert desk.vote("a").status_code == 200

    assert Tablet(app, "10.2.0.1").open().status_code == 403
    assert votes(services) == {"a": 2, "b": 1}
    assert [(row.id, row.counted) for row in report(services).kiosks] == [("", 3)]
    with pytest.raises(InvalidInputError, match="too wide"):
        services.polls.polls.edit(
            "kimson", POLL, WHO, clock.now(), kiosk_networks=("203.0.0.0/16",)
        )


def test_a_poll_is_for_kiosks_only_if_somebody_says_so(
    app: Flask, services: Services, clock: FakeClock
) -> None:
    """Neither by default nor any more when it was switched off; the device stays enrolled."""
    made = make_poll(services)
    with pytest.raises(ConflictError, match="not for kiosks"):
        new_link(services)
    services.polls.polls.edit("kimson", POLL, WHO, clock.now(), kiosk_pause=PAUSE)
    tablet = Tablet(app).enrol(services)
    fields = tablet.fields()

    services.polls.polls.edit("kimson", POLL, WHO, clock.now(), kiosk_pause=0)

    assert made.kiosk_pause == 0
    assert tablet.send(fields, "a").status_code == 403
    services.polls.polls.edit("kimson", POLL, WHO, clock.now(), kiosk_pause=PAUSE)
    assert tablet.send(fields, "a").status_code == 200


@pytest.mark.usefixtures("poll")
def test_a_ballot_of_before_a_reset_is_none_of_after(
    app: Flask, services: Services, clock: FakeClock
) -> None:
    """It is refused, and the page shows the poll as it is."""
    tablet = Tablet(app).enrol(services)
    fields = tablet.fields()
    made, site = services.polls.polls.get("kimson", POLL), services.sites.sites.get("kimson")

    services.polls.removal.reset(site, POLL, POLL, made.revision, WHO, clock.now())

    refused = tablet.send(fields, "a")
    assert refused.status_code == 409
    assert "làm lại từ đầu" in refused.text
    assert votes(services) == {}
    assert tablet.vote("a").status_code == 200


@pytest.mark.usefixtures("poll")
def test_a_closed_poll_says_so_and_looks_again(
    app: Flask, services: Services, clock: FakeClock
) -> None:
    """The tablet stands there all night."""
    tablet = Tablet(app).enrol(services)
    fields = tablet.fields()
    services.polls.polls.close("kimson", POLL, WHO, clock.now())

    page, sent = tablet.open(), tablet.send(fields, "a")

    assert "đã kết thúc" in page.text
    assert 'data-back="60"' in page.text
    assert sent.status_code == 409
    assert votes(services) == {}


@pytest.mark.usefixtures("poll")
def test_who_makes_a_link_says_where_the_kiosk_stands(services: Services) -> None:
    """And a device that is not there is neither renamed nor revoked."""
    with pytest.raises(InvalidInputError, match="where the kiosk stands"):
        new_link(services, " ")
    with pytest.raises(NotFoundError):
        services.polls.kiosks.rename("kimson", "0" * 16, "x", by(services))
