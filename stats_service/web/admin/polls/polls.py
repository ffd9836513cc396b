"""Polls of a site: define, open, close, and read the results."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from stats_service.errors import ConflictError, InvalidInputError, NotFoundError
from stats_service.models.audit import Author
from stats_service.models.polls import Poll
from stats_service.services.polls.presentation import described, results, state_at
from stats_service.services.polls.rules import PRESETS, RESULTS_AS, RESULTS_ORDER, RESULTS_WHEN
from stats_service.services.portability.workbook import Column, Drawing, Table
from stats_service.web.admin.access import access, account, site, who
from stats_service.web.admin.polls.forms import changed_fields, form_values, new_poll
from stats_service.web.admin.polls.share import hosted_address, kiosk_address
from stats_service.web.admin.revisions import given_revision, refused, refused_in_a_line
from stats_service.web.embed.scripts import embed_files
from stats_service.web.embed.version import VERSION
from stats_service.web.http.context import services
from stats_service.web.pages.charts import point_name
from stats_service.web.pages.curves import ballot_curve
from stats_service.web.pages.downloads import ENDING, table_file
from stats_service.web.pages.languages import moment, number, vote_percent
from stats_service.web.pages.messages import explain
from stats_service.web.pages.paging import page_number
from stats_service.web.pages.pictures import Bar, Key, Words, bars_picture, chart_picture
from stats_service.web.pages.ranges import as_of, days_text

bp = Blueprint("polls", __name__, url_prefix="/sites/<slug>/polls")

#: What stands in the form's own address, and so is no poll's id.
NEW = "new"

Page = str | tuple[str, int] | AnyResponse


@bp.get("")
@access("viewer")
def index() -> str:
    """List the polls, a page at a time."""
    now, slug = services().clock.now(), site().slug
    words, state = request.args.get("q", "").strip()[:100], request.args.get("state", "")
    state = state if state in states() else ""
    number = request.args.get("page", "1")
    page = services().polls.polls.page(slug, words, state, page_number(number), now)
    return render_template(
        "admin/polls.html",
        page=page,
        words=words,
        state=state,
        states=states(),
        removed=services().polls.removal.removed(slug, now) if page.number == 1 else [],
    )


@bp.get("/new")
@access("editor")
def new() -> str:
    """Ask for a new poll."""
    return _form({}, None)


@bp.post("/new")
@access("editor")
def create() -> Page:
    """Create a poll, as a draft or open."""
    slug = site().slug
    try:
        taken = [poll.id for poll in services().polls.polls.all(slug)] + [NEW]
        wanted = new_poll(request.form, site().timezone, taken)
        made = services().polls.polls.create(slug, wanted, who(), services().clock.now())
    except (InvalidInputError, ConflictError) as error:
        return _form(dict(request.form), None, explain(error)), error.status
    flash(_("The poll is saved."), "good")
    return redirect(url_for("admin.polls.show", slug=slug, poll_id=made.id))


@bp.get("/<poll_id>")
@access("viewer")
def show(poll_id: str) -> str:
    """Show one poll with its results, whoever else may see them."""
    slug, now = site().slug, services().clock.now()
    poll = services().polls.polls.get(slug, poll_id)
    tally = services().polls.polls.tally(slug, poll_id)
    report = services().polls.integrity.report(slug, poll_id, site().timezone, now, history=False)
    found = results(poll, tally)
    return render_template(
        "admin/poll.html",
        results=found,
        choices={choice.id: choice for choice in poll.choices},
        report=report,
        curve=ballot_curve(report.hours),
        point_name=point_name,
        address=hosted_address(slug, poll_id),
        kiosk_address=kiosk_address(slug, poll_id),
        **poll_frame(poll, now),
    )


@bp.get("/<poll_id>/edit")
@access("editor")
def edit(poll_id: str) -> str:
    """Ask for changes of a poll."""
    poll = services().polls.polls.get(site().slug, poll_id)
    return _form(form_values(poll, site().timezone), poll)


@bp.post("/<poll_id>/edit")
@access("editor")
def save(poll_id: str) -> Page:
    """Change a poll; what would alter votes is refused once there are any."""
    slug = site().slug
    poll = services().polls.polls.get(slug, poll_id)
    try:
        changes = changed_fields(poll, request.form, site().timezone)
        now = services().clock.now()
        services().polls.polls.edit(slug, poll_id, who(), now, based_on(), **changes)
    except (InvalidInputError, ConflictError) as error:
        poll = services().polls.polls.get(slug, poll_id)
        return _form(dict(request.form), poll, refused(error)), error.status
    flash(_("The poll is saved."), "good")
    return redirect(url_for("admin.polls.show", slug=slug, poll_id=poll_id))


@bp.post("/<poll_id>/state")
@access("editor")
def set_state(poll_id: str) -> AnyResponse:
    """Open, close or archive a poll; make a draft of it again; list it or not."""
    slug, polls, now = site().slug, services().polls.polls, services().clock.now()
    verbs = {
        "open": polls.open,
        "close": polls.close,
        "archive": polls.archive,
        "draft": polls.withdraw,
        "list": polls.list_,
        "unlist": polls.unlist,
    }
    wanted = request.form.get("to", "")
    verb = verbs.get(wanted)
    if verb is None:
        polls.get(slug, poll_id)
        flash(_("Nothing was changed."), "error")
        return redirect(url_for("admin.polls.show", slug=slug, poll_id=poll_id))
    try:
        verb(slug, poll_id, who(), now, based_on())
    except (InvalidInputError, ConflictError) as error:
        flash(refused_in_a_line(error), "error")
    else:
        flash(_changed_state(wanted, polls.get(slug, poll_id), now), "good")
    return redirect(url_for("admin.polls.show", slug=slug, poll_id=poll_id))


@bp.post("/<poll_id>/current")
@access("editor")
def set_current(poll_id: str) -> AnyResponse:
    """Make a poll the one that the site's pages show, or let them show the latest open one."""
    slug, by = site().slug, Author(who(), services().clock.now())
    services().polls.polls.get(slug, poll_id)
    chosen = poll_id if request.form.get("to") == "pin" else ""
    services().sites.sites.edit(slug, by, poll=chosen)
    flash(
        _("Pages that name no poll show this one.")
        if chosen
        else _("Pages that name no poll show the one that was opened last."),
        "good",
    )
    return redirect(url_for("admin.polls.show", slug=slug, poll_id=poll_id))


