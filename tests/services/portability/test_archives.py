"""Archives: what goes out comes in again, and nothing else does."""

import gzip
import hashlib
import itertools
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from stats_service.config import Settings
from stats_service.errors import ConflictError, InvalidInputError
from stats_service.models.sites import Site
from stats_service.services.articles.keys import may_be_key
from stats_service.services.container import Services, create_services
from stats_service.store.keys import ALIASES_REVISION, SWEPT, SiteKeys
from stats_service.store.portability.archive.tables import TRANSIENT
from stats_service.store.portability.sorting import sorted_pairs
from tests.support.clock import START, FakeClock
from tests.support.filled import fill, fill_votes
from tests.support.redis_groups import client_of


@pytest.fixture
def raw_client(redis_server: str) -> Iterator[redis.Redis]:
    """Give a client that leaves bytes as they are: pseudonyms are no text."""
    with client_of(redis_server, decode_responses=False) as client:
        yield client


@pytest.fixture
def archive(
    services: Services,
    clock: FakeClock,
    site: Site,
    tmp_path: Path,
    raw_client: redis.Redis,
    settings: Settings,
) -> Path:
    """Give the archive of a site with something in every table."""
    fill(services, clock, site)
    fill_votes(raw_client, SiteKeys(settings.key_prefix, "kimson"))
    path = tmp_path / "kimson.jsonl"
    path.write_bytes(b"".join(services.portability.archives.lines("kimson", clock.now())))
    return path


def lasting_keys(client: redis.Redis, settings: Settings) -> dict[str, object]:
    """Return every key of the site that does not end by itself, with its value."""
    readers = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        b"set": client.smembers,
        # Who wrote an entry decides the order of its fields.
        b"stream": lambda key: [
            (number, {name: json.loads(value) for name, value in entry.items()})
            for number, entry in client.xrange(key)
        ],
    }
    keys = SiteKeys(settings.key_prefix, "kimson")
    found = {
        key.decode(): readers[client.type(key)](key)
        for key in sorted(client.scan_iter(match=keys.pattern))
        if not TRANSIENT.fullmatch(key.decode().rpartition("}:")[2])
    }
    found[keys.counts].pop(SWEPT.encode(), None)  # no number of the site
    found.get(keys.aliases, {}).pop(ALIASES_REVISION.encode(), None)  # drawn by each import
    for key, value in found.items():
        if ":readers:" in key:  # what bounds the names of a day begins anew
            for field in [field for field in value if field[:1] in b"#*"]:
                del value[field]
    return found


def test_an_archive_restores_the_site_exactly(
    services: Services, clock: FakeClock, archive: Path, tmp_path: Path
) -> None:
    """Exported, imported into an empty Redis and exported again: the same bytes but the time."""
    services.sites.sites.remove("kimson")

    services.portability.archives.restore(archive, FakeClock().now())

    again = b"".join(services.portability.archives.lines("kimson", clock.now()))
    assert again == archive.read_bytes()
    clock.advance(1)
    later = list(services.portability.archives.lines("kimson", clock.now()))
    assert later[1:] == archive.read_bytes().splitlines(keepends=True)[1:]


def test_every_lasting_key_is_in_the_archive(
    services: Services,
    raw_client: redis.Redis,
    settings: Settings,
    archive: Path,
) -> None:
    """Redis holds the same after the import: a key added later must not be forgotten here."""
    before = lasting_keys(raw_client, settings)
    services.sites.sites.remove("kimson")

    services.portability.archives.restore(archive, FakeClock().now())

    assert lasting_keys(raw_client, settings) == before


def test_no_identity_leaves_with_an_archive(
    services: Services, redis_client: redis.Redis, settings: Settings, archive: Path
) -> None:
    """Neither visitors nor salts, hit ids and addresses; nor do they come back."""
    services.sites.sites.remove("kimson")

    services.portability.archives.restore(archive, FakeClock().now())

    assert b"192.0.2" not in archive.read_bytes()
    assert b"ff" * 8 not in archive.read_bytes()  # who may still change a vote, with the choice
    pattern = SiteKeys(settings.key_prefix, "kimson").pattern
    names = [key.rpartition("}:")[2] for key in redis_client.scan_iter(match=pattern)]
    ours = {"founded", f"site:{services.sites.sites.get('kimson').birth}"}
    assert {name for name in names if TRANSIENT.fullmatch(name)} == ours


def test_what_is_kept_for_a_time_still_ends(
    services: Services, redis_client: redis.Redis, settings: Settings, archive: Path
) -> None:
    """Hours end 91 days, and articles of a day 400 days, after the day; the rest stays."""
    services.sites.sites.remove("kimson")

    services.portability.archives.restore(archive, FakeClock().now())

    keys = SiteKeys(settings.key_prefix, "kimson")
    day = 86_400
    left = int(START.timestamp()) % day  # of the fourth of March
    assert redis_client.ttl(keys.hours("2026-03-04")) == pytest.approx(92 * day - left, abs=60)
    assert redis_client.ttl(keys.day_articles("2026-03-04")) == pytest.approx(
        401 * day - left, abs=60
    )
    assert redis_client.ttl(keys.counts) == -1


def test_voters_of_a_closed_poll_still_end(
    services: Services, redis_client: redis.Redis, settings: Settings, archive: Path
) -> None:
    """At the moment at which they were to; those of an open poll stay."""
    services.sites.sites.remove("kimson")

    services.portability.archives.restore(archive, FakeClock().now())

    keys = SiteKeys(settings.key_prefix, "kimson")
    ends = redis_client.expiretime(keys.poll("duong", "voters"))
    assert ends == 4_000_000_000
    assert redis_client.ttl(keys.poll("muc-quan-tam", "voters")) == -1


