"""Nobody shuts out the owner of an account (T67)."""

from threading import Event, Thread

import pytest
from argon2 import PasswordHasher
from flask import Flask

from stats_service.config import Settings
from stats_service.errors import TooManyCodesError
from stats_service.services.accounts import attempts, passwords
from stats_service.services.container import Services, create_services
from tests.support.admin import add_account
from tests.support.clock import FakeClock
from tests.support.sign_ins import People, at, guess


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


def test_services_of_two_processes_share_the_budgets(
    services: Services, settings: Settings, clock: FakeClock
) -> None:
    """Two workers look at ten together."""
    other = create_services(settings, clock)

    answers = [*guess(services, "lan", "198.51.100.7", 7), *guess(other, "lan", "198.51.100.7", 7)]
    other.close()

    assert answers.count("sign-in") == 10
