"""Check the snippet on a page: the page sends a report, and this module judges it.

The admin page puts a token into a link. Only a report with a valid token is stored, and only that
page shows it. A token names its site, expires soon, and is signed:

    <site>.<id>.<end, in seconds>.<signature>
"""

import contextlib
import hmac
import ipaddress
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from stats_service.errors import InvalidInputError
from stats_service.models.install_checks import Finding, InstallCheck, InstallReport, Sender
from stats_service.services.articles.keys import canonical_article, dropped_parameters
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.visitors.hosts import origin_host
from stats_service.store.install_checks import CHECK_SECONDS, InstallCheckStore

TOKEN_MAX_LENGTH = 160
ID_BYTES = 9
#: `embed.js` is cached for five minutes; a copy older than twice that comes from another cache.
STALE_SECONDS = 600

#: Part of a canonical link that a finding shows, in characters.
SHOWN_LENGTH = 200

#: The order in which findings are shown.
LEVELS = ("bad", "warn", "info", "good")


@dataclass(frozen=True, slots=True)
class Scripts:
    """The scripts that the service serves: `sha384-…` by version."""

    newest: str
    digests: Mapping[str, str]


class InstallChecks:
    """Tokens for checks, and the reports sent with them."""

    def __init__(self, store: InstallCheckStore, secret: str) -> None:
        self._store = store
        self._key = hmac.digest(secret.encode(), b"install check", "sha256")

    def new_token(self, slug: str, now: float) -> str:
        """Return a token for one check of the site."""
        value = f"{slug}.{secrets.token_urlsafe(ID_BYTES)}.{int(now) + CHECK_SECONDS}"
        return f"{value}.{self._signature(value)}"

    def is_good(self, slug: str, token: str, now: float) -> bool:
        """Return whether a token is valid for the site and has not expired."""
        if not token.isascii() or len(token) > TOKEN_MAX_LENGTH:
            return False
        value, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature, self._signature(value)):
            return False
        site, _, end = value.split(".")
        return site == slug and now < int(end)

    def save(
        self, entry: SiteEntry, report: InstallReport, sender: Sender, now: float
    ) -> InstallCheck:
        """Return the check of a report; store it if the token is valid."""
        slug = entry.site.slug
        dropped: tuple[str, ...] = ()
        if report.article is not None:
            key, dropped, canonical = counted_article(entry, report.article, report.canonical)
            report = msgspec.structs.replace(report, article=key, canonical=canonical)
        check = InstallCheck(now, report, sender, sender.host in entry.hosts, dropped)
        if self.is_good(slug, report.token, now):
            self._store.put(slug, _id(report.token), check)
        return check

    def latest(self, slug: str, token: str, now: float) -> InstallCheck | None:
        """Return the latest check sent with a token, or None."""
        return self._store.get(slug, _id(token)) if self.is_good(slug, token, now) else None

    def _signature(self, value: str) -> str:
        digest = hmac.digest(self._key, value.encode(), "sha256")
        return urlsafe_b64encode(digest).rstrip(b"=").decode()


def counted_article(
    entry: SiteEntry, article: str, canonical: str
) -> tuple[str, tuple[str, ...], str]:
    """Return the key under which `article` is counted, and the parameters that the key drops.

    The third is the page's canonical link, if it names another article and is not believed. An
    article that cannot be counted is returned as it is.
    """
    parameters = entry.site.article_parameters
    if not article:
        return "", (), ""
    try:
        address = canonical_article(article, parameters)
    except InvalidInputError:
        return article, (), ""
    key = entry.counted_key(address, canonical)
    dropped = dropped_parameters(article, key)
    if not canonical or not address.startswith("/"):
        return key, dropped, ""
    same = False
    with contextlib.suppress(InvalidInputError):
        same = canonical_article(canonical, parameters) == key
    is_ours = origin_host(canonical) in entry.hosts
    return key, dropped, "" if same and is_ours else canonical


def _id(token: str) -> str:
    return token.split(".")[1]


def findings(
    check: InstallCheck, slug: str, scripts: Scripts, trusted_proxies: int | None
) -> list[Finding]:
    """Return what is right and wrong, the worst first.

    Args:
        check: the report.
        slug: the site that the check belongs to.
        scripts: the scripts that the service serves.
        trusted_proxies: the setting; None: hide our proxies from the reader.
    """
    found = [
        *_site(check, slug),
        *_host(check),
        *_request(check, slug),
        *_counted(check),
        *_double(check),
        *_script(check, scripts),
        *_sender(check, trusted_proxies),
        *_page(check),
    ]
    return sorted(found, key=lambda finding: LEVELS.index(finding.level))


def _site(check: InstallCheck, slug: str) -> Iterator[Finding]:
    named = check.report.site
    if not named:
        yield Finding("site-missing", "bad", {"site": slug})
    elif named != slug:
        yield Finding("site-other", "bad", {"site": slug, "named": named})
    else:
        yield Finding("site", "good", {"site": slug})


def _host(check: InstallCheck) -> Iterator[Finding]:
    host = check.sender.host
    if not host:
        yield Finding("host-none", "bad")
    else:
        yield Finding(
            "host" if check.allowed else "host-unknown",
            "good" if check.allowed else "bad",
            {"host": host},
        )


