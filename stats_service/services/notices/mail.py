"""Send e-mail by the server of `STATS_SMTP_URL`."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from stats_service.errors import ConfigurationError
from stats_service.services.notices.outgoing import DeliveryError

#: Longest wait for each answer of the server, in seconds.
TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Mail:
    """One message, in text and HTML, with a picture that the HTML names as `cid:<picture_id>`."""

    to: str
    subject: str
    text: str
    html: str
    picture: bytes
    picture_id: str
    language: str


class Mailer:
    """Sends mail.

    Args:
        url: `smtp://[user:password@]host[:587]` with STARTTLS; `smtps://…[:465]`; or
            `smtp+plain://host[:25]` without encryption, for a server on this machine. Empty: there
            is none.
        sender: the address in From.
    """

    def __init__(self, url: str, sender: str) -> None:
        self._url = url
        self._sender = sender

    def check(self) -> None:
        """Return if mail can be sent; ConfigurationError says which setting is missing."""
        if not self._url or not self._sender:
            raise ConfigurationError(
                "Set STATS_SMTP_URL (e.g. smtp://user:password@mail.example.vn:587) and "
                "STATS_MAIL_FROM (e.g. thong-ke@example.vn) to send e-mail."
            )

    def send(self, mail: Mail, now: float) -> None:
        """Send one message.

        Raises:
            ConfigurationError: there is no server, or no sender.
            DeliveryError: the server did not take it.
        """
        self.check()
        parts = urlsplit(self._url)
        host = parts.hostname or ""
        try:
            with _connected(parts.scheme, host, parts.port) as server:
                if parts.username:
                    server.login(unquote(parts.username), unquote(parts.password or ""))
                server.send_message(self._message(mail, now))
        except (OSError, smtplib.SMTPException) as error:
            # The error of a refused sign-in may hold what was sent.
            shown = type(error).__name__ if isinstance(error, smtplib.SMTPException) else str(error)
            raise DeliveryError(
                "{host} did not take the e-mail: {shown}.", host=host, shown=shown
            ) from error

    def _message(self, mail: Mail, now: float) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = formatdate(now)
        message["Message-ID"] = make_msgid(domain=self._sender.rpartition("@")[2])
        message["Content-Language"] = mail.language
        # Out-of-office replies and the like need not come.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        html = message.get_body(("html",))
        if isinstance(html, EmailMessage):
            html.add_related(
                mail.picture, "image", "png", cid=f"<{mail.picture_id}>", filename="chart.png"
            )
        return message


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
