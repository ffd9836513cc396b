"""How each table of an archive is read from Redis and written back.

Every lasting key of a site needs a table here and a row in `models.portability.archive`; a test
fails while an export would omit the key. Keys that do not last are in `TRANSIENT`: identities,
salts and ceilings must not leave the installation.
"""

import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator

import msgspec

from stats_service.models.audit import AuditEntry
from stats_service.models.clicks import KINDS
from stats_service.models.notices import Notices
from stats_service.models.portability.archive import (
    AliasRow,
    AnnotationsRow,
    ArticleDayRow,
    ArticleMonthRow,
    ArticleRow,
    AuditRow,
    ClickRow,
    CountsRow,
    HiddenRow,
    HourRow,
    IgnoredRow,
    LegacyPartRow,
    LegacyRow,
    MarkRow,
    NoticesRow,
    OpeningRow,
    ReadersRow,
    Row,
    SettingsRow,
    TitleRow,
)
from stats_service.models.sites import Site
from stats_service.models.titles import Title
from stats_service.models.traffic.annotations import Annotations
from stats_service.models.traffic.readers import DIMENSIONS, ENTRY_SOURCE, LETTERS, PAIR_MARK
from stats_service.models.traffic.views import OTHER_ARTICLES
from stats_service.store.keys import (
    ALIASES_REVISION,
    ARTICLE_DAYS_KEPT,
    HOURS_DAYS_KEPT,
    SWEPT,
    TITLES_READING,
    SiteKeys,
)
from stats_service.store.portability.archive.reader import SiteReader
from stats_service.store.portability.archive.table import Scope, Table, end_of
from stats_service.store.portability.archive.voting import VOTING_TABLES
from stats_service.store.portability.archive.writer import SiteWriter
from stats_service.store.traffic.day_names import MARK, is_long, with_keys

#: Names of keys, without the site's prefix, that are not exported. They expire, or connect a voter
#: with a choice or a rater with a score while it may be changed. API tokens and kiosks are keys to
#: this installation and stay in it; so do records of deliveries from here.
TRANSIENT = re.compile(
    r"site:[0-9a-f]+|founded|held|replacing|online|clicked|visitors:.*|salt:.*|hits:\d+|addresses:\d+|rated:.*"
    r"|tokens|kiosks|kiosk:[0-9a-f]+|deliveries|names|polls:removed|removed:.*"
    # A removal can only be undone where it was made.
    r"|parameters|changes|moved:[0-9a-f]+|now:\d+"
    r"|legacy:salt|legacy:[0-9a-f]+:readers"
    # The times of ratings are reviewed for two weeks, where they were given.
    r"|ratings:slots:\d+|poll:[^:]+:(?:changes|hour:\d+|networks:[\d-]+|proofs|kiosk)|.*~[0-9a-f]{8}"
)

_COUNTER = re.compile(r"(views|visits|visitors|private)(?::(\d{4}(?:-W?\d{2}(?:-\d{2})?)?))?")
#: Those that an archive has, and their letters.
_DIMENSIONS = {**DIMENSIONS, ENTRY_SOURCE.name: ENTRY_SOURCE}
_LETTERS = {**LETTERS, ENTRY_SOURCE.letter: ENTRY_SOURCE.name}


def _read_settings(reader: SiteReader) -> Iterator[Row]:
    document = reader.string(reader.keys.site)
    if document:
        yield SettingsRow(site=msgspec.json.decode(document, type=Site))


def _write_settings(writer: SiteWriter, row: SettingsRow) -> None:
    writer.set(writer.keys.site, msgspec.json.encode(row.site))
    if row.site.birth:
        writer.set(writer.keys.alive(row.site.birth), b"1")


def _read_counts(reader: SiteReader) -> Iterator[Row]:
    spans: dict[str, dict[str, int]] = {}
    for field, value in reader.hash(reader.keys.counts):
        if match := _COUNTER.fullmatch(field):
            spans.setdefault(match[2] or "total", {})[match[1]] = int(value)
    for span in sorted(spans):
        yield CountsRow(span=span, **spans[span])


