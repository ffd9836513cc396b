"""Reports by e-mail, sent to a real SMTP server."""

import io
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from PIL import Image

from stats_service.config import Settings, load_settings
from stats_service.errors import ConfigurationError, InvalidInputError, NotFoundError
from stats_service.models.audit import COMMAND_LINE, Author
from stats_service.models.notices import Report
from stats_service.models.sites import Site
from stats_service.models.traffic.history import DayHistory, Pair
from stats_service.services.container import Services, create_services
from stats_service.services.notices.notices import PAUSE_SECONDS, NoticeBook
from stats_service.services.notices.outgoing import DeliveryError
from stats_service.services.notices.reports import words
from stats_service.services.notices.reports.numbers import period
from tests.support.clock import FakeClock
from tests.support.pictures import picture_file
from tests.support.processes import free_port
from tests.support.receivers import Inbox, accept

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
#: A Monday at noon: the week before ran from the second to the eighth of March.
MONDAY = datetime(2026, 3, 9, 12, tzinfo=VIETNAM)


@pytest.fixture
def mailing(settings: Settings, clock: FakeClock, smtp: str) -> Services:
    """Give the services of an installation that can send mail."""
    clock.set(MONDAY)
    sending = replace(
        settings,
        smtp_url=smtp,
        mail_from="thong-ke@example.vn",
        public_url="https://dem.example.vn",
    )
    return create_services(sending, clock)


@pytest.fixture
def past(mailing: Services, site: Site) -> None:
    """Write two weeks, the second one larger."""
    days = [
        DayHistory(
            date(2026, 2, 22 + n) if n < 7 else date(2026, 3, n - 6),
            (Pair(100 * n, 300 * n), *[Pair()] * 23),
            {"/tin/tết": 50 + n, "<b>/x</b>": 7},
        )
        for n in range(1, 15)
    ]
    mailing.traffic.history.write(site, days)


def test_a_report_in_vietnamese(mailing: Services, past: None, inbox: Inbox) -> None:
    """Text, HTML and a picture, with the numbers of the week and their change."""
    report = Report(id="", address="an@example.vn")

    mailing.notices.reports.send_now("kimson", report, mailing.clock.now())

    (message,) = inbox.messages
    assert message["To"] == "an@example.vn"
    assert message["From"] == "thong-ke@example.vn"
    assert message["Subject"] == "Báo cáo tuần 02/03/2026 – 08/03/2026: Kim Sơn"
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    said = text.get_content()
    assert "Lượt truy cập: 7.700\r\n  +175% so với tuần trước (2.800)\r\n" in said
    assert "  cùng kỳ năm trước: chưa có số liệu\r\n" in said
    assert "     +49  /tin/tết  (378 → 427)" in said
    assert "Cách tính các con số: https://dem.example.vn/admin/help/vi/how-we-count" in said
    assert "Ngày cao nhất: 08/03/2026 (1.400)" in said
    assert "https://dem.example.vn/admin/sites/kimson/report?period=2026-W10" in said
    shown = html.get_content()
    assert "7.700" in shown
    assert 'lang="vi"' in shown
    assert "cid:chart@stats-service" in shown
    (picture,) = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<chart@stats-service>"
    image = Image.open(io.BytesIO(picture.get_content()))
    assert image.size == (1200, 440)
    assert len(image.getcolors(1 << 20) or ()) > 3


