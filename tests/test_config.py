"""Settings: what each variable takes, and what is said when it does not."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stats_service.config import load_settings
from stats_service.errors import ConfigurationError

SECRET = "0123456789abcdef0123456789abcdef"


def load(**environ: str) -> object:
    """Read the settings from `environ` and a secret."""
    return load_settings({"STATS_SECRET": SECRET} | environ)


def test_defaults_need_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty environment is a working one."""
    monkeypatch.chdir(tmp_path)

    settings = load_settings({})

    assert settings.redis_url == ""
    assert settings.data_dir == Path("data")
    assert settings.base_url == "http://127.0.0.1:8080"
    assert settings.trusted_proxies == 0
    assert settings.demo is False
    assert len(settings.secret) == 64


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """Two starts have the same secret, and nobody else reads it."""
    first = load_settings({"STATS_DATA_DIR": str(tmp_path / "a/b")})
    second = load_settings({"STATS_DATA_DIR": str(tmp_path / "a/b")})

    assert first.secret == second.secret
    assert (tmp_path / "a/b/secret").stat().st_mode & 0o777 == 0o600


def test_starts_at_the_same_time_agree_on_the_secret(tmp_path: Path) -> None:
    """Nobody reads the file while it is being written."""
    for number in range(30):
        environ = {"STATS_DATA_DIR": str(tmp_path / str(number))}
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(load_settings, [environ] * 8))

        assert len({settings.secret for settings in found}) == 1
        assert os.listdir(tmp_path / str(number)) == ["secret"]


def test_values_from_files(tmp_path: Path) -> None:
    """As containers and systemd hand over secrets; the line end does not belong to the value."""
    (tmp_path / "secret").write_text(SECRET + "\n")
    (tmp_path / "url").write_text("redis://:password@redis:6379/0\n")

    settings = load_settings(
        {
            "STATS_SECRET_FILE": str(tmp_path / "secret"),
            "REDIS_URL_FILE": str(tmp_path / "url"),
        }
    )

    assert settings.secret == SECRET
    assert settings.redis_url == "redis://:password@redis:6379/0"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("STATS_WORKERS", "0", "1 to 256"),
        ("STATS_WORKERS", "two", "1 to 256"),
        ("STATS_WORKERS", "2.5", "1 to 256"),
        ("STATS_WORKERS", "٢", "1 to 256"),
        ("STATS_TRUSTED_PROXIES", "-1", "0 to 16"),
        ("STATS_CLIENT_IP_HEADER", "CF Connecting IP", "CF-Connecting-IP"),
        ("STATS_CLIENT_IP_HEADER", "CF_CONNECTING_IP", "CF-Connecting-IP"),
        ("STATS_CLIENT_IP_HEADER", "X-Forwarded-For", "STATS_TRUSTED_PROXIES"),
        ("STATS_CLIENT_IP_HEADER", "Host", "CF-Connecting-IP"),
        ("STATS_CLIENT_IP_HEADER", "CF-Connecting-IP", "both, or neither"),
        ("STATS_PROXY_NETWORKS", "10.0.0.0/8", "both, or neither"),
        ("STATS_PROXY_NETWORKS", "10.0.0.0/33", "no network"),
        ("STATS_PROXY_NETWORKS", "cloudflare", "no network"),
        ("STATS_PROXY_NETWORKS", "10.0.0.1/8", "host bits"),
        ("STATS_PROXY_NETWORKS", "0.0.0.0/0", "everybody"),
        ("STATS_PROXY_NETWORKS", "::/0", "everybody"),
        ("STATS_BIND", "8080", "HOST:PORT"),
        ("STATS_BIND", "localhost:", "HOST:PORT"),
        ("STATS_BIND", "127.0.0.1:65536", "HOST:PORT"),
        ("STATS_KEY_PREFIX", "a b", "ASCII"),
        ("STATS_KEY_PREFIX", "a{b}", "ASCII"),
        ("STATS_PATH_PREFIX", "v1", "/v1"),
        ("STATS_PATH_PREFIX", "/v1/", "/v1"),
        ("STATS_PATH_PREFIX", "/admin", "/admin"),
        ("STATS_ALERT_URL", "chat.example.vn/hook", "https://"),
        ("STATS_PUBLIC_URL", "dem.example.vn", "https://"),
        ("STATS_PUBLIC_URL", "javascript:alert(1)", "https://"),
        ("STATS_PUBLIC_URL", "http://dem.example.vn/dem", "must have no path"),
        ("STATS_LOG_LEVEL", "loud", "debug"),
        ("STATS_DEMO", "true", "1"),
        ("STATS_REDIS_TIMEOUT", "0", "0.01"),
        ("STATS_REDIS_TIMEOUT", "nan", "0.01"),
        ("STATS_SITE_CACHE_SECONDS", "-1", "0 to 300"),
        ("STATS_SECRET", "short", "32"),
        ("STATS_SECRET_FILE", "/nonexistent", "STATS_SECRET"),
        ("REDIS_URL", "localhost:6379", "redis://"),
        ("REDIS_URL", "http://localhost", "redis://"),
        ("REDIS_URL_FILE", "/nonexistent", "cannot be read"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str, said: str) -> None:
    """The error says which setting, and what it wants, in one line."""
    with pytest.raises(ConfigurationError) as caught:
        load(**{name: value})

    message = str(caught.value)
    assert name.removesuffix("_FILE") in message
    assert said in message
    assert "\n" not in message