def _write_counts(writer: SiteWriter, row: CountsRow) -> None:
    suffix = "" if row.span == "total" else f":{row.span}"
    for name in ("views", "visits", "visitors", "private"):
        if value := getattr(row, name):
            writer.hset(writer.keys.counts, name + suffix, value)


def _read_marks(reader: SiteReader) -> Iterator[Row]:
    for field, value in reader.hash(reader.keys.counts):
        if not _COUNTER.fullmatch(field) and field != SWEPT:
            yield MarkRow(name=field, value=value)


def _write_marks(writer: SiteWriter, row: MarkRow) -> None:
    writer.hset(writer.keys.counts, row.name, row.value)


def _read_hours(reader: SiteReader) -> Iterator[Row]:
    for day in reader.days():
        hours: dict[str, dict[str, int]] = {}
        for field, value in reader.hash(reader.keys.hours(day)):
            metric, _, hour = field.partition(":")
            hours.setdefault(hour, {})[metric] = int(value)
        for hour in sorted(hours):
            yield HourRow(day=day, hour=hour, **hours[hour])


def _write_hours(writer: SiteWriter, row: HourRow) -> None:
    key, ends = writer.keys.hours(row.day), end_of(row.day, HOURS_DAYS_KEPT)
    for name in ("views", "visits"):
        if value := getattr(row, name):
            writer.hset(key, f"{name}:{row.hour}", value, ends)


def _read_articles(reader: SiteReader) -> Iterator[Row]:
    for article, views in reader.scores(reader.keys.articles):
        yield ArticleRow(article=article, views=views)


def _write_articles(writer: SiteWriter, row: ArticleRow) -> None:
    writer.zadd(writer.keys.articles, row.article, row.views)


def _read_article_days(reader: SiteReader) -> Iterator[Row]:
    for day in reader.days():
        rest: dict[str, int] = {}
        for member, views in reader.scores(reader.keys.day_articles(day)):
            # Days from before there were digests may have a long key in both forms.
            if member.startswith(MARK) or member == OTHER_ARTICLES or is_long(member):
                rest[member] = views
            else:
                yield ArticleDayRow(day=day, article=member, views=views)
        for article, views in sorted(with_keys(rest, reader.long_keys(rest)).items()):
            yield ArticleDayRow(day=day, article=article, views=views)


def _write_article_days(writer: SiteWriter, row: ArticleDayRow) -> None:
    ends = end_of(row.day, ARTICLE_DAYS_KEPT)
    writer.zadd(writer.keys.day_articles(row.day), row.article, row.views, ends)


def _read_article_months(reader: SiteReader) -> Iterator[Row]:
    for month in sorted({day[:7] for day in reader.days()}):
        for article, views in reader.scores(reader.keys.month_articles(month)):
            yield ArticleMonthRow(month=month, article=article, views=views)


def _write_article_months(writer: SiteWriter, row: ArticleMonthRow) -> None:
    writer.zadd(writer.keys.month_articles(row.month), row.article, row.views)


def _read_readers(reader: SiteReader) -> Iterator[Row]:
    days = reader.days()
    for span in sorted({*days, *(day[:7] for day in days)}):
        rows: dict[tuple[str, str], int] = {}
        fields = list(reader.hash(reader.keys.readers(span)))
        known = reader.long_keys(field[1:].partition(PAIR_MARK)[0] for field, _ in fields)
        for field, visits in fields:
            dimension, value = _LETTERS.get(field[0]), field[1:]
            if dimension == ENTRY_SOURCE.name:
                article, mark, source = value.partition(PAIR_MARK)
                key = known.get(article, "") if article[:1] == MARK else article
                if not key:
                    continue
                value = key + mark + source
            if dimension:
                value = known.get(value, "") if value[:1] == MARK else value
                rows[dimension, value] = rows.get((dimension, value), 0) + int(visits)
        for dimension, value in sorted(rows):
            yield ReadersRow(
                span=span, dimension=dimension, value=value, visits=rows[dimension, value]
            )