@bp.get(f"/<poll_id>/results.{ENDING}")
@access("viewer")
def as_file(poll_id: str, kind: str) -> Response:
    """Give the results as a file."""
    slug = site().slug
    poll = services().polls.polls.get(slug, poll_id)
    texts = {choice.id: choice.text.get(poll.lang, "") for choice in poll.choices}
    unnamed = {
        "pending": _("(other answers that wait for approval)"),
        "rejected": _("(other answers that were rejected)"),
        "unkept": _("(other answers beyond the number of texts that are kept)"),
    }
    rows = [
        (
            row.choice,
            row.text or unnamed.get(row.kind) or texts[row.choice],
            row.votes,
            vote_percent(row.percent),
            row.percent / 100,
        )
        for row in services().polls.quarantine.result_rows(slug, poll)
    ]
    percent = "percent of voters" if poll.multiple else "percent"
    shares = _("Share of voters") if poll.multiple else _("Share")
    table = Table(
        poll.question.get(str(get_locale())) or poll.question[poll.lang],
        (
            Column("choice", "choice", "text", in_book=False),
            Column("text", _("Answer"), "text"),
            Column("votes", _("Votes"), summed=True),
            Column(percent, percent, in_book=False),
            Column("share", shares, "share", in_csv=False),
        ),
        rows,
        [site().name, as_of(site())],
        _("Total"),
        Drawing("bar", ("text", "votes")),
    )
    return table_file(f"{slug}-poll-{poll.id}", table, kind)


