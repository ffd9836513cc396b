"""The lines of a site's archive: a struct per table, in the order of docs/archive-format.md."""

from typing import Annotated, Any, Literal, get_args

import msgspec

from stats_service.models.audit import AuditEntry
from stats_service.models.bounds import Count, Moment, Pseudonym
from stats_service.models.notices import Notices
from stats_service.models.polls import Poll
from stats_service.models.sites import Site
from stats_service.models.titles import TITLE_MAX
from stats_service.models.traffic.annotations import Annotations

#: Increased with each table or member that is added, renamed or removed: a reader refuses what it
#: does not know. `services.portability.archive_files` migrates the rows of former versions.
ARCHIVE_VERSION = 1

# `[0-9]`, because `\d` matches digits of any script: Python reads `١٢`, Redis does not.
Hour = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3])\Z")]
Scores = Annotated[tuple[Count, ...], msgspec.Meta(min_length=1, max_length=10)]


class Row(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="table",
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    """One line of an archive; `table` names the kind."""


class AnyHeader(msgspec.Struct, frozen=True):
    """What the first line of an archive of any version says."""

    table: Literal["archive"]
    version: int
    program: str = ""


class HeaderRow(Row, frozen=True, kw_only=True, tag="archive"):
    """The first line."""

    version: int
    site: str
    #: ISO time in UTC; the only difference between two exports of the same numbers.
    exported: str
    #: Version of the program that wrote the archive.
    program: str


class SettingsRow(Row, frozen=True, kw_only=True, tag="settings"):
    """The site's settings, opening balances included."""

    site: Site


class CountsRow(Row, frozen=True, kw_only=True, tag="counts"):
    """Views and visits of one calendar span."""

    #: `total`, `2026`, `2026-11`, `2026-W48` or `2026-11-23`, in the site's zone.
    span: str
    #: Without the opening balance.
    views: Count = 0
    visits: Count = 0
    #: Estimated number of visitors; days only.
    visitors: Count = 0
    #: Views under Global Privacy Control or Do Not Track; days only.
    private: Count = 0


class MarkRow(Row, frozen=True, kw_only=True, tag="marks"):
    """A record or the peak, by its field in Redis (`store.keys`)."""

    name: str
    value: str


class HourRow(Row, frozen=True, kw_only=True, tag="hours"):
    """Views and visits of one hour."""

    day: str
    hour: Hour
    views: Count = 0
    visits: Count = 0


class ArticleRow(Row, frozen=True, kw_only=True, tag="articles"):
    """Total views of an article, without the opening balance."""

    article: str
    views: Count


class ArticleDayRow(Row, frozen=True, kw_only=True, tag="article_days"):
    """Views of an article on one day."""

    day: str
    article: str
    views: Count


class ArticleMonthRow(Row, frozen=True, kw_only=True, tag="article_months"):
    """Views of one of the most read articles of a month."""

    month: str
    article: str
    views: Count


class ReadersRow(Row, frozen=True, kw_only=True, tag="readers"):
    """Visits of a day, or of a month that is over, that told one value of a dimension."""

    span: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}(-[0-9]{2})?\Z")]
    dimension: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,20}\Z")]
    #: Empty: those under no value that is kept.
    value: Annotated[str, msgspec.Meta(max_length=2048)] = ""
    visits: Count


class ClickRow(Row, frozen=True, kw_only=True, tag="clicks"):
    """Clicks on a document, a host or an action, of all time or of one day."""

    #: Empty: of all time.
    day: Annotated[str, msgspec.Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?\Z")] = ""
    kind: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,20}\Z")]
    #: Empty: those under no name that is kept.
    name: Annotated[str, msgspec.Meta(max_length=2048)] = ""
    clicks: Count


class AliasRow(Row, frozen=True, kw_only=True, tag="article_aliases"):
    """A key of an article that was merged into another, or renamed."""

    article: str
    into: str
    #: Whether the article had ratings: then its voters are among the raters.
    rated: bool = False


class HiddenRow(Row, frozen=True, kw_only=True, tag="articles_hidden"):
    """An article that lists hide."""

    article: str


class TitleRow(Row, frozen=True, kw_only=True, tag="titles"):
    """The title of an article."""

    article: str
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=TITLE_MAX)]
    #: `page`, `feed` or `admin`: where it was read, or who set it.
    source: Annotated[str, msgspec.Meta(pattern=r"^(?:page|feed|admin)\Z")]
    #: When, in seconds since 1970.
    at: Moment = 0


class OpeningRow(Row, frozen=True, kw_only=True, tag="openings"):
    """Views that an article had before the site used this service."""

    article: str
    views: Count


class RatingRow(Row, frozen=True, kw_only=True, tag="ratings"):
    """Ratings of an article by score, from 1."""

    article: str
    counts: Scores


