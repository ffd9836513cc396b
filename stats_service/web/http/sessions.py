"""Browser sessions, only for people who sign in."""

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface


class SessionsBesideTheApi(SecureCookieSessionInterface):
    """Flask's signed cookie everywhere but below the API's prefix.

    Preparing a session takes a tenth of the time of a ballot, and the API uses none: its callers
    identify themselves in the request.
    """

    def __init__(self, api_prefix: str) -> None:
        self._api_prefix = f"{api_prefix}/"

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session, or None for an empty one that cannot be written."""
        if request.path.startswith(self._api_prefix):
            return None
        return super().open_session(app, request)
