"""Error messages for a Redis that cannot be used: what happened, which setting, what to do.

Readers of a portal may see these messages, so none names a host, a user or a password.
"""

import errno
import socket
import ssl
from collections.abc import Iterator

from stats_service.errors import StoreRefusedError, StoreUnavailableError

#: Error replies to a handshake that last until a setting is changed: prefix and message.
_REFUSALS = (
    (
        ("NOAUTH", "Authentication required"),
        (
            "Redis wants a password (NOAUTH): write it into REDIS_URL, as "
            "redis://:PASSWORD@host:6379/0 or redis://USER:PASSWORD@host:6379/0."
        ),
    ),
    (
        ("WRONGPASS", "invalid username-password", "invalid password"),
        (
            "Redis refuses the user or password of REDIS_URL (WRONGPASS): correct it there, with "
            "%XX for what is no letter or digit, or in Redis' list of users."
        ),
    ),
    (
        ("DENIED", "Redis is running in protected mode", "-DENIED"),
        (
            "Redis is in protected mode and takes nobody from another machine (DENIED): give it a "
            "password (`requirepass`) and write it into REDIS_URL or, on a network that nobody "
            "else reaches, start it with `--protected-mode no`."
        ),
    ),
    (
        ("ERR DB index", "DB index", "ERR invalid DB", "invalid DB", "ERR SELECT", "SELECT"),
        (
            "Redis has no database of the number at the end of REDIS_URL: use one from 0 to 15, or "
            "raise `databases` in redis.conf."
        ),
    ),
    (
        ("MOVED", "ERR MOVED"),
        "This Redis is one server of a cluster: write redis+cluster:// in REDIS_URL.",
    ),
    (
        ("ERR unknown command", "unknown command"),
        (
            "What answers at REDIS_URL does not know a command of the service: it is a Redis older "
            "than 7.0, or of another kind than REDIS_URL says (redis://, redis+sentinel://, "
            "redis+cluster://)."
        ),
    ),
    (
        (
            "ERR This instance has cluster support disabled",
            "This instance has cluster support disabled",
            "Cluster mode is not enabled",
        ),
        "This Redis is no cluster: write redis:// in REDIS_URL.",
    ),
)

#: Error replies that mean "not now" rather than "wrong command": prefix and message.
_NOT_NOW = {
    "OOM": "Redis' memory is full (OOM): raise `maxmemory`, or free memory on its machine.",
    "READONLY": "This Redis takes no writes, it is a replica (READONLY): name its master in "
    "REDIS_URL, or use redis+sentinel://.",
    "LOADING": "Redis reads its data (LOADING); it takes commands when it is done.",
    "MISCONF": "Redis cannot write to its disk and takes no writes (MISCONF): see whether the disk "
    "is full, and its log.",
    "MASTERDOWN": "This Redis is a replica whose master is away (MASTERDOWN).",
    "CLUSTERDOWN": "The cluster is down: some of its slots have no master (CLUSTERDOWN).",
    "TRYAGAIN": "The cluster moves keys from one server to another (TRYAGAIN).",
    "NOREPLICAS": "Too few replicas follow this Redis, so that it takes no writes (NOREPLICAS): "
    "see to them, or to `min-replicas-to-write`.",
    "BUSY": "Redis runs somebody's script and takes no commands (BUSY).",
    "NOPERM": "Redis refuses the user of REDIS_URL a command or a key (NOPERM): its rights are to "
    "be those of examples/redis-users.acl, with the prefix of STATS_KEY_PREFIX.",
}

_LATER = "Nothing was stored; try again shortly."


def of_reply(text: str) -> StoreUnavailableError | None:
    """Return the error for an error reply that means Redis cannot be used; None for others."""
    code = text.split(" ", 1)[0]
    if code in _NOT_NOW:
        kind = StoreRefusedError if code == "NOPERM" else StoreUnavailableError
        error = kind(f"{_NOT_NOW[code]} {_LATER}")
        error.reply = code
        return error
    for beginnings, words in _REFUSALS:
        if text.startswith(beginnings):
            return StoreRefusedError(f"{words} {_LATER}")
    return None


def of_error(error: BaseException, *, tls: bool = False) -> StoreUnavailableError:
    """Return the error for a command that got no reply.

    Args:
        error: the exception raised.
        tls: whether the connection uses TLS.
    """
    for cause in _causes(error):
        if isinstance(cause, StoreUnavailableError):
            return cause
        if found := of_reply(_reply_of(cause)):
            return found
        if words := _protocol(str(cause)):
            return StoreRefusedError(f"{words} {_LATER}")
        if isinstance(cause, ssl.SSLError):
            return _tls(cause)
        if "handshake" in str(cause) or (tls and isinstance(cause, TimeoutError)):
            return StoreUnavailableError(
                "Redis did not answer: no TLS begins in time at the host and port of REDIS_URL. "
                f"Write redis:// instead of rediss:// if it speaks none there. {_LATER}"
            )
        if isinstance(cause, OSError) and (words := _network(cause)):
            return StoreUnavailableError(f"Redis did not answer: {words} {_LATER}")
    return StoreUnavailableError(f"Redis did not answer ({type(error).__name__}). {_LATER}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error and its chain of causes, the nearest first."""
    seen = 0
    while error is not None and seen < 8:
        yield error
        error = error.__cause__ or error.__context__
        seen += 1


def _reply_of(error: BaseException) -> str:
    # redis-py removes the code from error replies that it knows.
    return f"{getattr(error, 'status_code', None) or ''} {error}".strip()


def _protocol(text: str) -> str:
    """Name the server that replied instead of Redis, from the parse error of the client."""
    if "rotocol" not in text and "rror:" not in text:
        return ""
    if "HTTP" in text or "'H'" in text or '"H"' in text:
        return "A web server, and no Redis, answers at the place of REDIS_URL: correct the port."
    if "\\x15" in text:
        return "Redis wants TLS at this port: write rediss:// in REDIS_URL, or name its plain port."
    if "rotocol" in text:
        return (
            "What answers at the host and port of REDIS_URL is no Redis: correct the host or the "
            "port."
        )
    return ""


def _tls(error: ssl.SSLError) -> StoreUnavailableError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return StoreUnavailableError(
            f"Redis did not answer: its certificate is not accepted ({error.verify_message}). Name "
            "the authority's file with ?ssl_ca_certs=/path/of/ca.pem at the end of REDIS_URL, use "
            f"the host that the certificate is for, or renew it. {_LATER}"
        )
    return StoreRefusedError(
        "Redis does not speak TLS at the host and port of REDIS_URL: write redis:// instead of "
        f"rediss://, or name its TLS port. {_LATER}"
    )


def _network(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return (
            f"the host of REDIS_URL has no address ({error.strerror}). Correct its name, or look "
            "at this machine's name service."
        )
    if isinstance(error, FileNotFoundError):
        return "a file that REDIS_URL names is missing (its socket or its certificates)."
    if isinstance(error, PermissionError):
        return (
            "this user may not open a file that REDIS_URL names (its socket or its certificates)."
        )
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens at the place of REDIS_URL. Start Redis, or correct REDIS_URL."
    if isinstance(error, ConnectionResetError):
        return (
            "the connection was closed. See that REDIS_URL names Redis' own port, and says "
            "rediss:// if TLS is spoken there."
        )
    if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return "no way leads to the host of REDIS_URL. Look at the network and at the firewall."
    if isinstance(error, TimeoutError):
        return "no answer came in time. Look at its machine, at the network and at the firewall."
    return ""
