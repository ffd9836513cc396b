"""Reports and webhooks on the admin pages, sent to real servers."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook

from stats_service.app import create_app
from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.operations.health import TICK_LATE_SECONDS
from stats_service.store.notices import ASKS_OF_ADDRESS
from stats_service.web.http.context import EXTENSION
from tests.support.admin import Person, add_account
from tests.support.clock import FakeClock
from tests.support.processes import wait_until
from tests.support.receivers import Inbox, Receiver, accept

NOTICES = "/admin/sites/kimson/notices"


@pytest.fixture
def settings(settings: Settings, smtp: str) -> Settings:
    """Give the settings of an installation that sends mail, and may call this machine."""
    return replace(settings, smtp_url=smtp, mail_from="a@example.vn", webhook_hosts=("127.0.0.1",))


def act(person: Person, path: str, **fields: str) -> str:
    """Send a form and return the page that it ends on."""
    answer = person.post(f"{NOTICES}{path}", token=person.token(NOTICES), **fields)
    if answer.status_code == 302:
        answer = person.get(answer.location)
    return answer.get_data(as_text=True)


def test_a_report_is_added_tried_and_removed(
    owner: Person, site: Site, services: Services, inbox: Inbox
) -> None:
    """The page says what became of the last one."""
    page = act(owner, "/reports", address="an@example.vn", every="week", language="en")
    (report,) = services.notices.notices.get("kimson").reports
    assert "an@example.vn" in page
    assert "chưa được đồng ý" in page
    assert "statistics reports of Kim Sơn?" in inbox.messages.pop()["Subject"]
    for _ in range(ASKS_OF_ADDRESS - 1):
        act(owner, f"/{report.id}/try")
        inbox.messages.pop()
    asked = act(owner, f"/{report.id}/try")
    assert inbox.messages == []
    assert "an@example.vn hiện không được hỏi" in asked
    accept(services)

    sent = act(owner, f"/{report.id}/try")
    inbox.refuses = True
    refused = act(owner, f"/{report.id}/try")

    assert [message["To"] for message in inbox.messages] == ["an@example.vn"]
    assert "đã nhận" in sent
    assert "không nhận thư" in refused
    assert "1 lần liên tiếp" in refused
    act(owner, f"/{report.id}/remove")
    assert services.notices.notices.get("kimson").reports == ()
    assert services.notices.notices.deliveries("kimson") == {}
    what = [entry.what for entry in services.accounts.audit.newest("kimson", 4)]
    assert what == ["notice.removed", "notice.tried", "notice.tried", "report.agreed"]


def test_the_page_says_whether_something_calls_tick(
    owner: Person, site: Site, services: Services, clock: FakeClock
) -> None:
    """Whoever adds a report is not to wait for one in vain."""
    never = owner.get(NOTICES).get_data(as_text=True)
    list(services.operations.ticks.run(clock.now()))
    lately = owner.get(NOTICES).get_data(as_text=True)
    clock.advance(TICK_LATE_SECONDS + 1)
    not_any_more = owner.get(NOTICES).get_data(as_text=True)

    assert "chưa chạy lần nào" in never
    assert "*/5 * * * *" in never
    assert "Lần kiểm tra gần nhất: 04/03/2026 12:00" in lately
    assert "note warn" not in lately
    assert "Từ 04/03/2026 12:00 đến nay không có gì được tự gửi" in not_any_more


def test_the_demo_does_not_look_broken(
    settings: Settings, clock: FakeClock, site: Site, services: Services
) -> None:
    """Nothing calls `tick` there, and nobody is to be worried."""
    app = create_app(replace(settings, demo=True), clock)
    add_account(services, "chu", roles={"kimson": "owner"})
    owner = Person(app)
    owner.sign_in("chu")

    page = owner.get(NOTICES).get_data(as_text=True)
    app.extensions[EXTENSION].close()

    assert "Trong bản dùng thử" in page
    assert "note warn" not in page


def test_a_webhook_s_key_is_shown_once_and_signs_its_calls(
    owner: Person, site: Site, services: Services, receiver: Receiver
) -> None:
    """A refusal is told on the page, and stays beside the webhook."""
    page = act(owner, "/webhooks", url=receiver.url, event="silent", silent_hours="3")
    (hook,) = services.notices.notices.get("kimson").webhooks
    key = page.split('id="key" value="')[1].split('"')[0]
    assert (hook.events, hook.silent_hours) == (("silent",), 3)
    assert key not in owner.get(NOTICES).get_data(as_text=True)

    tried = act(owner, f"/{hook.id}/try")
    receiver.status = 500
    failed = act(owner, f"/{hook.id}/try")

    assert "đã nhận" in tried
    assert "trả lời 500" in failed
    headers, body = receiver.calls[0]
    assert json.loads(body)["type"] == "test"
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    signature = Webhook(key).sign(headers["webhook-id"], at, body.decode())
    assert headers["webhook-signature"] == signature


def test_one_receiver_is_waited_for_at_a_time(
    owner: Person, operator: Person, site: Site, services: Services, receiver: Receiver
) -> None:
    """Else receivers that never answer take the threads that everybody needs."""
    act(owner, "/webhooks", url=receiver.url, event="silent", silent_hours="3")
    (hook,) = services.notices.notices.get("kimson").webhooks
    receiver.answers.clear()

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(act, owner, f"/{hook.id}/try")
        wait_until(lambda: bool(receiver.calls))
        second = act(operator, f"/{hook.id}/try")
        receiver.answers.set()

    assert "Đang có một lần gửi thử khác" in second
    assert "đã nhận" in first.result()
    assert len(receiver.calls) == 1
    assert "đã nhận" in act(operator, f"/{hook.id}/try")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/reports", {"address": "an", "every": "week", "language": "vi"}),
        ("/reports", {"address": "an@example.vn", "every": "day", "language": "vi"}),
        ("/reports", {"address": "an@example.vn\nBcc: x@y.vn", "every": "week", "language": "vi"}),
        ("/webhooks", {"url": "https://10.0.0.1/", "event": "peak", "silent_hours": "6"}),
        ("/webhooks", {"url": "https://localhost/x", "event": "peak", "silent_hours": "6"}),
        ("/webhooks", {"url": "https://2130706433/x", "event": "peak", "silent_hours": "6"}),
        ("/webhooks", {"url": "https://a.example.vn/", "silent_hours": "6"}),
        ("/webhooks", {"url": "https://a.example.vn/", "event": "moon", "silent_hours": "6"}),
        ("/webhooks", {"url": "https://a.example.vn/", "event": "peak", "silent_hours": "0"}),
        ("/webhooks", {"url": "https://a.example.vn/", "event": "peak", "silent_hours": "x"}),
        ("/webhooks", {"url": "javascript:alert(1)", "event": "peak", "silent_hours": "6"}),
    ],
)
def test_what_cannot_be_used_is_told_and_not_kept(
    owner: Person, site: Site, services: Services, path: str, fields: dict[str, str]
) -> None:
    """In the reader's language."""
    answer = owner.post(f"{NOTICES}{path}", token=owner.token(NOTICES), **fields)

    assert answer.status_code == 400
    assert 'role="alert"' in answer.get_data(as_text=True)
    known = services.notices.notices.get("kimson")
    assert (known.reports, known.webhooks) == ((), ())


