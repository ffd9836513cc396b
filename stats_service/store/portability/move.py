"""Copies every key of an installation to another server, by type, and compares both.

DUMP and RESTORE would be quicker, but Redis and Valkey each refuse what newer versions of the other
have dumped. So values are read and written as what they are, which every version understands.
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import msgspec
from redis.exceptions import RedisError

from stats_service.errors import ConfigurationError, StoreUnavailableError
from stats_service.models.sites import Site
from stats_service.store.admin_keys import AdminKeys
from stats_service.store.keys import PREPARED, SiteKeys, sites
from stats_service.store.redis.client import (
    bytes_of,
    connect,
    disconnect,
    primaries,
    store_errors,
    text_of,
)
from stats_service.store.redis.scripts import load_script

HOLD_SITE = load_script("sites/hold_site")
RELEASE_SITE = load_script("sites/release_site")

#: Longest wait for one answer, in seconds.
TIMEOUT = 30.0
#: What of a message holds for a page view and not here.
AGAIN = " Nothing was stored; try again shortly."
#: Keys read, compared and written together.
KEYS_BATCH = 200
#: Elements of a value that are read and written together; longer values are read in pieces.
ELEMENTS_BATCH = 1000
#: Seconds for which sites of the server that is left stay closed: for ever, or until it is undone.
CLOSED_SECONDS = 10 * 365 * 86_400
#: Field of `installation` that says how far a move is: `out <place>`, `gone <place>`, `in <run>`.
MOVE = "move"
#: Places, as the spool names them, of the servers that the data came from.
CAME_FROM = "came-from"

_SIZES = {
    b"string": "STRLEN",
    b"hash": "HLEN",
    b"set": "SCARD",
    b"zset": "ZCARD",
    b"stream": "XLEN",
}


class ServerFacts(NamedTuple):
    """What matters of a server, or of all servers of a cluster together."""

    #: `Redis 7.0.15`, `Valkey 9.0.1`.
    name: str
    version: tuple[int, int]
    #: Bytes that it may still take; None: there is no limit.
    free: int | None
    #: What it does when its memory is full.
    policy: str


class Comparison(NamedTuple):
    """What one pass over all keys found."""

    #: Keys of the server that is left.
    keys: int
    #: Names of the keys that were not alike.
    different: list[bytes]


class KeyHead(NamedTuple):
    """What is known of a key without its value."""

    kind: bytes
    #: When (seconds since 1970) the key ends; -1: never.
    ends: int
    size: int


class MoveStore:
    """One of the two servers between which an installation moves.

    Args:
        url: of the server, as `REDIS_URL`.
        prefix: of the installation.
        place: of the server, as the spool names it.
        setting: where its URL was said, for messages.

    Raises:
        ConfigurationError: the URL cannot be used.
    """

    def __init__(self, url: str, prefix: str, place: str, setting: str) -> None:
        try:
            self.client = connect(url, TIMEOUT)
        except ConfigurationError as error:
            raise ConfigurationError(str(error).replace("REDIS_URL", setting)) from error
        self.place = place
        self._setting = setting
        self._prefix = prefix
        self._key = AdminKeys(prefix).installation

    def disconnect(self) -> None:
        """Close every connection."""
        disconnect(self.client)

    @contextlib.contextmanager
    def _asked(self) -> Iterator[None]:
        """Say of which of the two servers an error is."""
        try:
            with store_errors():
                yield
        except StoreUnavailableError as error:
            text = str(error).replace(AGAIN, "").replace("REDIS_URL", self._setting)
            raise type(error)(f"{self._setting}: {text}".strip()) from error

    def facts(self) -> ServerFacts:
        """Return what kind of server it is, and what it has room for."""
        free: int | None = None
        with self._asked():
            for server in primaries(self.client):
                # A cluster's members are of one kind.
                said: Any = server.info("server")
                memory: Any = server.info("memory")
                if most := int(memory.get("maxmemory", 0)):
                    free = (free or 0) + max(0, most - int(memory["used_memory"]))
        name = "Valkey" if "valkey_version" in said else "Redis"
        version = str(said.get("valkey_version") or said.get("redis_version", "0.0"))
        major, minor = [*version.split("."), "0"][:2]
        policy = str(memory.get("maxmemory_policy", "noeviction"))
        return ServerFacts(f"{name} {version}", (int(major), int(minor)), free, policy)

    def names(self) -> Iterator[list[bytes]]:
        """Give the names of the keys of this installation, some at a time.

        Left out are the ceilings of a minute, what is prepared beside a site and ends by itself,
        and what this installation knows of its server.
        """
        begin = f"{self._prefix}:".encode()
        ours = (begin + b"{", sites(self._prefix).encode())
        with self._asked():
            for server in primaries(self.client):
                found = (
                    bytes_of(name)
                    for name in server.scan_iter(match=f"{self._prefix}:*", count=1000)
                )
                some = (
                    name
                    for name in found
                    if name.startswith(ours)
                    and not PREPARED.fullmatch(name)
                    and name != self._key.encode()
                )
                while batch := list(islice(some, KEYS_BATCH)):
                    yield batch

    def is_empty(self) -> bool:
        """Tell whether there is no key of an installation of this prefix."""
        with self._asked():
            known = self.client.exists(self._key)
        return not known and next(self.names(), None) is None

    def size(self) -> tuple[int, int]:
        """Return how many keys there are, and about how many bytes they take (0: not told)."""
        number = size = 0
        told = True
        for some in self.names():
            number += len(some)
            if not told:
                continue
            try:
                with self.client.pipeline(transaction=False) as pipe:
                    for name in some:
                        pipe.memory_usage(name)
                    size += sum(found or 0 for found in pipe.execute())
            except RedisError:  # careful rights, and some hosted servers, do not allow it
                told, size = False, 0
        return number, size

    def installation(self) -> dict[str, str]:
        """Return what the installation knows of this server."""
        with self._asked():
            found: dict[Any, Any] = self.client.hgetall(self._key)
        return {text_of(name): text_of(value) for name, value in found.items()}

    def note(self, **fields: str) -> None:
        """Write fields of it; empty ones go."""
        gone = [name for name, value in fields.items() if not value]
        there: dict[Any, Any] = {name: value for name, value in fields.items() if value}
        with self._asked():
            if there:
                self.client.hset(self._key, mapping=there)
            if gone:
                self.client.hdel(self._key, *gone)

    def claim(self, secret: str, run: str) -> bool:
        """Begin to take the data of an installation; False: another has begun."""
        with self._asked():
            if not self.client.hsetnx(self._key, "secret", secret):
                return False
            self.client.hset(self._key, MOVE, f"in {run}")
        return True

    def slugs(self) -> list[str]:
        """Return the names of all sites, in order."""
        with self._asked():
            return sorted(map(text_of, self.client.smembers(sites(self._prefix))))

    def are_erased(self) -> list[str]:
        """Return the sites that are just being erased."""
        with self._asked():
            return sorted(map(text_of, self.client.smembers(AdminKeys(self._prefix).erasing)))

    def close(self, slug: str, holder: str) -> bool:
        """Let nothing be written for a site; False: it is not there, or held by somebody else."""
        names = SiteKeys(self._prefix, slug)
        with self._asked():
            document, held, holding, founding = self._site(names)
            if held is not None:
                return text_of(holding or b"") == holder
            if document is None:
                return False
            alive = names.alive(msgspec.json.decode(document, type=Site).birth)
            keys = (names.site, alive, names.held, names.replacing, names.founded)
            arguments = (founding or b"", holder, CLOSED_SECONDS)
            return bool(HOLD_SITE.run(self.client, keys, arguments))

    def open(self, slug: str, holder: str) -> None:
        """Let a site go on that `close` has closed."""
        names = SiteKeys(self._prefix, slug)
        with self._asked():
            _, held, _, _ = self._site(names)
            if held is not None:
                alive = names.alive(msgspec.json.decode(held, type=Site).birth)
                keys = (names.site, alive, names.held, names.replacing)
                RELEASE_SITE.run(self.client, keys, (holder,))

    def _site(self, names: SiteKeys) -> tuple[Any, Any, Any, Any]:
        with self.client.pipeline(transaction=False) as pipe:
            for key in (names.site, names.held, names.replacing, names.founded):
                pipe.get(key)
            document, held, holding, founding = pipe.execute()
        return document, held, holding, founding

    def clear(self) -> None:
        """Delete every key of the installation."""
        for some in self.names():
            self.unlink(some)
        with self._asked():
            self.client.unlink(self._key)

    def unlink(self, some: Sequence[bytes]) -> None:
        """Delete keys."""
        with self._asked(), self.client.pipeline(transaction=False) as pipe:
            for name in some:
                pipe.unlink(name)
            pipe.execute()

    def heads(self, names: Sequence[bytes]) -> dict[bytes, KeyHead]:
        """Return the kind, the end and the length of each key that is there."""
        with self._asked():
            with self.client.pipeline(transaction=False) as pipe:
                for name in names:
                    pipe.type(name)
                    pipe.execute_command("EXPIRETIME", name)
                found = pipe.execute()
            kinds = [bytes_of(kind) for kind in found[::2]]
            with self.client.pipeline(transaction=False) as pipe:
                for name, kind in zip(names, kinds, strict=True):
                    pipe.execute_command(_SIZES.get(kind, "EXISTS"), name)
                sizes = pipe.execute()
        return {
            name: KeyHead(kind, int(ends), int(size))
            for name, kind, ends, size in zip(names, kinds, found[1::2], sizes, strict=True)
            if kind in _SIZES and size
        }

    def pieces(self, name: bytes, head: KeyHead) -> Iterator[list[tuple[Any, ...]]]:
        """Give the elements of a value, some at a time; a scan may give one twice."""
        client, count = self.client, ELEMENTS_BATCH
        with self._asked():
            if head.kind == b"string":
                yield [(bytes_of(client.get(name)),)]
                return
            if head.kind == b"stream":
                first = "-"
                while entries := client.xrange(name, min=first, count=count):
                    found: list[Any] = list(entries)
                    yield [(number, tuple(fields.items())) for number, fields in found]
                    first = f"({text_of(found[-1][0])}"
                return
            scans: dict[bytes, Callable[[], Any]] = {
                b"hash": lambda: client.hscan_iter(name, count=count),
                b"set": lambda: ((member,) for member in client.sscan_iter(name, count=count)),
                b"zset": lambda: client.zscan_iter(name, count=count),
            }
            elements = scans[head.kind]()
            while some := [tuple(element) for element in islice(elements, count)]:
                yield some

    def digest(self, name: bytes, head: KeyHead) -> set[bytes]:
        """Return digests of all elements of a value."""
        return {
            hashlib.blake2b(repr(element).encode(), digest_size=12).digest()
            for some in self.pieces(name, head)
            for element in some
        }

    def write(self, name: bytes, kind: bytes, some: Sequence[tuple[Any, ...]]) -> None:
        """Write elements of a value, as `pieces` gives them."""
        with self._asked(), self.client.pipeline(transaction=False) as pipe:
            if kind == b"string":
                pipe.set(name, some[0][0])
            elif kind == b"hash":
                pipe.hset(name, mapping=dict(some))
            elif kind == b"set":
                pipe.sadd(name, *(member for (member,) in some))
            elif kind == b"zset":
                pipe.zadd(name, dict(some))
            else:
                for number, fields in some:
                    pipe.xadd(name, dict(fields), id=number)
            pipe.execute()

    def end_at(self, name: bytes, ends: int) -> None:
        """Let a key end at a moment, in seconds since 1970."""
        with self._asked():
            self.client.expireat(name, ends)


def copy(source: MoveStore, target: MoveStore, told: Callable[[int], None]) -> Comparison:
    """Copy what is not alike on `target`, and delete there what `source` does not have.

    Args:
        source: the server that is left.
        target: the other one.
        told: is told how many more keys are alike now.
    """
    number, different = 0, []
    for some in source.names():
        here, there = source.heads(some), target.heads(some)
        for name, head in here.items():
            if not _are_alike(source, target, name, head, there.get(name)):
                different.append(name)
                _copy_key(source, target, name, head)
        number += len(here)
        told(len(here))
    for some in target.names():
        if gone := set(some) - source.heads(some).keys():
            target.unlink(sorted(gone))
    return Comparison(number, different)


def _copy_key(source: MoveStore, target: MoveStore, name: bytes, head: KeyHead) -> None:
    target.unlink([name])
    for some in source.pieces(name, head):
        target.write(name, head.kind, some)
    if head.ends > 0:
        target.end_at(name, head.ends)


def _are_alike(
    source: MoveStore, target: MoveStore, name: bytes, here: KeyHead, there: KeyHead | None
) -> bool:
    return here == there and source.digest(name, here) == target.digest(name, here)
