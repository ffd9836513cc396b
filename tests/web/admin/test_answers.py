"""Whatever somebody does on the admin pages, the page that follows says what was done."""

import html
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyotp import TOTP
from werkzeug.test import TestResponse

from stats_service.models.polls import Protection
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.web.http.context import EXTENSION
from tests.support.admin import PASSWORD, Person, add_account
from tests.support.clock import FakeClock
from tests.support.pages import view
from tests.support.pictures import picture_file
from tests.support.votes import make_poll, new_voter, vote
from tests.web.admin.polls.test_kiosks import press
from tests.web.admin.test_rating_review import rate
from tests.web.admin.test_two_administrators import card, text_of

SITE = "/admin/sites/kimson"
POLL = f"{SITE}/polls/muc-quan-tam"
MATOMO = b"date,nb_visits,nb_pageviews\n2025-01-02,10,25\n"
#: What changes nothing, or shows by itself that it was done.
SILENT = {
    "install_preview.numbers": "draws a picture of widgets",
    "poll_preview.of_new": "draws a poll that somebody writes",
    "poll_preview.of_changed": "the same",
    "own_account.preferences": "the page itself is in the other language or colour",
    "sign_in.sign_in": "leads to where one wanted to go",
    "sign_in.give_code": "the same",
    "second_factor.begin": "leads to the page with the QR code",
}
_SAID = re.compile(
    r'<(p|section)[^>]* role="(status|alert)"(?![^>]* hidden)[^>]*>(.*?)</\1>', re.DOTALL
)
_TAGS = re.compile(r"<[^>]+>")

Step = tuple[str, Callable[[], TestResponse], str]


class Answer(NamedTuple):
    """What a page says was done, and how: `status` politely, `alert` at once."""

    role: str
    text: str


def said(person: Person, response: TestResponse) -> list[Answer]:
    """Return what the page says that follows on an action."""
    if response.status_code == 302:
        response = person.get(response.location, follow_redirects=True)
    found = [
        Answer(role, " ".join(html.unescape(_TAGS.sub(" ", text)).split()))
        for _, role, text in _SAID.findall(response.get_data(as_text=True))
    ]
    assert response.status_code == 200, found
    return found


class Stage:
    """An operator before a site that has something of everything."""

    def __init__(self, app: Flask, services: Services, site: Site, clock: FakeClock) -> None:
        self.app, self.services, self.site, self.clock = app, services, site, clock
        self.client: FlaskClient = app.test_client()
        add_account(services, "op", operator=True)
        self.op = Person(app)
        self.op.sign_in("op")
        for article in ("/tin/1", "/tin/1?ma=a", "/tin/1?ma=b", "/tin/2"):
            view(self.client, article)

    def post(self, path: str, **fields: Any) -> TestResponse:
        """Send a form as the operator."""
        return self.op.post(path, token=self.op.token("/admin/account"), **fields)

    def page(self, path: str) -> str:
        """Return a page as the operator sees it."""
        return text_of(self.op.get(path))

    def found(self, pattern: str, text: str) -> str:
        """Return what a page has in its markup."""
        match = re.search(pattern, text)
        assert match, pattern
        return match[1]