def test_what_is_too_old_stays_away(
    services: Services, redis_client: redis.Redis, settings: Settings, archive: Path
) -> None:
    """An archive brought in two years later has its days, and no more its hours."""
    services.sites.sites.remove("kimson")

    services.portability.archives.restore(archive, START.timestamp() + 730 * 86_400)

    keys = SiteKeys(settings.key_prefix, "kimson")
    assert redis_client.hget(keys.counts, "views:2026-03-04") == "11"
    assert not redis_client.exists(keys.hours("2026-03-04"), keys.day_articles("2026-03-04"))


def test_counting_goes_on_after_an_import(
    services: Services, clock: FakeClock, archive: Path, site: Site
) -> None:
    """The restored numbers are where the next view is added."""
    before = services.traffic.views.counts(site, clock.now()).views.total
    services.sites.sites.remove("kimson")
    services.portability.archives.restore(archive, FakeClock().now())

    fill(services, clock, site, days=1)

    assert services.traffic.views.counts(site, clock.now()).views.total == before + 11


def test_a_site_that_is_there_is_refused(
    services: Services, raw_client: redis.Redis, settings: Settings, archive: Path
) -> None:
    """Unless it is to be replaced, and then nothing of the old one stays."""
    services.traffic.opening_balances.set(
        services.sites.sites.get("kimson"), "/newer", 5, "an", services.clock.now()
    )
    before = lasting_keys(raw_client, settings)

    with pytest.raises(ConflictError, match="--replace"):
        services.portability.archives.restore(archive, FakeClock().now())
    assert lasting_keys(raw_client, settings) == before

    services.portability.archives.restore(archive, FakeClock().now(), replace=True)
    after = lasting_keys(raw_client, settings)
    opening = SiteKeys(settings.key_prefix, "kimson").opening
    assert b"/newer" in before[opening]
    assert b"/newer" not in after[opening]


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


def test_an_export_shows_one_moment(services: Services, clock: FakeClock, site: Site) -> None:
    """Views counted while the export is read are not in it, in no table."""
    fill(services, clock, site)
    expected = list(services.portability.archives.lines("kimson", clock.now()))

    reading = services.portability.archives.lines("kimson", clock.now())
    first = list(itertools.islice(reading, 2))
    fill(services, clock, site, days=1)
    rest = list(reading)

    assert first + rest == expected


def test_an_export_leaves_nothing_behind(
    services: Services, clock: FakeClock, redis_client: redis.Redis, settings: Settings, site: Site
) -> None:
    """Not even when its reader goes away in the middle."""
    fill(services, clock, site)
    pattern = SiteKeys(settings.key_prefix, "kimson").pattern
    before = set(redis_client.scan_iter(match=pattern))

    list(services.portability.archives.lines("kimson", clock.now()))
    reading = services.portability.archives.lines("kimson", clock.now())
    next(reading)
    next(reading)
    reading.close()

    assert set(redis_client.scan_iter(match=pattern)) == before


def test_a_large_site_is_read_in_bounded_memory(
    settings: Settings, redis_client: redis.Redis, services: Services, clock: FakeClock, site: Site
) -> None:
    """More articles than are sorted at a time come out in order, each once."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    names = [f"/bai-viet/{number}" for number in range(120_000)]
    for start in range(0, len(names), 10_000):
        redis_client.zadd(keys.articles, dict.fromkeys(names[start : start + 10_000], 7))

    lines = [
        line
        for line in services.portability.archives.lines("kimson", clock.now())
        if b"/bai" in line
    ]

    assert len(lines) == len(names)
    assert lines == sorted(lines)


@given(st.lists(st.tuples(st.binary(max_size=3), st.binary(max_size=3)), max_size=60))
def test_sorting_in_parts_is_sorting(pairs: list[tuple[bytes, bytes]]) -> None:
    """Whatever the size of a part, each key comes once and in order."""
    pairs = list(dict(pairs).items())

    assert list(sorted_pairs(pairs, chunk_rows=7)) == sorted(pairs)
    assert list(sorted_pairs([*pairs, *pairs], chunk_rows=7)) == sorted(pairs)


@given(
    opening=st.dictionaries(
        st.text(min_size=1, max_size=30).filter(may_be_key), st.integers(1, 10**12), max_size=20
    ),
    counts=st.dictionaries(
        st.sampled_from(["views", "views:2026", "visits:2026-03-04", "private:2026-W10"]),
        st.integers(1, 10**12),
    ),
)
def test_any_numbers_come_back(
    redis_server: str, opening: dict[str, int], counts: dict[str, int]
) -> None:
    """The round trip holds for any keys of articles and any numbers."""
    with client_of(redis_server, decode_responses=False) as client:
        run = _round_trip(redis_server, client, opening, counts)

    assert run[0][1:] == run[1][1:]


def _round_trip(
    url: str, client: redis.Redis, opening: dict[str, int], counts: dict[str, int]
) -> list[list[bytes]]:
    settings = Settings(secret="s" * 32, redis_url=url, key_prefix="troundtrip", redis_timeout=5)
    services = create_services(settings, FakeClock())
    keys = SiteKeys("troundtrip", "kimson")
    services.sites.sites.add(Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",)))
    try:
        for key, values in ((keys.opening, opening), (keys.counts, counts)):
            if values:
                client.hset(key, mapping={k.encode("utf-8"): v for k, v in values.items()})
        first = list(services.portability.archives.lines("kimson", 0))
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"".join(first))
            file.flush()
            services.portability.archives.restore(Path(file.name), 0, replace=True)
        return [first, list(services.portability.archives.lines("kimson", 0))]
    finally:
        services.sites.sites.remove("kimson")
