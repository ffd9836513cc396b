"""The routes of the hosted page."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from importlib.resources import files

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from stats_service.errors import (
    AlreadyVotedError,
    BallotConflictError,
    InvalidInputError,
    PollReplacedError,
    StatsError,
    UnfitAnswerError,
    VoterTooNewError,
)
from stats_service.models.polls import OTHER, BallotQuery, PresentedPoll
from stats_service.models.traffic.views import Visitor
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.periods import local_time
from stats_service.services.visitors.bots import is_bot
from stats_service.services.visitors.hosts import front_page
from stats_service.services.visitors.voters import TOKEN_SECONDS
from stats_service.web.hosted.answers import (
    explained,
    language_of,
    own_form,
    refused,
    wanted_language,
)
from stats_service.web.hosted.texts import LANGUAGES, TEXTS, moment, pick
from stats_service.web.hosted.view import Sent, may_vote, page_values, picture_values
from stats_service.web.http.context import services
from stats_service.web.http.limits import limited
from stats_service.web.http.request import request_visitor
from stats_service.web.http.sites import on_site

bp = Blueprint("hosted", __name__, template_folder="templates")

_STYLE = files("stats_service.web.hosted").joinpath("style.css").read_text("utf-8")
_STYLE_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
STYLE = Markup(_STYLE)  # noqa: S704 - a file of ours, without markup
#: The id of what is said: a frame that is taller than the window is scrolled there.
MESSAGE = "message"
#: What is said, by `?done=`, after a ballot was taken.
DONE = ("counted", "held", "changed")


@bp.get("/<slug>/p/<poll>")
def poll_page(slug: str, poll: str) -> ResponseReturnValue:
    """Show the form, or the results."""
    return on_site(slug, lambda entry: _show(entry, poll))


def _show(entry: SiteEntry, poll: str) -> ResponseReturnValue:
    slug, now = entry.site.slug, services().clock.now()
    visitor = request_visitor()
    cookie = token = request.cookies.get(_cookie(slug), "")
    view = services().loop.run(services().polls.ballots.present(entry, poll, token, now))
    done = request.args.get("done", "")
    done = done if done in DONE and view.voted else ""
    lang = language_of(view)
    wants_results = bool(done) or "results" in request.args or (view.voted and not view.change)
    message = TEXTS[lang][done] if done else ""
    if done == "counted" and view.thanks:
        message = pick(view.thanks, lang, view.lang)
    if not message and view.state != "open":
        message = TEXTS[lang]["scheduled" if view.state == "scheduled" else "closed"]
    elif not message and view.voted:
        message = TEXTS[lang]["voted"]
    # A token is for who is about to vote: where there is no form, there is nothing to keep.
    if not _is_program(visitor) and not wants_results and may_vote(view):
        token = services().polls.voter_tokens.issue(entry, token, visitor, now)
    response = _page(
        entry,
        view,
        lang,
        token,
        Sent(),
        message,
        show_results=wants_results,
        next_page=_next_page(entry, view) if done else "",
    )
    if token != cookie:
        _keep(response, slug, token)
    return response


@bp.post("/<slug>/p/<poll>")
@limited
def cast_ballot(slug: str, poll: str) -> ResponseReturnValue:
    """Take the form's ballot; then show what became of it, at an address of its own."""
    return on_site(slug, lambda entry: _cast(entry, poll))


def _cast(entry: SiteEntry, poll: str) -> ResponseReturnValue:
    slug, now = entry.site.slug, services().clock.now()
    form, token = request.form, request.cookies.get(_cookie(slug), "")
    view = services().loop.run(services().polls.ballots.present(entry, poll, token, now))
    lang = language_of(view)
    t = TEXTS[lang]
    other = form.get("other", "")
    choices = tuple(form.getlist("choice"))
    sent = Sent(choices, other, form.get("ballot", ""))
    if not own_form() or not _both_good(entry, token, form.get("voter", ""), now):
        program = _is_program(request_visitor())  # it was given no token
        apart = request.headers.get("Origin") == "null"
        message = t["program" if program else "apart" if apart else "no_cookie"]
        page = _page(entry, view, lang, token, sent, message, alert=True, own_window=not program)
        page.status_code = 403
        return page
    query = BallotQuery(
        ballot=sent.ballot,
        choices=choices,
        voter=token,
        other=other if OTHER in choices else "",
        birth=form.get("birth", "")[:16],
    )
    try:
        ballots, visitor = services().polls.ballots, request_visitor()
        answer = services().loop.run(
            ballots.cast_ballot(entry, view.id, query, visitor, now, hosted=True)
        )
    except BallotConflictError as error:
        seen = error.poll if isinstance(error.poll, PresentedPoll) else view
        voted = isinstance(error, AlreadyVotedError)
        replaced = isinstance(error, PollReplacedError)
        message = t["already-voted"] if voted else t["replaced"] if replaced else t["closed"]
        return refused(_page(entry, seen, lang, token, sent, message, alert=True), error)
    except InvalidInputError as error:
        reason = error.reason if isinstance(error, UnfitAnswerError) else ""
        message = t.get(f"wrong_{reason}", t["refused"]).format(n=view.other)
        return refused(_page(entry, view, lang, token, sent, message, alert=True), error)
    except VoterTooNewError as error:
        message = t["voter-too-new"]
        return refused(_page(entry, view, lang, token, sent, message, alert=True), error)
    place = url_for(
        ".poll_page", slug=slug, poll=view.id, lang=lang, done=answer.outcome, _anchor=MESSAGE
    )
    return redirect(place, 303)