def of_polls(stage: Stage) -> Iterator[Step]:
    """Make, change, open, close, hide, archive, copy, reset, delete, restore a poll."""
    new = {"question": "Bạn thích gì?", "choices": "Một\nHai"}
    yield "polls.create", lambda: stage.post(f"{SITE}/polls/new", **new, status="draft"), "Đã lưu"
    (made,) = stage.services.polls.polls.all("kimson")
    here = f"{SITE}/polls/{made.id}"
    yield (
        "polls.save",
        lambda: stage.post(
            f"{here}/edit", question="Bạn thích gì nhất?", **{"text-mot": "Một", "text-hai": "Hai"}
        ),
        "Đã lưu bình chọn",
    )
    for to, text in (
        ("open", "Đã mở bình chọn"),
        ("draft", "về bản nháp"),
        ("open", "Đã mở bình chọn"),
        ("unlist", "Đã ẩn bình chọn"),
        ("list", "trở lại trong lưu trữ"),
        ("close", "Đã đóng bình chọn"),
        ("archive", "Đã lưu trữ bình chọn"),
        ("nothing of that kind", "Chưa có gì thay đổi"),
    ):
        yield "polls.set_state", lambda to=to: stage.post(f"{here}/state", to=to), text
    make_poll(stage.services, kiosk_pause=10, other=50, protection=Protection(per_address=1))
    yield (
        "polls.set_current",
        lambda: stage.post(f"{POLL}/current", to="pin"),
        "sẽ hiện bình chọn này",
    )
    yield "polls.set_current", lambda: stage.post(f"{POLL}/current", to=""), "mở gần đây nhất"
    yield (
        "poll_pictures.upload",
        lambda: stage.post(
            f"{POLL}/pictures/upload", choice="a", picture=(BytesIO(picture_file()), "a.png")
        ),
        "Đã lưu ảnh",
    )
    yield (
        "poll_pictures.remove",
        lambda: stage.post(f"{POLL}/pictures/remove", choice="a"),
        "Đã bỏ ảnh",
    )
    yield "poll_removal.copy", lambda: stage.post(f"{POLL}/copy"), "Đây là bản sao"
    yield from of_ballots(stage)
    for what, text in (("reset", "Đã xóa toàn bộ phiếu"), ("delete", "Đã xóa bình chọn")):
        yield (
            "poll_removal.remove",
            lambda what=what: stage.post(
                f"{POLL}/remove",
                what=what,
                name="muc-quan-tam",
                revision=stage.services.polls.polls.get("kimson", "muc-quan-tam").revision,
            ),
            text,
        )
    removed = stage.services.polls.removal.removed("kimson", stage.clock.now())
    (removal,) = [one for one in removed if one.how == "deleted"]
    yield (
        "poll_removal.restore",
        lambda: stage.post(f"{SITE}/polls/removed/{removal.id}"),
        "đã trở lại như trước",
    )


def of_ballots(stage: Stage) -> Iterator[Step]:
    """Decide about ballots, texts, networks and kiosks."""
    for _ in range(3):
        vote(stage.client, new_voter(stage.services), "a")
    vote(stage.client, new_voter(stage.services), "other", address="192.0.2.9", other="Khác hẳn")
    (group, *_) = stage.services.polls.quarantine.groups("kimson", "muc-quan-tam")
    for state, text in (
        ("accepted", "Đã tính các phiếu"),
        ("voided", "Đã loại các phiếu"),
        ("held", "lại chờ duyệt"),
    ):
        yield (
            "poll_review.decide",
            lambda state=state: stage.post(f"{POLL}/review", group=group.name, state=state),
            text,
        )
    for state, text in (
        ("approved", "Đã duyệt ý kiến"),
        ("rejected", "Đã từ chối ý kiến"),
        ("pending", "lại chờ duyệt"),
    ):
        yield (
            "poll_review.decide",
            lambda state=state: stage.post(f"{POLL}/review", text="Khác hẳn", state=state),
            text,
        )
    yield "poll_review.look_at_network", lambda: stage.post(f"{POLL}/integrity"), "Đã ghi nhận"
    links: list[str] = []

    def make_link() -> TestResponse:
        answer = stage.post(f"{SITE}/kiosks", name="Quầy 1", poll="muc-quan-tam")
        links.append(stage.found(r'id="link" value="([^"]+)"', text_of(answer)))
        return answer

    yield "kiosks.make_link", make_link, "Mở liên kết này trên thiết bị"
    press(stage.app, links[0])
    (kiosk,) = stage.services.polls.kiosks.all("kimson")
    here = f"{SITE}/kiosks/{kiosk.id}"
    yield "kiosks.rename", lambda: stage.post(f"{here}/rename", name="Quầy 2"), "Đã đổi tên"
    yield "kiosks.revoke", lambda: stage.post(f"{here}/revoke"), "Đã thu hồi điểm bình chọn"


