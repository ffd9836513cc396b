"""Nobody shuts out the owner of an account (T67), and what a stranger tries is kept (T68)."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest
import redis
from argon2 import PasswordHasher
from flask import Flask
from werkzeug.test import TestResponse

from stats_service.app import create_app
from stats_service.config import Settings
from stats_service.errors import SignInError, TooManyAttemptsError, TooManyCodesError
from stats_service.logs import JsonFormatter
from stats_service.models.audit import NOBODY
from stats_service.models.devices import Caller
from stats_service.services.accounts import attempts, passwords
from stats_service.services.container import Services, create_services
from stats_service.web.http.context import EXTENSION
from tests.support.admin import PASSWORD, Person, add_account
from tests.support.clock import FakeClock

People = Callable[[], Person]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"


@contextmanager
def at(person: Person, address: str, user_agent: str = FIREFOX) -> Iterator[Person]:
    """Let a person's browser send from an address."""
    person.client.environ_base |= {"REMOTE_ADDR": address, "HTTP_USER_AGENT": user_agent}
    yield person


def guess(services: Services, name: str, address: str, times: int = 1) -> list[str]:
    """Try a wrong password; return the codes of the errors."""
    answers = []
    for _ in range(times):
        try:
            services.accounts.sign_in.sign_in(name, "wrong", Caller(address), services.clock.now())
        except (SignInError, TooManyAttemptsError) as error:
            answers.append(error.code)
    return answers


def whats(services: Services) -> list[str]:
    """Return what the log of the installation says, newest first."""
    return [entry.what for entry in services.accounts.audit.newest("", 200)]


def test_guesses_from_one_place_shut_out_nobody_at_another(
    services: Services, person: People
) -> None:
    """T67: ten wrong passwords a minute, and the owner at another address gets in."""
    add_account(services, "lan")
    answers = guess(services, "lan", "198.51.100.7", 1_000)

    with at(person(), "203.0.113.5") as lan:
        answer = lan.sign_in("lan")

    assert answers == ["sign-in"] * 10 + ["too-many-attempts"] * 990
    assert answer.status_code == 302


def test_a_known_device_has_its_own_budget_in_the_network_of_the_guesser(
    services: Services, person: People
) -> None:
    """T67: who guesses behind the same address shuts out new devices there, and no known one."""
    add_account(services, "lan")
    lan, fresh = person(), person()
    lan.sign_in("lan")
    lan.post("/admin/sign-out", token=lan.token("/admin/account"))
    guess(services, "lan", "127.0.0.1", 50)

    assert fresh.sign_in("lan").status_code == 429
    assert fresh.sign_in("lan").headers["Retry-After"] == "60"
    assert lan.sign_in("lan").status_code == 302


def test_a_known_device_guesses_ten_times_a_minute_as_well(
    services: Services, person: People
) -> None:
    """The cookie is no way around the budget, and its own does not end another device's."""
    add_account(services, "lan")
    thief, lan = person(), person()
    thief.sign_in("lan")
    lan.sign_in("lan")
    token = thief.token()

    answers = [
        thief.post("/admin/sign-in", token=token, name="lan", password=f"wrong {n}").status_code
        for n in range(20)
    ]

    assert answers == [403] * 10 + [429] * 10
    assert lan.sign_in("lan").status_code == 302


def test_many_networks_are_bounded_together_but_for_their_first_attempt(
    services: Services, person: People
) -> None:
    """T67: a botnet gets 60 a minute and one a network and day; the owner's first is looked at."""
    add_account(services, "lan")
    answers = [
        code
        for _ in range(10)
        for number in range(100)
        for code in guess(services, "lan", f"198.51.100.{number}")
    ]

    assert answers.count("sign-in") == 100 + attempts.STRANGE_ATTEMPTS_PER_MINUTE
    assert guess(services, "lan", "203.0.113.5") == ["sign-in"]
    with at(person(), "203.0.113.5") as unlucky:
        assert unlucky.sign_in("lan").status_code == 429
    with at(person(), "203.0.113.6") as lan:
        assert lan.sign_in("lan").status_code == 302


