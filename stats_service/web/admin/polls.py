"""Polls of a site: define, open, close, and read the results."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from stats_service.errors import ConflictError, InvalidInputError
from stats_service.models.polls import Poll
from stats_service.services.poll_rules import PRESETS, RESULTS_AS, RESULTS_WHEN
from stats_service.services.poll_views import results, state_at
from stats_service.web.admin.access import access, account, site, who
from stats_service.web.admin.downloads import ENDING, table_file
from stats_service.web.admin.messages import explain
from stats_service.web.admin.poll_forms import changed_fields, form_values, new_poll
from stats_service.web.context import services

bp = Blueprint("polls", __name__, url_prefix="/sites/<slug>/polls")

Page = str | tuple[str, int] | AnyResponse


@bp.get("")
@access("viewer")
def index() -> str:
    """List every poll."""
    now = services().clock.now()
    slug = site().slug
    rows = [
        {
            "poll": poll,
            "state": state_at(poll, now) if poll.status != "draft" else "draft",
            "tally": services().polls.tally(slug, poll.id),
        }
        for poll in services().polls.all(slug)
    ]
    return render_template("admin/polls.html", rows=rows, states=states())


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
        taken = [poll.id for poll in services().polls.all(slug)]
        wanted = new_poll(request.form, site().timezone, taken)
        made = services().polls.create(slug, wanted, who(), services().clock.now())
    except (InvalidInputError, ConflictError) as error:
        return _form(dict(request.form), None, explain(error)), error.status
    flash(_("The poll is saved."), "good")
    return redirect(url_for("admin.polls.show", slug=slug, poll_id=made.id))


@bp.get("/<poll_id>")
@access("viewer")
def show(poll_id: str) -> str:
    """Show one poll with its results, whoever else may see them."""
    poll = services().polls.get(site().slug, poll_id)
    now = services().clock.now()
    tally = services().polls.tally(site().slug, poll_id)
    found = results(poll, tally)
    votes = {row.id: row for row in found.choices}
    rows = [(choice, votes.get(choice.id)) for choice in poll.choices]
    return render_template(
        "admin/poll.html",
        poll=poll,
        state=state_at(poll, now) if poll.status != "draft" else "draft",
        states=states(),
        rows=rows,
        results=found,
        may_edit=account().may("editor", site().slug) and poll.status != "archived",
    )


@bp.get("/<poll_id>/edit")
@access("editor")
def edit(poll_id: str) -> str:
    """Ask for changes of a poll."""
    poll = services().polls.get(site().slug, poll_id)
    return _form(form_values(poll, site().timezone), poll)


@bp.post("/<poll_id>/edit")
@access("editor")
def save(poll_id: str) -> Page:
    """Change a poll; what would alter votes is refused once there are any."""
    slug = site().slug
    poll = services().polls.get(slug, poll_id)
    try:
        changes = changed_fields(poll, request.form, site().timezone)
        services().polls.edit(slug, poll_id, who(), services().clock.now(), **changes)
    except (InvalidInputError, ConflictError) as error:
        return _form(dict(request.form), poll, explain(error)), error.status
    flash(_("The poll is saved."), "good")
    return redirect(url_for("admin.polls.show", slug=slug, poll_id=poll_id))


@bp.post("/<poll_id>/state")
@access("editor")
def set_state(poll_id: str) -> AnyResponse:
    """Open, close or archive a poll."""
    slug, polls, now = site().slug, services().polls, services().clock.now()
    verbs = {"open": polls.open, "close": polls.close, "archive": polls.archive}
    verb = verbs.get(request.form.get("to", ""))
    try:
        if verb is None:
            polls.get(slug, poll_id)
        else:
            verb(slug, poll_id, who(), now)
    except (InvalidInputError, ConflictError) as error:
        flash(explain(error), "error")
    return redirect(url_for("admin.polls.show", slug=slug, poll_id=poll_id))


@bp.get(f"/<poll_id>/results.{ENDING}")
@access("viewer")
def as_file(poll_id: str, kind: str) -> Response:
    """Give the results as a file."""
    slug = site().slug
    poll, tally = services().polls.get(slug, poll_id), services().polls.tally(slug, poll_id)
    rows: list[tuple[str, str, int]] = [
        (choice.id, choice.text.get(poll.lang, ""), tally.votes.get(choice.id, 0))
        for choice in poll.choices
    ]
    rows += [("other", text, votes) for text, votes in tally.others.items()]
    return table_file(f"{slug}-poll-{poll.id}", ["choice", "text", "votes"], rows, kind)


def states() -> dict[str, str]:
    """Return the states of a poll as people say them."""
    return {
        "draft": _("Draft"),
        "scheduled": _("Scheduled"),
        "open": _("Open"),
        "closed": _("Closed"),
        "archived": _("Archived"),
    }


def _form(values: dict[str, object], poll: Poll | None, error: str = "") -> str:
    return render_template(
        "admin/poll_form.html",
        values=values,
        poll=poll,
        error=error,
        presets=list(PRESETS),
        results_when=RESULTS_WHEN,
        results_as=RESULTS_AS,
    )
