"""Archives that this service cannot have written: refused, and nothing of them is imported."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest
import redis

from stats_service.config import Settings
from stats_service.errors import InvalidInputError
from stats_service.services.container import Services
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock


def _cut(lines: list[bytes]) -> list[bytes]:
    return lines[:-1]


def _cut_in_a_line(lines: list[bytes]) -> list[bytes]:
    return [*lines[:-1], lines[-1][:-9]]


def _drop(lines: list[bytes]) -> list[bytes]:
    return lines[:5] + lines[6:]


def _change(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b'"views":3', b'"views":4') for line in lines]


def _swap(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[2], lines[1], *lines[3:]]


def _rubbish(lines: list[bytes]) -> list[bytes]:
    return [*lines[:4], b"\xff\xfe{]\n", *lines[4:]]


def _newer(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b'"version":1', b'"version":2'), *lines[1:]]


def _foreign(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b'"slug":"kimson"', b'"slug":"ketoan"') for line in lines]


def _more(lines: list[bytes]) -> list[bytes]:
    return [*lines, b"\n"]


def _empty(_: list[bytes]) -> list[bytes]:
    return []


@pytest.mark.parametrize(
    "breakage",
    [
        _cut, _cut_in_a_line, _drop, _change, _swap, _rubbish, _newer, _foreign, _more, _empty,
    ],
)  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_a_broken_archive_changes_nothing(
    services: Services,
    redis_client: redis.Redis,
    settings: Settings,
    archive: Path,
    breakage: object,
    packed: bool,
) -> None:
    """Cut off, changed, out of order or of another program: refused before the first write."""
    assert callable(breakage)
    broken = b"".join(breakage(archive.read_bytes().splitlines(keepends=True)))
    archive.write_bytes(gzip.compress(broken) if packed else broken)
    services.sites.sites.remove("kimson")

    with pytest.raises(InvalidInputError, match=r"kimson\.jsonl"):
        services.portability.archives.restore(archive, FakeClock().now())

    pattern = SiteKeys(settings.key_prefix, "*").pattern
    assert list(redis_client.scan_iter(match=pattern)) == []
    assert services.sites.sites.all() == []


#: What no archive of this service has: the table, which member of its last row, and its value.
NONSENSE: list[tuple[str, str, object]] = [
    ("counts", "span", "2026-W99"),
    ("counts", "span", "2026-02-30"),
    ("counts", "span", "9999-12-31"),
    ("counts", "span", "yesterday"),
    ("counts", "views", -1),
    ("counts", "visitors", 10**16),
    ("marks", "name", "record:readers"),
    ("marks", "name", "views"),
    ("marks", "value", "2026-W99"),
    ("marks", "value", "inf"),
    ("hours", "day", "2026-13-01"),
    ("hours", "hour", "24"),
    ("hours", "views", -5),
    ("articles", "views", 10**25),
    ("articles", "article", ""),
    ("articles", "article", "a\nb"),
    ("article_days", "day", "9999-12-31"),
    ("article_days", "article", "x" * 1025),
    ("article_months", "month", "2026-13"),
    ("article_aliases", "into", "(other)"),
    ("article_aliases", "into", "/cu/2"),
    ("articles_hidden", "article", ""),
    ("titles", "title", "a\u202eb"),
    ("titles", "title", "x" * 201),
    ("titles", "source", "reader"),
    ("openings", "views", 2**53),
    ("ratings", "counts", []),
    ("ratings", "counts", [1, -1]),
    ("ratings", "counts", [1] * 11),
    ("ratings_voided", "begin", -(2**63)),
    ("ratings_voided", "end", 10**17),
    ("ratings_voided", "id", "my own"),
    ("raters", "rater", "zz"),
    ("raters", "rater", "00"),
    ("polls", "poll.status", "ajar"),
    ("polls", "poll.max_choices", 90),
    ("polls", "poll.created", -1),
    ("polls", "poll.revision", 3),
    ("poll_revisions", "poll", "A b"),
    ("poll_revisions", "revision", -1),
    ("poll_numbers", "poll", "another"),
    ("poll_numbers", "part", "voters"),
    ("poll_numbers", "value", "1.5"),
    ("poll_numbers", "field", "Ballots"),
    ("poll_voters", "voter", "0011"),
    ("poll_voters", "ballot", "00112233445566777a"),
    ("poll_voters", "ends", 10**18),
    ("ignored", "reason", "<b>"),
    ("ignored", "day", "2026-02-30"),
    ("ignored", "views", -1),
    ("legacy", "field", "views:someday"),
    ("legacy", "value", "nothing"),
    ("legacy_parts", "id", "../x"),
    ("legacy_parts", "field", "views"),
    ("legacy_parts", "value", "eJwDAAAAAAE="),
    ("legacy_parts", "value", "nothing at all"),
    ("annotations", "annotations.notes.0.day", "2026-02-30"),
    ("annotations", "annotations.notes.0.text", "x" * 101),
    ("annotations", "annotations.notes.0.text", " x"),
    ("annotations", "annotations.notes.0.id", "../x"),
    ("notices", "notices.reports.0.every", "inf"),
    ("notices", "notices.reports.0.address", "a@b.vn\r\nBcc: c@d.vn"),
    ("notices", "notices.reports.0.id", "../x"),
    ("audit", "id", "0-0"),
    ("audit", "id", "1-1"),
    ("audit", "entry.at", 10**18),
    ("audit", "entry.who", "x" * 5000),
    ("audit", "entry.what", "<b>"),
    ("audit", "entry.after", [[[[[[[[[]]]]]]]]]),
    ("audit", "entry.after", {"opens": 1e308}),
    ("audit", "entry.after", {"opening_views": 1.5}),
    ("audit", "entry.before", {"opening_day": "2026-02-30"}),
    ("audit", "entry.after", {"protection": {"level": "standard", "wait": "long"}}),
    ("audit", "entry.after", {"protection": {"level": []}}),
    ("settings", "site.timezone", "Asia/Nowhere"),
    # What Python takes for a number, and Redis does not.
    ("counts", "span", "２０２６-W48"),
    ("hours", "hour", "1٣"),
    ("poll_numbers", "value", "007"),
    ("poll_numbers", "value", "-0"),
    ("legacy", "value", "٣"),
    ("audit", "id", "٩٩٩٩٩٩٩٩٩٩٩٩٩-٠"),
]


@pytest.mark.parametrize(("table", "member", "value"), NONSENSE)
def test_what_the_service_cannot_have_written_is_refused(
    services: Services,
    redis_client: redis.Redis,
    settings: Settings,
    archive: Path,
    table: str,
    member: str,
    value: object,
) -> None:
    """Though its digest is right: pages of the site, or of all sites, would fail by it."""
    rows = [json.loads(line) for line in archive.read_bytes().splitlines()]
    row = [row for row in rows if row["table"] == table][-1]
    *path, name = member.split(".")
    for step in path:
        row = row[int(step) if step.isdigit() else step]
    row[name] = value
    archive.write_bytes(signed(rows))
    services.sites.sites.remove("kimson")

    with pytest.raises(InvalidInputError, match=r"kimson\.jsonl.*cannot be used"):
        services.portability.archives.restore(archive, FakeClock().now())

    pattern = SiteKeys(settings.key_prefix, "*").pattern
    assert list(redis_client.scan_iter(match=pattern)) == []


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("tally", "c:<b>", "1"),
        ("tally", "ballots", "-1"),
        ("groups", "v4:abc", '{"state":"held","ballots":1}'),
        ("groups", "2026-03-04T12-a0011223344556677", '{"state":"kept","ballots":1}'),
        ("groups", "2026-03-04T12-a0011223344556677", '{"state":"held","ballots":1e30}'),
        ("groups", "2026-03-04T12-a0011223344556677", "[]"),
        ("others", "x:text", "1"),
        ("others", "p:a\u0000b", "1"),
        ("report", "counted:2026-03-04T25", "1"),
        ("report", "counted:2026-02-30T01", "1"),
        ("report", "counted", "many"),
    ],
)
def test_a_poll_s_numbers_are_looked_at_part_by_part(
    services: Services, archive: Path, part: str, field: str, value: str
) -> None:
    """Each has fields and values of its own."""
    rows = [json.loads(line) for line in archive.read_bytes().splitlines()]
    row = next(row for row in rows if row.get("part") == part)
    row |= {"field": field, "value": value}
    archive.write_bytes(signed(rows))

    with pytest.raises(InvalidInputError, match="cannot be used"):
        services.portability.archives.restore(archive, FakeClock().now(), replace=True)


def test_a_poll_of_before_a_rule_comes_back(services: Services, archive: Path) -> None:
    """What nobody may write any more, and does no harm."""
    rows = [json.loads(line) for line in archive.read_bytes().splitlines()]
    for row in rows:
        if row["table"] == "polls":
            row["poll"] |= {"multiple": True, "max_choices": 9}
            row["poll"]["choices"][1]["text"] = row["poll"]["choices"][0]["text"]
    archive.write_bytes(signed(rows))

    services.portability.archives.restore(archive, FakeClock().now(), replace=True)

    assert services.polls.polls.get("kimson", "duong").max_choices == 9


NO_NUMBERS = ("", "-1", "-0", "007", "+5", "1.5", "1e25", "inf", "٣", "2026-03-04", "9" * 16)
NO_DAYS = ("", "1", "2026-W10", "2026-02-30", "9999-12-31", "２０２６-03-04", "2026-03-04T00")


@pytest.mark.parametrize(
    ("mark", "value"),
    [
        *((m, v) for m in ("record:views", "record:visits", "peak", "peak:at") for v in NO_NUMBERS),
        *((m, v) for m in ("record:views:day", "record:visits:day") for v in NO_DAYS),
    ],
)
def test_each_mark_is_a_number_or_a_day(
    services: Services, archive: Path, mark: str, value: str
) -> None:
    """A page view compares itself with them, and pages show them."""
    rows = [json.loads(line) for line in archive.read_bytes().splitlines()]
    next(row for row in rows if row.get("name") == mark)["value"] = value
    archive.write_bytes(signed(rows))

    with pytest.raises(InvalidInputError, match=f"cannot be used: value {re.escape(repr(value))}"):
        services.portability.archives.restore(archive, FakeClock().now(), replace=True)


@pytest.mark.parametrize("missing", ["record:views:day", "record:visits", "peak", "peak:at"])
def test_marks_come_in_pairs(services: Services, archive: Path, missing: str) -> None:
    """A record without its day cannot be shown."""
    rows = [json.loads(line) for line in archive.read_bytes().splitlines()]
    archive.write_bytes(signed([row for row in rows if row.get("name") != missing]))

    with pytest.raises(InvalidInputError, match="come together"):
        services.portability.archives.restore(archive, FakeClock().now(), replace=True)


@pytest.mark.parametrize("poll", ["*", "duong"])
def test_a_poll_comes_with_its_revision(services: Services, archive: Path, poll: str) -> None:
    """Without it no ballot would ever be taken."""
    rows = [json.loads(line) for line in archive.read_bytes().splitlines()]
    archive.write_bytes(
        signed([r for r in rows if (r["table"], r.get("poll")) != ("poll_revisions", poll)])
    )

    with pytest.raises(InvalidInputError, match="revision"):
        services.portability.archives.restore(archive, FakeClock().now(), replace=True)


@pytest.mark.parametrize(
    "entry",
    [
        {"what": "opening.set", "subject": "/a"},
        {"what": "opening.set", "subject": "/a", "after": "nil"},
        {"what": "opening.set", "subject": "/a", "after": {"views": "many"}},
        {"what": "opening.set", "after": [1]},
    ],
)
def test_a_balance_in_the_log_has_its_number(
    services: Services, archive: Path, entry: dict[str, object]
) -> None:
    """The settings page lists balances, and would be none without."""
    rows = [json.loads(line) for line in archive.read_bytes().splitlines()]
    row = next(row for row in rows if row["table"] == "audit")
    row["entry"] = {"at": 1, "who": "an"} | entry
    archive.write_bytes(signed(rows))

    with pytest.raises(InvalidInputError, match=r"cannot be used: (after|before)"):
        services.portability.archives.restore(archive, FakeClock().now(), replace=True)


def test_a_line_that_is_too_deep_is_refused(services: Services, archive: Path) -> None:
    """Not by an error of the stack."""
    first, *rest = archive.read_bytes().splitlines(keepends=True)
    deep = b"[" * 100_000 + b"]" * 100_000
    line = b'{"table":"audit","id":"1-1","entry":{"at":1,"who":"a","what":"a.b","after":%s}}\n'
    archive.write_bytes(b"".join([first, rest[0], line % deep, *rest[1:]]))

    with pytest.raises(InvalidInputError, match=r"Line 3 of .* recursion"):
        services.portability.archives.restore(archive, FakeClock().now(), replace=True)


def signed(rows: list[dict[str, object]]) -> bytes:
    """Return an archive of these rows, its last line made anew."""
    head, *lines = [
        json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        for row in rows
        if row["table"] != "end"
    ]
    end = {
        "table": "end",
        "lines": len(lines),
        "sha256": hashlib.sha256(b"".join(lines)).hexdigest(),
    }
    return b"".join([head, *lines, json.dumps(end, separators=(",", ":")).encode() + b"\n"])


def test_a_cut_gzip_file_is_refused(services: Services, archive: Path) -> None:
    """As a download that broke off."""
    archive.write_bytes(gzip.compress(archive.read_bytes())[:-40])
    services.sites.sites.remove("kimson")

    with pytest.raises(InvalidInputError, match="cut off"):
        services.portability.archives.restore(archive, FakeClock().now())
