"""Check that an archive holds only what this service could have written.

msgspec checks the types and bounds of a row, which `models.portability.archive` defines. This
module checks the rest: that days exist in the calendar, and the rules between rows. A single day
that does not exist would make every page of the site fail.
"""

import re
import struct
import zlib
from base64 import b64decode
from collections import deque
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import msgspec

from stats_service.errors import InvalidInputError
from stats_service.models.bounds import COUNT_MAX, TIME_MAX
from stats_service.models.polls import OTHER, POLL_ID
from stats_service.models.portability.archive import (
    AliasRow,
    AnnotationsRow,
    ArticleDayRow,
    ArticleMonthRow,
    ArticleRow,
    AuditRow,
    CountsRow,
    HiddenRow,
    HourRow,
    IgnoredRow,
    LegacyPartRow,
    LegacyRow,
    MarkRow,
    NoticesRow,
    OpeningRow,
    PictureRow,
    PollNumberRow,
    PollRow,
    PollVoterRow,
    RaterRow,
    RatingRow,
    RevisionRow,
    Row,
    TitleRow,
    VoidedRatingRow,
)
from stats_service.models.portability.legacy import ImportedFile, OpeningPart
from stats_service.models.quarantine import StoredGroup
from stats_service.models.traffic.readers import LETTERS
from stats_service.models.traffic.views import OTHER_ARTICLES
from stats_service.services.articles.keys import KEY_MAX_BYTES, may_be_key
from stats_service.services.notices.notices import check_notices
from stats_service.services.periods import is_countable_day
from stats_service.services.pictures.kept import (
    PICTURES_MAX,
    PICTURES_MAX_BYTES,
    picture_id,
)
from stats_service.services.pictures.picture_files import is_made
from stats_service.services.polls.rules import check_form
from stats_service.services.polls.texts import is_shown
from stats_service.services.portability.archive_entries import check_entry
from stats_service.services.portability.legacy.marks import unpack_flips, unpack_marks
from stats_service.services.traffic.annotations import check_annotations
from stats_service.services.traffic.titles import title_text
from stats_service.services.voting.quarantine import GROUP_STATES
from stats_service.store.portability.legacy import decoded_part

#: Longest chain of merged articles.
HOPS_MAX = 1_000
#: Longest free text of a ballot, or of a choice that an administrator made from it.
TEXT_MAX = 400

# `[0-9]`, because `\d` matches digits of any script. Redis does not read `١٢`, `007` or `-0`.
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_HOUR = re.compile(r"[01][0-9]|2[0-3]")
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,15}")
_GROUP = re.compile(rf"({_DAY})T([0-9]{{2}})-[abcpdk](?:[0-9a-f]{{16}}w?)?")
_REPORT = re.compile(rf"([a-z][a-z-]{{0,39}})(?::(?:({_DAY})(?:T([0-9]{{2}}))?|[a-z-]+))?")
_UNTOLD = re.compile(r"[0-9]{1,15} [a-z][^\n]*(?:\n[0-9]{1,15} [a-z][^\n]*)*")
_LEGACY_DIGEST = re.compile(r"[0-9a-f]{4,64}(:[0-9]{1,9})?")
_LEGACY_ID = re.compile(r"[0-9a-f]{4,64}")
_LEGACY_PART = re.compile(
    r"[0-9]{1,24}(?::other|:unnamed|:merged)?|[lf][0-9]{1,7}|record:(?:views|visits)"
)
_LOG_ID = re.compile(r"([0-9]{1,15})-([0-9]{1,10})")

#: Records come in pairs: the number, and the time when it was reached.
_MARKS = {
    "record:views": "record:views:day",
    "record:visits": "record:visits:day",
    "peak": "peak:at",
}

_group = msgspec.json.Decoder(StoredGroup)
_file = msgspec.json.Decoder(ImportedFile)


