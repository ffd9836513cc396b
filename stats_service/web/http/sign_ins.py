"""Which requests are sign-ins of browsers that no account can know, and the cookie that tells."""

from collections.abc import Iterable

#: Names of the cookie by which an account knows a browser again: over https, and without.
DEVICE_COOKIES = ("__Host-stats-devices", "stats_devices")
_NAMES = tuple(name.encode() + b"=" for name in DEVICE_COOKIES)


def is_strangers(method: str, path: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether a request is a sign-in that comes without such a cookie.

    One that has the cookie need not be known: that is looked at later, with the account.
    """
    return (
        method == "POST"
        and path == "/admin/sign-in"
        and not any(
            name == b"cookie" and any(known in value for known in _NAMES) for name, value in headers
        )
    )
