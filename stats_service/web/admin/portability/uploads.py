"""Files that people bring in: numbers of other counters into a site, archives as sites.

Each is looked at first; the page of the upload says what would be added and asks.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import FileStorage
from werkzeug.utils import secure_filename
from werkzeug.wrappers import Response

from stats_service.errors import BusyError, ConflictError, InvalidInputError
from stats_service.models.portability.legacy import ONE_ADDRESS_VIEWS
from stats_service.models.portability.uploads import ARCHIVE, Upload
from stats_service.services.periods import day_of
from stats_service.services.portability.legacy.exports.systems.plain import (
    FIELDS,
    guessed,
    is_enough,
)
from stats_service.services.portability.legacy.series import NAMED
from stats_service.services.portability.uploads import UPLOAD_KINDS
from stats_service.web.admin.access import access, account, site, who
from stats_service.web.admin.portability import exports
from stats_service.web.http.context import services
from stats_service.web.pages.charts import growth_chart
from stats_service.web.pages.messages import explain, explained
from stats_service.web.pages.reader_names import dimension_names

bp = Blueprint("uploads", __name__)

Page = str | tuple[str, int] | Response
#: Longest name of a file that is kept and shown, in characters.
NAME_MAX = 80
#: Longest format that is pasted, in characters; most days that are named.
PATTERN_MAX = 2000
#: Most columns of a table that are shown to choose from.
COLUMNS_MAX = 40
DAYS_MAX = 100


@bp.get("/sites/<slug>/data")
@access("editor")
def of_site() -> str:
    """Show what can be taken out and, to an owner, what can be and was brought in."""
    return _data_page()


@bp.post("/sites/<slug>/data/upload")
@access("owner")
def add_history() -> Page:
    """Take a file of another counter."""
    form = request.form
    wanted = Upload(
        id="",
        site=site().slug,
        who=who(),
        made=services().clock.now(),
        kind=form.get("kind", ""),
        name="",
        opening=form.get("into") == "opening",
        keep_opening=form.get("keep_opening") == "yes",
        beside=form.get("beside") == "yes",
        before=form.get("before", "").strip(),
        tests=tuple(form.get("tests", "").replace(",", " ").split()[:DAYS_MAX]),
        zone=form.get("zone", "").strip(),
        reader=form.get("reader", "").strip()[:NAME_MAX],
        without_agents=form.get("without_agents") == "yes",
        pattern=form.get("pattern", "").strip()[:PATTERN_MAX],
        article_pattern=form.get("article_pattern", "").strip()[:PATTERN_MAX],
    )
    try:
        if wanted.kind not in UPLOAD_KINDS:
            raise InvalidInputError("kind: choose what wrote the file.")
        upload = _keep(wanted)
    except (InvalidInputError, BusyError) as error:
        return _data_page(explain(error)), error.status
    return redirect(url_for("admin.uploads.of_history", slug=site().slug, upload=upload.id))


@bp.get("/sites/<slug>/data/<upload>")
@access("owner")
def of_history(upload: str) -> str:
    """Show how far a file is, what it holds, and what became of it."""
    return _upload_page(services().portability.uploads.get(site().slug, upload))


@bp.post("/sites/<slug>/data/<upload>")
@access("owner")
def decide_history(upload: str) -> Response:
    """Bring a file in, say what its columns are, or erase it."""
    here = url_for("admin.uploads.of_history", slug=site().slug, upload=upload)
    if request.form.get("do") == "columns":
        return _name_columns(upload, here)
    return _decide(site().slug, upload, here, url_for("admin.uploads.of_site", slug=site().slug))


@bp.post("/sites/<slug>/data/imports/<import_id>/undo")
@access("owner")
def undo(import_id: str) -> Response:
    """Take what was brought in out again."""
    slug = site().slug
    upload = services().portability.uploads.undo(slug, import_id, who(), services().clock.now())
    return redirect(url_for("admin.uploads.of_history", slug=slug, upload=upload.id))


@bp.get("/archives")
@access("operator")
def archives() -> str:
    """Ask for an archive."""
    return _archives_page()


@bp.post("/archives/upload")
@access("operator")
def add_archive() -> Page:
    """Take an archive."""
    wanted = Upload(id="", site="", who=who(), made=services().clock.now(), kind=ARCHIVE, name="")
    try:
        upload = _keep(wanted)
    except (InvalidInputError, BusyError) as error:
        return _archives_page(explain(error)), error.status
    return redirect(url_for("admin.uploads.of_archive", upload=upload.id))


@bp.get("/archives/<upload>")
@access("operator")
def of_archive(upload: str) -> str:
    """Show how far an archive is, what it holds, and what became of it."""
    return _upload_page(services().portability.uploads.get("", upload))


@bp.post("/archives/<upload>")
@access("operator")
def decide_archive(upload: str) -> Response:
    """Bring an archive in, or erase it; a site that is there must be named."""
    here = url_for("admin.uploads.of_archive", upload=upload)
    found = services().portability.uploads.get("", upload).archive
    typed = request.form.get("slug", "").strip()
    if request.form.get("do") == "confirm" and found and found.taken and typed != found.slug:
        flash(_("The short name that you typed is another one. Nothing was changed."), "error")
        return redirect(here)
    return _decide("", upload, here, url_for("admin.uploads.archives"))


def kinds() -> list[tuple[str, str]]:
    """Return what can be brought in, as people say it."""
    return [
        ("access-log", _("Access log of the web server")),
        ("nukeviet", "NukeViet"),
        ("joomla", "Joomla"),
        ("wp-statistics", "WP Statistics"),
        ("wp-postviews", _("WordPress: views of posts (postmeta)")),
        ("post-views-counter", "Post Views Counter"),
        ("wp-postratings", "WP-PostRatings"),
        ("wp-polls", "WP-Polls"),
        ("yop-poll", "YOP Poll"),
        ("dnn", "DNN (DotNetNuke)"),
        ("matomo", "Matomo"),
        ("goatcounter", "GoatCounter"),
        ("umami", "Umami"),
        ("plausible-visitors", _("Plausible: imported_visitors")),
        ("plausible-pages", _("Plausible: imported_pages")),
        ("csv", _("A table of your own")),
    ]


def column_names() -> dict[str, str]:
    """Return what a column of a plain table may be, as people say it."""
    return {
        "date": _("Day"),
        "hour": _("Hour"),
        "views": _("Views"),
        "visits": _("Visits"),
        "article": _("Article (address)"),
        "score": _("Score"),
        "count": _("Number of ratings"),
        "question": _("Question"),
        "choice": _("Answer"),
        "votes": _("Votes"),
    }


def ignored_reasons() -> dict[str, str]:
    """Return why a line of a file adds nothing, as people say it."""
    return {
        "bot": _("Programs (bots)"),
        "no-page": _("Requests that are no page: pictures, styles, errors"),
        "no-user-agent": _("No browser name"),
        "host": _("Hosts that are not the site's"),
        "excluded": _("Excluded addresses"),
        "ceiling": _("Too many from one address"),
        "unreadable": _("Lines that cannot be read"),
        "event": _("Events that are no page views"),
        "article-invalid": _("Addresses that can be no article"),
        "other-meta": _("Other metadata of posts"),
        "score-invalid": _("Scores above the site's highest"),
        "bad-cell": _("Rows with a cell that cannot be read"),
        "repeated": _("Events that came before"),
        "sum": _("Sums of weeks, months and years"),
        "not-used": _("Rows of tables that nothing is taken from"),
        "told-beyond": _("What is told beyond the visits of its day"),
    }


def cell_wanted(text: str) -> str:
    """Return what a cell should have held (`BadRow.wanted`), as people say it."""
    texts: dict[str, str] = {
        "a number": _("a whole number is wanted"),
        "a date": _("a day such as 2026-11-23 is wanted"),
        "a day": _("a day from 1970 to 8999 is wanted"),
        "a time": _("a time such as 2026-11-23 09:30:00 is wanted"),
        "seconds": _("seconds since 1970 are wanted"),
        "numbers by score": _("numbers by score, such as [0,1,0,0,3], are wanted"),
        "an hour": _("an hour from 0 to 23 is wanted"),
        "a score": _("a score of the site's scale is wanted"),
        "the number of columns": _("as many cells as there are columns are wanted"),
    }
    return next((said for begin, said in texts.items() if text.startswith(begin)), text)


def kind_name(kind: str) -> str:
    """Return how people call what has written files: several systems, or one."""
    names = dict(kinds())
    return ", ".join(names.get(part, part) for part in kind.split("+"))


def formats() -> dict[str, str]:
    """Return how a file may be written, as people say it."""
    return {
        "combined": _("Apache or nginx"),
        "common": _("Apache or nginx, without browsers"),
        "w3c": _("W3C, as IIS writes it"),
        "json": _("JSON, a request a line"),
        "haproxy": "HAProxy",
        "elb": _("Amazon's load balancer"),
        "custom": _("The format that was pasted"),
        "": _("no lines"),
    } | dict(kinds())


def _keep(wanted: Upload) -> Upload:
    files, others = _sent("file"), _sent("second")
    if not files:
        raise InvalidInputError("file: choose one.")
    names: list[str] = []
    for file in files:
        name = _plain_name(file, wanted.kind or "file")
        names.append(name if name not in names else f"{len(names) + 1}-{name}")
    named = msgspec.structs.replace(
        wanted,
        name=names[0],
        more=tuple(names[1:]),
        second=_plain_name(others[0], "second") if others else "",
    )
    return services().portability.uploads.add(
        named,
        files[0].save,
        others[0].save if others else None,
        [file.save for file in files[1:]],
    )


def _sent(field: str) -> list[FileStorage]:
    return [file for file in request.files.getlist(field) if file.filename]


def _plain_name(file: FileStorage, otherwise: str) -> str:
    """Return the name without what would be a path, or odd in a terminal."""
    return secure_filename(file.filename or "")[-NAME_MAX:].lstrip(".") or otherwise


def _name_columns(upload: str, here: str) -> Response:
    """Take what each column is: its number by what it is."""
    chosen: dict[str, str] = {}
    for number in range(1, COLUMNS_MAX + 1):
        what = request.form.get(f"column-{number}", "")
        if what in chosen:
            flash(_("Two columns cannot be the same."), "error")
            return redirect(here)
        if what in FIELDS:
            chosen[what] = str(number)
    if not is_enough(dict.fromkeys(chosen, 0)):
        flash(
            _(
                "These columns are not enough. Choose the day with views or visits; the article "
                "with views; the article, the score and the number; or question, answer and votes."
            ),
            "error",
        )
        return redirect(here)
    try:
        services().portability.uploads.name_columns(site().slug, upload, chosen)
    except ConflictError as error:
        flash(explain(error), "error")
    return redirect(here)


def _decide(slug: str, upload: str, here: str, away: str) -> Response:
    try:
        if request.form.get("do") == "confirm":
            services().portability.uploads.confirm(slug, upload)
            return redirect(here)
        services().portability.uploads.discard(slug, upload)
    except ConflictError as error:
        flash(explain(error), "error")
        return redirect(here)
    flash(_("The file is erased."), "good")
    return redirect(away)


def _data_page(error: str = "") -> str:
    if not account().may("owner", site().slug):
        return render_template("admin/data.html", tables=exports.tables(), may_manage=False)
    return render_template(
        "admin/data.html",
        error=error,
        tables=exports.tables(),
        may_manage=True,
        kinds=kinds(),
        files=services().portability.legacy.files(site().slug)[::-1],
        waiting=services().portability.uploads.of_site(site().slug),
        megabytes=services().settings.upload_megabytes,
        today=day_of(services().clock.now(), site().timezone),
    )


def _archives_page(error: str = "") -> str:
    return render_template(
        "admin/archives.html",
        error=error,
        waiting=services().portability.uploads.of_site(""),
        megabytes=services().settings.upload_megabytes,
    )


def _upload_page(upload: Upload) -> str:
    names = upload.preview[0] if upload.preview else ()
    found = upload.summary
    return render_template(
        "admin/upload.html",
        upload=upload,
        columns=column_names(),
        guesses={place: what for what, place in guessed(names).items()},
        columns_max=COLUMNS_MAX,
        dimensions=dimension_names(),
        chart=growth_chart(found.spans) if found and len(found.spans) > 1 else None,
        found=found,
        archive=upload.archive,
        kind_name=kind_name,
        reasons=ignored_reasons(),
        formats=formats(),
        one_address_views=ONE_ADDRESS_VIEWS,
        endings=_together(file.endings for file in found.files) if found else {},
        hosts=_together(file.hosts for file in found.files) if found else {},
        left=_time_left(upload),
        wanted=cell_wanted,
        failure=explain_failure(upload),
        details=explained(upload.template, upload.values, upload.code),
    )


def _together(counted: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return the most frequent names of several files."""
    sums: Counter[str] = Counter()
    for names in counted:
        sums.update(names)
    return dict(sums.most_common(NAMED))


def _time_left(upload: Upload) -> str:
    """Return how long reading will take, as people say it; empty: nobody knows."""
    seconds = upload.seconds_left
    if seconds is None:
        return ""
    text: str = (
        ngettext("About %(num)d second left.", "About %(num)d seconds left.", max(1, seconds))
        if seconds < 90
        else ngettext(
            "About %(num)d minute left.", "About %(num)d minutes left.", round(seconds / 60)
        )
    )
    return text


def explain_failure(upload: Upload) -> str:
    """Return why an upload failed, in the reader's language."""
    if upload.state != "failed":
        return ""
    texts: dict[str, str] = {
        "invalid-input": _("The file is not what it was said to be, or is damaged."),
        "conflict": _("The numbers may be in the site already."),
        "site-changed": _("The site is not what it was when the file was looked at."),
        "store-unavailable": _("The store of the numbers did not answer. Try again shortly."),
    }
    otherwise: str = _("The work on the file was cut off. Send it again.")
    return texts.get(upload.code, otherwise)