class ArchiveChecks:
    """Checks the rows of one archive in order."""

    def __init__(self) -> None:
        self._marks: set[str] = set()
        self._aliases: dict[str, str] = {}
        #: Revisions of the polls: as the poll's row states them, and as the rows are counted.
        self._polls: dict[str, int] = {}
        self._revisions: dict[str, int] = {}
        self._pictures = self._picture_bytes = 0
        self._last_log = (0, 0)
        self._checks: Mapping[type[Row], Callable[[Any], None]] = {
            CountsRow: self._counts,
            MarkRow: self._mark,
            HourRow: self._hour,
            ArticleRow: self._article,
            ArticleDayRow: self._article,
            ArticleMonthRow: self._article,
            AliasRow: self._alias,
            HiddenRow: self._hidden,
            TitleRow: self._title,
            OpeningRow: self._article,
            RatingRow: self._rating,
            VoidedRatingRow: self._voided,
            RaterRow: self._rater,
            PollRow: self._poll,
            PictureRow: self._picture,
            RevisionRow: self._revision,
            PollNumberRow: self._poll_number,
            PollVoterRow: self._poll_voter,
            IgnoredRow: self._ignored,
            LegacyRow: self._legacy,
            LegacyPartRow: self._legacy_part,
            AnnotationsRow: self._annotations,
            NoticesRow: self._notices,
            AuditRow: self._audit,
        }

    def row(self, row: Row) -> None:
        """Check a row; InvalidInputError names the member that cannot be used."""
        check = self._checks.get(type(row))
        if check:
            check(row)

    def end(self) -> None:
        """Check that no row is missing; InvalidInputError names what is missing."""
        for mark, when in _MARKS.items():
            if (mark in self._marks) != (when in self._marks):
                raise InvalidInputError(
                    "the marks {mark!r} and {when!r} come together", mark=mark, when=when
                )
        if self._polls and self._revisions.get("*", 0) < 1:
            raise InvalidInputError("the revision of all polls, '*', is missing")
        for poll, revision in self._polls.items():
            if self._revisions.get(poll) != revision:
                raise InvalidInputError(
                    "the poll {poll!r} has revision {revision}, and poll_revisions says "
                    "{revisions}",
                    poll=poll,
                    revision=revision,
                    revisions=self._revisions.get(poll),
                )

    def _counts(self, row: CountsRow) -> None:
        if row.span != "total" and not _is_span(row.span):
            raise _unusable("span", row.span, "use total, a year, a month, an ISO week or a day")

    def _mark(self, row: MarkRow) -> None:
        self._marks.add(row.name)
        if row.name.endswith(":day"):
            if row.name not in _MARKS.values():
                raise _unusable("name", row.name, "there is no such mark")
            _day("value", row.value)
        elif row.name == "peak:at":
            _within("value", _number("value", row.value), 0, TIME_MAX * 1000)
        elif row.name in _MARKS:
            _count("value", _number("value", row.value))
        else:
            raise _unusable("name", row.name, "there is no such mark")

    def _hour(self, row: HourRow) -> None:
        _day("day", row.day)

    def _article(self, row: ArticleRow | ArticleDayRow | ArticleMonthRow | OpeningRow) -> None:
        _key(row.article)
        if isinstance(row, ArticleDayRow):
            _day("day", row.day)
        elif isinstance(row, ArticleMonthRow) and not _is_month(row.month):
            raise _unusable("month", row.month, "write it as 2026-11")

    def _alias(self, row: AliasRow) -> None:
        _key(row.article)
        _key(row.into)
        if row.into == OTHER_ARTICLES:
            raise _unusable("into", row.into, "it is no article")
        end, self._aliases[row.article] = row.into, row.into
        hops = 0
        while end in self._aliases:
            end, hops = self._aliases[end], hops + 1
            if end == row.article or hops > HOPS_MAX:
                raise _unusable("into", row.into, "it leads back to the article, or on and on")

    @staticmethod
    def _hidden(row: HiddenRow) -> None:
        _key(row.article)

    @staticmethod
    def _title(row: TitleRow) -> None:
        _key(row.article)
        if title_text(row.title) != row.title:
            raise _unusable("title", row.title, "it is no plain text on one line")

    def _rating(self, row: RatingRow) -> None:
        _key(row.article)

    def _voided(self, row: VoidedRatingRow) -> None:
        _key(row.article)
        _within("end", row.end, row.begin, TIME_MAX)

    def _rater(self, row: RaterRow) -> None:
        _key(row.article)

    def _poll(self, row: PollRow) -> None:
        poll = row.poll
        if check_form(poll) != poll:
            raise InvalidInputError("the poll {id!r} is not as this program writes it", id=poll.id)
        for name in ("created", "opened", "closed"):
            _within(name, getattr(poll, name), 0, TIME_MAX)
        _within("revision", poll.revision, 0, COUNT_MAX)
        if poll.id in self._polls:
            raise _unusable("id", poll.id, "there are two polls of it")
        self._polls[poll.id] = poll.revision

    def _picture(self, row: PictureRow) -> None:
        self._pictures += 1
        if self._pictures > PICTURES_MAX:
            raise _unusable("id", row.id, f"a site has {PICTURES_MAX} pictures at most")
        try:
            data = b64decode(row.data, validate=True)
        except ValueError as error:
            raise _unusable("data", row.data[:40], str(error)) from error
        self._picture_bytes += len(data)
        if self._picture_bytes > PICTURES_MAX_BYTES:
            most = PICTURES_MAX_BYTES // 10**6
            raise _unusable("id", row.id, f"a site has {most} MB of pictures at most")
        if picture_id(data) != row.id or not is_made(data, row.width, row.height):
            raise _unusable("id", row.id, "it is no picture as this program makes them")

    def _revision(self, row: RevisionRow) -> None:
        if row.poll != "*" and not POLL_ID.fullmatch(row.poll):
            raise _unusable("poll", row.poll, "use the id of a poll, or *")
        self._revisions[row.poll] = row.revision

    def _poll_number(self, row: PollNumberRow) -> None:
        self._known(row.poll)
        parts = {
            "tally": self._tally,
            "groups": self._group,
            "others": self._other,
            "report": self._report,
        }
        if row.part not in parts:
            raise _unusable("part", row.part, f"use one of {', '.join(parts)}")
        parts[row.part](row.field, row.value)

    @staticmethod
    def _tally(field: str, value: str) -> None:
        kind, _, name = field.partition(":")
        if not (
            field == "ballots"
            or (kind == "c" and (name == OTHER or POLL_ID.fullmatch(name)))
            or (kind == "t" and _is_text(name))
        ):
            raise _unusable("field", field, "use ballots, c:<choice> or t:<text>")
        _count("value", _number("value", value))

    @staticmethod
    def _group(field: str, value: str) -> None:
        match = _GROUP.fullmatch(field)
        if not match or not is_countable_day(match[1]) or not _HOUR.fullmatch(match[2]):
            raise _unusable("field", field, "a group is named by hour and network")
        group = _decoded(_group, value)
        if group.state not in GROUP_STATES:
            raise _unusable("state", group.state, f"use one of {', '.join(GROUP_STATES)}")
        _count("ballots", group.ballots)
        for choice, votes in group.votes.items():
            if choice != OTHER and not POLL_ID.fullmatch(choice):
                raise _unusable("votes", choice, "use the ids of choices")
            _count("votes", votes)
        for text, votes in group.texts.items():
            if not _is_text(text):
                raise _unusable("texts", text, "it cannot be shown")
            _count("texts", votes)
        _count("texts_kept", group.texts_kept)

    @staticmethod
    def _other(field: str, value: str) -> None:
        if field[:2] not in ("p:", "r:") or not _is_text(field[2:]):
            raise _unusable("field", field, "use p:<text> or r:<text>")
        _count("value", _number("value", value))

    @staticmethod
    def _report(field: str, value: str) -> None:
        match = _REPORT.fullmatch(field)
        if not match or (
            match[2] and not (is_countable_day(match[2]) and _HOUR.fullmatch(match[3] or "00"))
        ):
            raise _unusable("field", field, "use an outcome, or one and its hour or day")
        _within("value", _number("value", value), -COUNT_MAX, COUNT_MAX)

    def _poll_voter(self, row: PollVoterRow) -> None:
        self._known(row.poll)

    def _known(self, poll: str) -> None:
        if poll not in self._polls:
            raise _unusable("poll", poll, "it is not among the polls")

    @staticmethod
    def _ignored(row: IgnoredRow) -> None:
        if row.day:
            _day("day", row.day)

    @staticmethod
    def _legacy(row: LegacyRow) -> None:
        metric, _, day = row.field.partition(":")
        if metric == "views":
            _day("field", day)
            _count("value", _number("value", row.value))
            return
        if metric == "untold":
            _day("field", day)
            if not _UNTOLD.fullmatch(row.value):
                raise _unusable("value", row.value, "use lines of visits and a value")
            return
        if row.field == "imports":
            _count("value", _number("value", row.value))
            return
        match = _LEGACY_DIGEST.fullmatch(row.field)
        if not match:
            raise _unusable("field", row.field, "use views:<day>, or the digest of a file")
        if match[1]:
            _count("value", _number("value", row.value))
            return
        file = _decoded(_file, row.value)
        _within("at", file.at, 0, TIME_MAX)
        _count("views", file.views)
        _count("visits", file.visits)
        for name in ("first_day", "last_day"):
            if getattr(file, name):
                _day(name, getattr(file, name))

    @staticmethod
    def _legacy_part(row: LegacyPartRow) -> None:
        if not _LEGACY_ID.fullmatch(row.id):
            raise _unusable("id", row.id, "use the id of an import")
        if not _LEGACY_PART.fullmatch(row.field):
            raise _unusable("field", row.field, "it is no part of an import")
        try:
            value = b64decode(row.value, validate=True)
            if row.field.isdigit():
                part = decoded_part(value)
                for line, visits in () if isinstance(part, OpeningPart) else part.readers.items():
                    if line[:1] not in LETTERS:
                        raise _unusable("line", line, "it begins with no dimension")
                    _count("visits", visits)
            elif row.field[0] == "l":
                deque(unpack_marks(value), maxlen=0)
            elif row.field[0] == "f":
                unpack_flips(value)
        except (ValueError, zlib.error, struct.error, msgspec.MsgspecError) as error:
            raise _unusable("value", row.value[:40], str(error)) from error

    @staticmethod
    def _annotations(row: AnnotationsRow) -> None:
        check_annotations(row.annotations)
        # One at a time that no calendar has would be the end of the page that lists them.
        if row.annotations.changes:
            raise _unusable("changes", len(row.annotations.changes), "archives have none")

    @staticmethod
    def _notices(row: NoticesRow) -> None:
        check_notices(row.notices)

    def _audit(self, row: AuditRow) -> None:
        match = _LOG_ID.fullmatch(row.id)
        number = (int(match[1]), int(match[2])) if match else (0, 0)
        if number <= self._last_log:
            raise _unusable("id", row.id, "entries have ids such as 1764201600000-0, ascending")
        self._last_log = number
        check_entry(row.entry)


