"""Access logs on the admin pages: many at once, seen before they come in, and taken out again."""

import io
import zipfile
from io import BytesIO
from typing import Any

import msgspec
import pytest
from flask import Flask

from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.uploads import FILES_MAX
from stats_service.web.http.context import EXTENSION
from tests.support.admin import Person
from tests.support.clock import FakeClock
from tests.support.filled import fill
from tests.support.legacy import line

DATA = "/admin/sites/kimson/data"


@pytest.fixture(autouse=True)
def at_once(app: Flask, clock: FakeClock) -> None:
    """Do in this process what a worker starts another one for."""
    uploads = app.extensions[EXTENSION].portability.uploads
    uploads.launch = lambda upload, _held: uploads.run(upload, clock.now())


def send(person: Person, *contents: str | bytes, name: str = "access.log", **fields: Any) -> Any:
    """Send files at once, all of one name, and return the answer to them."""
    files = [(BytesIO(c.encode() if isinstance(c, str) else c), name) for c in contents]
    token = person.token(DATA)
    fields = {"kind": "access-log", **fields}
    return person.post(f"{DATA}/upload", token=token, file=files, **fields)


def page_of(person: Person, answer: Any) -> str:
    """Return the page that an answer leads to."""
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return person.get(answer.location).get_data(as_text=True)


def confirm(person: Person, answer: Any) -> str:
    """Bring in what was looked at, and return the page that says so."""
    token = person.token(answer.location)
    return page_of(person, person.post(answer.location, token=token, do="confirm"))


def test_many_files_come_in_together_and_go_again(
    owner: Person, site: Site, services: Services
) -> None:
    """The page lists what each is; one button brings them in, one takes them out."""
    iis = (
        "#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query cs(User-Agent) sc-status\n"
        "2026-02-18 03:05:03 192.0.2.9 GET /tin/2 - "
        "Mozilla/5.0+(Windows+NT+10.0)+Gecko/20100101+Firefox/121.0 200\n"
    )
    taken = send(owner, line(), iis, "")

    page = page_of(owner, taken)
    assert "3-access.log" in page
    assert "W3C" in page
    assert "không có dòng nào" in page
    assert "<dd>2</dd>" in page
    assert "Đã xong" in confirm(owner, taken)
    (file,) = services.portability.legacy.files("kimson")
    assert (len(file.files), file.views) == (3, 2)

    data = owner.get(DATA).get_data(as_text=True)
    assert "3 tệp" in data
    gone = owner.post(f"{DATA}/imports/{file.id}/undo", token=owner.token(DATA))

    assert "Đã hoàn tác" in page_of(owner, gone)
    assert services.portability.legacy.files("kimson") == []
    assert services.traffic.views.counts(site, services.clock.now()).views.total == 0
    log = [entry.what for entry in services.accounts.audit.newest("kimson")]
    assert log[:2] == ["legacy.undone", "legacy.imported"]
    assert owner.post(f"{DATA}/imports/{file.id}/undo", token=owner.token(DATA)).status_code == 404


def test_a_zip_and_a_grown_log_say_what_is_new(owner: Person, site: Site) -> None:
    """What was brought in before is named, and which days grow by what."""
    confirm(owner, send(owner, line("/tin/1")))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("logs/access.log", line("/tin/1") + line("/tin/2") + line("/a.png"))

    page = page_of(owner, send(owner, buffer.getvalue(), name="logs.zip"))

    assert "Lượt xem đã được đưa vào trước đây" in page
    assert "Những ngày đã có lượt xem được đưa vào và sẽ tăng thêm" in page
    assert ".png 1" in page


def test_what_the_log_does_not_say_is_asked(
    owner: Person, site: Site, services: Services, clock: FakeClock
) -> None:
    """Zone, field of the reader, days that were only tests, the day before which files count."""
    fill(services, clock, site, days=1)  # on 4 March
    text = line(at="04/Mar/2026:10:05:03") + line(at="05/Mar/2026:10:05:03")

    assert "không ghi múi giờ" in page_of(owner, send(owner, text))
    zoned = {"zone": "Asia/Ho_Chi_Minh"}
    assert "không có gì mới" in page_of(owner, send(owner, text, **zoned))
    assert "<dd>2</dd>" in page_of(owner, send(owner, text, tests="2026-03-04", **zoned))
    assert "<dd>1</dd>" in page_of(
        owner, send(owner, text, tests="2026-03-04", before="2026-03-05", **zoned)
    )
    assert "2026-3-5" in page_of(owner, send(owner, text, before="2026-3-5", **zoned))
    assert "không phải múi giờ" in page_of(owner, send(owner, text, zone="Asia/Hanoi2"))


def test_one_address_behind_all_lines_is_told(owner: Person, site: Site) -> None:
    """That is a proxy's, and readers would be one."""
    lines = [
        line(f"/tin/{n}", address="10.0.0.1").rstrip() + f' "192.0.2.{n}"\n' for n in range(120)
    ]

    assert "đều từ một địa chỉ IP" in page_of(owner, send(owner, "".join(lines)))
    page = page_of(owner, send(owner, "".join(lines), reader="last"))
    assert "đều từ một địa chỉ IP" not in page
    assert page.count("<dd>120</dd>") == 4  # views, visits, articles, lines


def test_too_many_files_are_refused(owner: Person, site: Site) -> None:
    """A zip may have more."""
    answer = send(owner, *["x"] * (FILES_MAX + 1))

    assert answer.status_code == 400
    assert "zip" in answer.get_data(as_text=True)


def test_the_preview_names_articles_as_they_are_counted_here(owner: Person, site: Site) -> None:
    """With the address in the log where that is another; values that are dropped are not shown."""
    old = "/index.php?option=com_content&view=article&id=7&phpsessid=geheim"
    content = 3 * line(old, at="17/Feb/2026:10:05:03 +0700") + line("/tin/1?utm_source=zalo")

    page = page_of(owner, send(owner, content))

    assert "Bài được xem nhiều nhất trong tệp" in page
    assert "/?id=7&amp;option=com_content&amp;view=article" in page
    assert "/index.php?option=com_content&amp;view=article&amp;id=7&amp;phpsessid=…" in page
    assert "geheim" not in page
    assert "utm_source" not in page
    assert page.count("như nhau") == 1


def test_the_endings_and_hosts_of_several_files_are_added_up(owner: Person, site: Site) -> None:
    """The most frequent ones, whatever file they are in."""
    first = line() + 2 * line("/a.png") + line(host="x.example.org ")
    second = line("/tin/2") + 3 * line("/b.png") + line("/c.pdf")
    page = page_of(owner, send(owner, first, second))

    assert ".png 5" in page
    assert ".pdf 1" in page
    assert "x.example.org" in page


@pytest.mark.parametrize(
    ("progress", "seconds", "expected"),
    [(0.25, 10, "Còn khoảng 30 giây."), (0.1, 60, "Còn khoảng 9 phút."), (0.5, 1, ""), (0, 9, "")],
)
def test_reading_says_how_long_it_will_take(
    owner: Person,
    site: Site,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    progress: float,
    seconds: float,
    expected: str,
) -> None:
    """By how long it has taken so far; nothing in the first seconds."""
    uploads = services.portability.uploads
    taken = uploads.get("kimson", send(owner, line()).location.rpartition("/")[2])
    now = msgspec.structs.replace(taken, state="reading", progress=progress, seconds=seconds)
    monkeypatch.setattr(type(uploads), "get", lambda *_: now)

    page = owner.get(f"{DATA}/{taken.id}").get_data(as_text=True)

    assert ("Còn khoảng" in page) == bool(expected)
    assert expected in page
