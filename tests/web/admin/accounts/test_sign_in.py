"""Signing in, sessions and one-time links (T12 to T14, T16)."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Literal

import pytest
import redis
from argon2 import PasswordHasher, extract_parameters
from flask import Flask

from stats_service.config import Settings
from stats_service.errors import SignInError, StoreUnavailableError, TooManyAttemptsError
from stats_service.models.devices import Caller
from stats_service.models.sites import Site
from stats_service.services.accounts import passwords
from stats_service.services.container import Services
from stats_service.web.http.context import EXTENSION
from tests.support.admin import BASE, PASSWORD, Person, add_account, dump

People = Callable[[], Person]


def test_who_knows_the_password_gets_in(services: Services, person: People) -> None:
    """The right password opens the overview; the page that was asked for comes next."""
    add_account(services, "lan", operator=True)
    lan = person()

    asked = lan.get("/admin/accounts")
    answer = lan.post("/admin/sign-in", name="lan", password=PASSWORD, next="/admin/accounts")

    assert asked.headers["Location"] == "/admin/sign-in?next=/admin/accounts"
    assert answer.headers["Location"] == "/admin/accounts"
    assert lan.get("/admin/accounts").status_code == 200


@pytest.mark.parametrize(("name", "password"), [("lan", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_name_and_a_wrong_password_are_told_alike(
    services: Services, person: People, name: str, password: str
) -> None:
    """The answer does not say which accounts there are."""
    add_account(services, "lan")

    answer = person().sign_in(name, password)

    assert answer.status_code == 403
    assert "Tên hoặc mật khẩu" in answer.get_data(as_text=True)


def test_an_unknown_account_costs_what_a_known_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """T12: either way one hash is worked out, with the same parameters, so in the same time."""
    worked_out = []

    class Hasher(PasswordHasher):
        """Notes which hashes are worked out."""

        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
            """Note the parameters, then do what it should."""
            worked_out.append(extract_parameters(str(hash)))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Hasher(2, 8192, 1))
    passwords._nobodys_hash.cache_clear()
    stored = passwords.hash_password(PASSWORD)

    assert not passwords.check_password(stored, "wrong password")
    assert not passwords.check_password("", "wrong password")

    known, unknown = worked_out
    assert known == unknown


def test_guessing_is_throttled_by_account_and_by_address(
    services: Services, person: People, settings: Settings, redis_client: redis.Redis
) -> None:
    """T12: of 1,000 guesses ten a minute are looked at, and then not even the right one."""
    add_account(services, "lan")
    guesser = person()
    token = guesser.token()

    answers = [
        guesser.post("/admin/sign-in", token=token, name="lan", password=f"wrong {n}").status_code
        for n in range(30)
    ]
    right = guesser.post("/admin/sign-in", token=token, name="lan", password=PASSWORD)
    other = guesser.post("/admin/sign-in", token=token, name="minh", password="wrong")

    assert answers.count(403) == 10
    assert right.status_code == 429
    assert other.status_code == 429
    keys = list(redis_client.scan_iter(f"{settings.key_prefix}:{{@admin}}:attempts:*"))
    assert keys
    assert all(0 < redis_client.ttl(key) <= 86_400 for key in keys)


def test_guessing_is_throttled_by_customer(services: Services) -> None:
    """A /48 has 65,536 networks, of which each would have its own ten guesses."""
    refused = []
    for number in range(40):
        try:
            services.accounts.sign_in.sign_in(
                f"nobody{number}", "wrong", Caller(f"2001:db8:1:{number:x}::1"), 0
            )
        except TooManyAttemptsError:
            refused.append(number)
        except SignInError:
            pass

    assert refused == list(range(30, 40))
    with pytest.raises(SignInError):
        services.accounts.sign_in.sign_in("nobody", "wrong", Caller("2001:db8:2::1"), 0)


def test_few_passwords_are_in_hand_at_a_time(
    app: Flask, services: Services, person: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guesses from everywhere at once do not take the threads that everybody needs."""
    go_on = threading.Event()

    class Slow(PasswordHasher):
        """Takes its time."""

        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
            """Wait first."""
            go_on.wait(20)
            return super().verify(hash, password)

    add_account(services, "lan")
    monkeypatch.setattr(passwords, "_hasher", Slow())
    passwords._nobodys_hash()
    people = [person() for _ in range(passwords.AT_A_TIME + 3)]
    tokens = [one.token() for one in people]

    with ThreadPoolExecutor(len(people)) as threads:
        answers = [
            threads.submit(one.post, "/admin/sign-in", token=token, name="lan", password=PASSWORD)
            for one, token in zip(people, tokens, strict=True)
        ]
        done = as_completed(answers, 20)
        refused = [next(done).result() for _ in range(3)]
        go_on.set()
        others = [answer.result() for answer in done]

    assert [answer.status_code for answer in refused] == [429] * 3
    assert all("nhiều người đăng nhập cùng lúc" in a.get_data(as_text=True) for a in refused)
    assert [answer.status_code for answer in others] == [302] * 3
    assert person().sign_in("lan").status_code == 302