@bp.errorhandler(StatsError)
def explain(error: StatsError) -> Response:
    """Answer an error with a page that says what it means, in words."""
    lang = wanted_language()
    t = TEXTS[lang]
    body = render_template(
        "hosted_poll.html",
        t=t,
        lang=lang,
        style=STYLE,
        message=explained(error, lang),
        alert=True,
    )
    response = Response(body)
    _secure(response, ())
    return refused(response, error)


def _page(
    entry: SiteEntry,
    view: PresentedPoll,
    lang: str,
    token: str,
    sent: Sent,
    message: str,
    *,
    alert: bool = False,
    own_window: bool = False,
    show_results: bool = False,
    next_page: str = "",
) -> Response:
    here = url_for(".poll_page", slug=entry.site.slug, poll=view.id, lang=lang)
    zone = entry.site.timezone
    values = page_values(view, lang, here, token, sent, zone, show_results=show_results)
    # Browsers that say where a page is to stand say `document` of a window of its own.
    framed = request.headers.get("Sec-Fetch-Dest", "iframe") != "document"
    body = render_template(
        "hosted_poll.html",
        t=TEXTS[lang],
        lang=lang,
        here=here,
        site_name=entry.site.name,
        emblem=picture_values(entry.site.emblem, here, lang, view.lang),
        # In a page of the portal it is plain whose poll it is.
        portal=front_page(entry.site.hosts[0])
        if request.headers.get("Sec-Fetch-Dest") != "iframe"
        else "",
        style=STYLE,
        message=message,
        alert=alert,
        own_window=own_window,
        framed=framed,
        base=services().settings.base_url,
        address=services().settings.base_url + here,
        languages=_languages(entry, view, results="results" in request.args),
        now=moment(local_time(services().clock.now(), zone), lang, zone),
        next_page=next_page,
        **values,
    )
    response = Response(body)
    response.headers["Content-Language"] = lang
    _secure(response, entry.site.hosts)
    return response


def _languages(
    entry: SiteEntry, view: PresentedPoll, *, results: bool
) -> list[tuple[str, str, str]]:
    """Return code, name and path of the page in each language in which the poll is asked.

    Nothing of a poll that is asked in one language: there is no other page of it.
    """
    found = [lang for lang in LANGUAGES if lang in view.question]
    if len(found) == 1:
        return []
    here = url_for(".poll_page", slug=entry.site.slug, poll=view.id)
    query = "&results=1" if results else ""
    return [(lang, TEXTS[lang]["language"], f"{here}?lang={lang}{query}") for lang in found]


def _next_page(entry: SiteEntry, view: PresentedPoll) -> str:
    """Return the portal's page that comes after a vote; empty if no host of it is known by name."""
    host = next((host for host in entry.site.hosts if "*" not in host), "")
    return f"https://{host}{view.next_page}" if view.next_page and host else ""


def _secure(response: Response, hosts: Sequence[str]) -> None:
    """Let the page run nothing, send its form only here, and stand only in the site's pages."""
    ancestors = " ".join(f"https://{host} http://{host}" for host in hosts) or "'none'"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src 'self'; "
        f"form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    # With `no-referrer` a form's Origin would be null.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Cookie, Accept-Language, Sec-Fetch-Dest"


def _cookie(slug: str) -> str:
    return f"voter-{slug}"


def _keep(response: Response, slug: str, token: str) -> None:
    """Put the token into a cookie; in a foreign page's frame, into one of that page's own."""
    secure = services().settings.base_url.startswith("https://")
    framed = secure and request.headers.get("Sec-Fetch-Dest") == "iframe"
    response.set_cookie(
        _cookie(slug),
        token,
        max_age=TOKEN_SECONDS,
        path=f"{services().settings.path_prefix}/{slug}/p/",
        secure=secure,
        httponly=True,
        samesite="None" if framed else "Lax",
        partitioned=framed,
    )


def _is_program(visitor: Visitor) -> bool:
    return not visitor.user_agent or is_bot(visitor.user_agent)


def _both_good(entry: SiteEntry, cookie: str, field: str, now: float) -> bool:
    """Tell whether the browser keeps a token of ours, and the form was made with one.

    They may be two: where a page frames two polls, each frame is given a token at the first visit,
    and the browser keeps the later one. That one votes, whichever form is sent.
    """
    slug, voters = entry.site.slug, entry.voters
    return bool(voters.find(slug, cookie, now) and voters.find(slug, field, now))