def test_a_one_time_link_is_a_way_in_under_attack(
    app: Flask, services: Services, person: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T67: however much strangers guess, and while their passwords keep every turn taken."""
    go_on, taken = Event(), Event()
    add_account(services, "lan")
    secret = services.accounts.sign_in.make_link("lan", "test", services.clock.now())
    guess(services, "lan", "127.0.0.1", 50)

    class Slow(PasswordHasher):
        """Takes its time with what strangers send."""

        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override] # noqa: A002
            """Wait first."""
            taken.set()
            go_on.wait(20)
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Slow(1, 64, 1))
    threads = [
        Thread(target=guess, args=(services, f"nobody{n}", f"198.51.100.{n}")) for n in range(5)
    ]
    for thread in threads:
        thread.start()
    taken.wait(20)

    fresh = "một câu mới rất dài"
    answer = person().post(f"/admin/link/{secret}", password=fresh, again=fresh)
    go_on.set()
    for thread in threads:
        thread.join()

    assert answer.status_code == 302


def test_nobody_without_the_device_uses_up_its_codes(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T67: who has the password and no code ends the day of strange devices, not of known ones."""
    monkeypatch.setattr(attempts, "CODES_PER_DAY", 3)
    counts = attempts.Attempts("secret", services.accounts.sign_in._sessions)
    for _ in range(3):
        counts.check_phone("lan", "")

    with pytest.raises(TooManyCodesError):
        counts.check_phone("lan", "")
    counts.check_phone("lan", "device")
    counts.check_phone("minh", "")


def test_password_guesses_leave_the_codes_alone(services: Services) -> None:
    """T67: the code is asked of who had the right password, and has a budget of its own."""
    add_account(services, "lan")
    guess(services, "lan", "198.51.100.7", 50)

    counts = attempts.Attempts("secret", services.accounts.sign_in._sessions)
    counts.check_code("lan", "198.51.100.7", None)


def test_a_planted_cookie_is_no_known_device(services: Services, person: People) -> None:
    """Who plants a cookie before the sign-in does not share the device that signs in."""
    add_account(services, "lan")
    planted = "A" * 43
    lan = person()
    lan.client.set_cookie("stats_devices", planted, domain="127.0.0.1")

    lan.sign_in("lan")

    cookie = lan.client.get_cookie("stats_devices", domain="127.0.0.1")
    assert cookie
    assert cookie.value.split(".")[1:] == [planted]
    caller = Caller("127.0.0.1", FIREFOX, (planted,))
    assert services.accounts.devices.known("lan", caller, services.clock.now()) is None
    assert len(services.accounts.devices.all("lan", "")) == 1


def test_one_browser_is_known_to_several_accounts_and_no_more_than_eight(
    services: Services, person: People, settings: Settings, redis_client: redis.Redis
) -> None:
    """Each has a secret of its own; Redis does not tell which accounts share a browser."""
    browser = person()
    for number in range(10):
        add_account(services, f"lan{number}")
        browser.sign_in(f"lan{number}")
        browser.post("/admin/sign-out", token=browser.token("/admin/account"))

    cookie = browser.client.get_cookie("stats_devices", domain="127.0.0.1")
    assert cookie
    secrets = cookie.value.split(".")
    now = services.clock.now()
    known = [
        bool(services.accounts.devices.known(f"lan{n}", Caller("", "", tuple(secrets)), now))
        for n in range(10)
    ]
    keys = redis_client.keys(f"{settings.key_prefix}:{{@admin}}:devices:*")
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Strict", "/")
    assert known == [False] * 2 + [True] * 8
    assert len({field for key in keys for field in redis_client.hkeys(key)}) == 10
    assert all(0 < redis_client.ttl(key) <= 400 * 86_400 for key in keys)


def test_devices_of_an_account_are_bounded_and_end(
    services: Services, clock: FakeClock, settings: Settings, redis_client: redis.Redis
) -> None:
    """The one that was used longest ago gives way; after 400 days a device is a stranger's."""
    add_account(services, "lan")
    secrets = []
    for _ in range(25):
        clock.advance(60)
        caller = Caller("203.0.113.5", FIREFOX)
        _, secret = services.accounts.devices.welcome(
            "lan", caller, None, clock.now(), confirmed=True
        )
        secrets.append(secret)

    def known(secret: str) -> bool:
        return bool(services.accounts.devices.known("lan", Caller("", "", (secret,)), clock.now()))

    assert [known(secret) for secret in secrets] == [False] * 5 + [True] * 20
    clock.advance(401 * 86_400)
    assert not known(secrets[-1])
    services.accounts.accounts.add("op", PASSWORD, "test", clock.now(), operator=True)
    services.accounts.accounts.remove("lan", "op", clock.now())
    assert not redis_client.exists(f"{settings.key_prefix}:{{@admin}}:devices:lan")
    services.accounts.devices.welcome("lan", Caller(""), None, clock.now(), confirmed=True)
    assert not redis_client.exists(f"{settings.key_prefix}:{{@admin}}:devices:lan")


def test_a_new_password_makes_every_other_device_a_strangers(
    services: Services, person: People
) -> None:
    """Who had learned the old one is no known device any more."""
    add_account(services, "lan")
    lan, thief = person(), person()
    lan.sign_in("lan")
    thief.sign_in("lan")

    lan.post(
        "/admin/account/password",
        token=lan.token("/admin/account"),
        old=PASSWORD,
        password="một câu mới rất dài",
        again="một câu mới rất dài",
    )

    (left,) = services.accounts.devices.all("lan", "")
    cookie = lan.client.get_cookie("stats_devices", domain="127.0.0.1")
    assert cookie
    caller = Caller("", "", tuple(cookie.value.split(".")))
    assert services.accounts.devices.known("lan", caller, services.clock.now()) == left.device


def test_the_owner_is_told_of_a_new_device_and_ends_it(services: Services, person: People) -> None:
    """On every page of the others, until somebody says whose it is; never on its own."""
    add_account(services, "lan")
    with at(person(), "203.0.113.5") as lan:
        lan.sign_in("lan")
    with at(person(), "198.51.100.7", EDGE) as thief:
        thief.sign_in("lan")
    (own, other) = sorted(
        services.accounts.devices.all("lan", ""),
        key=lambda one: one.device.network,
        reverse=True,
    )

    told = lan.get("/admin/account?lang=en").get_data(as_text=True)
    of_thief = thief.get("/admin/account?lang=en").get_data(as_text=True)
    assert "A new device has signed in" in told
    assert "Edge on Windows" in told
    assert "198.51.*.*" in told
    assert "198.51.100.7" not in told
    path = f"/admin/account/devices/{other.device.id}"
    token = thief.token("/admin/account")
    assert thief.post(f"{path}/confirm", token=token).status_code == 302
    assert of_thief.count(own.device.id)
    assert "A new device has signed in" in lan.get("/admin/account?lang=en").get_data(as_text=True)

    lan.post(f"{path}/remove", token=lan.token("/admin/account"))

    assert thief.get("/admin/account").status_code == 302
    assert [one.device.id for one in services.accounts.devices.all("lan", "")] == [own.device.id]
    assert "A new device" not in lan.get("/admin/account?lang=en").get_data(as_text=True)
    assert whats(services)[0] == "account.device-removed"


def test_a_confirmed_device_is_told_no_more(services: Services, person: People) -> None:
    """The owner says that it was they; the device stays, and the way back is where one was."""
    add_account(services, "lan")
    lan, phone = person(), person()
    with at(lan, "203.0.113.5"):
        lan.sign_in("lan")
    with at(phone, "198.51.100.7"):
        phone.sign_in("lan")
    of_phone = next(
        one.device.id
        for one in services.accounts.devices.all("lan", "")
        if one.device.network == "198.51.*.*"
    )

    answer = lan.post(
        f"/admin/account/devices/{of_phone}/confirm",
        token=lan.token("/admin/account"),
        next="/admin/account",
    )

    assert answer.headers["Location"] == "/admin/account"
    assert "A new device" not in lan.get("/admin/account?lang=en").get_data(as_text=True)
    assert phone.get("/admin/account").status_code == 200
    assert whats(services)[0] == "account.device-confirmed"


def test_sessions_that_have_ended_are_forgotten(
    services: Services, person: People, settings: Settings, redis_client: redis.Redis
) -> None:
    """What is listed is bounded by what lives; a one-time link lives too."""
    add_account(services, "lan")
    lan = person()
    lan.sign_in("lan")
    services.accounts.sign_in.make_link("lan", "test", services.clock.now())
    key = f"{settings.key_prefix}:{{@admin}}:sessions:lan"
    redis_client.sadd(key, *(f"ended{n}" for n in range(100)))

    (found,) = services.accounts.devices.all("lan", "")

    assert found.signed_in
    assert redis_client.scard(key) == 2


def test_nobody_reaches_a_device_of_another_account(services: Services, person: People) -> None:
    """The id of a device is worth nothing to anybody else."""
    add_account(services, "lan")
    add_account(services, "minh")
    lan, minh = person(), person()
    lan.sign_in("lan")
    minh.sign_in("minh")
    (found,) = services.accounts.devices.all("lan", "")

    minh.post(
        f"/admin/account/devices/{found.device.id}/remove", token=minh.token("/admin/account")
    )

    assert lan.get("/admin/account").status_code == 200
    assert len(services.accounts.devices.all("lan", "")) == 1


def test_sign_ins_are_in_the_log_and_a_flood_is_a_sum_an_hour(
    services: Services, person: People, clock: FakeClock
) -> None:
    """T68: 3,000 refusals in an hour are one entry for the account and one for invented ones."""
    add_account(services, "lan")
    add_account(services, "op", operator=True)
    before = len(whats(services))
    for minute in range(3):
        clock.advance(60)
        for number in range(10):
            guess(services, "lan", f"198.51.{minute}.{number}", 90)
            guess(services, f"nobody{number}", f"198.52.{minute}.{number}", 10)
    op = person()
    op.sign_in("op")
    running = op.get("/admin/audit?lang=en").get_data(as_text=True)
    during = whats(services)[: len(whats(services)) - before]
    clock.advance(3600)
    page = op.get("/admin/audit?lang=en").get_data(as_text=True)

    entries = services.accounts.audit.newest("", 200)
    sums = {entry.subject: entry for entry in entries if entry.what.endswith("in-refused")}
    assert during == ["account.signed-in"]
    assert "accounts that do not exist" in running
    assert len(entries) == before + 3
    assert {entry.who for entry in sums.values()} == {NOBODY}
    assert sum(sums["lan"].after[kind] for kind in ("passwords", "unseen")) == 2700
    assert sums["lan"].after["since"] % 3600 == 0
    assert sums[""].after["passwords"] == 300
    assert "nobody1" not in page + running
    assert "Sign-ins refused within an hour" in page
    assert services.accounts.sign_in_record.running(clock.now()) == []


def test_a_wrong_code_behind_the_right_password_is_an_entry_at_once(
    services: Services, clock: FakeClock
) -> None:
    """T68: somebody has the password; the first of an hour says so, the sum says how often."""
    add_account(services, "lan")
    for _ in range(92):
        services.accounts.sign_in_record.refused("codes", "lan", "198.51.100.7", clock.now())

    assert whats(services).count("account.code-refused") == 1
    clock.advance(3600)
    services.accounts.sign_in_record.refused("codes", "lan", "198.51.100.7", clock.now())
    assert whats(services).count("account.code-refused") == 2
    (entry,) = [
        e for e in services.accounts.audit.newest("") if e.what == "account.sign-in-refused"
    ]
    assert (entry.subject, entry.after["codes"]) == ("lan", 92)


def test_the_owner_is_told_of_guesses_at_the_next_sign_in(
    services: Services, person: People, clock: FakeClock
) -> None:
    """How many were refused since the one before, in the account's language; and once only."""
    add_account(services, "lan")
    services.accounts.accounts.set_language("lan", "en")
    guess(services, "lan", "198.51.100.7", 12)
    services.accounts.sign_in_record.refused("codes", "lan", "198.51.100.7", clock.now())
    with at(person(), "203.0.113.5") as lan:
        lan.sign_in("lan")

    page = lan.get("/admin/account?lang=en").get_data(as_text=True)
    lan.post("/admin/sign-out", token=lan.token("/admin/account"))
    lan.sign_in("lan")
    again = lan.get("/admin/account?lang=en").get_data(as_text=True)

    assert "1 wrong code was entered after your right password" in page
    assert "12 attempts to guess your password were refused" in page
    assert "were refused" not in again


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the log lines of refused sign-ins, as they are written."""
    return [
        JsonFormatter().format(record)
        for record in caplog.records
        if record.name.endswith("sign_in_record")
    ]


def test_a_refusal_is_one_line_without_what_a_stranger_typed(
    services: Services, person: People, caplog: pytest.LogCaptureFixture
) -> None:
    """T68: the account if there is one, never an address, a line break or a typed password."""
    add_account(services, "lan")
    browser = person()
    for name in ("lan", "mat.khau.cua.toi", 'x"}\n{"account": "op', "\u2028\x1b[31m", "a" * 5000):
        browser.sign_in(name, "wrong")

    written = lines(caplog)
    assert len(written) == 5
    assert [json.loads(line)["account"] for line in written] == ["lan", "", "", "", ""]
    assert {json.loads(line)["reason"] for line in written} == {"wrong-password"}
    assert all("\n" not in line and "127.0.0.1" not in line for line in written)
    assert "mat.khau" not in "".join(written)


def test_a_flood_adds_few_lines(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    """T68: what is looked at, and the first that is not; the rest of the minute is silent."""
    add_account(services, "lan")
    caplog.set_level(logging.WARNING)

    guess(services, "lan", "198.51.100.7", 500)

    reasons = [json.loads(line)["reason"] for line in lines(caplog)]
    assert reasons == ["wrong-password"] * 10 + ["too-many"] * 2


@pytest.mark.parametrize("address", ["198.51.100.7", "2001:db8::7"])
def test_fail2ban_finds_the_address_where_a_setting_wants_it(
    settings: Settings, clock: FakeClock, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    """The filter of docs/operate.md, against the line as it is written."""
    filter_file = Path(__file__).parents[4] / "examples/fail2ban-stats-service.conf"
    found = re.search(r"^failregex = (.+)$", filter_file.read_text("utf-8"), re.MULTILINE)
    assert found
    app = create_app(replace(settings, log_addresses=True), clock)
    services = app.extensions[EXTENSION]
    add_account(services, "lan")

    guess(services, "lan", address)
    services.close()

    (line,) = lines(caplog)
    host = found[1].replace("<HOST>", r"(?P<host>[0-9a-f.:]+)")
    matched = re.search(host, line)
    assert matched
    assert matched["host"] == address


def test_a_refusal_of_who_is_signed_in_counts_for_the_session(
    services: Services, person: People
) -> None:
    """A password that is asked for again is not shut off by strangers, nor tried without end."""
    add_account(services, "lan")
    lan = person()
    lan.sign_in("lan")
    guess(services, "lan", "127.0.0.1", 60)
    token = lan.token("/admin/account")

    def change(old: str) -> TestResponse:
        fresh = "một câu mới rất dài"
        path = "/admin/account/password"
        return lan.post(path, token=token, old=old, password=fresh, again=fresh)

    change("wrong")
    assert whats(services).count("account.password-set") == 0
    change(PASSWORD)
    assert whats(services).count("account.password-set") == 1


def test_services_of_two_processes_share_the_budgets(
    services: Services, settings: Settings, clock: FakeClock
) -> None:
    """Two workers look at ten together."""
    other = create_services(settings, clock)

    answers = [*guess(services, "lan", "198.51.100.7", 7), *guess(other, "lan", "198.51.100.7", 7)]
    other.close()

    assert answers.count("sign-in") == 10
