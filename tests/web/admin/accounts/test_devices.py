"""Devices of an account: known by a secret, bounded, shown to the owner, taken away."""

import redis

from stats_service.config import Settings
from stats_service.models.devices import Caller
from stats_service.services.container import Services
from tests.support.admin import PASSWORD, add_account
from tests.support.clock import FakeClock
from tests.support.sign_ins import EDGE, FIREFOX, People, at, whats


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
    keys = list(redis_client.scan_iter(f"{settings.key_prefix}:{{@admin}}:devices:*"))
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
