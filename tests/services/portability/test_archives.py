"""Archives: what goes out comes in again, and nothing else does."""

import itertools
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from stats_service.config import Settings
from stats_service.errors import ConflictError, InvalidInputError
from stats_service.models.portability.archive import ARCHIVE_VERSION, ArticleRow, table_name
from stats_service.models.sites import Site
from stats_service.services.articles.keys import may_be_key
from stats_service.services.container import Services, create_services
from stats_service.services.portability.archive_files import ARCHIVE_MIGRATIONS, ArchiveFile
from stats_service.store.keys import ALIASES_REVISION, SWEPT, SiteKeys
from stats_service.store.portability.archive.tables import TRANSIENT
from stats_service.store.portability.sorting import sorted_pairs
from tests.support.clock import START, FakeClock
from tests.support.filled import fill
from tests.support.redis_groups import client_of


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
    for article, title in list(found.get(keys.titles, {}).items()):
        if b'"text"' not in title:  # what went wrong in reading it here
            del found[keys.titles][article]
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


def newer(archive: Path, tmp_path: Path) -> Path:
    """Return an archive of a version to come, which has a table that nobody knows yet."""
    head, *rows = archive.read_bytes().splitlines(keepends=True)
    header = json.loads(head) | {"version": 2, "program": "stats_service 2.0.0", "sum": 1}
    path = tmp_path / "newer.jsonl"
    path.write_bytes(b"".join([json.dumps(header).encode() + b"\n", b'{"table":"moods"}\n', *rows]))
    return path


def test_an_archive_of_a_newer_version_is_refused(
    services: Services, clock: FakeClock, archive: Path, tmp_path: Path
) -> None:
    """By its number, in one line that says which program reads it."""
    path = newer(archive, tmp_path)

    for read in (services.portability.archives.restore, services.portability.archives.look):
        with pytest.raises(InvalidInputError) as refused:
            read(path, clock.now())
        assert "has version 2 of the format, and this program reads version 1" in str(refused.value)
        assert "import it with stats_service 2.0.0" in str(refused.value)


def test_an_archive_of_an_older_version_is_migrated_row_by_row(archive: Path) -> None:
    """Each migration sees every row; the digest is that of the file."""
    older = ArchiveFile(archive)
    older.check()
    seen: list[str] = []

    def rename(row: dict[str, Any]) -> dict[str, Any]:
        seen.append(row["table"])
        if row["table"] == "articles":
            row["article"] += "/moved"
        return row

    migrated = ArchiveFile(archive, [rename, lambda row: row])

    migrated.check()
    found = list(migrated.rows())

    before = list(older.rows())
    assert seen == 2 * [table_name(row) for row in before]
    assert [row.article for row in found if isinstance(row, ArticleRow)] == [
        f"{row.article}/moved" for row in before if isinstance(row, ArticleRow)
    ]
    assert [row for row in found if not isinstance(row, ArticleRow)] == [
        row for row in before if not isinstance(row, ArticleRow)
    ]
    assert migrated.sha256 == older.sha256


def test_each_version_of_the_archive_has_its_migration() -> None:
    """From 1 to 2, and so on to the present one."""
    assert len(ARCHIVE_MIGRATIONS) == ARCHIVE_VERSION - 1
