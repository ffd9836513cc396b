"""The tables of polls and ratings: tallies and voters, but never the choice of a voter."""

from base64 import b64decode, b64encode
from collections.abc import Iterator

import msgspec

from stats_service.models.pictures import Picture
from stats_service.models.polls import Poll
from stats_service.models.portability.archive import (
    PictureRow,
    PollNumberRow,
    PollRow,
    PollVoterRow,
    RaterRow,
    RatingRow,
    RevisionRow,
    Row,
    VoidedRatingRow,
)
from stats_service.models.sites import stored_site
from stats_service.store.keys import SiteKeys
from stats_service.store.portability.archive.reader import SiteReader
from stats_service.store.portability.archive.table import Scope, Table
from stats_service.store.portability.archive.writer import SiteWriter
from stats_service.store.ratings.review import voided_ratings, voided_text

#: The hashes of a poll with text fields and values.
_PARTS = ("tally", "groups", "others", "report")


def _read_ratings(reader: SiteReader) -> Iterator[Row]:
    for article, counts in reader.hash(reader.keys.ratings):
        yield RatingRow(article=article, counts=tuple(map(int, counts.split(","))))


def _write_ratings(writer: SiteWriter, row: RatingRow) -> None:
    writer.hset(writer.keys.ratings, row.article, ",".join(map(str, row.counts)))


def _read_voided(reader: SiteReader) -> Iterator[Row]:
    keys = reader.keys
    for key, held in ((keys.ratings_voided, False), (keys.ratings_held, True)):
        for name, value in reader.hash(key):
            one = voided_ratings(name, value)
            yield VoidedRatingRow(
                id=one.id,
                article=one.article,
                counts=one.counts,
                begin=one.begin,
                end=one.end,
                held=held,
            )


def _write_voided(writer: SiteWriter, row: VoidedRatingRow) -> None:
    writer.hset(
        writer.keys.ratings_held if row.held else writer.keys.ratings_voided,
        row.id,
        voided_text(row.article, row.counts, row.begin, row.end),
    )


def _read_raters(reader: SiteReader) -> Iterator[Row]:
    rated = [article for article, _ in reader.hash(reader.keys.ratings)]
    # A rater of an article that was merged into another has rated the other one.
    merged = [key for key, value in reader.hash(reader.keys.aliases) if value[0] == "r"]
    for article in sorted({*rated, *merged}):
        for rater in reader.members(reader.keys.raters(article)):
            yield RaterRow(article=article, rater=rater.hex())


def _write_raters(writer: SiteWriter, row: RaterRow) -> None:
    writer.sadd(writer.keys.raters(row.article), bytes.fromhex(row.rater))


def _read_polls(reader: SiteReader) -> Iterator[Row]:
    for _, document in reader.hash(reader.keys.polls):
        yield PollRow(poll=msgspec.json.decode(document, type=Poll))


def _write_polls(writer: SiteWriter, row: PollRow) -> None:
    writer.hset(writer.keys.polls, row.poll.id, msgspec.json.encode(row.poll))


def _read_pictures(reader: SiteReader) -> Iterator[Row]:
    """Give the site's emblem and the pictures that polls have; others are to be swept."""
    used: dict[str, Picture] = {}
    settings = reader.string(reader.keys.site)
    if settings and (emblem := stored_site(settings).emblem):
        used[emblem.id] = emblem
    for _, document in reader.hash(reader.keys.polls):
        for choice in msgspec.json.decode(document, type=Poll).choices:
            if choice.picture:
                used[choice.picture.id] = choice.picture
    for name, data in reader.hash_bytes(reader.keys.pictures):
        if picture := used.get(name.decode()):
            text = b64encode(data).decode()
            yield PictureRow(id=picture.id, width=picture.width, height=picture.height, data=text)


def _write_pictures(writer: SiteWriter, row: PictureRow) -> None:
    data = b64decode(row.data)
    writer.hset(writer.keys.pictures, row.id, data)
    # Put there when nobody knows: swept as soon as no poll has it.
    writer.hset(writer.keys.pictures, f"{row.id}:at", f"0 {len(data)}")


def _read_revisions(reader: SiteReader) -> Iterator[Row]:
    for poll, revision in reader.hash(reader.keys.poll_revisions):
        yield RevisionRow(poll=poll, revision=int(revision))


def _write_revisions(writer: SiteWriter, row: RevisionRow) -> None:
    writer.hset(writer.keys.poll_revisions, row.poll, row.revision)


def _read_numbers(reader: SiteReader) -> Iterator[Row]:
    for poll, _ in reader.hash(reader.keys.polls):
        for part in _PARTS:
            for field, value in reader.hash(reader.keys.poll(poll, part)):
                yield PollNumberRow(poll=poll, part=part, field=field, value=value)


def _write_numbers(writer: SiteWriter, row: PollNumberRow) -> None:
    writer.hset(writer.keys.poll(row.poll, row.part), row.field, row.value)


def _read_voters(reader: SiteReader) -> Iterator[Row]:
    for poll, _ in reader.hash(reader.keys.polls):
        key = reader.keys.poll(poll, "voters")
        ends = reader.expiry(key)
        for voter, ballot in reader.hash_bytes(key):
            yield PollVoterRow(poll=poll, voter=voter.hex(), ballot=ballot.hex(), ends=ends)


def _write_voters(writer: SiteWriter, row: PollVoterRow) -> None:
    voter, ballot = bytes.fromhex(row.voter), bytes.fromhex(row.ballot)
    key = writer.keys.poll(row.poll, "voters")
    writer.hset(key, voter, ballot)
    if row.ends:
        writer.end_at(key, row.ends)


def _poll_keys(keys: SiteKeys, scope: Scope) -> list[str]:
    return [keys.poll(poll, part) for poll in scope.polls for part in _PARTS]


def _voter_keys(keys: SiteKeys, scope: Scope) -> list[str]:
    return [keys.poll(poll, "voters") for poll in scope.polls]


VOTING_TABLES: tuple[Table, ...] = (
    Table(RatingRow, _read_ratings, _write_ratings, lambda keys, _: [keys.ratings]),
    Table(
        VoidedRatingRow,
        _read_voided,
        _write_voided,
        lambda keys, _: [keys.ratings_voided, keys.ratings_held],
    ),
    Table(RaterRow, _read_raters, _write_raters),
    Table(PollRow, _read_polls, _write_polls, lambda keys, _: [keys.polls]),
    Table(PictureRow, _read_pictures, _write_pictures, lambda keys, _: [keys.pictures]),
    Table(RevisionRow, _read_revisions, _write_revisions, lambda keys, _: [keys.poll_revisions]),
    Table(PollNumberRow, _read_numbers, _write_numbers, _poll_keys),
    Table(PollVoterRow, _read_voters, _write_voters, _voter_keys),
)