def test_a_header_is_believed_of_named_networks() -> None:
    """They are parted by spaces or commas; behind a Unix socket somebody has to say who came."""
    both = {
        "STATS_CLIENT_IP_HEADER": "CF-Connecting-IP",
        "STATS_PROXY_NETWORKS": "173.245.48.0/20, 2400:CB00::/32 192.0.2.7",
    }

    settings = load(**both)

    assert settings.client_ip_header == "CF-Connecting-IP"
    assert settings.proxy_networks == ("173.245.48.0/20", "2400:cb00::/32", "192.0.2.7/32")
    with pytest.raises(ConfigurationError, match="STATS_TRUSTED_PROXIES=1"):
        load(**both, STATS_BIND="unix:/run/stats.sock")
    load(**both, STATS_BIND="unix:/run/stats.sock", STATS_TRUSTED_PROXIES="1")


def test_a_secret_is_not_in_the_error() -> None:
    """Errors go to logs and terminals."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings({"STATS_SECRET": "hunter2hunter2", "STATS_DATA_DIR": "/nonexistent"})
    assert "hunter2" not in str(caught.value)

    with pytest.raises(ConfigurationError) as caught:
        load(REDIS_URL="http://:hunter2hunter2@localhost")
    assert "hunter2" not in str(caught.value)


def test_both_a_value_and_a_file_is_a_mistake(tmp_path: Path) -> None:
    """Which one was meant, only the person knows."""
    with pytest.raises(ConfigurationError, match="not both"):
        load(STATS_SECRET_FILE=str(tmp_path))


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """The way out is in the message."""
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigurationError, match="STATS_DATA_DIR"):
        load_settings({"STATS_DATA_DIR": str(tmp_path / "file")})


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an argument."""
    monkeypatch.setitem(os.environ, "STATS_SECRET", SECRET)
    monkeypatch.setitem(os.environ, "STATS_WORKERS", "7")

    assert load_settings().workers == 7


@pytest.mark.parametrize("hosts", ["portal.lan:0", "http://", "https://portal.lan", "a/b", "a:b:c"])
def test_a_host_of_titles_that_is_none_is_refused(hosts: str) -> None:
    """At the start, not when a title is to be read."""
    with pytest.raises(ConfigurationError, match="STATS_TITLE_HOSTS"):
        load(STATS_TITLE_HOSTS=f"portal.lan {hosts}")


def test_hosts_of_titles_may_have_a_port() -> None:
    """And no https."""
    settings = load_settings(
        {
            "STATS_SECRET": SECRET,
            "STATS_TITLE_HOSTS": "http://Portal.lan:8080 [fd00::1]:81 10.0.0.5",
        }
    )

    assert settings.title_hosts == ("http://portal.lan:8080", "[fd00::1]:81", "10.0.0.5")