def _is_span(span: str) -> bool:
    if week := _WEEK.fullmatch(span):
        try:
            monday = date.fromisocalendar(int(week[1]), int(week[2]), 1)
        except ValueError:
            return False
        # 1970 itself begins on a Thursday, in a week whose Monday is in the year before.
        return is_countable_day(monday.isoformat()) or span == "1970-W01"
    return (
        (len(span) == 4 and is_countable_day(f"{span}-01-01"))
        or _is_month(span)
        or is_countable_day(span)
    )


def _is_month(text: str) -> bool:
    return bool(_MONTH.fullmatch(text)) and is_countable_day(f"{text}-01")


def _is_text(text: str) -> bool:
    return bool(text) and len(text) <= TEXT_MAX and is_shown(text)


def _day(name: str, text: str) -> None:
    if not is_countable_day(text):
        raise _unusable(name, text, "write a day as 2026-11-23")


def _key(text: str) -> None:
    if not may_be_key(text):
        raise _unusable("article", text, f"a key has 1 to {KEY_MAX_BYTES} bytes that can be shown")


def _number(name: str, text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise _unusable(name, text, "use a whole number")
    return int(text)


def _count(name: str, value: int) -> None:
    _within(name, value, 0, COUNT_MAX)


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise _unusable(name, value, f"use {low} to {high:.0f}")


def _decoded(decoder: msgspec.json.Decoder[Any], text: str) -> Any:
    try:
        return decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise _unusable("value", text, str(error)) from error


def _unusable(name: str, value: object, hint: str) -> InvalidInputError:
    return InvalidInputError(
        "{name} {value!r}: {hint}", name=name, value=str(value)[:80], hint=hint
    )
