"""Data in and out on the admin pages: looked at first, brought in once, whole or not at all."""

import gzip
import json
import time
from io import BytesIO
from typing import Any

import openpyxl
import pytest
import redis
from flask import Flask

from stats_service.config import Settings
from stats_service.errors import ConflictError
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.uploads import KEPT_SECONDS, SITE_WAITING_MAX, WAITING_MAX
from stats_service.store.keys import SiteKeys
from stats_service.web.http.context import EXTENSION
from tests.support.admin import Person
from tests.support.clock import FakeClock
from tests.support.filled import fill, fill_votes

DATA = "/admin/sites/kimson/data"
ARCHIVES = "/admin/archives"
_ROWS = [f"2025-01-02,{n * n},{n * n * 7}" for n in range(4000)]
_PACKED = gzip.compress("\n".join(("date,nb_visits,nb_pageviews", *_ROWS)).encode())
_HALF = len(_PACKED) // 2
DAMAGED = _PACKED[:_HALF] + b"\xff" * 40 + _PACKED[_HALF + 40 :]
MATOMO = "date,nb_visits,nb_pageviews\n2025-01-02,10,25\n2025-01-03,12,30\n"


@pytest.fixture(autouse=True)
def at_once(app: Flask, clock: FakeClock) -> None:
    """Do in this process what a worker starts another one for."""
    uploads = app.extensions[EXTENSION].portability.uploads
    uploads.launch = lambda upload, _held: uploads.run(upload, clock.now())


def send(
    person: Person, page: str, content: str | bytes, name: str = "a.csv", **fields: Any
) -> Any:
    """Send a file and return the answer to it."""
    body = content.encode() if isinstance(content, str) else content
    token = person.token(page)
    return person.post(f"{page}/upload", token=token, file=(BytesIO(body), name), **fields)


def shown(person: Person, answer: Any) -> str:
    """Return the page that an answer leads to."""
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return person.get(answer.location).get_data(as_text=True)


def decide(person: Person, answer: Any, do: str, **fields: str) -> Any:
    """Say what is to become of the file that `answer` took."""
    return person.post(answer.location, token=person.token(answer.location), do=do, **fields)


def test_a_file_is_looked_at_then_brought_in_once(
    owner: Person, site: Site, services: Services, settings: Settings
) -> None:
    """The dry run adds nothing; the confirmation adds it, is logged, and erases the file."""
    taken = send(owner, DATA, MATOMO, kind="matomo", into="days")
    page = shown(owner, taken)

    assert "Sẽ được thêm" in page
    assert "<dd>55</dd>" in page
    counts = services.traffic.views.counts
    assert counts(site, services.clock.now()).views.total == 0

    done = shown(owner, decide(owner, taken, "confirm"))

    assert "Đã xong" in done
    assert counts(site, services.clock.now()).views.total == 55
    assert counts(site, services.clock.now()).visits.total == 22
    (entry,) = [e for e in services.accounts.audit.newest("kimson") if e.what == "legacy.imported"]
    assert (entry.who, entry.after["file"]) == ("chu", "a.csv")
    assert not list((settings.data_dir / "uploads").rglob("a.csv"))

    again = shown(owner, send(owner, DATA, MATOMO, "other-name.csv", kind="matomo"))

    assert "đã được đưa vào trước đây" in again
    assert counts(site, services.clock.now()).views.total == 55


def test_a_file_that_is_not_wanted_is_erased(
    owner: Person, site: Site, services: Services, settings: Settings
) -> None:
    """At once when its owner says so, and after a day without a word."""
    taken = send(owner, DATA, MATOMO, kind="matomo")
    assert list((settings.data_dir / "uploads").rglob("a.csv"))

    decide(owner, taken, "discard")

    assert not list((settings.data_dir / "uploads").rglob("a.csv"))
    assert owner.get(taken.location).status_code == 404
    send(owner, DATA, MATOMO, kind="matomo")
    assert services.portability.uploads.forget_old(time.time() + KEPT_SECONDS - 60) == 0
    assert services.portability.uploads.forget_old(time.time() + KEPT_SECONDS + 60) == 1


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("matomo", "a,b\n1,2\n", "a, b"),
        ("matomo", DAMAGED, "Không đọc được tệp"),
        ("matomo", _PACKED[:-12], "Tệp bị cắt ngang"),
        ("matomo", "date,nb_visits,nb_pageviews\nyesterday,1,2\n", "yesterday"),
        ("wp-statistics", "ID,last_counter,visit\n1,2025-01-02,-5\n", "-5"),
    ],
)
def test_a_bad_file_says_why_and_changes_nothing(
    owner: Person, site: Site, services: Services, kind: str, content: str | bytes, said: str
) -> None:
    """In the reader's language, with what is wrong; no folder is named."""
    page = shown(owner, send(owner, DATA, content, kind=kind))

    assert 'role="alert"' in page
    assert said in page
    assert "uploads/" not in page
    assert services.portability.legacy.files("kimson") == []


