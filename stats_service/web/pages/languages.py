"""Vietnamese and English: which one a page speaks, and how it writes numbers and times."""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, cast
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from babel.dates import get_day_names
from babel.numbers import get_decimal_symbol, get_group_symbol
from flask import Flask, g, has_request_context, request, session
from flask_babel import Babel, format_date, format_decimal, get_locale
from flask_login import current_user

from stats_service.models.accounts import LANGUAGES
from stats_service.services.polls.presentation import percent_text

LANGUAGE_NAMES = {"vi": "Tiếng Việt", "en": "English"}
#: Where a reader who is not signed in keeps the choice.
LANGUAGE = "language"


def choose_language() -> str:
    """Return the language of this answer: asked for in the URL, the account's, the session's."""
    if not has_request_context():
        return LANGUAGES[0]
    for wanted in (
        request.args.get("lang"),
        current_user.account.language if current_user.is_authenticated else None,
        session.get(LANGUAGE),
        # A public page's own, which `web.public` knows.
        g.get("site_language"),
    ):
        if wanted in LANGUAGES:
            return cast("str", wanted)
    return LANGUAGES[0]


def register(app: Flask) -> None:
    """Make templates of `app` speak both languages."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "web/admin/translations"
    Babel(app, default_locale=LANGUAGES[0], locale_selector=choose_language)
    app.jinja_env.filters.update(number=number, day=day, moment=moment, percent=percent)
    app.jinja_env.filters.update(calendar_day=calendar_day, score=score, readable=readable)
    app.jinja_env.filters.update(vote_percent=vote_percent)
    app.jinja_env.globals["language"] = lambda: str(get_locale())
    app.jinja_env.globals["LANGUAGES"] = LANGUAGE_NAMES


def number(value: float) -> str:
    """Write a count as the language does: 1.814.165 or 1,814,165."""
    if isinstance(value, int):  # some pages have thousands, and Babel takes its time
        return f"{value:,}".replace(",", _group_sign(str(get_locale())))
    return cast("str", format_decimal(value))


@lru_cache
def _group_sign(language: str) -> str:
    return get_group_symbol(language)


@lru_cache
def weekday_names(language: str) -> tuple[str, ...]:
    """Return the short names of the days of a week, from Monday."""
    names = get_day_names("abbreviated", locale=language)
    return tuple(names[weekday] for weekday in range(7))


def percent(value: float, digits: int = 0) -> str:
    """Write a share of 1 as a percentage."""
    return cast("str", format_decimal(round(value * 100, digits))) + "\N{NO-BREAK SPACE}%"


def vote_percent(value: float) -> str:
    """Write a percentage of a poll, as `percent_of` gives it, without the sign: 33,3 or <0,1."""
    return percent_text(value, _decimal_sign(str(get_locale())))


@lru_cache
def _decimal_sign(language: str) -> str:
    return get_decimal_symbol(language)


def readable(key: str) -> str:
    """Write an article as a browser's address bar does: `/tin/bài` for `/tin/b%C3%A0i`."""
    try:
        text = unquote(key, errors="strict")
    except UnicodeDecodeError:
        return key
    # What has no sign of its own could make the text run backwards or look like another one.
    return text if text.isprintable() else key


def score(value: float) -> str:
    """Write an average of scores with its two decimals."""
    return cast("str", format_decimal(value, "0.00"))


def calendar_day(seconds: float, timezone: str) -> str:
    """Write the day of a moment (seconds since 1970) in a zone: `23/11/2026`."""
    return moment(seconds, timezone)[:10]


def day(value: str | date, style: str = "medium") -> str:
    """Write an ISO date as the language does; a short one in English stays as it is."""
    wanted = value if isinstance(value, date) else date.fromisoformat(value)
    if style == "short" and str(get_locale()) == "en":
        return wanted.isoformat()
    return cast("str", format_date(wanted, style))


def moment(seconds: float, timezone: str) -> str:
    """Write a moment (seconds since 1970) in a zone: `23/11/2026 09:12`."""
    local: Any = datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(timezone))
    pattern = "%d/%m/%Y %H:%M" if str(get_locale()) == "vi" else "%Y-%m-%d %H:%M"
    return cast("str", local.strftime(pattern))
