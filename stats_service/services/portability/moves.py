"""Move a whole installation from one Redis to another.

The sites of the old server are closed first, each in one step: views wait on the disk of the
service, ballots and ratings are answered 503, so that none is acknowledged that the new server will
not have. Then everything is copied and compared until nothing differs. Only then the old server is
left for good, and the sites of the new one are opened: at no moment do both take votes.
"""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from stats_service.config import REDIS_SCHEMES, Settings
from stats_service.errors import ConfigurationError, ConflictError, InvalidInputError, StatsError
from stats_service.store.admin_keys import AFTER
from stats_service.store.portability.move import CAME_FROM, MOVE, MoveStore, ServerFacts, copy
from stats_service.store.traffic.spool import place_of

#: Oldest version of a server, as for every installation.
OLDEST_VERSION = (7, 0)
#: Passes over all keys, of which the last finds nothing different.
PASSES_MAX = 10
#: What changes while nobody counts or votes, and ends by itself: sign-ins, attempts, locks.
_VOLATILE = re.compile(
    rb"[^:]+:\{@admin\}:(?:session|sessions|attempts|refusals|tick|ticks|asked|devices)\b.*",
    re.DOTALL,
)
#: Part of the memory that is left, up to which the copy may fill it.
FULL = 0.9

Told = Callable[[int], None]


class Moved(NamedTuple):
    """What was moved, or what there is to move."""

    sites: list[str]
    keys: int
    #: About how many bytes they take; 0: the server does not tell.
    size: int
    source: str
    target: str
    #: Seconds from closing the sites to opening them.
    seconds: float = 0.0


