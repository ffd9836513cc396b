"""Numbers, shares and dates as Vietnamese and English write them: the CLDR's, by Babel.

Each function takes the language, `vi` or `en`: what is sent by mail or drawn as an image belongs to
no request.
"""

from datetime import date
from functools import lru_cache

from babel.dates import format_date, get_day_names
from babel.numbers import format_decimal, format_percent, get_decimal_symbol, get_group_symbol

#: Where Babel's own way of writing a date is not that of official documents in Viet Nam (Decree
#: 30/2020), or is abbreviated as nobody would.
_DAYS = {
    ("vi", "full"): "EEEE, 'ngày' dd/MM/yyyy",
    ("vi", "medium"): "dd/MM/yyyy",
    ("vi", "short"): "dd/MM/yyyy",
}

decimal_sign = lru_cache(get_decimal_symbol)
_group_sign = lru_cache(get_group_symbol)


def number(value: float, language: str) -> str:
    """Write a number: 1.814.165 or 1,814,165."""
    if isinstance(value, int):  # some pages have thousands, and Babel takes its time
        return f"{value:,}".replace(",", _group_sign(language))
    return format_decimal(value, locale=language)


def score(value: float, language: str) -> str:
    """Write an average of scores with its two decimals: 4,25 or 4.25."""
    return format_decimal(value, "0.00", locale=language)


def percent(share: float, language: str, digits: int = 0) -> str:
    """Write a share of 1 with at most `digits` decimals: 12,5% or 12.5%."""
    return format_percent(round(share, digits + 2), locale=language, decimal_quantization=False)


def change(now: int, before: int | None, language: str) -> str:
    """Write the growth from `before` to `now`: +12,5%, −3%; a dash if there was nothing before."""
    if not before:
        return "–"
    share = round((now - before) / before, 3)
    return ("−" if share < 0 else "+") + percent(abs(share), language, 1)


def day(value: date, language: str, style: str = "medium") -> str:
    """Write a date in full, in a medium length (Nov 23, 2026) or short (2026-11-23).

    In Vietnamese: Thứ Hai, ngày 23/11/2026, or 23/11/2026.
    """
    if language == "en" and style == "short":
        return value.isoformat()
    return format_date(value, _DAYS.get((language, style), style), locale=language)


@lru_cache
def weekday_names(language: str) -> tuple[str, ...]:
    """Return the short names of the days of a week, from Monday."""
    names = get_day_names("abbreviated", locale=language)
    return tuple(names[weekday] for weekday in range(7))