def _write_readers(writer: SiteWriter, row: ReadersRow) -> None:
    is_day = len(row.span) == len("2026-11-23")
    ends = end_of(row.span, ARTICLE_DAYS_KEPT) if is_day else 0
    dimension = _DIMENSIONS.get(row.dimension)
    if dimension:
        writer.hset(writer.keys.readers(row.span), dimension.letter + row.value, row.visits, ends)


def _read_clicks(reader: SiteReader) -> Iterator[Row]:
    for kind in sorted(KINDS):
        for name, clicks in sorted(reader.hash(reader.keys.clicks(kind))):
            yield ClickRow(kind=kind, name=name, clicks=int(clicks))
    kinds = {letter: kind for kind, letter in KINDS.items()}
    for day in reader.days():
        for field, clicks in sorted(reader.hash(reader.keys.clicks(day))):
            if field[0] in kinds:
                yield ClickRow(day=day, kind=kinds[field[0]], name=field[1:], clicks=int(clicks))


def _write_clicks(writer: SiteWriter, row: ClickRow) -> None:
    letter, keys = KINDS.get(row.kind), writer.keys
    if letter and row.day:
        ends = end_of(row.day, ARTICLE_DAYS_KEPT)
        writer.hset(keys.clicks(row.day), letter + row.name, row.clicks, ends)
    elif letter:
        writer.hset(keys.clicks(row.kind), row.name, row.clicks)


def _click_keys(keys: SiteKeys, scope: Scope) -> list[str]:
    return [keys.clicks(span) for span in (*KINDS, *scope.days)]


def _read_aliases(reader: SiteReader) -> Iterator[Row]:
    for article, value in reader.hash(reader.keys.aliases):
        if article != ALIASES_REVISION:
            yield AliasRow(article=article, into=value[1:], rated=value[0] == "r")


def _write_aliases(writer: SiteWriter, row: AliasRow) -> None:
    writer.hset(writer.keys.aliases, row.article, ("r" if row.rated else "-") + row.into)
    _write_aliases_revision(writer)


def _read_hidden(reader: SiteReader) -> Iterator[Row]:
    for article in reader.members(reader.keys.hidden):
        yield HiddenRow(article=article.decode())


def _write_hidden(writer: SiteWriter, row: HiddenRow) -> None:
    writer.sadd(writer.keys.hidden, row.article.encode())
    _write_aliases_revision(writer)


def _write_aliases_revision(writer: SiteWriter) -> None:
    """Set a revision that no worker has cached from the former site."""
    writer.hset(writer.keys.aliases, ALIASES_REVISION, secrets.randbelow(10**12) + 1)


def _read_titles(reader: SiteReader) -> Iterator[Row]:
    for article, document in reader.hash(reader.keys.titles):
        if article != TITLES_READING:
            title = msgspec.json.decode(document, type=Title)
            if title.text:
                yield TitleRow(article=article, title=title.text, source=title.source, at=title.at)


def _write_titles(writer: SiteWriter, row: TitleRow) -> None:
    title = Title(text=row.title, source=row.source, at=int(row.at))
    writer.hset(writer.keys.titles, row.article, msgspec.json.encode(title))


def _read_openings(reader: SiteReader) -> Iterator[Row]:
    for article, views in reader.hash(reader.keys.opening):
        yield OpeningRow(article=article, views=int(views))


def _write_openings(writer: SiteWriter, row: OpeningRow) -> None:
    writer.hset(writer.keys.opening, row.article, row.views)


def _read_ignored(reader: SiteReader) -> Iterator[Row]:
    for field, views in reader.hash(reader.keys.ignored):
        # The name of a host may have a port; a sum of all days has no day behind it.
        reason, colon, day = field.rpartition(":")
        if not colon:
            reason, day = field, ""
        yield IgnoredRow(reason=reason, day=day, views=int(views))


def _write_ignored(writer: SiteWriter, row: IgnoredRow) -> None:
    field = f"{row.reason}:{row.day}" if row.day else row.reason
    writer.hset(writer.keys.ignored, field, row.views)


def _read_legacy(reader: SiteReader) -> Iterator[Row]:
    for field, value in reader.hash(reader.keys.legacy):
        yield LegacyRow(field=field, value=value)


