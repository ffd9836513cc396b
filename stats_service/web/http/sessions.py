"""Browser sessions, which only people who sign in have."""

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface


class SessionsBesideTheApi(SecureCookieSessionInterface):
    """Flask's signed cookie everywhere but below the API's prefix.

    Getting ready to read and write one takes a tenth of the time of a ballot, and the API reads
    none: who sends something there says so in the request.
    """

    def __init__(self, api_prefix: str) -> None:
        self._api_prefix = f"{api_prefix}/"

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session, or None, which stands for an empty one that cannot be written."""
        if request.path.startswith(self._api_prefix):
            return None
        return super().open_session(app, request)