@pytest.mark.parametrize("fields", [{"kind": "nothing"}, {"kind": "archive"}])
def test_a_kind_that_is_none_is_refused(
    owner: Person, site: Site, settings: Settings, fields: dict[str, str]
) -> None:
    """Before anything is kept."""
    answer = send(owner, DATA, MATOMO, **fields)

    assert answer.status_code == 400
    assert not list((settings.data_dir / "uploads").rglob("*.csv"))


def test_no_file(owner: Person, site: Site) -> None:
    """The page says what is missing."""
    token = owner.token(DATA)

    assert owner.post(f"{DATA}/upload", token=token, kind="matomo").status_code == 400


def test_polls_come_with_their_second_table(owner: Person, site: Site, services: Services) -> None:
    """Each once; the page tells which are new."""
    asked = (
        "pollq_id,pollq_question,pollq_timestamp,pollq_totalvotes,pollq_active,pollq_expiry,"
        "pollq_multiple,pollq_totalvoters\n5,Hài lòng?,1500000000,3,0,1500009999,0,3\n"
    )
    said = "polla_aid,polla_qid,polla_answers,polla_votes\n1,5,Có,2\n2,5,Không,1\n"

    def both() -> Any:
        files = [(BytesIO(t.encode()), n) for t, n in ((asked, "pollsq.csv"), (said, "pollsa.csv"))]
        return owner.post(f"{DATA}/upload", token=owner.token(DATA), file=files)

    taken = both()
    assert "wp-5: Hài lòng?" in shown(owner, taken)
    assert services.polls.polls.all("kimson") == []
    decide(owner, taken, "confirm")

    assert services.polls.polls.tally("kimson", "wp-5").ballots == 3
    assert "không có gì mới" in shown(owner, both())


def test_waiting_files_are_bounded(
    owner: Person, operator: Person, site: Site, services: Services
) -> None:
    """Nobody fills the disk with files that wait, and no site's owner keeps others out."""
    for number in range(SITE_WAITING_MAX):
        send(owner, DATA, MATOMO + f"2025-02-{number + 1:02d},1,1\n", kind="matomo")

    assert send(owner, DATA, MATOMO, kind="matomo").status_code == 503
    services.sites.sites.add(Site(slug="other", name="Khác", hosts=("other.example.vn",)))
    for number in range(WAITING_MAX - SITE_WAITING_MAX):
        content = MATOMO + f"2025-02-{number + 1:02d},1,1\n"
        shown(operator, send(operator, "/admin/sites/other/data", content, kind="matomo"))
    assert send(operator, ARCHIVES, "x").status_code == 503


