"""Numbers, shares and dates in both languages; also what the CLDR of a new Babel might change."""

from datetime import date

import pytest

from stats_service.services import formats

MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("language", "total", "average", "part"),
    [("vi", "1.814.165", "4,20", "41,5%"), ("en", "1,814,165", "4.20", "41.5%")],
)
def test_numbers(language: str, total: str, average: str, part: str) -> None:
    """Thousands are grouped, and a percentage has no space."""
    assert formats.number(1_814_165, language) == total
    assert formats.score(4.2, language) == average
    assert formats.percent(0.41532, language, 1) == part
    assert formats.percent(1, language, 1) == "100%"


@pytest.mark.parametrize(
    ("now", "before", "shown"),
    [(110, 97, "+13,4%"), (90, 100, "−10%"), (100, 100, "+0%"), (5, 0, "–"), (0, 5, "−100%")],
)
def test_a_change_has_its_sign(now: int, before: int, shown: str) -> None:
    """There is no growth from nothing."""
    assert formats.change(now, before, "vi") == shown


@pytest.mark.parametrize(
    ("language", "style", "shown"),
    [
        ("vi", "full", "Thứ Hai, ngày 23/11/2026"),
        ("vi", "medium", "23/11/2026"),
        ("vi", "short", "23/11/2026"),
        ("en", "full", "Monday, 23 November 2026"),
        ("en", "medium", "23 Nov 2026"),
        ("en", "short", "23 Nov 2026"),
    ],
)
def test_dates(language: str, style: str, shown: str) -> None:
    """Vietnamese ones as official documents write them."""
    assert formats.day(MONDAY, language, style) == shown
