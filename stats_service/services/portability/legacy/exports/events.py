"""Rows of exports of which each is something that happened: a view, a visit, a rating.

They are lines as those of access logs are, so that any rows that were in before are known again,
whichever file has them.
"""

from hashlib import blake2b
from zlib import crc32

from stats_service.services.portability.legacy.lines import Lines
from stats_service.services.portability.legacy.marks import PRINT_MASK
from stats_service.services.portability.legacy.rows import ONCE, RUN, SCORE_SHIFT, VIEW, VISIT

#: Visits whose pseudonyms are remembered.
RUNS_MAX = 20_000
#: In front of what is no address of an article yet, but the number of its post.
POST = "\0"


class Events:
    """Takes the events of one file.

    Args:
        lines: where they go.
        salt: behind the pseudonyms of readers.
        number: of the file.
    """

    def __init__(self, lines: Lines, salt: bytes, number: int) -> None:
        self._add = lines.add
        self._runs: dict[str, int] = {}
        self._salt = salt
        self._number = number
        self.added = 0
        #: Gives the number of what a visit tells.
        self.number_of = lines.number_of

    def add(
        self,
        at: float,
        identity: str,
        *,
        view: bool = True,
        visit: bool = False,
        run: str = "",
        reader: str = "",
        article: str = "",
        score: int = 0,
        told: int = 0,
        once: bool = False,
    ) -> None:
        """Add an event.

        Args:
            at: seconds since 1970.
            identity: what tells it from others of the same second, without anybody's address.
            view: it is a view.
            visit: it begins a visit.
            run: name of its visit, which begins with the first event of that name; empty: its
                row says itself whether it begins one.
            reader: what tells readers apart whose events are the same else; kept for two days,
                as a pseudonym.
            article: key of the article that was viewed or rated.
            score: of a rating; 0: it is none.
            told: what a visit that begins with it tells, as `number_of` gives it.
            once: no other event has this identity, so that a file may repeat it.
        """
        self.added += 1
        what = VIEW * view | VISIT * visit | score << SCORE_SHIFT | ONCE * once
        print_ = crc32(identity.encode("utf-8", "replace")) & PRINT_MASK
        who = 0
        if run:
            what |= RUN
            who = self._runs.get(run) or self._of_run(run)
        network = self._pseudonym(reader, 4) if reader else 0
        self._add((int(at), print_, self._number, who, network, 0, article, what, told))

    def _of_run(self, run: str) -> int:
        if len(self._runs) >= RUNS_MAX:
            self._runs.clear()
        # SQLite's numbers have a sign.
        who = self._runs[run] = self._pseudonym(run, 8) >> 1
        return who

    def _pseudonym(self, text: str, size: int) -> int:
        digest = blake2b(text.encode("utf-8", "replace"), digest_size=size, key=self._salt)
        return int.from_bytes(digest.digest())
