"""Numbers, shares and dates as Vietnamese and English write them: the CLDR's, by Babel.

Each function takes the language, `vi` or `en`: what is sent by mail or drawn as an image belongs to
no request.
"""

from datetime import date
from functools import lru_cache
from urllib.parse import unquote

from babel.dates import format_date, get_day_names, get_month_names
from babel.numbers import format_decimal, format_percent, get_decimal_symbol, get_group_symbol

#: Babel's own full dates are not those of official documents in Viet Nam (Decree 30/2020), and in
#: English not those of the short form here.
_FULL_DAYS = {"vi": "EEEE, 'ngày' dd/MM/yyyy", "en": "EEEE, d MMMM y"}

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
    """Write a date: 23/11/2026 or 23 Nov 2026; `full`: with the weekday.

    English has one form, which nobody can read the wrong way round.
    """
    if style == "full":
        return format_date(value, _FULL_DAYS[language], locale=language)
    # Some pages have thousands, and Babel takes its time.
    return f"{day_of_month(value, language)}{'/' if language == 'vi' else ' '}{value.year:04d}"


def day_of_month(value: date, language: str) -> str:
    """Write a day without its year: 23/11 or 23 Nov."""
    if language == "vi":
        return f"{value:%d/%m}"
    return f"{value.day} {_month_names(language)[value.month]}"


def month_of(value: date, language: str) -> str:
    """Write a month: 11/2026 or Nov 2026."""
    if language == "vi":
        return f"{value:%m/%Y}"
    return f"{_month_names(language)[value.month]} {value.year}"


@lru_cache
def _month_names(language: str) -> dict[int, str]:
    return {month: get_month_names("abbreviated", locale=language)[month] for month in range(1, 13)}


@lru_cache
def weekday_names(language: str) -> tuple[str, ...]:
    """Return the short names of the days of a week, from Monday."""
    names = get_day_names("abbreviated", locale=language)
    return tuple(names[weekday] for weekday in range(7))


def readable(key: str) -> str:
    """Format an article's key as browsers show an address: `/tin/bài` for `/tin/b%C3%A0i`."""
    try:
        text = unquote(key, errors="strict")
    except UnicodeDecodeError:
        return key
    # Characters without a visible form could reverse the text or imitate another one.
    return text if text.isprintable() else key
