"""What the log keeps of sign-ins and of what a stranger tries (T68)."""

import json
import logging
import re
from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from stats_service.app import create_app
from stats_service.config import Settings
from stats_service.logs import JsonFormatter
from stats_service.models.audit import NOBODY
from stats_service.services.container import Services
from stats_service.web.http.context import EXTENSION
from tests.support.admin import PASSWORD, add_account
from tests.support.clock import FakeClock
from tests.support.sign_ins import People, at, guess, whats


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
