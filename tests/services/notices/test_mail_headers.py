"""The head of an e-mail: no name makes a header, on any Python."""

import email
import email.policy
from email.header import decode_header, make_header

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stats_service.errors import InvalidInputError
from stats_service.models.notices import Report
from stats_service.models.sites import Site
from stats_service.services.notices.mail import Mail, Mailer
from stats_service.services.notices.mail_headers import encoded, header_lines
from stats_service.services.notices.reports.render import render_ask

#: What every message has, in any order.
OURS = {
    *("Subject", "From", "To", "Date", "Message-ID", "Content-Language", "Auto-Submitted"),
    *("MIME-Version", "Content-Type"),
}
EVIL = "=?utf-8?q?=0d=0aTo:_x@example.com=0d=0aBcc:_y@example.com=0d=0a=0d=0a<a_href=x>?="
NAMES = (
    EVIL,
    f"Kim Sơn {EVIL} {EVIL}",
    "=?utf-8?b?DQpUbzogeEBleGFtcGxlLmNvbQ0KDQo=?=",
    "a\r\nBcc: y@example.com\r\n\r\nhello",
    "a\nBcc: y@example.com",
    "a\u2028Bcc: y@example.com\x85\x0b\x0c\x00",
    '"; x@example.com, <y@example.com>',
    "Cổng thông tin điện tử huyện Kim Sơn " * 5,
    "a" * 200,
    "\U0001f600" * 60,
    " ",
    "",
)


def message(subject: str) -> bytes:
    """Return an e-mail with a subject as `Mailer` sends it."""
    mail = Mail(to="an@example.vn", subject=subject, text="t", html="<p>t", language="vi")
    return Mailer("smtp://mail.example.vn", "tk@example.vn")._message(mail, 0)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_makes_no_header(name: str) -> None:
    """The head has our headers alone, and the subject is read as it was written."""
    raw = message(name)

    read = email.message_from_bytes(raw)  # the reader that decodes nothing by itself
    assert set(read.keys()) == OURS
    assert read.get_all("To") == ["an@example.vn"]
    shown = str(make_header(decode_header(read["Subject"])))
    assert shown == "".join(char if char.isprintable() else " " for char in name)
    assert all(len(line) <= 78 for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n")[:-2])


@given(st.text(max_size=300))
@example("đ" * 300)
@example("a" * 300)
def test_any_text_is_one_header(text: str) -> None:
    """ASCII, lines of at most 76 characters with the name, folded where one continues."""
    text = text.encode("utf-8", "replace").decode()

    lines = f"Subject: {encoded(text, 9)}".split("\r\n")

    assert all(line.isascii() and line.isprintable() and len(line) <= 76 for line in lines)
    assert all(line.startswith(" =?utf-8?b?") for line in lines[1:])


def test_what_is_not_encoded_has_no_line_end() -> None:
    """An address or a link of ours with one is a fault, and is not sent."""
    with pytest.raises(InvalidInputError):
        header_lines({}, {"To": "an@example.vn\r\nBcc: y@example.com"})


def test_a_site_of_such_a_name_asks_with_our_headers_alone() -> None:
    """The first mail that a stranger gets; in its HTML the name is text."""
    site = Site(slug="kimson", name=EVIL, hosts=("kimson.example.vn",))

    mail = render_ask(site, Report(id="r", address="an@example.vn"), "https://dem.example.vn/s/x")

    read = email.message_from_bytes(message(mail.subject), policy=email.policy.compat32)
    assert set(read.keys()) == OURS
    assert "&lt;a_href" in mail.html
