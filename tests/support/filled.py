"""A site with something in every table of an archive."""

import io
import zlib

import msgspec
import redis
from PIL import Image

from stats_service.models.clicks import ClickQuery
from stats_service.models.pictures import Picture
from stats_service.models.polls import Choice, Poll
from stats_service.models.portability.legacy import DayPart, ImportedFile
from stats_service.models.sites import Site
from stats_service.models.traffic.views import PageQuery, Visitor
from stats_service.services.container import Services
from stats_service.services.pictures.kept import picture_id
from stats_service.services.pictures.picture_files import make_picture
from stats_service.services.portability.legacy.marks import Mark, pack_marks
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, new_hit

DAY = 86_400.0
GROUP = "2026-03-04T12-a0011223344556677"
#: What every reader clicks on, by kind.
CLICKED = (("document", "/van-bản/12.pdf"), ("outgoing", "bao.example"), ("action", "đăng-ký"))
IMPORTED = ImportedFile(name="a.log", kind="access-log", at=1.7e9, views=3, visits=1, id="0a1b" * 4)
PART = DayPart(day="2026-03-04", views=3, visits=1, articles={"/tin/1": 3})


def fill(services: Services, clock: FakeClock, site: Site, days: int = 3) -> None:
    """Count on some days, at several hours, by several visitors, with things ignored."""
    for _ in range(days):
        for number in range(12):
            entry = services.sites.directory.entry(site.slug, clock.now())
            visitor = Visitor(
                address=f"192.0.2.{number % 5}",
                user_agent="curl/8" if number == 11 else BROWSER,
                origin=f"https://{site.hosts[0]}",
                private=number == 10,
                prefetch=False,
            )
            query = PageQuery(hit=new_hit(), article=f"/tin/{number % 4}/Tết")
            services.loop.run(services.traffic.recorder.record(entry, query, visitor, clock.now()))
            for kind, name in CLICKED:
                click = ClickQuery(kind, name, new_hit())
                services.loop.run(
                    services.traffic.clicks.record_click(entry, click, visitor, clock.now())
                )
            clock.advance(3_000)
        clock.advance(DAY - 12 * 3_000)
    services.traffic.opening_balances.set(site, "/tin/0", 366, "an", clock.now())
    services.traffic.opening_balances.set(site, "=HYPERLINK(A1)", 2, "an", clock.now())
    services.accounts.audit.record(
        site.slug, "an", "site.changed", clock.now(), before={"name": "A"}, after={"name": "Bé"}
    )


def fill_picture(client: redis.Redis, keys: SiteKeys) -> Picture:
    """Keep a picture, and return it."""
    out = io.BytesIO()
    Image.new("RGB", (320, 200), "teal").save(out, "PNG")
    made = make_picture(out.getvalue())
    name = picture_id(made.data)
    client.hset(keys.pictures, mapping={name: made.data, f"{name}:at": f"0 {len(made.data)}"})
    return Picture(id=name, width=made.width, height=made.height, alt={"vi": "Tờ báo"})


def fill_votes(client: redis.Redis, keys: SiteKeys) -> None:
    """Write what polls and ratings keep, as `store.keys` describes it."""
    picture = fill_picture(client, keys)
    client.hset(keys.kiosks, "0" * 16, '{"id":"0","name":"Một cửa","by":"an","enrolled":1.0}')
    client.set(keys.kiosk_link("ab"), "{}")
    for poll in ("muc-quan-tam", "duong"):
        definition = Poll(
            id=poll,
            question={"vi": "Bạn quan tâm mục gì nhất?"},
            choices=(
                Choice(id="tin", text={"vi": "Tin tức"}, picture=picture),
                Choice(id="cu", text={"vi": "Cũ"}),
            ),
            revision=2,
        )
        client.hset(keys.polls, poll, msgspec.json.encode(definition))
        client.hset(keys.poll_revisions, mapping={poll: 2, "*": 4})
        client.hset(keys.poll(poll, "tally"), mapping={"ballots": 3, "c:tin": 2, "t:Đường": 1})
        client.hset(keys.poll(poll, "groups"), GROUP, '{"state":"held","ballots":1}')
        client.hset(keys.poll(poll, "others"), "p:chưa duyệt", 1)
        client.hset(keys.poll(poll, "report"), mapping={"counted:2026-03-04T12": 3})
        client.hset(keys.poll(poll, "changes"), b"\xff" * 8, "|tin")
        client.hset(keys.poll(poll, "hour:1"), b"\xfe" * 8, 1)
        client.hset(keys.poll(poll, "kiosk"), "0" * 16, b"\xfe")
        client.zadd(keys.poll(poll, "proofs"), {b"\xfd" * 8: 1})
        for number in range(4):
            voter = bytes([number, 0, 255, 1, 2, 3, 4, 5])
            client.hset(keys.poll(poll, "voters"), voter, voter[::-1] + b"c")
    client.expireat(keys.poll("duong", "voters"), 4_000_000_000)
    client.hset(keys.aliases, mapping={"/cu": "r/tin/0", "/cu/2": "-/cu", "\x01": 3})
    client.sadd(keys.raters("/cu"), b"\xff\x00rater!")
    client.sadd(keys.hidden, "/tin/1", "/ẩn")
    client.hset(
        keys.titles,
        mapping={
            "/tin/0": '{"text":"Chào Tết","source":"page","at":1772600000}',
            "/tin/9": '{"trouble":"away","failures":1,"next_at":1772600000}',
            "\x01": '{"at":1772600000}',
        },
    )
    client.set(
        keys.notices,
        '{"reports":[{"id":"1a2b3c4d","address":"an@example.vn","every":"week","language":"vi","agreed":"","by":""}],'
        '"webhooks":[]}',
    )
    client.set(
        keys.annotations,
        '{"notes":[{"id":"1a2b3c4d","day":"2026-03-04","text":"Lễ khánh thành cầu"}],"changes":[]}',
    )
    client.zadd(keys.month_articles("2026-03"), {"/tin/0": 12})
    client.hset(
        keys.legacy, mapping={"views:2026-03-04": 3, "0a1b" * 4: msgspec.json.encode(IMPORTED)}
    )
    parts = {"0": zlib.compress(msgspec.msgpack.encode(PART)), "0:other": "0"}
    parts["l20516"] = pack_marks([Mark(3600, 7, 1), Mark(3601, 8, 0)])
    client.hset(keys.imported("0a1b" * 4), mapping=parts)
    client.hset(keys.import_readers("0a1b" * 4), "20516", b"\xff")
    client.set(keys.import_salt, b"\xff" * 16)
    client.hset(keys.ratings, "/tin/0", "0,1,0,3,9")
    client.hset(keys.ratings_voided, "1a2b3c4d", "7,0,0,0,0 2940057 2940059 /tin/0/Tết và Xuân")
    client.hset(keys.rating_slots(20_416), "57:/tin/0", "7,0,0,0,0 1a2b3c4d")
    client.hset(keys.ratings_held, "1a2b3c4d5e6f", "0,0,0,0,3 2940057 2940058 /tin/0/Tết và Xuân")
    client.hset(keys.rated(41_000), b"\xff" * 8, "4 1764034200000")
    for number in range(13):
        client.sadd(keys.raters("/tin/0"), bytes([number, 255, 0, 1, 2, 3, 4, 5]))