def test_files_that_are_over_are_in_nobodys_way(
    owner: Person, site: Site, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many were brought in today; what became of the latest is still told."""
    monkeypatch.setattr("stats_service.services.portability.uploads.OVER_KEPT", 2)
    taken = []
    for _ in range(WAITING_MAX + 1):
        taken.append(send(owner, DATA, "no,columns\n1,2\n", kind="matomo"))
        clock.advance(1)

    assert 'role="alert"' in shown(owner, taken[-1])
    assert owner.get(taken[-3].location).status_code == 200
    assert owner.get(taken[-4].location).status_code == 404


def test_a_file_over_the_bound_is_refused(
    owner: Person, site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing of it is kept."""
    most = settings.upload_megabytes * 10**6
    monkeypatch.setattr("stats_service.web.pages.security.FORM_MAX_BYTES", 1000 - most)

    answer = send(owner, DATA, MATOMO * 100, kind="matomo")

    assert answer.status_code == 413
    assert "quá lớn" in answer.get_data(as_text=True)
    assert not (settings.data_dir / "uploads").exists()


def test_work_that_was_cut_off_says_so(
    owner: Person, site: Site, app: Flask, services: Services
) -> None:
    """A process that was killed leaves nothing that seems to go on for ever."""
    app.extensions[EXTENSION].portability.uploads.launch = lambda _upload, _held: None

    page = shown(owner, send(owner, DATA, MATOMO, kind="matomo"))

    assert "bị gián đoạn" in page
    assert "data-reload" not in page


def test_an_upload_of_another_site_does_not_exist(
    owner: Person, operator: Person, site: Site, services: Services
) -> None:
    """Neither for another site's page nor as an archive."""
    services.sites.sites.add(Site(slug="khac", name="Khác", hosts=("khac.example.vn",)))
    name = send(owner, DATA, MATOMO, kind="matomo").location.rpartition("/")[2]

    assert operator.get(f"/admin/sites/kimson/data/{name}").status_code == 200
    assert operator.get(f"/admin/sites/khac/data/{name}").status_code == 404
    assert operator.get(f"/admin/archives/{name}").status_code == 404


# The archive.


@pytest.fixture
def full(
    services: Services, clock: FakeClock, site: Site, settings: Settings, redis_client: redis.Redis
) -> bytes:
    """Give the archive of a site with something in every table."""
    fill(services, clock, site)
    fill_votes(redis_client, SiteKeys(settings.key_prefix, "kimson"))
    return b"".join(services.portability.archives.lines("kimson", clock.now()))


def test_an_archive_from_the_page_restores_the_site(
    operator: Person, full: bytes, services: Services, clock: FakeClock
) -> None:
    """The same bytes again, but for the times and the entry that says who took it out."""
    answer = operator.get("/admin/sites/kimson/export/archive")
    packed = answer.get_data()
    services.sites.sites.remove("kimson")

    taken = send(operator, ARCHIVES, packed, "kimson.jsonl.gz")
    assert "Khôi phục trang" in shown(operator, taken)
    assert services.sites.sites.all() == []
    decide(operator, taken, "confirm")

    assert answer.headers["Content-Disposition"].endswith('.jsonl.gz"')
    lines = b"".join(services.portability.archives.lines("kimson", clock.now())).splitlines()
    assert lines[1:] == gzip.decompress(packed).splitlines()[1:]
    assert json.loads(lines[-2])["entry"]["what"] == "site.exported"
    assert "site.imported" in [entry.what for entry in services.accounts.audit.newest("")]


def test_a_site_is_replaced_only_by_its_name(
    operator: Person, full: bytes, services: Services, site: Site
) -> None:
    """And the same archive again has nothing to do."""
    services.sites.sites.edit("kimson", name="Sau này")

    taken = send(operator, ARCHIVES, full, "kimson.jsonl")
    decide(operator, taken, "confirm", slug="kim")
    assert services.sites.sites.get("kimson").name == "Sau này"
    decide(operator, taken, "confirm", slug="kimson")

    assert services.sites.sites.get("kimson").name == site.name
    again = shown(operator, send(operator, ARCHIVES, full, "kimson.jsonl"))
    assert "đúng như trong bản lưu trữ" in again


def test_a_site_that_was_not_there_is_not_replaced(
    operator: Person, full: bytes, services: Services
) -> None:
    """It was added after the archive was looked at; what it counted stays, and the page says so."""
    services.sites.sites.remove("kimson")
    taken = send(operator, ARCHIVES, full, "kimson.jsonl")
    living = services.sites.sites.add(Site(slug="kimson", name="Mới", hosts=("kimson.example.vn",)))

    done = shown(operator, decide(operator, taken, "confirm"))

    assert services.sites.sites.all() == [living]
    assert "đã thay đổi so với lúc xem trước" in done
    assert "site.imported" not in [entry.what for entry in services.accounts.audit.newest("")]


def test_of_two_confirmations_one_restores(
    app: Flask,
    operator: Person,
    full: bytes,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A double click, two administrators, two workers: also while the first is at work."""
    uploads = app.extensions[EXTENSION].portability.uploads
    services.sites.sites.edit("kimson", name="Sau này")
    taken = send(operator, ARCHIVES, full, "kimson.jsonl")
    name = taken.location.rpartition("/")[2]
    looked_at = send(operator, ARCHIVES, full, "kimson.jsonl")
    runs: list[str] = []
    launch = uploads.launch

    def launch_twice(upload: str, held: int) -> None:
        runs.append(upload)
        launch(upload, held)

    uploads.launch = launch_twice
    ready = uploads._store.get(name)

    decide(operator, taken, "confirm", slug="kimson")
    first = services.sites.sites.founding("kimson")
    monkeypatch.setattr(uploads, "get", lambda _site, _upload: ready)  # it looked just before
    with pytest.raises(ConflictError):
        uploads.confirm("", name)
    monkeypatch.undo()
    decide(operator, looked_at, "confirm", slug="kimson")

    assert ready.state == "ready"
    assert runs.count(name) == 1
    assert services.sites.sites.founding("kimson") == first, (
        "another file of the same look is refused"
    )
    imported = [
        entry for entry in services.accounts.audit.newest("") if entry.what == "site.imported"
    ]
    assert len(imported) == 1


def test_a_history_goes_into_the_site_that_it_was_looked_at_for(
    owner: Person, site: Site, services: Services, clock: FakeClock
) -> None:
    """Not into one of the same name that was added since."""
    taken = send(owner, DATA, MATOMO, kind="matomo")
    upload = taken.location.rpartition("/")[2]
    services.sites.sites.remove("kimson")
    other = services.sites.sites.add(Site(slug="kimson", name="Mới", hosts=("kimson.example.vn",)))

    decide(owner, taken, "confirm")

    assert services.portability.uploads.get("kimson", upload).code == "site-changed"
    assert services.traffic.views.counts(other, clock.now()).views.total == 0


def test_the_files_of_a_process_that_was_killed_go_with_the_next_tick(
    app: Flask, owner: Person, site: Site, settings: Settings, clock: FakeClock
) -> None:
    """Whatever it was doing."""
    uploads = app.extensions[EXTENSION].portability.uploads
    uploads.launch = lambda _upload, _held: None  # it is gone before it has done anything
    send(owner, DATA, MATOMO, kind="matomo")
    assert list((settings.data_dir / "uploads").rglob("a.csv"))

    uploads.forget_old(clock.now())

    assert not list((settings.data_dir / "uploads").rglob("a.csv"))


@pytest.mark.parametrize("damage", ["cut", "changed", "none"])
def test_a_broken_archive_changes_nothing(
    operator: Person, full: bytes, services: Services, site: Site, damage: str
) -> None:
    """It says where it is broken."""
    content = {
        "cut": full[: len(full) // 2],
        "changed": full.replace(b'"views":2', b'"views":3', 1),
        "none": b"not an archive\n",
    }[damage]

    page = shown(operator, send(operator, ARCHIVES, content, "kimson.jsonl"))

    assert 'role="alert"' in page
    assert services.sites.sites.all() == [site]


@pytest.mark.parametrize("table", ["counts", "hours", "articles", "audit", "settings", "polls"])
def test_a_table_as_csv_and_as_workbook(owner: Person, full: bytes, table: str) -> None:
    """The same rows; an article's name that looks like a formula is a text in both."""
    text = owner.get(f"/admin/sites/kimson/export/{table}.csv").get_data().decode("utf-8-sig")
    book = owner.get(f"/admin/sites/kimson/export/{table}.xlsx").get_data()
    rows = list(openpyxl.load_workbook(BytesIO(book))[table].values)

    assert text.splitlines()[0].split(",") == list(rows[0])
    if table == "articles":
        assert len(text.splitlines()) == len(rows)
        assert rows[1:] == [
            (key, int(n)) for key, n in (line.rsplit(",", 1) for line in text.splitlines()[1:])
        ]


def test_a_table_without_rows_has_its_headings(owner: Person, site: Site) -> None:
    """And a table that there is none of is not found."""
    url = "/admin/sites/kimson/export"

    assert owner.get(f"{url}/ratings.csv").get_data(as_text=True).strip() == "\ufeffarticle,counts"
    assert owner.get(f"{url}/nothing.csv").status_code == 404
    assert owner.get(f"{url}/nothing.xlsx").status_code == 404


def test_what_was_taken_out_is_logged(owner: Person, site: Site, services: Services) -> None:
    """Who, and which."""
    owner.get("/admin/sites/kimson/export/counts.csv")

    (entry,) = services.accounts.audit.newest("kimson", 1)
    assert (entry.what, entry.subject, entry.who) == ("site.exported", "counts.csv", "chu")


def test_a_table_too_long_for_a_workbook(
    owner: Person, full: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is refused, with a way out, instead of keeping the reader waiting."""
    monkeypatch.setattr("stats_service.web.admin.portability.exports.WORKBOOK_ROWS_MAX", 2)

    assert owner.get("/admin/sites/kimson/export/counts.xlsx").status_code == 400
    assert owner.get("/admin/sites/kimson/export/counts.csv").status_code == 200


def test_an_editor_takes_the_tables_that_she_sees_and_nothing_else(
    editor: Person, site: Site
) -> None:
    """No archive, no opening balances, no log, no table that the page does not name."""
    page = editor.get(DATA).get_data(as_text=True)

    assert "Số liệu của Kim Sơn dưới dạng tệp." in page
    assert "/export/counts.xlsx" in page
    for hidden in ("/export/archive", "/export/audit.csv", "/export/openings.csv", "/data/upload"):
        assert hidden not in page
    assert editor.get("/admin/sites/kimson/export/counts.csv").status_code == 200
    for refused in ("archive", "audit.csv", "openings.csv", "site.csv", "none.csv"):
        assert editor.get(f"/admin/sites/kimson/export/{refused}").status_code == 403