def of_settings(stage: Stage) -> Iterator[Step]:
    """Change the settings of a site, its emblem, hosts, records and balances."""
    here = f"{SITE}/settings"
    fields = card(stage.page(here), "limits-title")
    yield (
        "settings.save",
        lambda: stage.post(here, **fields | {"article_cap": "77"}),
        "Đã lưu cài đặt",
    )
    yield (
        "settings.put_emblem",
        lambda: stage.post(f"{here}/emblem", emblem=(BytesIO(picture_file()), "a.png")),
        "Đã lưu biểu trưng",
    )
    yield "settings.remove_emblem", lambda: stage.post(f"{here}/emblem/remove"), "Đã bỏ biểu trưng"
    yield "settings.exclude_me", lambda: stage.post(f"{here}/exclude-me"), "không được tính nữa"
    yield (
        "settings.exclude_me",
        lambda: stage.post(f"{here}/exclude-me", do="count"),
        "tính trở lại",
    )
    yield (
        "settings.add_host",
        lambda: stage.post(f"{here}/hosts", host="www.a.vn"),
        "Đã thêm tên miền www.a.vn",
    )
    yield (
        "settings.set_article_opening",
        lambda: stage.post(f"{here}/opening", article="/tin/1", article_views="5"),
        "Đã đặt số chuyển",
    )
    yield (
        "settings.correct_records",
        lambda: stage.post(f"{here}/records", do="days"),
        "Kỷ lục đã đúng",
    )
    yield (
        "settings.correct_records",
        lambda: stage.post(f"{here}/records", peak="0"),
        "Đã sửa kỷ lục",
    )
    yield (
        "tokens.create",
        lambda: stage.post(f"{SITE}/tokens", name="a", scope="read"),
        "sao chép mã API",
    )
    (token,) = stage.services.accounts.tokens.all("kimson")
    yield (
        "tokens.revoke",
        lambda: stage.post(f"{SITE}/tokens/{token.id}/revoke"),
        "Đã thu hồi mã API",
    )
    yield (
        "now.add_screen",
        lambda: stage.post(f"{SITE}/now/screens", name="Sảnh"),
        "Hãy mở liên kết này trên tivi",
    )
    screen = stage.found(r"/now/screens/([^/\"]+)/revoke", stage.page(f"{SITE}/now"))
    yield (
        "now.revoke_screen",
        lambda: stage.post(f"{SITE}/now/screens/{screen}/revoke"),
        "Đã thu hồi liên kết",
    )
    yield (
        "notices.add_report",
        lambda: stage.post(
            f"{SITE}/notices/reports", address="a@b.vn", every="week", language="vi"
        ),
        "Đã thêm báo cáo",
    )
    (report,) = stage.services.notices.notices.get("kimson").reports
    there = f"{SITE}/notices/{report.id}"
    yield "notices.try_out", lambda: stage.post(f"{there}/try"), "STATS_SMTP_URL"
    yield (
        "notices.add_webhook",
        lambda: stage.post(
            f"{SITE}/notices/webhooks", url="https://a.vn/x", event="peak", silent_hours="3"
        ),
        "Đã thêm webhook",
    )
    yield "notices.remove", lambda: stage.post(f"{there}/remove"), "không gửi đến đó nữa"


