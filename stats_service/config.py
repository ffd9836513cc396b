"""Settings, read once from the environment; a value that cannot be used stops startup.

A setting whose name ends in `_FILE` holds the path of a file with the value, for secrets that
a container or systemd hands over as files.
"""

import contextlib
import ipaddress
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from stats_service.errors import ConfigurationError

#: Shortest accepted secret, in characters: 128 bits in hexadecimal.
SECRET_MIN_LENGTH = 32

REDIS_SCHEMES = (
    "redis",
    "rediss",
    "unix",
    "redis+sentinel",
    "rediss+sentinel",
    "redis+cluster",
    "rediss+cluster",
)

#: Headers that cannot be STATS_CLIENT_IP_HEADER: a list of addresses, or no address at all.
NO_ADDRESS = frozenset(
    ("accept", "authorization", "cookie", "host", "origin", "referer", "user-agent", "via")
) | {"x-forwarded-for"}

#: Paths of the service's own, which no prefix may cover.
TAKEN = ("admin", "demo", "healthz", "metrics", "readyz", "s")


@dataclass(frozen=True, slots=True)
class Settings:
    """How this installation runs; see docs/operate.md for the environment variables."""

    secret: str
    data_dir: Path = Path("data")
    #: Empty: an embedded Redis with its data below `data_dir`.
    redis_url: str = ""
    key_prefix: str = "st"
    bind: str = "127.0.0.1:8080"
    workers: int = 2
    #: How many reverse proxies of our own stand before the service; 0 trusts no header.
    trusted_proxies: int = 0
    #: Header in which a proxy names the reader's address, e.g. CF-Connecting-IP; empty: none.
    client_ip_header: str = ""
    #: Networks of the proxies whose header that is, in CIDR notation.
    proxy_networks: tuple[str, ...] = ()
    path_prefix: str = "/v1"
    #: Where browsers reach the service, e.g. `https://dem.example.vn`; empty: `http://<bind>`.
    public_url: str = ""
    log_level: str = "info"
    #: Log lines of refused sign-ins name the address that they came from.
    log_addresses: bool = False
    #: Database of countries by address, in MaxMind's format; None: no country is told.
    country_db: Path | None = None
    #: Server for e-mail, see `services.mail`; empty: none is sent.
    smtp_url: str = ""
    #: Address in From.
    mail_from: str = ""
    #: Hosts that webhooks may call although they are private or plain http.
    webhook_hosts: tuple[str, ...] = ()
    #: Whether titles of articles are read from the portals' pages, and hosts of portals that may
    #: have a private address; those that begin with `http://` are read without https.
    titles: bool = True
    title_hosts: tuple[str, ...] = ()
    #: Webhook of the operator, for trouble with Redis; empty: nobody is told.
    alert_url: str = ""
    #: Opens `/metrics` to whoever sends it; empty: there is no such page.
    metrics_token: str = ""
    #: Serve the demo portal below `/demo/`.
    demo: bool = False
    #: Seconds that a worker may keep a site's settings before it reads them again.
    site_cache_seconds: float = 5.0
    #: Ballots, ratings, calls of programs that one network may send in a minute, of each kind.
    write_limit: int = 3_000
    #: Longest wait for one answer of Redis, in seconds.
    redis_timeout: float = 0.3
    #: Greatest size of the file that keeps views while Redis is away, in MB; 0: keep none.
    spool_megabytes: int = 256
    #: Greatest size of a file that is sent to the admin pages, in MB; 0: take none.
    upload_megabytes: int = 256

    @property
    def redis_place(self) -> str:
        """REDIS_URL without users, passwords and options; empty for an embedded Redis."""
        parts = urlsplit(self.redis_url)
        place = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="")
        return place.geturl()

    @property
    def base_url(self) -> str:
        """The URL, without a slash at the end, under which browsers reach the service."""
        return (self.public_url or f"http://{self.bind}").rstrip("/")


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environ` (default: the process's environment).

    Raises:
        ConfigurationError: naming the setting, the value found and the value it wants.
    """
    env = _Environment(os.environ if environ is None else environ)
    data_dir = Path(env.text("STATS_DATA_DIR", "data"))
    settings = Settings(
        secret=env.secret("STATS_SECRET") or stored_secret(data_dir),
        data_dir=data_dir,
        redis_url=_redis_url(env.text_or_file("REDIS_URL")),
        key_prefix=env.text("STATS_KEY_PREFIX", "st", _key_prefix),
        bind=env.text("STATS_BIND", "127.0.0.1:8080", _bind),
        workers=env.integer("STATS_WORKERS", 2, 1, 256),
        trusted_proxies=env.integer("STATS_TRUSTED_PROXIES", 0, 0, 16),
        client_ip_header=env.text("STATS_CLIENT_IP_HEADER", "", _header_name),
        proxy_networks=_networks(env.text("STATS_PROXY_NETWORKS", "")),
        path_prefix=env.text("STATS_PATH_PREFIX", "/v1", _path_prefix),
        public_url=env.text("STATS_PUBLIC_URL", "", _public_url),
        log_level=env.text("STATS_LOG_LEVEL", "info", _log_level),
        log_addresses=env.flag("STATS_LOG_ADDRESSES"),
        country_db=Path(database) if (database := env.text("STATS_COUNTRY_DB", "")) else None,
        smtp_url=_smtp_url(env.text_or_file("STATS_SMTP_URL")),
        mail_from=env.text("STATS_MAIL_FROM", "", _mail_address),
        webhook_hosts=tuple(env.text("STATS_WEBHOOK_HOSTS", "").lower().split()),
        titles=env.flag("STATS_TITLES", default=True),
        title_hosts=tuple(env.text("STATS_TITLE_HOSTS", "").lower().split()),
        alert_url=env.text("STATS_ALERT_URL", "", _alert_url),
        metrics_token=env.secret("STATS_METRICS_TOKEN"),
        demo=env.flag("STATS_DEMO"),
        site_cache_seconds=env.number("STATS_SITE_CACHE_SECONDS", 5.0, 0.0, 300.0),
        write_limit=env.integer("STATS_WRITE_LIMIT", 3_000, 1, 1_000_000),
        redis_timeout=env.number("STATS_REDIS_TIMEOUT", 0.3, 0.01, 10.0),
        spool_megabytes=env.integer("STATS_SPOOL_MEGABYTES", 256, 0, 1_000_000),
        upload_megabytes=env.integer("STATS_UPLOAD_MEGABYTES", 256, 0, 1_000_000),
    )
    _check_proxies(settings)
    return settings


def stored_secret(data_dir: Path) -> str:
    """Return the secret kept in `data_dir`, making it, readable by its owner only, if absent."""
    path = data_dir / "secret"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_secret(path)
        value = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The secret file {path.absolute()} cannot be read or made ({error}). Give the service "
            "a data folder that it may write to with STATS_DATA_DIR, or set STATS_SECRET."
        ) from error
    return _secret("the file " + str(path), value)


def _make_secret(path: Path) -> None:
    """Make the file with its content at once: another start may be about to read it."""
    descriptor, name = tempfile.mkstemp(prefix=".secret-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)


@dataclass(frozen=True, slots=True)
class _Environment:
    """Typed reading of environment variables."""

    variables: Mapping[str, str]

    def text(self, name: str, default: str, check: Callable[[str, str], str] | None = None) -> str:
        value = self.variables.get(name, "").strip() or default
        return check(name, value) if check and value else value

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        raw = self.variables.get(name, "").strip()
        if not raw:
            return default
        if not (raw.isascii() and raw.isdigit() and low <= int(raw) <= high):
            raise ConfigurationError(f"{name}={raw!r} must be a whole number from {low} to {high}.")
        return int(raw)

    def flag(self, name: str, *, default: bool = False) -> bool:
        raw = self.variables.get(name, "").strip() or ("1" if default else "0")
        if raw not in ("0", "1"):
            raise ConfigurationError(f"{name}={raw!r} must be 1 for yes, or 0 for no.")
        return raw == "1"

    def number(self, name: str, default: float, low: float, high: float) -> float:
        raw = self.variables.get(name, "").strip()
        if not raw:
            return default
        try:
            value = float(raw)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ConfigurationError(f"{name}={raw!r} must be a number from {low:g} to {high:g}.")
        return value

    def text_or_file(self, name: str) -> str:
        """Return the value, or that in the file which `<name>_FILE` names."""
        value = self.variables.get(name, "").strip()
        path = self.variables.get(f"{name}_FILE", "").strip()
        if value and path:
            raise ConfigurationError(f"Set either {name} or {name}_FILE, not both.")
        if not path:
            return value
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{name}_FILE={path!r} cannot be read: {error}") from error

    def secret(self, name: str) -> str:
        """Return the secret, checked for its length; empty if there is none."""
        value = self.text_or_file(name)
        path = self.variables.get(f"{name}_FILE", "").strip()
        if not value and not path:
            return ""
        return _secret(f"{name}_FILE={path!r}" if path else name, value)


def _secret(source: str, value: str) -> str:
    if len(value) < SECRET_MIN_LENGTH:
        raise ConfigurationError(
            f"The secret in {source} has {len(value)} characters and needs at least "
            f"{SECRET_MIN_LENGTH}: make one with `python3 -c 'import secrets; "
            "print(secrets.token_hex(32))'`."
        )
    return value


