"""Fixtures for the command line's tests."""

import os
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from stats_service.cli import main
from stats_service.config import Settings

Run = Callable[..., Result]


@pytest.fixture
def environ(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Give the environment that makes the command line use the test's settings."""
    for name in os.environ:
        if name.startswith("STATS_"):
            monkeypatch.delenv(name)
    return {
        "REDIS_URL": settings.redis_url,
        "STATS_KEY_PREFIX": settings.key_prefix,
        "STATS_SECRET": settings.secret,
        "STATS_DATA_DIR": str(settings.data_dir),
        "STATS_BIND": "127.0.0.1:9",  # the port of `discard`: nobody listens there
    }


@pytest.fixture
def run(environ: dict[str, str]) -> Run:
    """Give a function that runs one command, as a person would type it."""

    def run_command(*words: str, code: int = 0, stdin: str = "", **more: str) -> Result:
        result = CliRunner().invoke(
            main,
            words,
            stdin,
            env=environ | more,
            prog_name="stats-service",
            catch_exceptions=False,
        )
        assert result.exit_code == code, result.output
        if code == 2:
            assert result.stdout == ""
            assert "Error: " in result.stderr
        return result

    return run_command