def _request(check: InstallCheck, slug: str) -> Iterator[Finding]:
    report = check.report
    if report.outcome == "answered":
        yield Finding("request", "good", {"milliseconds": report.milliseconds})
    elif report.outcome == "policy":
        yield Finding("request-policy", "bad")
    elif report.site != slug or not check.allowed:
        return  # reported already, and the cause of everything else
    elif report.outcome == "refused":
        yield Finding("request-refused", "bad", {"status": report.status})
    else:
        yield Finding("request-blocked", "bad")


def _counted(check: InstallCheck) -> Iterator[Finding]:
    sender = check.sender
    if sender.ignored == "frame":
        frame = check.report.frame or "–"
        yield Finding("ignored-frame", "warn", {"frame": frame})
    elif sender.ignored and sender.ignored != "host":
        yield Finding(f"ignored-{sender.ignored}", "warn", {"address": sender.address})
    elif sender.private:
        yield Finding("private", "info")
    if check.report.storeless:
        yield Finding("storeless", "info")


def _double(check: InstallCheck) -> Iterator[Finding]:
    report = check.report
    others = sorted({site for site in report.sites if site != report.site})
    if report.snippets > 1 and others:
        yield Finding(
            "snippets-of-sites",
            "bad",
            {"number": report.snippets, "site": report.site, "others": ", ".join(others)},
        )
    elif report.snippets > 1:
        yield Finding("snippets", "warn", {"number": report.snippets})
    else:
        yield Finding("snippet", "good")
    if report.pixel:
        yield Finding("pixel", "bad")
    if report.frame is not None and check.sender.ignored != "frame":
        yield Finding("framed", "info")
    if report.frames:
        yield Finding("frames", "info", {"number": report.frames})
    if report.views <= 1 or report.outcome != "answered":
        return  # a view without a response was sent twice, and counts once
    if report.moves:
        yield Finding("moves", "info", {"views": report.views})
    else:
        yield Finding("views", "bad", {"views": report.views})


def _script(check: InstallCheck, scripts: Scripts) -> Iterator[Finding]:
    report = check.report
    if not report.ran:
        yield Finding("not-run", "bad")
    if report.optimisers:
        level = "info" if report.ran else "warn"
        yield Finding("optimisers", level, {"names": ", ".join(report.optimisers)})
    if report.patched:
        yield Finding("patched", "info", {"names": ", ".join(report.patched)})
    newest = report.version == scripts.newest
    yield Finding(
        "version" if newest else "version-old",
        "good" if newest else "warn",
        {"version": report.version, "newest": scripts.newest},
    )
    served = scripts.digests.get(report.version)
    if report.digest and served and served != f"sha384-{report.digest}":
        yield Finding("script-altered", "bad")
    elif report.digest and served:
        yield Finding("script", "good")
    if not report.integrity:
        yield Finding("unpinned", "info")
    if report.age is not None:
        stale = not report.pinned and report.age > STALE_SECONDS
        yield Finding(
            "cache-old" if stale else "cache",
            "warn" if stale else "good",
            {"age": report.age},
        )
    others = [name for name in report.violations if name != "connect-src"]
    if others:
        # Pages without badges and pixel do not need our images.
        level = "info" if others == ["img-src"] else "warn"
        yield Finding("policy", level, {"directives": ", ".join(others)})
    elif not report.violations:
        yield Finding("no-policy", "good")


def _sender(check: InstallCheck, trusted: int | None) -> Iterator[Finding]:
    address, seen = check.sender.address, check.sender.forwarded
    values: dict[str, str | int] = {"address": address, "seen": seen, "trusted": trusted or 0}
    if trusted is None:
        if address:
            yield Finding("address", "info", values)
    elif seen < trusted:
        yield Finding("proxies-missing", "bad", values)
    elif not address:
        yield Finding("address-unknown", "bad", values)
    elif seen > trusted:
        private = ipaddress.ip_address(address).is_private
        yield Finding("proxies-all-one" if private else "proxies-more", "warn", values)
    elif seen == 0 and ipaddress.ip_address(address).is_private:
        yield Finding("address-private", "info", values)
    else:
        yield Finding("proxies", "good", values)


def _page(check: InstallCheck) -> Iterator[Finding]:
    report = check.report
    if report.strangers:
        yield Finding("strangers", "warn", {"names": ", ".join(report.strangers)})
    if report.widgets:
        yield Finding("widgets", "good", {"number": report.widgets})
    else:
        yield Finding("no-widgets", "info")
    if report.article:
        yield Finding("article", "info", {"article": report.article})
        if check.dropped:
            yield Finding("dropped", "info", {"names": ", ".join(check.dropped)})
        kept = [part.partition("=")[0] for part in report.article.partition("?")[2].split("&")]
        if report.article.startswith("/") and kept[0]:
            yield Finding("kept", "info", {"names": ", ".join(kept)})
        if report.canonical:
            yield Finding("canonical", "warn", {"canonical": report.canonical[:SHOWN_LENGTH]})
    else:
        yield Finding("no-article", "info")
    yield from _lists(report)


def _lists(report: InstallReport) -> Iterator[Finding]:
    """Judge whether the items of a list name their own articles."""
    if report.bare > 1:
        yield Finding("bare", "warn", {"number": report.bare})
    if report.listed > report.different == 1:
        yield Finding("items-alike", "warn", {"number": report.listed})
    elif report.different > 1 and report.unread == report.different:
        yield Finding("items-unread", "warn", {"names": ", ".join(report.unread_names)})
