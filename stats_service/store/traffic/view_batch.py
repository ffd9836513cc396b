"""One call of `lua/record_views.lua`: its arguments and its reply.

Values that views share (a reader, an address, an article) are sent once, and each view refers to
them by index. The reply likewise contains shared values once, and of single views only those that
were not simply counted; this module builds the results from it.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from stats_service.errors import UnknownSiteError
from stats_service.models.clicks import DOCUMENT
from stats_service.models.polls import PollTally
from stats_service.models.sites import Site
from stats_service.models.traffic.periods import Periods
from stats_service.models.traffic.views import (
    Record,
    StoredArticle,
    StoredCounts,
    StoredTotals,
    ViewCommand,
    ViewResult,
)
from stats_service.store.keys import (
    ADDRESS_BUCKET_SECONDS,
    HIT_BUCKET_SECONDS,
    SiteKeys,
    poll_keys,
    record_views_keys,
)
from stats_service.store.polls.polls import poll_tally
from stats_service.store.ratings.histograms import histogram
from stats_service.store.redis.packing import in_a_row
from stats_service.store.traffic.day_names import LONG_BYTES, day_name, day_names, is_long

#: Length of an id of a hit, a visitor, an address, a voter.
ID_BYTES = 8
#: Placeholder for the hit id of a view without one.
NO_ID = bytes(ID_BYTES)
#: Notes of views that were counted without their article's name.
NAMELESS = ("article-cap", "article-network")
#: Numbers of a row; the script has the same.
ROW = 5
#: Most listed articles that the script reads with one command; Lua takes 8,000 arguments at most.
LIST_MAX = 1000

_unpacked = msgspec.msgpack.Decoder().decode


#: Interns values: maps each to its 1-based index, in the order in which they came.
_Places = dict[Any, int]


class ViewBatch:
    """Views of one site, all of the moment `now` (seconds), that go to Redis together.

    Attributes:
        keys, args: The KEYS and ARGV of the script; its header documents them.
    """

    __slots__ = (
        *("_articles", "_commands", "_documents", "_listed", "_polls", "_slug"),
        *("args", "keys"),
    )

    def __init__(  # noqa: C901, PLR0912, PLR0915 - one pass over the views, in the hot path
        self,
        prefix: str,
        site: Site,
        periods: Periods,
        now: float,
        commands: Sequence[ViewCommand],
    ) -> None:
        self._slug = site.slug
        self._commands = commands
        #: By id: the voters whose ballots are looked up.
        self._polls: dict[str, _Places] = {}
        self._articles = articles = _Places()
        self._listed = listed = _Places()
        self._documents = documents = _Places()
        hits, visitors, befores = _Places(), _Places(), _Places()
        addresses, tokens = _Places(), _Places()
        ipv6_48s: dict[int, int] = {}
        long: dict[int, str] = {}
        rows: list[int] = []
        #: By number of a row that tells something: which text of `traits` it tells.
        tells: dict[int, int] = {}
        traits = _Places()
        issues: list[int] = []
        ignored: dict[str, int] = {}
        rated = False
        for command in commands:  # no function call for each value: this is the hot path
            article, visitor, before = command.article, command.visitor, command.visitor_before
            place = articles.setdefault(article, len(articles) + 1) if article else 0
            if (len(article) > LONG_BYTES or not article.isascii()) and is_long(article):
                long[place] = day_name(article)
            rated = rated or command.rated
            if command.kind == "view":
                address, ipv6_48 = command.address, command.ipv6_48
                sender = addresses.setdefault(b"v" + address, len(addresses) + 1) if address else 0
                if ipv6_48 and sender:
                    ipv6_48s[sender] = _place(addresses, b"v" + ipv6_48)
                rows += (
                    hits.setdefault(command.hit or NO_ID, len(hits) + 1),
                    visitors.setdefault(visitor, len(visitors) + 1) if visitor else 0,
                    befores.setdefault(before, len(befores) + 1) if before else 0,
                    sender,
                    place,
                )
                if command.traits:
                    place = traits.setdefault(command.traits, len(traits) + 1)
                    tells[len(rows) // ROW] = place
                if command.hint:
                    ignored[command.hint] = ignored.get(command.hint, 0) + 1
            elif command.kind != "beat":
                ignored[command.kind] = ignored.get(command.kind, 0) + 1
                if command.hint:
                    ignored[command.hint] = ignored.get(command.hint, 0) + 1
            elif visitor:
                rows += (0, _place(visitors, visitor), _place(befores, before), 0, 0)
            if command.issue:
                issues.append(_place(tokens, command.address and b"t" + command.address))
                issues.append(_place(tokens, command.ipv6_48 and b"t" + command.ipv6_48))
            if command.poll is not None:
                voters = self._polls.get(command.poll.id)
                if voters is None:
                    voters = self._polls[command.poll.id] = _Places()
                if command.voter:
                    voters.setdefault(command.voter, len(voters) + 1)
            for key in command.listed:
                listed.setdefault(key, len(listed) + 1)
            for key in command.documents:
                _place(documents, key)
        shared = (
            int(now * 1000),
            periods.day,
            periods.yesterday,
            periods.week,
            periods.month,
            periods.year,
            periods.hour,
            site.article_cap,
            site.identity_cap,
            site.view_ceiling,
            site.token_ceiling,
            len(hits),
            len(visitors),
            len(befores),
            tuple([len(voters) for voters in self._polls.values()]),
            len(addresses),
            len(tokens),
            rated,
            ignored,
            ipv6_48s,
            long or False,
        )
        ids = [*hits, *visitors, *befores]
        self.keys = record_views_keys(
            prefix,
            site.slug,
            site.birth,
            periods.day,
            int(now // HIT_BUCKET_SECONDS),
            int(now // ADDRESS_BUCKET_SECONDS),
        )
        for poll, voters in self._polls.items():
            ids += voters
            self.keys += poll_keys(prefix, site.slug, poll)
        if documents:
            self.keys += (SiteKeys(prefix, site.slug).clicks(DOCUMENT),)
        self.args = (
            in_a_row(shared),
            _ids(ids, ID_BYTES)
            + _ids([*addresses, *tokens], 1 + ID_BYTES)
            + in_a_row(list(articles)),
            in_a_row(rows),
            in_a_row(issues) if issues else b"",
            _lists(list(listed), list(documents)) if listed else b"",
            in_a_row((tells,)) + _texts(traits) if tells else b"",
        )

    def results(  # noqa: C901, PLR0912 - likewise, over the answers
        self, reply: Any
    ) -> tuple[StoredCounts, list[ViewResult | Exception]]:
        """Parse the reply of the script: the numbers of the site, and one result for each view.

        The result of a view whose own numbers cannot be parsed is an exception.

        Raises:
            UnknownSiteError: the site was removed; nothing was recorded.
            ValueError: the numbers of the site cannot be parsed.
        """
        if reply is None:
            raise UnknownSiteError(self._slug)
        online, numbers, tallies, ballots, odd, tokens, *columns, lists, full, begun = _unpacked(
            reply
        )
        articles = _Articles(*columns, full=bool(full))
        chunks = -(-len(self._listed) // LIST_MAX)
        listed = [_Articles(*columns, full=bool(full)) for columns in lists[:chunks]]
        clicks = [n for columns in lists[chunks:] for n in columns]
        polls = {
            poll: (voters, _tally(tally), found)
            for (poll, voters), tally, found in zip(
                self._polls.items(), tallies, ballots, strict=True
            )
        }
        outcomes = {odd[at]: (odd[at + 1], odd[at + 2]) for at in range(0, len(odd), 3)}
        simply = ("", "")
        #: Listed articles without and with ratings: the views of a batch show the same lists.
        shown: tuple[dict[str, StoredArticle], dict[str, StoredArticle]] = ({}, {})
        results: list[ViewResult | Exception] = []
        row = issue = 0
        for command in self._commands:
            outcome, note, kind = command.kind, "", command.kind
            if kind == "view":
                row += 1
                outcome, note = outcomes.get(row, simply)
            elif kind == "beat" and command.visitor:
                row += 1
            article, tally, voted, burst = None, None, False, False
            if command.issue:
                issue += 1
                burst = issue in tokens
            try:
                if command.article:
                    place = self._articles[command.article]
                    if note in NAMELESS:
                        article = StoredArticle(None, None, articles.opening(place))
                    else:
                        article = articles.get(place, 0 if outcome else 1, command.rated)
                if command.poll is not None:
                    voters, stored, found = polls[command.poll.id]
                    if isinstance(stored, Exception):
                        raise stored
                    tally = stored
                    if command.voter:
                        voted = found[voters[command.voter] - 1]
                known = shown[command.rated]
                for key in command.listed:
                    if key not in known:
                        known[key] = self._of_list(listed, key, command.rated)
                of_lists = tuple([known[key] for key in command.listed]) if command.listed else ()
                downloads = (
                    tuple([self._downloads(clicks, key) for key in command.documents])
                    if command.documents
                    else ()
                )
            except Exception as error:  # noqa: BLE001 - of this view alone
                results.append(error)
            else:
                is_first = bool(begun) and kind == "view" and row in begun
                results.append(
                    ViewResult(
                        outcome, note, article, of_lists, tally, voted, burst, is_first, downloads
                    )
                )
        return _counts(online, numbers), results

    def _of_list(self, lists: "Sequence[_Articles]", key: str, rated: bool) -> StoredArticle:
        number, at = divmod(self._listed[key] - 1, LIST_MAX)
        return lists[number].get(at + 1, 0, rated)

    def _downloads(self, clicks: Sequence[Any], key: str) -> int | None:
        return int(clicks[self._documents[key] - 1] or 0) if key else None


class _Articles:
    """The numbers of articles, by index."""

    __slots__ = ("_full", "_openings", "_ratings", "_todays", "_totals")

    def __init__(
        self,
        totals: Sequence[Any],
        todays: Sequence[Any],
        openings: Sequence[Any],
        ratings: Sequence[Any],
        *,
        full: bool,
    ) -> None:
        #: One without a number may have been read all the same: there was no room for its name.
        self._full = full
        self._totals, self._todays = _whole(totals), _whole(todays)
        self._openings = openings
        self._ratings = ratings

    def get(self, place: int, new: int, rated: bool) -> StoredArticle:
        """Return the article at `place` after `new` views more."""
        at = place - 1
        if new:
            self._totals[at] += new
            self._todays[at] += new
        total, today = self._totals[at], self._todays[at]
        if type(total) is not int or type(today) is not int:
            raise ValueError("The views that Redis has of an article are no whole number.")
        if self._full and not total:
            return StoredArticle(None, None, self.opening(place))
        return StoredArticle(
            total,
            today,
            self.opening(place),
            histogram(self._ratings[at]) if rated else (),
        )

    def opening(self, place: int) -> int:
        """Return the opening balance of the article at `place`."""
        return int(self._openings[place - 1] or 0) if self._openings else 0


def _whole(numbers: Sequence[Any]) -> list[Any]:
    """Return numbers from Redis as ints; NaN for one that cannot be parsed: its article fails."""
    try:
        return [int(number or 0) for number in numbers]
    except ValueError:  # what is beyond 2^53 is written as 1e+25
        whole: list[Any] = []
        for number in numbers:
            try:
                whole.append(int(number or 0))
            except ValueError:
                whole.append(math.nan)
        return whole


def _tally(stored: Any) -> PollTally | Exception:
    """Return the tally of a poll, one object for all views, or the error of parsing it."""
    try:
        return poll_tally(stored)
    except ValueError as error:
        return error


def _place(places: _Places, thing: Any) -> int:
    """Return the index of `thing`, a new one if it is new; 0 if it is empty."""
    return places.setdefault(thing, len(places) + 1) if thing else 0


def _lists(keys: list[str], documents: list[str]) -> bytes:
    """Pack listed articles, and documents, in the format of the script."""
    parts: list[Any] = []
    for chunk in _chunks(keys):
        parts += (chunk, day_names(chunk) or False)
    for chunk in _chunks(documents):
        parts += (chunk, True)
    return in_a_row(parts)


def _chunks(keys: list[str]) -> list[list[str]]:
    return [keys[at : at + LIST_MAX] for at in range(0, len(keys), LIST_MAX)]


def _ids(ids: Sequence[bytes], length: int) -> bytes:
    """Pack ids of one length, at most 31 bytes: as text, for Redis' MessagePack has no bytes."""
    shared = bytes((0xA0 | length,))
    packed = shared + shared.join(ids) if ids else b""
    if len(packed) != len(ids) * (1 + length):
        raise ValueError(f"An id has not its {length} bytes.")
    return packed


def _texts(traits: Iterable[bytes]) -> bytes:
    """Pack what views tell, as text: Redis' MessagePack has no bytes."""
    return b"".join([b"\xda" + len(text).to_bytes(2, "big") + text for text in traits])


def _counts(online: int, numbers: Sequence[Any]) -> StoredCounts:
    peak = numbers[16]
    return StoredCounts(
        visits=_totals(numbers[0:8]),
        views=_totals(numbers[8:16]),
        online=online,
        peak=(int(peak), int(numbers[17]) / 1000) if peak else None,
    )


def _totals(numbers: Sequence[Any]) -> StoredTotals:
    total, today, yesterday, week, month, year, record, record_day = numbers
    return StoredTotals(
        int(total or 0),
        int(today or 0),
        int(yesterday or 0),
        int(week or 0),
        int(month or 0),
        int(year or 0),
        Record(int(record), record_day) if record else None,
    )