def _redis_url(value: str) -> str:
    scheme = urlsplit(value).scheme
    if value and scheme not in REDIS_SCHEMES:
        raise ConfigurationError(
            f"REDIS_URL must start with one of {', '.join(s + '://' for s in REDIS_SCHEMES)} "
            f"(its scheme is {scheme!r})."
        )
    return value


def _key_prefix(name: str, value: str) -> str:
    if not (value.isascii() and value.isalnum() and len(value) <= 16):
        raise ConfigurationError(f"{name}={value!r} must be 1 to 16 ASCII letters or digits.")
    return value


def _bind(name: str, value: str) -> str:
    host, _, port = value.rpartition(":")
    if value.startswith("unix:"):
        return value
    if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ConfigurationError(
            f"{name}={value!r} must be HOST:PORT, e.g. 127.0.0.1:8080, or unix:/path/of.sock."
        )
    return value


def _path_prefix(name: str, value: str) -> str:
    parts = value.split("/")
    well_formed = all(p and p.replace("-", "").isalnum() and p.isascii() for p in parts[1:])
    if parts[0] or len(parts) < 2 or not well_formed:
        raise ConfigurationError(
            f"{name}={value!r} must be a path such as /v1: a slash, then letters, digits or "
            "hyphens, without a slash at the end."
        )
    if parts[1] in TAKEN:
        raise ConfigurationError(
            f"{name}={value!r} is in the way of the service's own /{parts[1]}: choose another."
        )
    return value