def test_a_notice_that_there_is_none_of(owner: Person, site: Site) -> None:
    """Is not found."""
    token = owner.token(NOTICES)

    assert owner.post(f"{NOTICES}/none/try", token=token).status_code == 404
    assert owner.post(f"{NOTICES}/none/remove", token=token).status_code == 404


def test_an_editor_has_reports_of_her_own_and_sees_no_others(
    owner: Person, person: Callable[[], Person], site: Site, services: Services, inbox: Inbox
) -> None:
    """The recipient agrees once; addresses of others, and webhooks, are nothing to her."""
    add_account(services, "bientap", roles={site.slug: "editor"})
    editor = person()
    editor.sign_in("bientap")
    now = services.clock.now()
    act(owner, "/reports", address="lanhdao@example.vn", every="week", language="vi")
    services.notices.notices.add_webhook("kimson", "http://127.0.0.1:9/x", (), 6, "chu", now)
    (others,) = services.notices.notices.get("kimson").reports
    inbox.messages.clear()

    page = act(editor, "/reports", address="lan@example.vn", every="month", language="vi")
    refused = [
        editor.post(f"{NOTICES}/{others.id}/{verb}", token=editor.token(NOTICES)).status_code
        for verb in ("try", "remove")
    ]
    hook = editor.post(
        f"{NOTICES}/webhooks", token=editor.token(NOTICES), url="https://a.example", event="peak"
    )
    (own,) = (one for one in services.notices.notices.get("kimson").reports if one.by == "bientap")

    assert "lan@example.vn" in page
    assert "lanhdao@example.vn" not in page
    assert "127.0.0.1:9" not in page
    assert "Webhook" not in page
    assert refused == [404, 404]
    assert hook.status_code == 403
    assert inbox.messages[0]["To"] == "lan@example.vn"
    assert own.agreed == ""
    assert "lan@example.vn" in owner.get(NOTICES).get_data(as_text=True)
    assert "lan@example.vn" not in act(editor, f"/{own.id}/remove")
    assert services.notices.notices.get("kimson").reports == (others,)