def test_a_report_has_the_most_downloaded_documents(
    mailing: Services, site: Site, past: None, inbox: Inbox
) -> None:
    """Five of the week, as text; none of a site that does not count them."""
    week = {date(2026, 3, 2 + n): {"document": {f"/van-ban/{n}.pdf": n}} for n in range(1, 7)}
    other = {date(2026, 3, 1): {"document": {"/cũ.pdf": 99}, "outgoing": {"bao.example": 99}}}
    mailing.traffic.clicks.write(site, week | other)
    report = Report(id="", address="an@example.vn")

    mailing.notices.reports.send_now("kimson", report, mailing.clock.now())
    mailing.sites.sites.edit("kimson", clicks_off=("document",))
    mailing.notices.reports.send_now("kimson", report, mailing.clock.now())

    told, off = inbox.messages
    texts = [part.get_content() for part in told.walk() if part.get_content_maintype() == "text"]
    assert len(texts) == 2
    for text in texts:
        assert "Tài liệu được tải nhiều nhất" in text
        assert "/van-ban/6.pdf" in text
        assert "/van-ban/1.pdf" not in text
        assert "/cũ.pdf" not in text
        assert "bao.example" not in text
    assert "Tài liệu được tải" not in off.as_string()


def test_a_report_shows_the_emblem_without_asking_anybody(
    mailing: Services, past: None, inbox: Inbox
) -> None:
    """It is inside the message; the text has none."""
    author = Author("an", mailing.clock.now())
    mailing.sites.emblems.put("kimson", picture_file((600, 300)), author)
    report = Report(id="", address="an@example.vn")

    mailing.notices.reports.send_now("kimson", report, mailing.clock.now())

    (message,) = inbox.messages
    html = message.get_body(("html",))
    assert html is not None
    shown = html.get_content()
    assert '<img src="cid:emblem@stats-service" width="112" height="56" alt=""' in shown
    assert 'src="http' not in shown
    (picture,) = [part for part in message.walk() if part.get_content_type() == "image/jpeg"]
    assert picture["Content-ID"] == "<emblem@stats-service>"
    assert picture.get_content()[:2] == b"\xff\xd8"


def test_a_report_in_english_of_a_month(mailing: Services, past: None, inbox: Inbox) -> None:
    """The other language, the other span."""
    report = Report(id="r", address="an@example.vn", every="month", language="en")

    mailing.notices.reports.send_now("kimson", report, mailing.clock.now())

    (message,) = inbox.messages
    assert message["Subject"] == "Monthly report 1 Feb 2026 – 28 Feb 2026: Kim Sơn"
    body = message.get_body(("plain",))
    assert body is not None
    # In January the site was not counting yet: there is nothing to compare with.
    assert "Visits: 2,100\r\n  the month before: no number yet\r\n" in body.get_content()


def test_what_visitors_sent_is_no_markup_and_no_link(
    mailing: Services, past: None, inbox: Inbox
) -> None:
    """An article's key is text."""
    mailing.notices.reports.send_now(
        "kimson", Report(id="", address="an@example.vn"), MONDAY.timestamp()
    )

    html = inbox.messages[0].get_body(("html",))
    assert html is not None
    shown = html.get_content()
    assert "&lt;b&gt;/x&lt;/b&gt;" in shown
    assert shown.count("<a ") == 2  # to the service itself


def test_a_report_of_silence_says_what_to_do(mailing: Services, site: Site, inbox: Inbox) -> None:
    """A site that nobody visited has one as well."""
    mailing.notices.reports.send_now(
        "kimson", Report(id="", address="an@example.vn"), MONDAY.timestamp()
    )

    for kind in ("plain", "html"):
        body = inbox.messages[0].get_body((kind,))
        assert body is not None
        assert "Hãy kiểm tra đoạn mã" in body.get_content()
        assert "Ngày cao nhất" not in body.get_content()


def tick(services: Services) -> list[tuple[str, bool]]:
    """Run the regular work and return what it told."""
    return [tuple(outcome) for outcome in services.operations.ticks.run(services.clock.now())]


