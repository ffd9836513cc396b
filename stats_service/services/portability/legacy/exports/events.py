"""Rows of exports of which each is something that happened: a view, a visit, a rating.

They are lines as those of access logs are, so that any rows that were in before are known again,
whichever file has them.
"""

import zlib
from hashlib import blake2b

from stats_service.services.portability.legacy.lines import (
    RUN,
    SCORE_SHIFT,
    VIEW,
    VISIT,
    Line,
    Lines,
)
from stats_service.services.portability.legacy.marks import PRINT_MASK

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
        self._lines = lines
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
        """
        self.added += 1
        what = VIEW * view | VISIT * visit | RUN * bool(run) | score << SCORE_SHIFT
        print_ = zlib.crc32(identity.encode("utf-8", "replace")) & PRINT_MASK
        # SQLite's numbers have a sign.
        who = self._pseudonym(run, 8) >> 1 if run else 0
        network = self._pseudonym(reader, 4) if reader else 0
        self._lines.add(Line(int(at), print_, self._number, who, network, 0, article, what, told))

    def _pseudonym(self, text: str, size: int) -> int:
        digest = blake2b(text.encode("utf-8", "replace"), digest_size=size, key=self._salt)
        return int.from_bytes(digest.digest())
