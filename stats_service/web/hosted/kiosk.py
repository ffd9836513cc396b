"""The page of a kiosk: one device, many voters, each with an empty ballot; and how it is enrolled.

Nothing leads away from it. What it shows changes by its own script, or without one by itself.
"""

import hashlib
import math
import secrets
from base64 import b64encode
from importlib.resources import files
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from stats_service.errors import (
    BallotConflictError,
    InvalidInputError,
    KioskPauseError,
    KioskRefusedError,
    NotFoundError,
    PollReplacedError,
    StatsError,
    UnfitAnswerError,
)
from stats_service.models.devices import KioskSource
from stats_service.models.polls import OTHER, BallotQuery, Poll, PresentedPoll
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.web.hosted.answers import (
    explained,
    language_of,
    own_form,
    refused,
    wanted_language,
)
from stats_service.web.hosted.pages import STYLE
from stats_service.web.hosted.texts import LANGUAGES, TEXTS, pick
from stats_service.web.hosted.view import Sent, page_values
from stats_service.web.http.context import services
from stats_service.web.http.limits import limited
from stats_service.web.http.request import request_address, request_visitor
from stats_service.web.http.sites import on_site

bp = Blueprint("kiosk", __name__, template_folder="templates")

_FILES = files("stats_service.web.hosted")
_SCRIPT = _FILES.joinpath("kiosk.js").read_text("utf-8")
_STYLES = str(STYLE) + _FILES.joinpath("kiosk.css").read_text("utf-8")
#: How long a device stays enrolled after its page was last opened, at most what browsers allow.
DEVICE_SECONDS = 400 * 86_400
#: Seconds after which a kiosk looks again for a poll that does not take ballots.
LOOK_AGAIN_SECONDS = 60


def _hash(text: str) -> str:
    return b64encode(hashlib.sha256(text.encode()).digest()).decode()


#: Only the page's own script and style run, and only its own form and script send anything.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{_hash(_STYLES)}'",
        f"script-src 'sha256-{_hash(_SCRIPT)}'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


@bp.get("/<slug>/k/<poll>")
def ballot(slug: str, poll: str) -> ResponseReturnValue:
    """Show an empty ballot on an enrolled device, or in a network that the poll names."""
    return on_site(slug, lambda entry: _show(entry, poll))


@bp.post("/<slug>/k/<poll>")
@limited
def cast_ballot(slug: str, poll: str) -> ResponseReturnValue:
    """Take a ballot, and thank whoever has voted."""
    return on_site(slug, lambda entry: _cast(entry, poll))


@bp.get("/<slug>/k/enrol/<secret>")
def ask_to_enrol(slug: str, secret: str) -> ResponseReturnValue:
    """Ask whether this device is to be a kiosk: links are also opened by programs that preview."""
    return on_site(slug, lambda entry: _ask_to_enrol(entry, secret))


@bp.post("/<slug>/k/enrol/<secret>")
@limited
def enrol(slug: str, secret: str) -> ResponseReturnValue:
    """Make this device a kiosk, and show its poll."""
    return on_site(slug, lambda entry: _enrol(entry, secret))


@bp.errorhandler(StatsError)
def explain(error: StatsError) -> Response:
    """Answer an error with a page that says what it means, in words; it looks again by itself."""
    lang = wanted_language()
    enrolling = (request.endpoint or "").endswith("enrol")
    spent = enrolling and isinstance(error, NotFoundError)
    message = TEXTS[lang]["enrol_spent"] if spent else explained(error, lang)
    back = 0 if enrolling else LOOK_AGAIN_SECONDS
    return refused(_page(lang, message=message, alert=True, back_after=back), error)


def _show(entry: SiteEntry, name: str) -> ResponseReturnValue:
    now = services().clock.now()
    poll = _poll(entry, name, now)
    source = _source(entry, poll, now)
    view = services().loop.run(services().polls.kiosk_ballots.present(entry, poll, now))
    response = _ballot(entry, view)
    if source.enrolled:
        _keep(response, entry.site.slug, request.cookies[_cookie(entry.site.slug)])
    return response


def _cast(entry: SiteEntry, name: str) -> ResponseReturnValue:
    now, form = services().clock.now(), request.form
    poll = _poll(entry, name, now)
    source = _source(entry, poll, now)
    if not own_form():
        raise KioskRefusedError
    kiosks = services().polls.kiosk_ballots
    view = services().loop.run(kiosks.present(entry, poll, now))
    lang = language_of(view)
    t = TEXTS[lang]
    choices = tuple(form.getlist("choice"))
    sent = Sent(choices, form.get("other", ""), form.get("ballot", ""))
    query = BallotQuery(
        ballot=sent.ballot,
        choices=choices,
        voter="",
        other=sent.other if OTHER in choices else "",
        birth=form.get("birth", "")[:16],
    )
    cast = kiosks.cast_ballot(entry, poll.id, query, source, request_visitor(), now)
    try:
        answer = services().loop.run(cast)
    except KioskPauseError as error:
        seconds = max(1, math.ceil(error.retry_after or 0))
        message = t["kiosk-pause"].format(n=seconds)
        return refused(_ballot(entry, view, sent, message, again_after=seconds), error)
    except BallotConflictError as error:
        seen = error.poll if isinstance(error.poll, PresentedPoll) else view
        message = t["replaced" if isinstance(error, PollReplacedError) else "closed"]
        return refused(_ballot(entry, seen, message=message, alert=True), error)
    except InvalidInputError as error:
        reason = error.reason if isinstance(error, UnfitAnswerError) else ""
        message = t.get(f"wrong_{reason}", t["refused"]).format(n=view.other)
        return refused(_ballot(entry, view, sent, message, alert=True), error)
    message = t["kiosk_held"] if answer.outcome == "held" else t["counted"]
    if answer.outcome == "counted" and view.thanks:
        message = pick(view.thanks, lang, view.lang)
    return _thanks(entry, answer.poll, message, poll.kiosk_pause + 1)


