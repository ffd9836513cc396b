"""The cookie by which an account knows a browser again, long after the session has ended.

It holds a secret for each account that the browser has signed in to, the latest first, and names
none of them. It lets nobody in: it says whose guesses are counted apart (`services.attempts`).
"""

import re

from flask import request
from werkzeug.wrappers import Response

from stats_service.models.devices import Caller
from stats_service.web.http.context import services
from stats_service.web.http.request import request_address
from stats_service.web.http.sign_ins import DEVICE_COOKIES
from stats_service.web.pages.security import is_https

#: Accounts that one browser may be known to.
SECRETS_MAX = 8
#: Browsers keep no cookie longer.
SECONDS = 400 * 86_400
#: As `services.passwords.new_secret` makes them.
_SECRET = re.compile(r"[\w-]{43}", re.ASCII)


def caller() -> Caller:
    """Return who sends the current request."""
    return Caller(request_address(), request.headers.get("User-Agent", ""), _secrets())


def set_cookie(response: Response, secret: str) -> None:
    """Let the browser keep the secret of an account beside others; an empty one adds nothing."""
    secrets = tuple(dict.fromkeys([secret] * bool(secret) + list(_secrets())))[:SECRETS_MAX]
    if secrets:
        response.set_cookie(
            _name(),
            ".".join(secrets),
            max_age=SECONDS,
            secure=is_https(services().settings),
            httponly=True,
            samesite="Strict",
        )


def _secrets() -> tuple[str, ...]:
    parts = request.cookies.get(_name(), "").split(".", SECRETS_MAX)[:SECRETS_MAX]
    return tuple(part for part in parts if _SECRET.fullmatch(part))


def _name() -> str:
    return DEVICE_COOKIES[0] if is_https(services().settings) else DEVICE_COOKIES[1]