def of_articles(stage: Stage) -> Iterator[Step]:
    """Sort articles out; annotate the chart; take ratings out."""
    here = f"{SITE}/articles/changes"
    rule = {"do": "merge", "by": "parameter", "which": "ma", "into": ""}
    yield "article_changes.apply", lambda: stage.post(here, **rule), "Đã thay đổi 2 bài viết"
    change = stage.found(r"/changes/([0-9a-f]{16})/take-back", stage.page(here))
    yield (
        "article_changes.take_back",
        lambda: stage.post(f"{here}/{change}/take-back"),
        "đã trở lại như trước",
    )
    yield (
        "article_changes.decide",
        lambda: stage.post(f"{here}/parameter", do="keep", name="ma"),
        "Từ nay tham số này là một phần",
    )
    yield (
        "articles.set_title",
        lambda: stage.post(f"{SITE}/articles/title", key="/tin/1", title="Một"),
        "Đã đặt tiêu đề",
    )
    there, day = f"{SITE}/annotations", "2026-11-20"
    yield (
        "annotations.add",
        lambda: stage.post(there, day=day, text="Hội"),
        "Ghi chú đã có trên biểu đồ",
    )
    (note,) = stage.services.traffic.annotations.get("kimson").notes
    yield (
        "annotations.edit",
        lambda: stage.post(f"{there}/{note.id}", day=day, text="Lễ hội"),
        "Đã sửa ghi chú",
    )
    yield (
        "annotations.edit",
        lambda: stage.post(f"{there}/{note.id}", do="remove"),
        "Đã xóa ghi chú",
    )
    undo = stage.found(r"/annotations/changes/([^/\"]+)/undo", stage.page(there))
    yield "annotations.undo", lambda: stage.post(f"{there}/changes/{undo}/undo"), "Đã hoàn tác"
    rate(stage.services, 5, "/tin/2")
    ratings = f"{SITE}/ratings"
    yield (
        "ratings.void",
        lambda: stage.post(f"{ratings}/void", article="/tin/2", all="yes"),
        "Đã loại 1 đánh giá",
    )
    (decision,) = stage.services.ratings.review.voided(stage.site)
    yield (
        "ratings.restore",
        lambda: stage.post(f"{ratings}/restore", decision=decision.id),
        "Đã khôi phục",
    )
    yield (
        "ratings.settle_held",
        lambda: stage.post(f"{ratings}/held", do="release", group="none"),
        "Không có đánh giá nào chờ duyệt",
    )


def of_files(stage: Stage) -> Iterator[Step]:
    """Bring numbers in and take them out; restore a site."""
    data = f"{SITE}/data"
    yield (
        "uploads.add_history",
        lambda: stage.post(
            f"{data}/upload", kind="matomo", into="days", file=(BytesIO(MATOMO), "a.csv")
        ),
        "a.csv đang chờ bạn xác nhận",
    )
    (upload,) = stage.services.portability.uploads.of_site("kimson")
    yield (
        "uploads.decide_history",
        lambda: stage.post(f"{data}/{upload.id}", do="confirm"),
        "Đã xong",
    )
    (file,) = stage.services.portability.legacy.files("kimson")
    yield "uploads.undo", lambda: stage.post(f"{data}/imports/{file.id}/undo"), "Đã hoàn tác"
    archive = stage.op.get(f"{SITE}/export/archive").get_data()
    view(stage.client, "/tin/9")
    yield (
        "uploads.add_archive",
        lambda: stage.post("/admin/archives/upload", file=(BytesIO(archive), "a.jsonl.gz")),
        "a.jsonl.gz đang chờ bạn xác nhận",
    )
    (waiting,) = stage.services.portability.uploads.of_site("")
    yield (
        "uploads.decide_archive",
        lambda: stage.post(f"/admin/archives/{waiting.id}", do="discard"),
        "Đã xóa tệp",
    )
    yield (
        "overview.create",
        lambda: stage.post("/admin/sites/new", name="Yên Lộc", hosts="yenloc.example.vn"),
        "Đã thêm trang web",
    )
    yield (
        "settings.erase",
        lambda: stage.post("/admin/sites/yen-loc/settings/erase", slug="yen-loc"),
        "Đã xóa trang web yen-loc",
    )


