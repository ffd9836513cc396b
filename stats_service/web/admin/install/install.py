"""How to put the counter into a portal: the snippet, its place, the widgets, and a check of it."""

from importlib.resources import files

import msgspec
from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _

from stats_service.models.install_checks import InstallCheck
from stats_service.services.known_sites.install_checks import findings
from stats_service.services.visitors.hosts import front_page
from stats_service.web.admin.access import access, site
from stats_service.web.admin.install.places import places
from stats_service.web.admin.install.preview import example_article
from stats_service.web.embed.scripts import embed_files, served_scripts
from stats_service.web.embed.snippet import Embedding
from stats_service.web.http.context import services
from stats_service.web.http.visitor import counted_proxies
from stats_service.web.pages.downloads import attachment
from stats_service.web.pages.findings import WordedFinding, worded
from stats_service.web.pages.security import CONTENT_SECURITY_POLICY

bp = Blueprint("install", __name__, url_prefix="/sites/<slug>/install")

#: Polls that one can choose for a widget, the latest ones.
POLLS_SHOWN = 50


@bp.get("")
@access("viewer")
def show() -> Response:
    """Show the snippet, its places, the widgets, and what the last check found."""
    settings = services().settings
    now, slug = services().clock.now(), site().slug
    embedding = Embedding(settings.base_url + settings.path_prefix, slug, embed_files().newest)
    follows = Embedding(embedding.base, slug, embedding.file, pinned=False)
    checks = services().sites.install_checks
    token = request.args.get("check", "")
    if not checks.is_good(slug, token, now):
        token = checks.new_token(slug, now)
    check = checks.latest(slug, token, now)
    polls = [poll for poll in services().polls.polls.all(slug) if poll.status != "draft"]
    response = make_response(
        render_template(
            "admin/install.html",
            pinned=embedding.html(),
            newest=follows.html(),
            public_url=settings.public_url,
            origin="/".join(embedding.base.split("/")[:3]),
            places=places(embedding),
            widgets=widgets(),
            listed=listed(),
            metrics=metrics(),
            polls=polls[:POLLS_SHOWN],
            is_new=not services().traffic.views.counts(site(), now).views.total,
            example=example_article(),
            token=token,
            check=check,
            findings=_findings(check) if check else [],
            links=[_page_of(host, token) for host in site().hosts],
        )
    )
    # The preview is a page of ours in a frame.
    response.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
    return response


@bp.get("/modules/<any('wordpress.zip', 'nukeviet.zip'):file>")
@access("viewer")
def module(file: str) -> Response:
    """Hand out the plug-in for WordPress or the block for NukeViet, as `make modules` builds it."""
    body = (files(__package__) / "modules" / file).read_bytes()
    return attachment(body, f"stats-service-{file}", "application/zip")


class CheckState(msgspec.Struct, frozen=True):
    """What the page asks for while it waits."""

    #: When the report came, in seconds since 1970; None: none has come.
    at: float | None
    findings: list[WordedFinding]


@bp.get("/check.json")
@access("viewer")
def check_state() -> Response:
    """Answer with what a checked page has reported so far."""
    token = request.args.get("token", "")
    check = services().sites.install_checks.latest(site().slug, token, services().clock.now())
    state = CheckState(check.at if check else None, _findings(check) if check else [])
    return Response(msgspec.json.encode(state), mimetype="application/json")


def _findings(check: InstallCheck) -> list[WordedFinding]:
    trusted = counted_proxies(services().settings)
    found = findings(check, site().slug, served_scripts(), trusted)
    return [worded(finding) for finding in found]


def _page_of(host: str, token: str) -> str:
    """Return where a portal's front page is checked."""
    return f"{front_page(host)}#stats-check={token}"


def widgets() -> list[tuple[str, str, str]]:
    """Return what can be shown on a page: the element, what it is, and markup that editors keep."""
    return [
        ("stats-visits", _("Block of counters"), _kept("visits", "Số liệu đang được cập nhật.")),
        ("stats-count", _("One number"), '<span data-stats="today">…</span>'),
        ("stats-views", _("Views of an article"), '<span data-stats="views">…</span> lượt xem'),
        ("stats-poll", _("Poll"), _kept("poll", "Bình chọn")),
        ("stats-poll-archive", _("Past polls"), _kept("archive", "Các cuộc bình chọn trước")),
        ("stats-rating", _("Stars of an article"), _kept("rating", "Đánh giá")),
        ("stats-top", _("List of articles"), _kept("top", "Tin đọc nhiều")),
    ]


def listed() -> list[tuple[str, str, str]]:
    """Return those, and a number that is a choice of another widget, for who has no JavaScript."""
    markup = '<span data-stats="downloads" data-article="/van-ban/12.pdf">…</span>'
    return [*widgets(), ("downloads", _("Downloads of a document"), markup)]


def _kept(kind: str, text: str) -> str:
    return f'<div data-stats="{kind}">{text}</div>'


def metrics() -> list[tuple[str, str]]:
    """Return the numbers of a site that a widget can show, and their names."""
    return [
        ("total", _("Total")),
        ("online", _("Online now")),
        ("today", _("Today")),
        ("yesterday", _("Yesterday")),
        ("week", _("This week")),
        ("month", _("This month")),
        ("year", _("This year")),
        ("record", _("Busiest day")),
        ("peak", _("Most online")),
    ]
