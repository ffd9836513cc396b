"""Send e-mail through the server of `STATS_SMTP_URL`.

`services.mail_headers` writes the header; Python's `email` writes only the body.
"""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from stats_service.errors import ConfigurationError
from stats_service.services.notices.mail_headers import header_lines
from stats_service.services.notices.outgoing import DeliveryError

#: Longest wait for a response of the server, in seconds.
TIMEOUT_SECONDS = 20.0


class MailServerError(DeliveryError):
    """The mail server is unreachable or refuses the login: further messages would fail, too."""


@dataclass(frozen=True, slots=True)
class MailPicture:
    """A picture inside a message, which its HTML names as `cid:<id>`."""

    id: str
    data: bytes
    #: `png` or `jpeg`
    kind: str
    filename: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A message in text and HTML, with the pictures that the HTML names."""

    to: str
    subject: str
    text: str
    html: str
    language: str
    pictures: tuple[MailPicture, ...] = ()
    #: Unsubscribe address for a one-click POST (RFC 8058); empty: none.
    unsubscribe: str = ""


class Mailer:
    """Sends mail.

    Args:
        url: `smtp://[user:password@]host[:587]` with STARTTLS; `smtps://…[:465]`; or
            `smtp+plain://host[:25]` without encryption, for a server on this machine. Empty: no
            mail server.
        sender: the address in From.
    """

    def __init__(self, url: str, sender: str) -> None:
        self._url = url
        self._sender = sender

    def check(self) -> None:
        """Return if mail can be sent; ConfigurationError names the missing setting."""
        if not self._url or not self._sender:
            raise ConfigurationError(
                "Set STATS_SMTP_URL (e.g. smtp://user:password@mail.example.vn:587) and "
                "STATS_MAIL_FROM (e.g. thong-ke@example.vn) to send e-mail."
            )

    def send(self, mail: Mail, now: float) -> None:
        """Send one message.

        Raises:
            ConfigurationError: the server or the sender is not configured.
            DeliveryError: the server refused the message.
        """
        self.check()
        parts = urlsplit(self._url)
        host = parts.hostname or ""
        message = self._message(mail, now)
        try:
            server = _connected(parts.scheme, host, parts.port)
        except OSError as error:
            raise _failed(MailServerError, host, error) from error
        try:
            with server:
                if parts.username:
                    server.login(unquote(parts.username), unquote(parts.password or ""))
                server.sendmail(self._sender, [mail.to], message)
        except OSError as error:  # includes the errors of smtplib
            of_message = isinstance(error, smtplib.SMTPException) and not isinstance(
                error, smtplib.SMTPAuthenticationError | smtplib.SMTPServerDisconnected
            )
            raise _failed(DeliveryError if of_message else MailServerError, host, error) from error

    def _message(self, mail: Mail, now: float) -> bytes:
        plain = {
            "From": self._sender,
            "To": mail.to,
            "Date": formatdate(now),
            "Message-ID": make_msgid(domain=self._sender.rpartition("@")[2]),
            "Content-Language": mail.language,
            # Asks mail programs to send no out-of-office replies.
            "Auto-Submitted": "auto-generated",
        }
        # An address with an international name is left out, because it could be written wrongly.
        if mail.unsubscribe.isascii() and mail.unsubscribe.isprintable() and mail.unsubscribe:
            plain["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
            plain["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        return header_lines({"Subject": mail.subject}, plain) + _body(mail)


def _body(mail: Mail) -> bytes:
    """Return the body of a message; no header in it contains text from outside."""
    message = EmailMessage(policy=SMTP)
    message.set_content(mail.text, cte="base64")
    message.add_alternative(mail.html, subtype="html", cte="base64")
    html = message.get_body(("html",))
    if isinstance(html, EmailMessage):
        for one in mail.pictures:
            html.add_related(one.data, "image", one.kind, cid=f"<{one.id}>", filename=one.filename)
    return message.as_bytes()


def _failed(kind: type[DeliveryError], host: str, error: Exception) -> DeliveryError:
    # The error of a refused login may contain the password.
    shown = type(error).__name__ if isinstance(error, smtplib.SMTPException) else str(error)
    result = DeliveryError("{host} did not take the e-mail: {shown}.", host=host, shown=shown)
    return kind(result.message, **result.values)


def _connected(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port or 465, timeout=TIMEOUT_SECONDS, context=context)
    if scheme == "smtp+plain":
        return smtplib.SMTP(host, port or 25, timeout=TIMEOUT_SECONDS)
    server = smtplib.SMTP(host, port or 587, timeout=TIMEOUT_SECONDS)
    try:
        server.starttls(context=ssl.create_default_context())
    except BaseException:
        server.close()
        raise
    return server
