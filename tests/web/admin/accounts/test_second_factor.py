"""The second factor: enrolment, sign-in with a code, recovery codes, and what Redis knows (T16)."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from pyotp import TOTP

from stats_service.config import Settings
from stats_service.errors import SignInError, TooManyCodesError
from stats_service.services.accounts import second_factor
from stats_service.services.container import Services
from tests.support.admin import PASSWORD, Person, add_account, dump
from tests.support.clock import FakeClock

People = Callable[[], Person]
ACCOUNT, FACTOR, CODE = "/admin/account", "/admin/account/second-factor", "/admin/sign-in/code"


class Phone:
    """A phone that has read the QR code of `person`, with its recovery codes on paper."""

    def __init__(self, person: Person, clock: FakeClock) -> None:
        self._clock = clock
        person.post(FACTOR, token=person.token(ACCOUNT), password=PASSWORD)
        page = person.get(FACTOR).get_data(as_text=True)
        found = re.search(r'id="secret" value="([A-Z2-7]{32})"', page)
        assert found
        assert "<svg" in page
        self.secret = found[1]
        self.answer = person.post(f"{FACTOR}/on", token=person.token(ACCOUNT), code=self.code())
        listed = re.search(r'id="codes"[^>]*>([^<]+)<', self.answer.get_data(as_text=True))
        self.paper = listed[1].split() if listed else []

    def code(self, later: float = 0.0) -> str:
        """Return what the phone shows."""
        return TOTP(self.secret).at(self._clock.now() + later)

    def next_code(self) -> str:
        """Wait for a code that was not used yet."""
        self._clock.advance(60)
        return self.code()


@pytest.fixture
def lan(services: Services, person: People) -> Person:
    """Give somebody signed in."""
    add_account(services, "lan")
    found = person()
    found.sign_in("lan")
    return found


@pytest.fixture
def phone(lan: Person, clock: FakeClock) -> Phone:
    """Give the phone of `lan`."""
    return Phone(lan, clock)


def _whats(services: Services) -> list[str]:
    return [entry.what for entry in services.audit.newest("")]


def test_it_is_on_once_the_phone_shows_the_right_code(
    services: Services, lan: Person, person: People, clock: FakeClock
) -> None:
    """A wrong code changes nothing; the right one ends every other session."""
    there = person()
    there.sign_in("lan")
    lan.post(FACTOR, token=lan.token(ACCOUNT), password=PASSWORD)

    wrong = lan.post(f"{FACTOR}/on", token=lan.token(ACCOUNT), code="000000")
    assert wrong.status_code == 403
    assert not services.accounts.get("lan").second_factor

    phone = Phone(lan, clock)

    assert phone.answer.status_code == 200
    assert len(set(phone.paper)) == 10
    assert services.accounts.get("lan").second_factor
    assert lan.get(ACCOUNT).status_code == 200
    assert there.get(ACCOUNT).status_code == 302
    assert _whats(services)[0] == "account.second-factor-on"


def test_setting_up_wants_the_password(services: Services, lan: Person) -> None:
    """Who finds an open browser cannot lock its owner out."""
    lan.post(FACTOR, token=lan.token(ACCOUNT), password="not the password")

    assert lan.get(FACTOR).status_code == 302
    assert lan.post(f"{FACTOR}/on", token=lan.token(ACCOUNT), code="000000").status_code == 302
    assert not services.accounts.get("lan").second_factor


def test_the_password_alone_opens_nothing(person: People, phone: Phone) -> None:
    """After the password comes the code, then the page that was asked for."""
    lan = person()

    asked = lan.post("/admin/sign-in", name="lan", password=PASSWORD, next=ACCOUNT)
    assert asked.headers["Location"] == f"{CODE}?next={ACCOUNT}"
    assert lan.get(ACCOUNT).status_code == 302

    wrong = lan.post(CODE, token=lan.token(CODE), code="000000", next=ACCOUNT)
    assert wrong.status_code == 403
    assert lan.get(ACCOUNT).status_code == 302

    right = lan.post(CODE, token=lan.token(CODE), code=phone.next_code(), next=ACCOUNT)
    assert right.headers["Location"] == ACCOUNT
    assert lan.get(ACCOUNT).status_code == 200


def test_the_way_back_stays_here_with_a_code_too(person: People, phone: Phone) -> None:
    """T14: `next` of the second step is a path of the admin pages or nothing."""
    lan = person()
    lan.sign_in("lan")

    answer = lan.post(CODE, token=lan.token(CODE), code=phone.next_code(), next="//evil.example")

    assert answer.headers["Location"] == "/admin/"


def test_no_code_is_taken_twice(person: People, phone: Phone) -> None:
    """Who looks over the shoulder, and knows the password, comes too late."""
    lan, thief = person(), person()
    lan.sign_in("lan")
    thief.sign_in("lan")
    code = phone.next_code()

    assert lan.post(CODE, token=lan.token(CODE), code=code).status_code == 302
    assert thief.post(CODE, token=thief.token(CODE), code=code).status_code == 403


@pytest.mark.parametrize(("later", "taken"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_the_phones_clock_may_differ_by_one_step(
    services: Services, phone: Phone, clock: FakeClock, later: float, taken: bool
) -> None:
    """The code of the step before, and of the one after, is taken."""
    clock.advance(300)

    if taken:
        services.second_factor.check("lan", phone.code(later), clock.now())
    else:
        with pytest.raises(SignInError):
            services.second_factor.check("lan", phone.code(later), clock.now())


def test_of_many_who_send_one_code_at_once_one_gets_in(
    services: Services, phone: Phone, clock: FakeClock
) -> None:
    """The store settles it, in one step."""
    code = phone.next_code()

    def attempt(_: int) -> bool:
        try:
            services.second_factor.check("lan", code, clock.now())
        except SignInError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(64))) == 1


def test_a_recovery_code_lets_in_once(services: Services, person: People, phone: Phone) -> None:
    """In any spelling; the log says that it was used, and how many are left."""
    typed = phone.paper[3].upper().replace("-", " ")
    first, second = person(), person()
    first.sign_in("lan")
    second.sign_in("lan")

    assert first.post(CODE, token=first.token(CODE), code=typed).status_code == 302
    assert second.post(CODE, token=second.token(CODE), code=typed).status_code == 403

    assert services.accounts.get("lan").recovery_codes == 9
    entry = services.audit.newest("")[0]
    assert (entry.what, entry.after) == ("account.recovery-code-used", {"left": 9})


def test_new_recovery_codes_replace_the_old(services: Services, lan: Person, phone: Phone) -> None:
    """With password and code; the phone goes on as before."""
    answer = lan.post(
        f"{FACTOR}/recovery-codes",
        token=lan.token(ACCOUNT),
        password=PASSWORD,
        code=phone.next_code(),
    )

    assert answer.status_code == 200
    assert services.accounts.get("lan").recovery_codes == 10
    assert not any(code in answer.get_data(as_text=True) for code in phone.paper)
    assert _whats(services)[0] == "account.recovery-codes-made"
    services.second_factor.check("lan", phone.next_code(), phone._clock.now())


def test_it_is_switched_off_with_password_and_code(
    services: Services, lan: Person, person: People, phone: Phone
) -> None:
    """Neither of them is enough."""
    for password, code in (("wrong password", phone.next_code()), (PASSWORD, "000000")):
        lan.post(f"{FACTOR}/off", token=lan.token(ACCOUNT), password=password, code=code)
        assert services.accounts.get("lan").second_factor

    code = phone.next_code()
    lan.post(f"{FACTOR}/off", token=lan.token(ACCOUNT), password=PASSWORD, code=code)

    assert not services.accounts.get("lan").second_factor
    assert services.accounts.get("lan").recovery_codes == 0
    assert _whats(services)[0] == "account.second-factor-off"
    assert person().sign_in("lan").headers["Location"] == "/admin/"


def test_a_link_for_a_lost_password_does_not_spare_the_code(
    services: Services, person: People, phone: Phone, clock: FakeClock
) -> None:
    """Whoever gets hold of the link has not got the phone."""
    secret = services.sign_in.make_link("lan", "test", clock.now())
    lan = person()

    answer = lan.post(
        f"/admin/link/{secret}", password="một câu mới rất dài", again="một câu mới rất dài"
    )

    assert answer.headers["Location"] == CODE
    assert lan.get(ACCOUNT).status_code == 302
    assert lan.post(CODE, token=lan.token(CODE), code=phone.next_code()).status_code == 302
    assert lan.get(ACCOUNT).status_code == 200


def test_half_a_sign_in_ends_with_the_password_and_after_five_minutes(
    services: Services, person: People, phone: Phone, clock: FakeClock
) -> None:
    """Who knew the old password is out; who takes too long begins again."""
    early, slow = person(), person()
    early.sign_in("lan")
    services.accounts.set_password("lan", PASSWORD + "!", "test", clock.now())
    assert early.post(CODE, code=phone.next_code()).status_code == 403

    slow.sign_in("lan", PASSWORD + "!")
    clock.advance(301)
    assert slow.get(CODE).headers["Location"] == "/admin/sign-in"
    assert slow.post(CODE, code=phone.code()).status_code == 403


def test_codes_are_throttled_with_the_passwords(person: People, phone: Phone) -> None:
    """T12: ten attempts a minute, whichever of the two is guessed; then not even the right one."""
    guesser = person()
    guesser.sign_in("lan")
    token = guesser.token(CODE)

    answers = [guesser.post(CODE, token=token, code=f"{n:06}").status_code for n in range(20)]
    right = guesser.post(CODE, token=token, code=phone.code(30))

    # The sign-ins and the enrolment were attempts as well.
    assert 0 < answers.count(403) <= 9
    assert set(answers) == {403, 429}
    assert right.status_code == 429


def test_a_day_has_a_hundred_codes(
    services: Services, phone: Phone, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has the password cannot go on guessing all night; a recovery code still lets in."""
    monkeypatch.setattr(second_factor, "CODES_PER_DAY", 5)
    for _ in range(4):
        with pytest.raises(SignInError):
            services.second_factor.check("lan", "000000", clock.now())

    with pytest.raises(TooManyCodesError):
        services.second_factor.check("lan", phone.next_code(), clock.now())
    services.second_factor.check("lan", phone.paper[0], clock.now())


def test_redis_does_not_know_the_phones_secret(
    settings: Settings, services: Services, phone: Phone, redis_client: redis.Redis
) -> None:
    """T16: neither the secret nor a recovery code is in a dump, in any spelling."""
    everything = dump(redis_client, settings.key_prefix)
    secret = TOTP(phone.secret).byte_secret()

    assert "seed" in everything
    for text in (phone.secret, secret.hex(), str(secret), *phone.paper):
        assert text.lower() not in everything.lower()
        assert text.lower().replace("-", "") not in everything.lower()


def test_operators_see_who_has_it(operator: Person, phone: Phone) -> None:
    """On the list of accounts."""
    assert (
        operator.get("/admin/accounts?lang=en").get_data(as_text=True).count(">two-step sign-in<")
        == 1
    )