def _header_name(name: str, value: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,63}", value) or value.lower() in NO_ADDRESS:
        raise ConfigurationError(
            f"{name}={value!r} must be the name of a header with the reader's address alone: "
            "CF-Connecting-IP, True-Client-IP, X-Real-IP or Forwarded. X-Forwarded-For needs no "
            "name: STATS_TRUSTED_PROXIES says how many proxies of your own write it."
        )
    return value


def _networks(value: str) -> tuple[str, ...]:
    found = []
    for text in value.replace(",", " ").split():
        try:
            network = ipaddress.ip_network(text)
        except ValueError as error:
            raise ConfigurationError(
                f"STATS_PROXY_NETWORKS: {text!r} is no network ({error}). Write networks as "
                "173.245.48.0/20 2400:cb00::/32, parted by spaces."
            ) from error
        if network.prefixlen == 0:
            raise ConfigurationError(
                f"STATS_PROXY_NETWORKS: {text} is everybody, who could then pretend any address. "
                "Name the networks of your proxies alone."
            )
        found.append(str(network))
    return tuple(found)


def _check_proxies(settings: Settings) -> None:
    """Return if the settings of proxies agree with each other."""
    if bool(settings.client_ip_header) != bool(settings.proxy_networks):
        raise ConfigurationError(
            "Set STATS_CLIENT_IP_HEADER and STATS_PROXY_NETWORKS both, or neither: the header is "
            "believed of these networks, and of nobody else."
        )
    on_socket = settings.bind.startswith("unix:")
    if settings.client_ip_header and on_socket and not settings.trusted_proxies:
        raise ConfigurationError(
            f"STATS_CLIENT_IP_HEADER needs STATS_TRUSTED_PROXIES=1 with STATS_BIND={settings.bind}:"
            " on a Unix socket only X-Forwarded-For tells who has called the proxy there."
        )


def _smtp_url(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("smtp", "smtps", "smtp+plain") or not parts.hostname):
        raise ConfigurationError(
            "STATS_SMTP_URL must be smtp://user:password@host:587 (STARTTLS), smtps://…:465, or "
            "smtp+plain://localhost:25 for a server on this machine."
        )
    return value


def _mail_address(name: str, value: str) -> str:
    user, at, domain = value.partition("@")
    if not (user and at and "." in domain and value.isascii() and value.isprintable()):
        raise ConfigurationError(f"{name}={value!r} must be an address: thong-ke@example.vn.")
    return value


def _public_url(name: str, value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigurationError(f"{name}={value!r} must be a URL such as https://dem.example.vn.")
    if parts.path.strip("/"):
        raise ConfigurationError(
            f"{name}={value!r} must have no path: the service cannot stand below "
            f"{parts.path!r}, as its pages and the polls would lead past it. Give it a host of its "
            "own, e.g. https://dem.example.vn, or a port of its own."
        )
    return value.rstrip("/")


def _alert_url(name: str, value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        # Not repeated: the URLs of many chats are secrets.
        raise ConfigurationError(f"{name} must be a URL such as https://chat.example.vn/hook.")
    return value


def _log_level(name: str, value: str) -> str:
    if value not in ("debug", "info", "warning", "error"):
        raise ConfigurationError(f"{name}={value!r} must be debug, info, warning or error.")
    return value