def _ask_to_enrol(entry: SiteEntry, secret: str) -> ResponseReturnValue:
    lang = wanted_language()
    link, t = services().polls.kiosks.link(entry.site.slug, secret), TEXTS[lang]
    here = url_for(".enrol", slug=entry.site.slug, secret=secret, lang=lang)
    text = t["enrol_text"].format(name=link.name)
    site = entry.site.name
    return _page(lang, title=t["enrol_title"], text=text, enrol=True, here=here, site_name=site)


def _enrol(entry: SiteEntry, secret: str) -> ResponseReturnValue:
    if not own_form():
        raise KioskRefusedError
    slug = entry.site.slug
    link, token = services().polls.kiosks.enrol(slug, secret, services().clock.now())
    response = redirect(url_for(".ballot", slug=slug, poll=link.poll), 303)
    _keep(response, slug, token)  # type: ignore[arg-type] # Flask's own response is Werkzeug's
    return response


def _poll(entry: SiteEntry, name: str, now: float) -> Poll:
    return services().loop.run(services().polls.kiosk_ballots.find_poll(entry, name, now))


def _source(entry: SiteEntry, poll: Poll, now: float) -> KioskSource:
    token, address = request.cookies.get(_cookie(entry.site.slug), ""), request_address()
    return services().polls.kiosk_ballots.source(entry, poll, token, address, now)


def _ballot(
    entry: SiteEntry,
    view: PresentedPoll,
    sent: Sent | None = None,
    message: str = "",
    *,
    alert: bool = False,
    again_after: int = 0,
) -> Response:
    """Return the page with the form, or with what stands in its way."""
    lang = language_of(view)
    if sent is None or not sent.ballot:
        sent = Sent(ballot=secrets.token_urlsafe(18))
    is_open = view.state == "open"
    if not is_open and not message:
        message = TEXTS[lang]["scheduled" if view.state == "scheduled" else "closed"]
    values = _values(entry, view, lang, sent, show_results=not is_open)
    return _page(
        lang,
        message=message,
        alert=alert,
        again_after=again_after if is_open else 0,
        back_after=0 if is_open else LOOK_AGAIN_SECONDS,
        **values,
    )


def _thanks(entry: SiteEntry, view: PresentedPoll, message: str, seconds: int) -> Response:
    lang = language_of(view)
    values = _values(entry, view, lang, Sent(), show_results=True)
    values["notes"] = [TEXTS[lang]["kiosk_back"].format(n=seconds)]
    return _page(lang, message=message, back_after=seconds, **values | {"languages": []})


def _values(
    entry: SiteEntry, view: PresentedPoll, lang: str, sent: Sent, *, show_results: bool
) -> dict[str, Any]:
    slug, zone = entry.site.slug, entry.site.timezone
    here = url_for(".ballot", slug=slug, poll=view.id, lang=lang)
    # Another order for each voter, and the same one for a ballot that is sent again.
    seen = page_values(view, lang, here, sent.ballot, sent, zone, show_results=show_results)
    once = TEXTS[lang]["kiosk_once"]
    spoken = [known for known in LANGUAGES if known in view.question]
    places = ((known, url_for(".ballot", slug=slug, poll=view.id, lang=known)) for known in spoken)
    return seen | {
        "here": here,
        "home": url_for(".ballot", slug=slug, poll=view.id),
        "notes": [*seen["notes"][:-1], once] if seen["form"] else [],
        "site_name": entry.site.name,
        "languages": [(known, TEXTS[known]["language"], place) for known, place in places]
        if len(spoken) > 1
        else [],
    }


def _page(lang: str, **values: Any) -> Response:
    style, script = Markup(_STYLES), Markup(_SCRIPT)  # noqa: S704 - files of ours
    common: dict[str, Any] = {"home": request.path, "languages": [], "notes": []}
    body = render_template(
        "kiosk.html", t=TEXTS[lang], lang=lang, style=style, script=script, **common | values
    )
    response = Response(body)
    response.headers["Content-Language"] = lang
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    # With `no-referrer` a form's Origin would be null.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Cookie, Accept-Language"
    return response


def _cookie(slug: str) -> str:
    return f"kiosk-{slug}"


def _keep(response: Response, slug: str, token: str) -> None:
    """Let the browser send the token to the site's kiosk pages alone, to which no page can link it.

    Lax: an administrator may open the device's page from a message.
    """
    response.set_cookie(
        _cookie(slug),
        token,
        max_age=DEVICE_SECONDS,
        path=f"{services().settings.path_prefix}/{slug}/k/",
        secure=services().settings.base_url.startswith("https://"),
        httponly=True,
        samesite="Lax",
    )
