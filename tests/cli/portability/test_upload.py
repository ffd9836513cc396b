"""`stats-service work-on-upload`, which the admin pages start."""

import resource

import pytest

from tests.cli.conftest import Run


def test_the_process_is_bounded(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In computing and in memory: what a file unpacks to must not end the service beside it."""
    limits: dict[int, int] = {}
    monkeypatch.setattr(resource, "setrlimit", lambda what, most: limits.update({what: most[0]}))
    monkeypatch.setattr("stats_service.processes.end_with_parent", lambda: None)

    run("work-on-upload", "0123456789abcdef")

    assert limits == {resource.RLIMIT_CPU: 1800, resource.RLIMIT_DATA: 1024**3}