def _write_legacy(writer: SiteWriter, row: LegacyRow) -> None:
    writer.hset(writer.keys.legacy, row.field, row.value)


def _read_legacy_parts(reader: SiteReader) -> Iterator[Row]:
    for name, document in reader.hash(reader.keys.legacy):
        if document.startswith("{"):
            for field, value in reader.hash_bytes(reader.keys.imported(name)):
                text = b64encode(value).decode()
                yield LegacyPartRow(id=name, field=field.decode(), value=text)


def _write_legacy_parts(writer: SiteWriter, row: LegacyPartRow) -> None:
    writer.hset(writer.keys.imported(row.id), row.field, b64decode(row.value))


def _read_notices(reader: SiteReader) -> Iterator[Row]:
    document = reader.string(reader.keys.notices)
    if document:
        yield NoticesRow(notices=msgspec.json.decode(document, type=Notices))


def _write_notices(writer: SiteWriter, row: NoticesRow) -> None:
    writer.set(writer.keys.notices, msgspec.json.encode(row.notices))


def _read_annotations(reader: SiteReader) -> Iterator[Row]:
    document = reader.string(reader.keys.annotations)
    if document:
        found = msgspec.json.decode(document, type=Annotations)
        # A change is undone where it was made; the log has it everywhere.
        yield AnnotationsRow(annotations=Annotations(notes=found.notes))


def _write_annotations(writer: SiteWriter, row: AnnotationsRow) -> None:
    writer.set(writer.keys.annotations, msgspec.json.encode(row.annotations))


def _read_audit(reader: SiteReader) -> Iterator[Row]:
    for number, document in reader.log():
        yield AuditRow(id=number, entry=msgspec.json.decode(document, type=AuditEntry))


def _write_audit(writer: SiteWriter, row: AuditRow) -> None:
    writer.xadd(writer.keys.audit, row.id, "entry", msgspec.json.encode(row.entry))


def _of_days(name: Callable[[SiteKeys, str], str]) -> Callable[[SiteKeys, Scope], list[str]]:
    return lambda keys, scope: [name(keys, day) for day in scope.days]


#: In the order of an archive.
TABLES: tuple[Table, ...] = (
    Table(SettingsRow, _read_settings, _write_settings, lambda keys, _: [keys.site]),
    Table(CountsRow, _read_counts, _write_counts, lambda keys, _: [keys.counts]),
    Table(MarkRow, _read_marks, _write_marks),
    Table(HourRow, _read_hours, _write_hours, _of_days(SiteKeys.hours)),
    Table(ArticleRow, _read_articles, _write_articles, lambda keys, _: [keys.articles]),
    Table(ArticleDayRow, _read_article_days, _write_article_days, _of_days(SiteKeys.day_articles)),
    Table(ArticleMonthRow, _read_article_months, _write_article_months),
    Table(ReadersRow, _read_readers, _write_readers, _of_days(SiteKeys.readers)),
    Table(ClickRow, _read_clicks, _write_clicks, _click_keys),
    Table(AliasRow, _read_aliases, _write_aliases, lambda keys, _: [keys.aliases]),
    Table(HiddenRow, _read_hidden, _write_hidden, lambda keys, _: [keys.hidden]),
    Table(TitleRow, _read_titles, _write_titles, lambda keys, _: [keys.titles]),
    Table(OpeningRow, _read_openings, _write_openings, lambda keys, _: [keys.opening]),
    *VOTING_TABLES,
    Table(IgnoredRow, _read_ignored, _write_ignored, lambda keys, _: [keys.ignored]),
    Table(LegacyRow, _read_legacy, _write_legacy, lambda keys, _: [keys.legacy]),
    Table(LegacyPartRow, _read_legacy_parts, _write_legacy_parts),
    Table(AnnotationsRow, _read_annotations, _write_annotations),
    Table(NoticesRow, _read_notices, _write_notices),
    Table(AuditRow, _read_audit, _write_audit),
)

BY_ROW = {table.row: table for table in TABLES}
