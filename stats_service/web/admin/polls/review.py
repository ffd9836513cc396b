"""What a poll's ballots need a person for: quarantine, free texts, and the integrity report."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from stats_service.errors import InvalidInputError, NotFoundError
from stats_service.models.quarantine import Reason, ReportHour
from stats_service.services.polls.presentation import results
from stats_service.services.voting.concentration import WIDE_MIN, alarm_of
from stats_service.web.admin.access import access, site, who
from stats_service.web.admin.polls.polls import poll_frame
from stats_service.web.http.context import services
from stats_service.web.pages.charts import point_name
from stats_service.web.pages.curves import ballot_curve
from stats_service.web.pages.languages import day, number
from stats_service.web.pages.messages import explain

#: Most hours that the report has one by one.
HOURS_SHOWN = 48

bp = Blueprint("poll_review", __name__, url_prefix="/sites/<slug>/polls/<poll_id>")


@bp.get("/review")
@access("editor")
def show(poll_id: str) -> str:
    """Show the ballots that wait, and the free texts."""
    slug = site().slug
    poll, now = services().polls.polls.get(slug, poll_id), services().clock.now()
    return render_template(
        "admin/poll_review.html",
        groups=services().polls.quarantine.groups(slug, poll_id),
        kiosks={kiosk.id: kiosk.name for kiosk in services().polls.kiosks.all(slug)},
        texts=services().polls.quarantine.texts(slug, poll_id),
        choices={choice.id: choice for choice in poll.choices},
        **poll_frame(poll, now),
    )


@bp.post("/review")
@access("editor")
def decide(poll_id: str) -> Response:
    """Accept, void or hold a group; approve or reject a free text."""
    slug, form, now = site().slug, request.form, services().clock.now()
    services().polls.polls.get(slug, poll_id)
    quarantine = services().polls.quarantine
    try:
        if "group" in form:
            quarantine.settle(slug, poll_id, form["group"], form.get("state", ""), who(), now)
        else:
            text, state = form.get("text", ""), form.get("state", "")
            quarantine.moderate(slug, poll_id, text, state, who(), now)
    except (InvalidInputError, NotFoundError) as error:
        flash(explain(error), "error")
    else:
        flash(decided(form.get("state", "")), "good")
    return redirect(url_for("admin.poll_review.show", slug=slug, poll_id=poll_id))


@bp.get("/integrity")
@access("viewer")
def integrity(poll_id: str) -> str:
    """Report what happened to every ballot, ready to be printed."""
    now = services().clock.now()
    report = services().polls.integrity.report(site().slug, poll_id, site().timezone, now)
    poll = services().polls.polls.get(site().slug, poll_id)
    return render_template(
        "admin/integrity.html",
        report=report,
        results=results(poll, services().polls.polls.tally(site().slug, poll_id)),
        choices={choice.id: choice for choice in poll.choices},
        outcomes=outcomes(),
        reason_text=reason_text,
        network_names=networks(),
        largest_networks=largest_networks,
        curve=ballot_curve(report.hours),
        point_name=point_name,
        **report_spans(report.hours),
        alarm=alarm_of(poll, services().polls.polls.summary(site().slug, poll_id)),
        **poll_frame(poll, now),
    )


@bp.post("/integrity")
@access("editor")
def look_at_network(poll_id: str) -> Response:
    """Note that somebody has looked at the largest network, so that there is no more alarm."""
    slug, now = site().slug, services().clock.now()
    poll = services().polls.polls.get(slug, poll_id)
    services().polls.quarantine.look_at_network(slug, poll, who(), now)
    flash(_("Noted: no alarm until a network has more ballots."), "good")
    return redirect(url_for("admin.poll_review.integrity", slug=slug, poll_id=poll_id))


def decided(state: str) -> str:
    """Return what a decision about ballots or a free text has done."""
    texts: dict[str, str] = {
        "accepted": _("The ballots count. Later ones of the network and hour do as well."),
        "voided": _("The ballots are voided. Later ones of the network and hour are as well."),
        "held": _("The ballots wait for review again; they do not count until then."),
        "approved": _("The answer is approved: readers see it."),
        "rejected": _("The answer is rejected: readers do not see it."),
        "pending": _("The answer waits for review again: readers do not see it."),
    }
    return texts[state]


def report_spans(hours: Sequence[ReportHour]) -> dict[str, object]:
    """Return what became of the ballots by hour, or by day with the striking hours apart.

    A poll of a month has 720 hours: nobody reads, or prints, so many alike.
    """
    by_day = len(hours) > HOURS_SHOWN
    spans = defaultdict[str, Counter[str]](Counter)
    most = defaultdict[str, tuple[int, ...]](lambda: (0, 0, 0))
    for hour in hours:
        name = hour.hour[:10] if by_day else hour.hour
        spans[name].update(hour.ballots)
        most[name] = tuple(map(max, most[name], largest_networks(hour)))
    striking = [hour for hour in hours if set(hour.ballots) - {"counted", "changed"}]
    return {
        "spans": [(name, spans[name], most[name]) for name in sorted(spans)],
        "by_day": by_day,
        "striking": striking[-HOURS_SHOWN:] if by_day else (),
        "most": max((ballots.total() for ballots in spans.values()), default=1) or 1,
    }


def largest_networks(hour: ReportHour) -> tuple[int, int, int]:
    """Return the ballots of the address, the /24 (or IPv6 /40) and the /16 (/32) with most."""
    return hour.address, max(hour.block, hour.pool), hour.provider


def reason_text(reason: Reason) -> str:
    """Return why a poll is not called sound, as people say it."""
    n, of, subject = number(reason.n), number(reason.of), reason.subject
    if reason.kind == "hour" or "T" in subject:
        subject = f"{subject[11:]}:00, {day(subject[:10], 'short')}"
    elif reason.kind.endswith("-burst"):
        days = subject.removesuffix(" days")
        subject = _("%(n)s days", n=days) if days != subject else day(subject, "short")
    level, hyphen, _burst = reason.kind.partition("-")
    if hyphen:
        return str(
            _(
                "%(n)s of %(of)s ballots of one time (%(when)s) came from %(network)s, far more "
                "than it had of all others.",
                n=n,
                of=of,
                when=subject,
                network=networks()[level],
            )
        )
    if level in WIDE_MIN:
        return str(
            _(
                "%(n)s of %(of)s ballots came from %(network)s, counted per day. That may be a "
                "school, a mobile carrier with many customers, or somebody with many addresses.",
                n=n,
                of=of,
                network=networks()[level],
            )
        )
    texts: dict[str, str] = {
        "held": _("%(n)s ballots wait for a decision.", n=n),
        "address": _(
            "%(n)s of %(of)s ballots came from one address (IPv6: /48) within a day. That may be "
            "an office or a carrier, or somebody with a program.",
            n=n,
            of=of,
        ),
        "hour": _("%(n)s of %(of)s ballots came in one hour: %(hour)s.", n=n, of=of, hour=subject),
        "browser": _(
            "%(n)s of %(of)s ballots came from one kind of browser: %(kind)s.",
            n=n,
            of=of,
            kind=subject,
        ),
        "forgotten": _("It is no longer known who has voted (30 days after closing)."),
        "unseen": _(
            "For %(n)s of %(of)s ballots the network was not recorded: they are older than this "
            "check.",
            n=n,
            of=of,
        ),
    }
    return texts.get(reason.kind, reason.text)


def networks() -> dict[str, str]:
    """Return the kinds of networks, as people say them."""
    return {
        "address": _("one address (IPv6: /48)"),
        "block": _("one network (/24)"),
        "pool": _("one network (IPv6 /40)"),
        "provider": _("one network (/16; IPv6: /32)"),
    }


def outcomes() -> dict[str, str]:
    """Return what may become of a ballot, as people say it."""
    return {
        "counted": _("Counted"),
        "held": _("Held for review"),
        "changed": _("Changed by the voter"),
        "unchanged": _("Sent again, the same"),
        "already-voted": _("Refused: had voted already"),
        "poll-not-open": _("Refused: the poll was not open"),
        "proof-refused": _("Refused: no proof of work"),
        "voter-refused": _("Refused: no valid token"),
        "voter-too-new": _("Deferred: the token was too new"),
        "host": _("Refused: a page of another site"),
        "program": _("Refused: a program"),
        "kiosk-pause": _("Put off: within the pause of a kiosk"),
        "kiosk-refused": _("Refused: a kiosk that was revoked"),
        "too-many-requests": _("Refused: too many from one network in a minute"),
        "invalid-input": _("Refused: not a valid ballot"),
        "unknown-poll": _("Refused: no such poll"),
    }