@bp.get("/<poll_id>/results.svg")
@access("viewer")
def picture(poll_id: str) -> Response:
    """Give the results as a drawing, for a slide or a document."""
    slug, lang = site().slug, str(get_locale())
    poll = services().polls.polls.get(slug, poll_id)
    found = results(poll, services().polls.polls.tally(slug, poll_id))
    texts = {
        choice.id: choice.text.get(lang) or choice.text.get(poll.lang, "")
        for choice in poll.choices
    }
    ballots = found.ballots or 0
    bars = [
        Bar(
            texts.get(row.id) or _("Another answer"),
            row.percent or 0.0,
            f"{vote_percent(row.percent or 0.0)}% ({number(row.votes or 0)})",
            leads=row.id in found.leading,
        )
        for row in found.choices
    ]
    counted = ngettext("%(n)s ballot", "%(n)s ballots", ballots, n=number(ballots))
    question = poll.question.get(lang) or poll.question[poll.lang]
    words = Words(question, site().name, counted, as_of(site()))
    return bars_picture(f"{slug}-{poll.id}", words, bars)


@bp.get("/<poll_id>/ballots.svg")
@access("viewer")
def ballots_picture(poll_id: str) -> Response:
    """Give the ballots over time as a drawing; NotFoundError if it is not known when any came."""
    slug, lang = site().slug, str(get_locale())
    poll, now = services().polls.polls.get(slug, poll_id), services().clock.now()
    report = services().polls.integrity.report(slug, poll_id, site().timezone, now, history=False)
    curve = ballot_curve(report.hours)
    if curve is None:
        raise NotFoundError("It is not known when ballots of the poll {poll!r} came.", poll=poll_id)
    series = curve.series
    keys = [Key("visits", _("Counted"), series.total.visits)]
    if curve.both:
        keys.append(Key("views", _("Held for review"), series.total.views))
    question = poll.question.get(lang) or poll.question[poll.lang]
    span = _("Ballots over time") + ", " + days_text(series.first, series.last)
    words = Words(question, site().name, span, as_of(site()))
    return chart_picture(f"{slug}-{poll.id}-ballots", words, curve.chart, keys)


def _changed_state(wanted: str, poll: Poll, now: float) -> str:
    """Return what has become of a poll, for whoever pressed the button."""
    if wanted == "open" and state_at(poll, now) == "scheduled":
        when = moment(poll.opens or now, site().timezone)
        return str(_("The poll is scheduled: it opens by itself at %(when)s.", when=when))
    texts: dict[str, str] = {
        "open": _("The poll is open: readers can vote."),
        "close": _("The poll is closed: no further ballot counts."),
        "archive": _("The poll is archived."),
        "draft": _("The poll is a draft again: readers do not see it."),
        "list": _("The poll is in the archive and lists again."),
        "unlist": _("The poll is hidden from the archive and lists."),
    }
    return texts[wanted]


def based_on() -> int:
    """Return the revision of the poll that the form was made from; 0 if it does not say."""
    text = given_revision()
    return int(text) if text.isdecimal() and text.isascii() else 0


def states() -> dict[str, str]:
    """Return the states of a poll as people say them."""
    return {
        "draft": _("Draft"),
        "scheduled": _("Scheduled"),
        "open": _("Open now"),
        "closed": _("Closed"),
        "archived": _("Archived"),
    }


def poll_frame(poll: Poll, now: float) -> dict[str, object]:
    """Return what the head of every page about a poll shows."""
    return {
        "poll": poll,
        "state": state_at(poll, now),
        "states": states(),
        "described": described,
        "now": now,
        "waiting": services().polls.polls.summary(site().slug, poll.id),
        "may_edit": account().may("editor", site().slug) and poll.status != "archived",
        "may_manage": account().may("editor", site().slug),
    }


def _form(values: dict[str, object], poll: Poll | None, error: str = "") -> str:
    frame = poll_frame(poll, services().clock.now()) if poll else {"poll": None}
    return render_template(
        "admin/poll_form.html",
        values=values,
        error=error,
        widget=embed_files().by_name[f"embed-votes.{VERSION}.js"],
        version=VERSION,
        presets=list(PRESETS),
        results_when=RESULTS_WHEN,
        results_as=RESULTS_AS,
        results_order=RESULTS_ORDER,
        **frame,
    )