def test_each_report_is_sent_once_a_period(
    mailing: Services, site: Site, clock: FakeClock, inbox: Inbox
) -> None:
    """On Monday from six, on the first from six; never at once."""
    clock.set(datetime(2026, 3, 5, 9, tzinfo=VIETNAM))
    for every, address in (("week", "tuan@example.vn"), ("month", "thang@example.vn")):
        mailing.notices.notices.add_report(
            "kimson", address, every, "vi", COMMAND_LINE, clock.now()
        )
    accept(mailing)
    sent = {}
    while clock.now() < datetime(2026, 4, 8, tzinfo=VIETNAM).timestamp():
        before = len(inbox.messages)
        tick(mailing)
        for message in inbox.messages[before:]:
            when = datetime.fromtimestamp(clock.now(), VIETNAM).strftime("%d/%m %H")
            sent.setdefault(message["To"], []).append(when)
        clock.advance(3600)

    assert sent == {
        "tuan@example.vn": ["09/03 06", "16/03 06", "23/03 06", "30/03 06", "06/04 06"],
        "thang@example.vn": ["01/04 06"],
    }


def test_a_report_that_was_refused_is_tried_again(
    mailing: Services, site: Site, clock: FakeClock, inbox: Inbox
) -> None:
    """And is told of as a failure meanwhile."""
    clock.set(datetime(2026, 3, 8, 9, tzinfo=VIETNAM))
    mailing.notices.notices.add_report(
        "kimson", "an@example.vn", "week", "vi", COMMAND_LINE, clock.now()
    )
    accept(mailing)
    tick(mailing)
    clock.set(MONDAY)
    inbox.refuses = True

    ((text, failed),) = [row for row in tick(mailing) if "report" in row[0]]
    inbox.refuses = False
    tick(mailing)
    assert inbox.messages == []  # the server is left alone for a while
    clock.advance(PAUSE_SECONDS)
    tick(mailing)
    tick(mailing)

    assert failed
    assert "did not take the e-mail" in text
    assert len(inbox.messages) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_signing_in_and_encryption(
    settings: Settings, clock: FakeClock, site: Site, inbox: Inbox
) -> None:
    """Without a certificate that is known, no password is sent."""
    seen: list[object] = []

    def check(*words: object) -> AuthResult:
        seen.append(words[-1])
        login = words[-1]
        good = isinstance(login, LoginPassword) and login.password == b"bi mat"
        return AuthResult(success=good)

    controller = Controller(
        inbox,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=check,
        auth_required=True,
        auth_require_tls=False,
    )
    controller.start()
    report = Report(id="", address="an@example.vn")
    try:
        for scheme, password, error in (
            ("smtp+plain", "bi%20mat", None),
            ("smtp+plain", "wrong", "SMTPAuthenticationError|SMTPServerDisconnected"),
            ("smtp", "bi%20mat", "STARTTLS|SMTPNotSupportedError"),
        ):
            url = f"{scheme}://an:{password}@127.0.0.1:{controller.port}"
            sending = create_services(
                replace(settings, smtp_url=url, mail_from="a@example.vn"), clock
            )
            if error:
                with pytest.raises(DeliveryError, match=error) as caught:
                    sending.notices.reports.send_now("kimson", report, clock.now())
                assert "wrong" not in str(caught.value)
            else:
                sending.notices.reports.send_now("kimson", report, clock.now())
    finally:
        controller.stop()

    assert len(inbox.messages) == 1
    assert len(seen) >= 2


def test_without_a_mail_server(services: Services, site: Site, clock: FakeClock) -> None:
    """It says which settings are missing."""
    with pytest.raises(ConfigurationError, match="STATS_SMTP_URL"):
        services.notices.reports.send_now("kimson", Report(id="r", address="a@b.vn"), clock.now())


@pytest.mark.parametrize(
    "address",
    ["an", "an@localhost", "an@a.vn, be@b.vn", "an@a.vn\nBcc: x@y.vn", "<an@a.vn>", "an @a.vn"],
)
def test_an_address_that_is_none(
    services: Services, site: Site, clock: FakeClock, address: str
) -> None:
    """Is refused before it is stored."""
    with pytest.raises(InvalidInputError, match="address"):
        services.notices.notices.add_report(
            "kimson", address, "week", "vi", COMMAND_LINE, clock.now()
        )

    assert services.notices.notices.get("kimson").reports == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STATS_SMTP_URL", "mail.example.vn"),
        ("STATS_SMTP_URL", "http://mail.example.vn"),
        ("STATS_MAIL_FROM", "thong-ke"),
    ],
)
def test_a_setting_that_cannot_be_used(name: str, value: str) -> None:
    """Stops the start."""
    with pytest.raises(ConfigurationError, match=name):
        load_settings({"STATS_SECRET": "x" * 40, name: value})