def of_people(stage: Stage) -> Iterator[Step]:
    """Make accounts, give roles, and change one's own account."""
    here = "/admin/accounts"
    yield "accounts.create", lambda: stage.post(here, name="lan"), "Đã tạo tài khoản lan"
    links: list[str] = []

    def make_link() -> TestResponse:
        answer = stage.post(f"{here}/lan/link")
        links.append(stage.found(r'value="http[^"]*(/admin/link/[^"]+)"', text_of(answer)))
        return answer

    yield "accounts.make_link", make_link, "lan tự đặt mật khẩu"
    yield (
        "accounts.set_operator",
        lambda: stage.post(f"{here}/lan/operator", operator="yes"),
        "Đã cho lan quyền",
    )
    yield (
        "accounts.set_operator",
        lambda: stage.post(f"{here}/lan/operator"),
        "Đã bỏ quyền vận hành của lan",
    )
    yield (
        "accounts.set_role",
        lambda: stage.post(f"{SITE}/people", name="lan", role="editor"),
        "Đã đổi vai trò",
    )
    lan, again = Person(stage.app), {"name": "lan", "password": PASSWORD, "again": PASSWORD}
    answers = [lan.post(links[0], token=lan.token(links[0]), **again)]
    texts = [answer.text for answer in said(lan, answers[0])]
    assert any("Đã đặt mật khẩu" in text for text in texts), texts
    yield "accounts.remove", lambda: stage.post(f"{here}/lan/remove"), "Đã xóa tài khoản lan"
    fresh = {"old": PASSWORD, "password": PASSWORD + " mới", "again": PASSWORD + " mới"}
    yield (
        "own_account.set_password",
        lambda: stage.post("/admin/account/password", **fresh),
        "Đã đổi mật khẩu",
    )
    yield (
        "own_account.sign_out_others",
        lambda: stage.post("/admin/account/sign-out-others"),
        "Bạn đã được đăng xuất",
    )
    for verb, text in (("confirm", "thiết bị là của bạn"), ("remove", "đã bị đăng xuất")):
        Person(stage.app).sign_in("op", PASSWORD + " mới")
        device = stage.found(r"/devices/([^/\"]+)/" + verb, stage.page("/admin/account"))
        yield (
            f"own_account.{verb}_device",
            lambda verb=verb, device=device: stage.post(f"/admin/account/devices/{device}/{verb}"),
            text,
        )
    yield from of_second_factor(stage, PASSWORD + " mới")


def of_second_factor(stage: Stage, password: str) -> Iterator[Step]:
    """Switch it on and off, and leave."""
    here = "/admin/account/second-factor"
    stage.post(here, password=password)
    phone = TOTP(stage.found(r'id="secret" value="([A-Z2-7]{32})"', stage.page(here)))

    def code() -> str:
        stage.clock.advance(60)
        return phone.at(stage.clock.now())

    yield (
        "second_factor.enable",
        lambda: stage.post(f"{here}/on", code=code()),
        "Đã bật xác thực hai bước",
    )
    both = {"password": password}
    yield (
        "second_factor.new_codes",
        lambda: stage.post(f"{here}/recovery-codes", **both, code=code()),
        "thay cho các mã trước",
    )
    yield (
        "second_factor.disable",
        lambda: stage.post(f"{here}/off", **both, code=code()),
        "Đã tắt xác thực hai bước",
    )
    yield "sign_in.sign_out", lambda: stage.post("/admin/sign-out"), "Bạn đã đăng xuất"


STORIES = (of_polls, of_settings, of_articles, of_files, of_people)


@pytest.fixture
def stage(app: Flask, services: Services, site: Site, clock: FakeClock) -> Stage:
    """Give the operator; what a worker starts a process for is done at once."""
    uploads = app.extensions[EXTENSION].portability.uploads
    uploads.launch = lambda upload, _held: uploads.run(upload, clock.now())
    return Stage(app, services, site, clock)


def test_every_action_is_answered_with_what_was_done(app: Flask, stage: Stage) -> None:
    """Politely where it was done, at once where it was not; every POST route is walked through."""
    walked = {"sign_in.use_link"}
    for story in STORIES:
        for endpoint, act, expected in story(stage):
            answers = said(stage.op, act())
            texts = [answer.text for answer in answers]
            if expected:
                assert any(expected in text for text in texts), (endpoint, expected, texts)
            walked.add(endpoint)

    routes = {
        rule.endpoint.removeprefix("admin.")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("admin.") and "POST" in (rule.methods or ())
    }
    assert walked | set(SILENT) == routes
    assert walked.isdisjoint(SILENT)
