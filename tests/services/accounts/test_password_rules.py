"""Which new passwords are refused, and what is said of them."""

import pytest

from stats_service.errors import InvalidInputError
from stats_service.services.accounts.password_rules import PasswordRules

NAMES = ["kimson", "Cổng thông tin điện tử huyện Kim Sơn", "kimson.gov.vn", "dem.example.vn"]


@pytest.fixture
def rules() -> PasswordRules:
    """Give the rules of an installation with a site."""
    return PasswordRules(lambda: NAMES)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("123456789", "10 to 200 characters"),
        ("x" * 201, "10 to 200 characters"),
        ("1234567890", "common passwords"),
        ("qwertyuiop", "common passwords"),
        ("Password123!", "common passwords"),
        ("P@ssw0rd2026", "common passwords"),
        ("Mật Khẩu".replace(" ", "") + "@123", "common passwords"),
        ("matkhau123456", "common passwords"),
        ("anhyeuem1995", "common passwords"),
        ("VietNam30041975", "common passwords"),
        ("QWERTYUIOP", "common passwords"),
        ("aaaaaaaaaaaa", "repeats a few"),
        ("lan1lan1lan1", "repeats a few"),
        ("xoaixoaixoai", "repeats a few"),
        ("abcdefghijklm", "repeats a few"),
        ("0987654321098", "repeats a few"),
        ("mnopqrs7654321", "repeats a few"),
        ("nguyenlan1", "name of the account"),
        ("NguyenLan@2026", "name of the account"),
        ("kimson2026!", "name of the account"),
        ("Kim Sơn 2026", "name of the account"),
        ("HuyenKimSon@1", "name of the account"),
        ("nguyenlan-kimson", "name of the account"),
        ("kimson.gov.vn", "name of the account"),
    ],
)
def test_what_guessers_try_first_is_refused_with_the_reason(
    rules: PasswordRules, password: str, why: str
) -> None:
    """The list, also with digits and signs around it; patterns; names that everybody can read."""
    with pytest.raises(InvalidInputError, match=why):
        rules.check(password, "nguyenlan")


@pytest.mark.parametrize(
    "password",
    [
        "ngựa ắc quy ghim giấy",
        "correct horse battery staple",
        "một câu mới rất dài",
        "kimson trồng cói dệt chiếu",
        "thichdithuyenthung",
        "Zq7!kd0Pw3",
        "8250719364",  # no digit, sign or capital is wanted
        "mưa rơi trên mái tôn 12",
    ],
)
def test_what_is_long_and_of_ones_own_is_taken(rules: PasswordRules, password: str) -> None:
    """There are no rules on which characters a password has."""
    rules.check(password, "nguyenlan")
