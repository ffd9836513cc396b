"""`stats-service report` and `webhook`."""

import pytest

from stats_service.errors import NotFoundError
from stats_service.models.audit import COMMAND_LINE
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.cli.conftest import Run
from tests.support.receivers import Inbox, Receiver


def test_reports(run: Run, site: Site, smtp: str, inbox: Inbox, services: Services) -> None:
    """Adds, lists, tries and removes."""
    mail = {"STATS_SMTP_URL": smtp, "STATS_MAIL_FROM": "thong-ke@example.vn"}

    run("report", "add", "kimson", "an@example.vn", "--every", "month", **mail)
    (added,) = services.notices.notices.get("kimson").reports
    assert "an@example.vn" in run("report", "list", "kimson").stdout
    run("report", "send", "kimson", "be@example.vn", **mail)
    assert [message["To"] for message in inbox.messages] == ["be@example.vn"]
    assert "STATS_SMTP_URL" in run("report", "send", "kimson", "be@example.vn", code=2).stderr
    run("report", "remove", "kimson", added.id)
    assert services.notices.notices.get("kimson").reports == ()
    run("report", "remove", "kimson", added.id, code=2)
    with pytest.raises(NotFoundError):
        services.notices.notices.remove("kimson", added.id, COMMAND_LINE, 0)
    what = [entry.what for entry in services.accounts.audit.newest("kimson")]
    assert what == ["notice.removed", "report.added"]


def test_webhooks(run: Run, site: Site, receiver: Receiver, services: Services) -> None:
    """Adds, tries and removes; the key is shown once."""
    hosts = {"STATS_WEBHOOK_HOSTS": "127.0.0.1"}

    said = run("webhook", "add", "kimson", receiver.url, "--event", "peak", **hosts).stdout
    (added,) = services.notices.notices.get("kimson").webhooks
    assert services.notices.notices.signing_key("kimson", added.id) in said
    assert receiver.url in run("webhook", "list", "kimson").stdout
    refused = run("webhook", "add", "kimson", "https://localhost/x", "--event", "peak", code=2)
    assert "inner network" in refused.stderr
    assert "STATS_WEBHOOK_HOSTS" in refused.stderr
    number = run("webhook", "add", "kimson", "https://2130706433/x", "--event", "peak", code=2)
    assert "is a number" in number.stderr
    run("webhook", "test", "kimson", added.id, **hosts)
    assert receiver.events() == ["test"]
    run("webhook", "test", "kimson", added.id, code=2)  # without the permission
    run("webhook", "test", "kimson", "none", code=2, **hosts)
    run("webhook", "remove", "kimson", added.id)
    assert services.notices.notices.get("kimson").webhooks == ()