@pytest.mark.skipif(sys.platform != "linux", reason="niceness is of the process elsewhere")
def test_strangers_passwords_let_those_of_known_devices_go_first(
    app: Flask, services: Services, person: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system runs their hashing behind everything else that the service does."""
    levels: list[int] = []

    class Noted(PasswordHasher):
        """Notes how it is run: of the calling thread alone, on Linux."""

        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
            """Note it first."""
            levels.append(os.getpriority(os.PRIO_PROCESS, 0))
            return super().verify(hash, password)

    add_account(services, "lan")
    monkeypatch.setattr(passwords, "_hasher", Noted())
    lan = person()
    before = os.getpriority(os.PRIO_PROCESS, 0)

    assert lan.sign_in("lan").status_code == 302
    lan.client.delete_cookie("stats_session", domain="127.0.0.1")
    assert lan.sign_in("lan").status_code == 302

    assert levels == [min(19, before + passwords.STRANGERS_NICENESS), before]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_a_replayed_cookie_of_a_session_that_ended_is_worth_nothing(
    services: Services, person: People
) -> None:
    """T13: sign-out ends the session on the server, not only in the browser."""
    add_account(services, "lan")
    lan, thief = person(), person()
    lan.sign_in("lan")
    stolen = lan.client.get_cookie("stats_session", domain="127.0.0.1")
    assert stolen
    thief.client.set_cookie("stats_session", stolen.value, domain="127.0.0.1")
    assert thief.get("/admin/account").status_code == 200

    lan.post("/admin/sign-out", token=lan.token("/admin/account"))

    assert thief.get("/admin/account").status_code == 302
    assert lan.get("/admin/account").status_code == 302


def test_a_session_planted_before_the_sign_in_is_not_the_one_after(
    services: Services, person: People
) -> None:
    """T13, fixation: what an attacker planted does not become signed in."""
    add_account(services, "lan")
    lan, attacker = person(), person()
    attacker.token()
    planted = attacker.client.get_cookie("stats_session", domain="127.0.0.1")
    assert planted
    lan.client.set_cookie("stats_session", planted.value, domain="127.0.0.1")

    lan.sign_in("lan")

    assert lan.get("/admin/account").status_code == 200
    assert attacker.get("/admin/account").status_code == 302


def test_a_new_password_ends_every_other_session(services: Services, person: People) -> None:
    """T13: who changed the password stays, everybody else is out."""
    add_account(services, "lan")
    here, there = person(), person()
    here.sign_in("lan")
    there.sign_in("lan")

    here.post(
        "/admin/account/password",
        token=here.token("/admin/account"),
        old=PASSWORD,
        password="một câu mới rất dài",
        again="một câu mới rất dài",
    )

    assert here.get("/admin/account").status_code == 200
    assert there.get("/admin/account").status_code == 302
    assert person().sign_in("lan").status_code == 403
    assert person().sign_in("lan", "một câu mới rất dài").status_code == 302


def test_a_removed_account_is_out_at_once(services: Services, person: People) -> None:
    """Nobody goes on with a session of an account that is gone."""
    add_account(services, "op", operator=True)
    add_account(services, "lan")
    lan = person()
    lan.sign_in("lan")

    services.accounts.accounts.remove("lan", "op", services.clock.now())

    assert lan.get("/admin/account").status_code == 302


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "/admin\\@evil", "/other", "\n"],
)
def test_the_way_back_stays_here(services: Services, person: People, target: str) -> None:
    """T14: `next` is a path of the admin pages or nothing."""
    add_account(services, "lan")
    lan = person()

    answer = lan.post("/admin/sign-in", name="lan", password=PASSWORD, next=target)

    assert answer.headers["Location"] == "/admin/"


def test_a_link_sets_a_password_once(services: Services, person: People) -> None:
    """The second who follows the link gets nowhere."""
    add_account(services, "lan")
    secret = services.accounts.sign_in.make_link("lan", "test", services.clock.now())
    lan, thief = person(), person()
    fresh = {"password": "một câu mới rất dài", "again": "một câu mới rất dài"}

    assert "lan" in lan.get(f"/admin/link/{secret}").get_data(as_text=True)
    first = lan.post(f"/admin/link/{secret}", **fresh)
    second = thief.post(f"/admin/link/{secret}", **fresh)

    assert first.status_code == 302
    assert lan.get("/admin/account").status_code == 200
    assert second.status_code == 403
    said = second.get_data(as_text=True)
    assert "Liên kết này đã được dùng" in said
    assert "mật khẩu không đúng" not in said  # nobody typed one


def test_a_new_password_voids_links_and_so_does_a_removal(
    services: Services, person: People
) -> None:
    """A link in an old mail opens neither the account nor another one of its name."""
    now = services.clock.now()
    add_account(services, "op", operator=True)
    add_account(services, "lan")
    before = services.accounts.sign_in.make_link("lan", "test", now)
    services.accounts.accounts.set_password("lan", PASSWORD + "!", "test", now)
    of_removed = services.accounts.sign_in.make_link("lan", "test", now)
    services.accounts.accounts.remove("lan", "op", now)
    add_account(services, "lan")

    for secret in (before, of_removed):
        assert person().get(f"/admin/link/{secret}").status_code == 403


def test_the_setup_link_makes_the_first_operator_and_no_second(
    services: Services, person: People
) -> None:
    """Once there is an operator, no setup link is worth anything."""
    first, second = (
        services.accounts.sign_in.make_setup_link(),
        services.accounts.sign_in.make_setup_link(),
    )
    lan = person()
    fields = {"name": "lan", "password": "một câu mới rất dài", "again": "một câu mới rất dài"}

    bad = lan.post(f"/admin/link/{first}", **(fields | {"name": "LAN!"}))
    made = lan.post(f"/admin/link/{first}", **fields)
    again = person().post(f"/admin/link/{second}", **(fields | {"name": "minh"}))

    assert bad.status_code == 400
    assert made.status_code == 302
    assert again.status_code == 403
    assert services.accounts.accounts.get("lan").operator
    assert services.accounts.sign_in.make_setup_link() is None


def test_redis_holds_no_secret(
    services: Services, site: Site, person: People, settings: Settings, redis_client: redis.Redis
) -> None:
    """T16: passwords, sessions, links and tokens are in Redis as digests only."""
    add_account(services, "lan", roles={site.slug: "owner"})
    lan = person()
    lan.sign_in("lan")
    with lan.client.session_transaction(base_url=BASE) as cookie:
        session_id = cookie["_user_id"]
    link = services.accounts.sign_in.make_link("lan", "test", services.clock.now())
    _token, text = services.accounts.tokens.add(
        site.slug, "báo cáo", "read", "lan", services.clock.now()
    )

    everything = dump(redis_client, settings.key_prefix)

    assert "$argon2id$" in everything
    for secret in (PASSWORD, session_id, link, text, text.split("_", 3)[3]):
        assert secret not in everything


def test_the_store_away_is_said_on_a_page_and_signs_nobody_out(
    app: Flask, operator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page that says so knows neither the reader's account nor the account's language."""

    def away(*_: object) -> None:
        raise StoreUnavailableError("Redis did not answer.")

    sign_in = app.extensions[EXTENSION].accounts.sign_in
    with monkeypatch.context() as patch:
        patch.setattr(sign_in, "signed_in", away)
        response = operator.get("/admin/")
        assert response.status_code == 503
        assert "Hiện không đọc được số liệu" in response.get_data(as_text=True)
        assert operator.get("/admin/sign-in").status_code == 200

    assert operator.get("/admin/").status_code == 200