class VoidedRatingRow(Row, frozen=True, kw_only=True, tag="ratings_voided"):
    """Ratings that an administrator took out by one decision, or that are held."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{1,32}\Z")]
    article: str
    counts: Scores
    #: Seconds since 1970 between which they were first given; 0: every rating of the article.
    begin: Moment
    end: Moment
    #: Nobody has decided yet.
    held: bool = False


class RaterRow(Row, frozen=True, kw_only=True, tag="raters"):
    """A voter who has rated an article, without the score."""

    article: str
    #: The voter's pseudonym on this site, in hexadecimal.
    rater: Pseudonym


class PollRow(Row, frozen=True, kw_only=True, tag="polls"):
    """The definition of a poll."""

    poll: Poll


class PictureRow(Row, frozen=True, kw_only=True, tag="pictures"):
    """A picture of a choice, or the site's emblem."""

    #: As `models.pictures.Picture` has it.
    id: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
    width: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    height: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    #: The JPEG in base64.
    data: str


class RevisionRow(Row, frozen=True, kw_only=True, tag="poll_revisions"):
    """The number of changes of a poll's definition; `*`: of all polls together."""

    poll: str
    revision: Count


class PollNumberRow(Row, frozen=True, kw_only=True, tag="poll_numbers"):
    """One number, or state, of a poll."""

    poll: str
    #: `tally`, `groups`, `others` or `report`, as in `store.keys`.
    part: str
    field: str
    value: str


class PollVoterRow(Row, frozen=True, kw_only=True, tag="poll_voters"):
    """A voter who has voted, without the choice."""

    poll: str
    #: The voter's pseudonym on this site, in hexadecimal.
    voter: Pseudonym
    #: The ballot's id and outcome (`c`, `h` or `x`), in hexadecimal.
    ballot: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}(63|68|78)\Z")]
    #: When the poll's voters expire, in seconds since 1970; 0: not known yet.
    ends: Moment = 0


class IgnoredRow(Row, frozen=True, kw_only=True, tag="ignored"):
    """Views that were not counted."""

    #: May contain the name of a parameter, of a kind of bot or of a host.
    reason: Annotated[
        str, msgspec.Meta(pattern=r"^(?:[a-z][a-z0-9_-]{0,59}|host-[a-z0-9_.:\[\]-]{1,261})\Z")
    ]
    #: Empty: in total.
    day: str = ""
    views: Count


class LegacyRow(Row, frozen=True, kw_only=True, tag="legacy"):
    """An imported file of another counter, or its numbers; as in `store.keys`."""

    field: str
    value: str


class LegacyPartRow(Row, frozen=True, kw_only=True, tag="legacy_parts"):
    """A part that an import added, for its undo; as in `store.keys`."""

    #: Id of the import.
    id: str
    field: str
    #: In base64.
    value: str


class AnnotationsRow(Row, frozen=True, kw_only=True, tag="annotations"):
    """What administrators say of days."""

    annotations: Annotations


class NoticesRow(Row, frozen=True, kw_only=True, tag="notices"):
    """The reports and webhooks."""

    notices: Notices


class AuditRow(Row, frozen=True, kw_only=True, tag="audit"):
    """One change."""

    id: str
    entry: AuditEntry


class EndRow(Row, frozen=True, kw_only=True, tag="end"):
    """The last line; if it is missing or its digest differs, the archive is broken."""

    #: Number of lines between the header and this one.
    lines: int
    #: SHA-256 of those lines, each with its line feed, in hexadecimal.
    sha256: str


#: The tables between the first line and the last.
TableRow = (
    SettingsRow
    | CountsRow
    | MarkRow
    | HourRow
    | ArticleRow
    | ArticleDayRow
    | ArticleMonthRow
    | ReadersRow
    | ClickRow
    | AliasRow
    | HiddenRow
    | TitleRow
    | OpeningRow
    | RatingRow
    | VoidedRatingRow
    | RaterRow
    | PollRow
    | PictureRow
    | RevisionRow
    | PollNumberRow
    | PollVoterRow
    | IgnoredRow
    | LegacyRow
    | LegacyPartRow
    | AnnotationsRow
    | NoticesRow
    | AuditRow
)


class Restored(msgspec.Struct, frozen=True):
    """What an import has written to Redis."""

    site: Site
    #: Number of rows by table.
    rows: dict[str, int]


def table_name(row: type[Row] | Row) -> str:
    """Return the name of a row's table, which also names its CSV file and its sheet."""
    return str(row.__struct_config__.tag)


def columns(table: str) -> list[str]:
    """Return the names of a table's columns, as in `flat`."""
    nested = {SettingsRow: Site, PollRow: Poll}
    for row in get_args(TableRow):
        if table_name(row) == table:
            names = nested.get(row, row).__struct_fields__
            return [*AuditEntry.__struct_fields__] if row is AuditRow else list(names)
    return []


def flat(row: Row) -> dict[str, Any]:
    """Return a row as plain columns; deeper values stay nested."""
    values = msgspec.structs.asdict(row)
    if isinstance(row, SettingsRow):
        return msgspec.structs.asdict(row.site)
    if isinstance(row, PollRow):
        return msgspec.structs.asdict(row.poll)
    if isinstance(row, AuditRow):
        return {**msgspec.structs.asdict(row.entry), "id": row.id}
    return values
