"""Vietnamese and English: the language of a page, and its formats of numbers and times."""

from datetime import UTC, date, datetime
from typing import cast
from zoneinfo import ZoneInfo

from flask import Flask, g, has_request_context, request, session
from flask_babel import Babel, get_locale
from flask_login import current_user

from stats_service.models.accounts import LANGUAGES
from stats_service.services import formats
from stats_service.services.polls.presentation import percent_text

LANGUAGE_NAMES = {"vi": "Tiếng Việt", "en": "English"}
#: The key of the choice in the session, for readers who are not signed in.
LANGUAGE = "language"


def choose_language() -> str:
    """Return the language of this response: from the URL, the account, or the session."""
    if not has_request_context():
        return LANGUAGES[0]
    for wanted in (
        request.args.get("lang"),
        current_user.account.language if current_user.is_authenticated else None,
        session.get(LANGUAGE),
        # The language of a public page, which `web.public` sets.
        g.get("site_language"),
    ):
        if wanted in LANGUAGES:
            return cast("str", wanted)
    return LANGUAGES[0]


def register(app: Flask) -> None:
    """Add the formats of both languages to the templates of `app`."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "web/admin/translations"
    Babel(app, default_locale=LANGUAGES[0], locale_selector=choose_language)
    app.jinja_env.filters.update(number=number, day=day, moment=moment, percent=percent)
    app.jinja_env.filters.update(calendar_day=calendar_day, score=score, readable=formats.readable)
    app.jinja_env.filters.update(vote_percent=vote_percent)
    app.jinja_env.globals["language"] = lambda: str(get_locale())
    app.jinja_env.globals["LANGUAGES"] = LANGUAGE_NAMES


def number(value: float) -> str:
    """Format a number: 1.814.165 or 1,814,165."""
    return formats.number(value, str(get_locale()))


def percent(value: float, digits: int = 0) -> str:
    """Format a share of 1 as a percentage: 12,5% or 12.5%."""
    return formats.percent(value, str(get_locale()), digits)


def vote_percent(value: float) -> str:
    """Format a percentage of a poll, from `percent_of`, without the sign: 33,3 or <0,1."""
    return percent_text(value, formats.decimal_sign(str(get_locale())))


def score(value: float) -> str:
    """Format an average of scores with its two decimals."""
    return formats.score(value, str(get_locale()))


def calendar_day(seconds: float, timezone: str) -> str:
    """Format the day of a moment (seconds since 1970) in a zone: `23/11/2026`."""
    return day(datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(timezone)), "short")


def day(value: str | date, style: str = "medium") -> str:
    """Format a date, or an ISO date: `full`, `medium` or `short`."""
    wanted = value if isinstance(value, date) else date.fromisoformat(value)
    return formats.day(wanted, str(get_locale()), style)


def moment(seconds: float, timezone: str) -> str:
    """Format a moment (seconds since 1970) in a zone: `23/11/2026 09:12`."""
    local = datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(timezone))
    return f"{day(local, 'short')} {local:%H:%M}"
