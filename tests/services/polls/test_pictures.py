"""Pictures of choices: whatever is uploaded, what is served is a small JPEG of our own (T107)."""

import io
import random
import resource
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
from PIL import Image

from stats_service.config import Settings
from stats_service.errors import ConflictError, InvalidInputError, NotFoundError, StaleError
from stats_service.models.audit import Author
from stats_service.models.pictures import Picture
from stats_service.models.polls import Poll
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.pictures import kept
from stats_service.services.pictures.picture_files import (
    PICTURE_MAX_BYTES,
    SIDE_MAX,
    is_made,
    make_picture,
)
from stats_service.services.portability import archive_checks
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.pictures import opened, picture_file
from tests.support.votes import WHO, make_poll

POLL = "muc-quan-tam"
DAY = 86_400


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_each_format_becomes_a_jpeg(kind: str) -> None:
    """No larger than it is shown, and never larger than it was."""
    large = make_picture(picture_file((3000, 1500), kind))
    small = make_picture(picture_file((40, 20), kind))

    assert (large.width, large.height) == (SIDE_MAX, SIDE_MAX // 2)
    assert (small.width, small.height) == (40, 20)
    assert opened(large.data).format == "JPEG"
    assert is_made(large.data, large.width, large.height)


def test_what_a_camera_wrote_beside_the_picture_is_gone() -> None:
    """The place, the thumbnail, the comment; the turn that it says is done."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010F] = "Máy ảnh"
    exif.get_ifd(0x8825)[1] = "N"
    file = picture_file((200, 100), "JPEG", exif=exif, comment=b"secret", icc_profile=b"x" * 99)

    made = make_picture(file + b"PK\x03\x04<script>alert(1)</script>")

    assert (made.width, made.height) == (100, 200)
    found = opened(made.data)
    assert not found.getexif()
    assert set(found.info) <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "progressive",
        "progression",
    }
    assert b"secret" not in made.data
    assert b"script" not in made.data


def test_a_turn_that_a_file_says_is_done_in_every_format() -> None:
    """Also where the picture is made small first, or has a palette."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees

    made = [make_picture(picture_file((2000, 1000), kind, exif=exif)) for kind in ("PNG", "WEBP")]

    assert {(one.width, one.height) for one in made} == {(320, 640)}


def test_a_large_picture_takes_little_memory(tmp_path: Path) -> None:
    """20 million pixels with transparency: decoded, and once more to make them small."""
    file = tmp_path / "large.png"
    file.write_bytes(picture_file((5000, 4000), colour=(200, 30, 30, 128)))
    code = (
        "import resource, sys\nfrom PIL import Image\n"
        "from stats_service.services.pictures.picture_files import make_picture\n"
        "data = open(sys.argv[1], 'rb').read()\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak(); make_picture(data); print(peak() - before)"
    )

    ran = subprocess.run(
        [sys.executable, "-c", code, file], capture_output=True, text=True, check=True
    )

    assert int(ran.stdout) < 200_000  # KB


def test_what_is_transparent_becomes_white() -> None:
    """Text of the page around is dark or light; the picture is what it was drawn for."""
    made = make_picture(picture_file((20, 20), "PNG", (255, 0, 0, 0)))

    assert opened(made.data).getpixel((10, 10)) == (255, 255, 255)


def test_the_busiest_picture_is_bounded_in_bytes() -> None:
    """Noise is what JPEG can do least with."""
    noise = random.Random(1).randbytes(3 * 700 * 700)
    out = io.BytesIO()
    Image.frombytes("RGB", (700, 700), noise).save(out, "PNG")

    made = make_picture(out.getvalue())

    assert len(made.data) <= PICTURE_MAX_BYTES


def png(width: int, height: int) -> bytes:
    """Return a PNG that says it has so many pixels, all black: a kilobyte a million."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = zlib.compress(bytes(1 + width // 8) * min(height, 2000), 9)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"no picture",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"%PDF-1.7",
        picture_file(kind="TIFF"),
        picture_file(kind="ICO"),
        picture_file(kind="EPS"),
        picture_file(kind="PNG")[:60],
        b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
        png(100_000, 100_000),
        png(60_000, 400),
    ],
    ids=lambda file: file[:12].hex() or "empty",
)
def test_what_is_no_picture_or_a_bomb_is_refused(file: bytes) -> None:
    """With a reason, and before it takes memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(InvalidInputError, match="picture"):
        make_picture(file)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


def test_a_file_that_is_too_long_is_not_looked_at() -> None:
    """By its length alone."""
    with pytest.raises(InvalidInputError, match="bytes"):
        make_picture(bytes(15_000_001))


@pytest.fixture
def poll(services: Services, site: Site) -> Poll:
    """Give a poll with three choices."""
    return make_poll(services)


def by(services: Services) -> Author:
    """Return somebody, now."""
    return Author(WHO, services.clock.now())


def put(services: Services, choice: str = "a", colour: str = "teal") -> Picture:
    """Give a choice a picture; return it."""
    made = services.polls.pictures.put(
        "kimson", POLL, choice, picture_file(colour=colour), by(services)
    )
    found = next(one.picture for one in made.choices if one.id == choice)
    assert found
    return found


def names(settings: Settings, client: redis.Redis) -> set[str]:
    """Return the pictures that are kept."""
    found = client.hkeys(SiteKeys(settings.key_prefix, "kimson").pictures)
    return {name for name in found if ":" not in name}


@pytest.mark.usefixtures("poll")
def test_a_picture_stays_while_texts_are_corrected(services: Services) -> None:
    """It is put, described and taken away by itself, each with an entry in the log."""
    first = put(services)
    services.polls.pictures.describe(
        "kimson", POLL, "a", {"vi": "Bông lúa", "en": ""}, by(services)
    )
    second = put(services, colour="navy")
    services.polls.polls.edit("kimson", POLL, WHO, 0, results_order="votes")

    found = services.polls.polls.get("kimson", POLL).choices[0].picture

    assert first.id != second.id
    assert found == Picture(id=second.id, width=320, height=200, alt={"vi": "Bông lúa"})
    assert services.polls.pictures.get("kimson", second.id)[:2] == b"\xff\xd8"
    services.polls.pictures.remove("kimson", POLL, "a", by(services))
    assert services.polls.polls.get("kimson", POLL).choices[0].picture is None
    whats = [entry.what for entry in services.accounts.audit.newest("kimson")]
    assert whats.count("poll.changed") == 5
    with pytest.raises(NotFoundError):
        services.polls.pictures.describe("kimson", POLL, "a", {"vi": "x"}, by(services))
    with pytest.raises(NotFoundError):
        services.polls.pictures.remove("kimson", POLL, "x", by(services))


def test_two_administrators_see_both(services: Services, poll: Poll) -> None:
    """A picture for a poll that somebody else has changed meanwhile is refused."""
    services.polls.polls.edit("kimson", POLL, WHO, 0, shuffle=True)

    with pytest.raises(StaleError):
        services.polls.pictures.put(
            "kimson", POLL, "a", picture_file(), by(services), poll.revision
        )


@pytest.mark.usefixtures("poll")
def test_pictures_go_with_the_last_poll_that_has_them(
    services: Services, settings: Settings, redis_client: redis.Redis, clock: FakeClock, site: Site
) -> None:
    """Not while a copy has them, nor while the poll can be restored; then by the sweep."""
    kept = put(services)
    copy = services.polls.polls.copy("kimson", POLL, "ban-sao", WHO, clock.now())
    put(services, "b", "navy")
    found = services.polls.polls.get("kimson", POLL)
    services.polls.removal.delete(site, POLL, POLL, found.revision, WHO, clock.now())

    clock.advance(DAY)
    assert services.polls.pictures.sweep("kimson", clock.now()) == 0
    (removal,) = services.polls.removal.removed("kimson", clock.now())
    redis_client.delete(SiteKeys(settings.key_prefix, "kimson").removed(removal.id))
    assert services.polls.pictures.sweep("kimson", clock.now()) == 1

    assert names(settings, redis_client) == {kept.id}
    assert copy.choices[0].picture == kept
    services.sites.sites.remove("kimson")
    assert names(settings, redis_client) == set()


@pytest.mark.usefixtures("poll")
def test_a_picture_on_its_way_into_a_poll_is_not_swept(
    services: Services, settings: Settings, redis_client: redis.Redis, clock: FakeClock
) -> None:
    """For an hour; the tick sweeps once a day."""
    put(services)
    services.polls.pictures.remove("kimson", POLL, "a", by(services))
    assert services.polls.pictures.sweep("kimson", clock.now()) == 0

    clock.advance(3601)
    outcomes = [outcome.text for outcome in services.operations.ticks.run(clock.now())]

    assert any("removed 1 pictures" in text for text in outcomes)
    assert names(settings, redis_client) == set()


@pytest.mark.usefixtures("poll")
def test_a_site_has_so_many_pictures(
    services: Services, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    """Exactly, whoever uploads at once; what is unused gives way."""
    monkeypatch.setattr(kept, "PICTURES_MAX", 2)
    put(services, "a", "red")
    put(services, "a", "green")
    with pytest.raises(ConflictError, match="2 pictures"):
        put(services, "b", "blue")

    clock.advance(3601)
    put(services, "b", "blue")

    with pytest.raises(ConflictError):
        put(services, "c", "black")


@pytest.mark.parametrize(("name", "most"), [("PICTURES_MAX", 1), ("PICTURES_MAX_BYTES", 1000)])
@pytest.mark.usefixtures("poll")
def test_an_archive_brings_no_more_than_a_site_may_have(
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    clock: FakeClock,
    tmp_path: Path,
    name: str,
    most: int,
) -> None:
    """Neither more pictures nor more bytes of all together; nothing of it is imported."""
    put(services, "a", "red")
    put(services, "b", "blue")
    path = tmp_path / "kimson.jsonl"
    path.write_bytes(b"".join(services.portability.archives.lines("kimson", clock.now())))
    services.sites.sites.remove("kimson")
    monkeypatch.setattr(archive_checks, name, most)

    with pytest.raises(InvalidInputError, match="pictures at most"):
        services.portability.archives.restore(path, clock.now())

    assert services.sites.sites.all() == []


def test_many_at_once_are_made_one_by_one() -> None:
    """Each takes memory for a moment; all come through."""
    with ThreadPoolExecutor(4) as pool:
        files = [picture_file((900, 900), colour=(n, n, n)) for n in range(8)]
        made = list(pool.map(make_picture, files))

    assert len({one.data for one in made}) == 8
