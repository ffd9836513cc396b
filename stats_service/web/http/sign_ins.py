"""Recognise sign-ins from unknown browsers: those without the cookie of a known one."""

from collections.abc import Iterable

#: Names of the cookie by which an account recognises a browser: with https, and without.
DEVICE_COOKIES = ("__Host-stats-devices", "stats_devices")
_NAMES = tuple(name.encode() + b"=" for name in DEVICE_COOKIES)


def is_strangers(method: str, path: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether a request is a sign-in without that cookie.

    A request with the cookie may still be unknown; the account checks that later.
    """
    return (
        method == "POST"
        and path == "/admin/sign-in"
        and not any(
            name == b"cookie" and any(known in value for known in _NAMES) for name, value in headers
        )
    )