def test_periods_in_the_sites_zone(site: Site) -> None:
    """Weeks from Monday; before six in the morning the last one is still the one before."""
    early = datetime(2026, 3, 9, 5, 59, tzinfo=VIETNAM).timestamp()

    assert period("week", site, MONDAY.timestamp(), 6)[:2] == (date(2026, 3, 2), date(2026, 3, 8))
    assert period("week", site, early, 6)[:2] == (date(2026, 2, 23), date(2026, 3, 1))
    assert period("week", site, early)[:2] == (date(2026, 3, 2), date(2026, 3, 8))
    assert period("month", site, early, 6)[:2] == (date(2026, 2, 1), date(2026, 2, 28))


def test_each_language_has_all_words() -> None:
    """Neither has a word that the other lacks."""
    assert words.WORDS["vi"].keys() == words.WORDS["en"].keys()


def test_a_recipient_is_asked_and_gets_nothing_else_until_accepting(
    mailing: Services, site: Site, clock: FakeClock, inbox: Inbox
) -> None:
    """T76: one mail with a link that only this report's recipient has; then the reports."""
    clock.set(datetime(2026, 3, 5, 9, tzinfo=VIETNAM))
    book = mailing.notices.notices
    report = book.add_report("kimson", "an@example.vn", "week", "en", COMMAND_LINE, clock.now())
    for _ in range(14 * 24):
        tick(mailing)
        clock.advance(3600)

    (question,) = inbox.messages
    assert question["Subject"] == "Would you like to receive the statistics reports of Kim Sơn?"
    link = question["List-Unsubscribe"].strip("<>")
    assert link.startswith(f"https://dem.example.vn/s/kimson/reports/{report.id}/")
    assert question["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert not book.agreed("kimson", report)
    with pytest.raises(NotFoundError):
        book.agree("kimson", report.id, "0" * 40, clock.now())

    book.agree("kimson", report.id, link.rpartition("/")[2], clock.now())
    tick(mailing)
    clock.advance(7 * 86_400)
    tick(mailing)

    assert [message["Subject"].split()[0] for message in inbox.messages] == ["Would", "Weekly"]


def test_who_declines_is_not_asked_again(
    mailing: Services, site: Site, clock: FakeClock, inbox: Inbox
) -> None:
    """And whoever may not be asked any more today waits, which is no failure."""
    book = mailing.notices.notices
    report = book.add_report("kimson", "an@example.vn", "week", "vi", COMMAND_LINE, clock.now())
    tick(mailing)
    book.decline("kimson", report.id, book.link_token("kimson", report), clock.now())
    assert book.get("kimson").reports == ()

    book.add_report("kimson", "AN@example.vn", "month", "vi", COMMAND_LINE, clock.now())
    failed = [text for text, bad in tick(mailing) if bad]

    assert failed == []
    assert len(inbox.messages) == 1


def test_a_proof_is_of_this_installation_and_address(mailing: Services, site: Site) -> None:
    """What an archive says does not count."""
    book = mailing.notices.notices
    accepted = Report(id="1a2b3c4d", address="an@example.vn", agreed="0" * 40)

    assert not book.agreed("kimson", accepted)
    assert not book.agreed("kimson", replace_address(book, accepted))


def replace_address(book: NoticeBook, report: Report) -> Report:
    """Return a report to somebody else with the proof of `report`."""
    proof = book._proof("kimson", report)
    return Report(id=report.id, address="be@example.vn", agreed=proof)