class Moves:
    """Moves one installation.

    Args:
        source: the server that it is on.
        target: the server that it goes to.
        to: the address of that, without passwords, for messages.
    """

    def __init__(self, source: MoveStore, target: MoveStore, to: str) -> None:
        self._source = source
        self._target = target
        self._to = to
        self._holder = f"move-{target.place}"

    def look(self) -> Moved:
        """Return what would be moved, if it can be.

        Raises:
            StatsError: it cannot; see `run`.
        """
        facts = self._source.facts(), self._target.facts()
        self._check_source()
        self._check_target(facts[1])
        keys, size = self._source.size()
        self._check_room(facts[1], size)
        return Moved(self._source.slugs(), keys, size, facts[0].name, facts[1].name)

    def run(self, now: Callable[[], float], told: Told) -> Moved:
        """Move everything; go on where it stopped if it was cut off.

        Args:
            now: gives the seconds since 1970.
            told: is told how many more keys are alike, in each pass.

        Raises:
            ConflictError: the new server holds something, or a move to another one is under way.
            InvalidInputError: the new server has no room, or is too old.
            StoreUnavailableError: one of the two does not answer, or takes no writes. Whatever was
                copied is deleted, and the old server goes on.
        """
        begun = now()
        known = self._source.installation()
        gone = known.get(MOVE) == f"gone {self._to}"
        if gone and self._is_ours(self._target.installation(), known):
            self._finish(now())  # it was cut off between the last steps
            keys, size = self._source.size()
        else:
            found = self.look()
            if self._target.is_empty() and not self._target.claim(known["secret"], known["run"]):
                raise self._taken()
            self._source.note(**{MOVE: f"out {self._to}", f"{MOVE}:at": str(int(begun))})
            try:
                keys, size = self._copy(told), found.size
            except BaseException as error:
                self._undo(error)
                raise
            self._finish(now())
        names = self._source.facts().name, self._target.facts().name
        return Moved(self._target.slugs(), keys, size, *names, now() - begun)

    def abort(self) -> None:
        """Let the old server go on, and delete what was copied to the new one.

        Raises:
            ConflictError: the move is complete.
        """
        state = self._source.installation()
        if state.get(MOVE, "").startswith("gone"):
            raise ConflictError(
                "The data moved to {place} and may have changed there since. To go back, move them "
                "from there to an empty database.",
                place=state[MOVE].partition(" ")[2],
            )
        for slug in self._source.slugs():
            self._source.open(slug, self._holder)
        self._source.note(**{MOVE: "", f"{MOVE}:at": ""})
        if self._is_ours(self._target.installation(), state):
            self._target.clear()

    def _copy(self, told: Told) -> int:
        """Close the sites and copy until nothing differs; return how many keys there are."""
        for number in range(PASSES_MAX):
            slugs = self._source.slugs()  # also those that came in between
            for slug in slugs:
                if not self._source.close(slug, self._holder):
                    raise ConflictError(
                        "An archive is taking the place of the site {slug!r}, or it was just "
                        "erased. Nothing was moved; try again in a moment.",
                        slug=slug,
                    )
            found = copy(self._source, self._target, told)
            is_alike = all(map(_VOLATILE.fullmatch, found.different))
            # A site that came after its keys were passed is in no list of what differs.
            if number and is_alike and self._source.slugs() == slugs:
                return found.keys
        name = found.different[0].decode("utf-8", "replace") if found.different else "sites"
        raise ConflictError(
            "The two servers do not become alike: something writes to {key!r} all the time. "
            "Nothing was moved; stop what it is, and do it again.",
            key=name[:100],
        )

    def _finish(self, now: float) -> None:
        """Leave the old server for good, then open the sites on the new one."""
        known = self._source.installation()
        came_from = {*known.pop(CAME_FROM, "").split(), self._source.place}
        for field in (MOVE, f"{MOVE}:at"):
            known.pop(field, None)
        self._target.note(**known, **{CAME_FROM: " ".join(sorted(came_from))})
        self._source.note(**{MOVE: f"gone {self._to}", f"{MOVE}:at": str(int(now))})
        for slug in self._target.slugs():
            self._target.open(slug, self._holder)
        self._target.note(**{MOVE: ""})

    def _undo(self, error: BaseException) -> None:
        """Let the old server go on after a failure."""
        try:
            self.abort()
        except StatsError as second:
            raise ConflictError(
                "{error} Nothing was moved, and it could not be undone ({second}): the sites of "
                "the old server stay closed, and their views wait on the disk. Repeat the command, "
                "or repeat it with --abort.",
                error=error,
                second=second,
            ) from error

    def _check_source(self) -> None:
        known = self._source.installation()
        state, _, place = known.get(MOVE, "").partition(" ")
        if state == "gone":
            raise ConflictError(
                "The data of this server have moved to {place}. Set REDIS_URL to that.", place=place
            )
        if state == "out" and place != self._to:
            raise ConflictError(
                "A move to {place} was begun and cut off. Repeat it, or take it back with "
                "`stats-service move --to {place} --abort`.",
                place=place,
            )
        if state == "in":
            raise ConflictError(
                "This server is just getting the data of another one. Repeat that move first."
            )
        if not known.get("secret") or not known.get("run"):
            raise InvalidInputError(
                "There is nothing to move: this server holds no installation of this "
                "STATS_KEY_PREFIX."
            )
        if known.get(AFTER):
            raise ConflictError(
                "The data are being migrated to the layout of a newer version. Move them when that "
                "is done."
            )
        if erased := self._source.are_erased():
            raise ConflictError(
                "The site {slug!r} is being erased: let `stats-service tick` end that first.",
                slug=erased[0],
            )

    def _check_target(self, facts: ServerFacts) -> None:
        if facts.version < OLDEST_VERSION:
            raise InvalidInputError(
                "--to: {name} is older than {oldest}, and lacks commands of the service.",
                name=facts.name,
                oldest=".".join(map(str, OLDEST_VERSION)),
            )
        if facts.free is not None and facts.policy != "noeviction":
            raise InvalidInputError(
                "--to: {name} throws data away when its memory is full (maxmemory-policy "
                "{policy}). Set maxmemory-policy to noeviction there.",
                name=facts.name,
                policy=facts.policy,
            )
        known = self._target.installation()
        if not self._is_ours(known, self._source.installation()) and not self._target.is_empty():
            raise self._taken()

    def _check_room(self, facts: ServerFacts, size: int) -> None:
        if (
            facts.free is not None
            and size > facts.free * FULL
            and not self._is_ours(self._target.installation(), self._source.installation())
        ):
            raise InvalidInputError(
                "--to: {name} has room for {free:,} bytes, and the data take {size:,}. Raise "
                "maxmemory there.",
                name=facts.name,
                free=facts.free,
                size=size,
            )

    @staticmethod
    def _is_ours(target: dict[str, str], source: dict[str, str]) -> bool:
        """Tell whether what the new server holds is an unfinished copy of just these data."""
        return bool(source.get("run")) and target.get(MOVE) == f"in {source['run']}"

    def _taken(self) -> ConflictError:
        return ConflictError(
            "--to: {place} holds keys with the prefix of STATS_KEY_PREFIX already. Name an empty "
            "database, or delete them there if nobody needs them. Nothing was moved.",
            place=self._to,
        )


@contextlib.contextmanager
def open_moves(settings: Settings, to: str) -> Iterator[Moves]:
    """Give what moves the installation of `settings` to the server `to`, as REDIS_URL names it.

    Raises:
        ConfigurationError: the URL cannot be used.
    """
    if not any(to.startswith(f"{scheme}://") for scheme in REDIS_SCHEMES):
        schemes = ", ".join(f"{scheme}://" for scheme in REDIS_SCHEMES)
        raise ConfigurationError(
            "--to must start with one of {schemes}, or be `embedded`.", schemes=schemes
        )
    prefix, folder = settings.key_prefix, settings.data_dir
    places = [place_of(url, prefix, folder) for url in (settings.redis_url, to)]
    if places[0] == places[1]:
        raise ConfigurationError("--to names the server on which the data are already.")
    source = MoveStore(settings.redis_url, prefix, places[0], "the old server")
    target = MoveStore(to, prefix, places[1], "--to")
    try:
        yield Moves(source, target, replace(settings, redis_url=to).redis_place)
    finally:
        source.disconnect()
        target.disconnect()
