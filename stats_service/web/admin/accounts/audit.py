"""The audit log: of one site, and of the installation; on the page and as JSON Lines."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from flask import Blueprint, Response, render_template, request, stream_with_context
from flask_babel import gettext

from stats_service.web.admin.access import access, site
from stats_service.web.admin.portability.uploads import kinds
from stats_service.web.http.context import services
from stats_service.web.pages.field_names import FIELD_NAMES, VALUE_NAMES
from stats_service.web.pages.languages import moment
from stats_service.web.pages.messages import change_name

bp = Blueprint("audit", __name__)

PAGE = 50
#: Characters of a value, and fields of an entry, that the page shows; the export has all of it.
VALUE_MAX = 120
FIELDS_MAX = 8

#: Fields that hold a moment, in seconds since 1970.
MOMENTS = ("opens", "closes", "created", "opened", "closed", "peak:at", "since")


class Difference(NamedTuple):
    """One field that a change has changed; empty texts for what was, or is, not there."""

    field: str
    before: str
    after: str


@bp.get("/sites/<slug>/audit")
@access("owner")
def of_site() -> str:
    """Show the changes of a site."""
    return _page(site().slug)


@bp.get("/sites/<slug>/audit.jsonl")
@access("owner")
def export_of_site() -> Response:
    """Give every change of a site."""
    return _export(site().slug)


@bp.get("/audit")
@access("operator")
def of_installation() -> str:
    """Show the changes that concern no single site."""
    return _page("")


@bp.get("/audit.jsonl")
@access("operator")
def export_of_installation() -> Response:
    """Give every change that concerns no single site."""
    return _export("")


def _page(slug: str) -> str:
    now = services().clock.now()
    # Before the entries are read: it brings the sums of past hours among them.
    refusals = [] if slug else services().accounts.sign_in_record.running(now)
    entries = services().accounts.audit.newest(slug, PAGE, request.args.get("before", ""))
    return render_template(
        "admin/audit.html",
        entries=entries,
        refusals=refusals,
        more=entries[-1].id if len(entries) == PAGE else "",
        change_name=change_name,
        differences=differences,
        fields_max=FIELDS_MAX,
    )


def differences(before: Any, after: Any, timezone: str) -> list[Difference]:
    """Return the fields in which the values before and after a change differ.

    Args:
        before: the value, or its fields; None: there was nothing.
        after: the same, now.
        timezone: in which moments are told.
    """
    old = before if isinstance(before, dict) else {"": before}
    new = after if isinstance(after, dict) else {"": after}
    return [
        Difference(
            str(FIELD_NAMES.get(field, field)),
            _shown(field, old.get(field), timezone),
            _shown(field, new.get(field), timezone),
        )
        for field in dict.fromkeys([*old, *new])
        if old.get(field) != new.get(field)
    ]


def _shown(field: str, value: Any, timezone: str) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if field in MOMENTS and isinstance(value, int | float):
        return moment(value, timezone) if value else ""
    names = dict(kinds()) if field == "kind" else VALUE_NAMES.get(field, {})
    text = _in_words(_named(names, value))
    return text if len(text) <= VALUE_MAX else text[:VALUE_MAX] + "…"


def _named(names: Mapping[str, Any], value: Any) -> Any:
    """Return a code, or each of a list of codes, by its name."""
    if isinstance(value, list):
        return [_named(names, one) for one in value]
    return str(names.get(value, value)) if isinstance(value, str) else value


def _in_words(value: Any) -> str:
    """Return texts and lists of them as people write them, anything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(gettext("yes") if value else gettext("no"))
    if isinstance(value, list):
        return "; ".join(_in_words(one) for one in value)
    if isinstance(value, dict):
        if set(value) <= {"id", "text", "hidden", "picture"} and "text" in value:  # a choice
            text, picture = _in_words(value["text"]), value.get("picture")
            if not picture:
                return text
            shown = {"text": text, "id": picture["id"][:6]}
            return str(gettext("%(text)s (with the picture %(id)s)", **shown))
        if set(value) == {"id", "width", "height"}:  # an emblem
            return str(gettext("picture %(id)s", id=str(value["id"])[:6]))
        if set(value) <= {"vi", "en"}:
            return " / ".join(map(str, value.values()))
    return msgspec.json.encode(value).decode()


def _export(slug: str) -> Response:
    def lines() -> Iterator[bytes]:
        for entry in services().accounts.audit.all(slug):
            yield msgspec.json.encode(entry) + b"\n"

    name = f"audit-{slug or 'service'}.jsonl"
    return Response(
        stream_with_context(lines()),
        mimetype="application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
