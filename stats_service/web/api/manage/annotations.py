"""What stands on the chart of a site: annotations, and polls that opened and closed."""

from datetime import date

import msgspec
from flask import Blueprint, Response

from stats_service.errors import InvalidInputError
from stats_service.models.traffic.annotations import Mark
from stats_service.services.traffic.history import RANGE_MAX_DAYS
from stats_service.services.traffic.spans import Span
from stats_service.web.api.manage.access import operation, scope, site
from stats_service.web.api.manage.traffic import FIRST, LAST, days_of_query
from stats_service.web.http.bodies import fresh_json
from stats_service.web.http.context import services

bp = Blueprint("annotations", __name__)

#: Length in days of a range without a first day.
DEFAULT_DAYS = 28


class MarkList(msgspec.Struct, frozen=True):
    """What happened in a range of days, both ends included."""

    first: date
    last: date
    #: By day; at most the latest 60.
    marks: list[Mark]


@bp.get("/annotations")
@scope("read")
def annotations() -> Response:
    """Answer with what stands on the chart of a range of days."""
    first, last = days_of_query(DEFAULT_DAYS)
    if not 0 <= (last - first).days < RANGE_MAX_DAYS["month"]:
        raise InvalidInputError(
            "The range from {first} to {last} must have 1 to {range_max_days} days.",
            first=first,
            last=last,
            range_max_days=RANGE_MAX_DAYS["month"],
        )
    marks = services().traffic.annotations.marks(site(), Span(first, last), services().clock.now())
    return fresh_json(MarkList(first, last, [*marks]))


OPERATIONS = (
    operation(
        "get",
        "/annotations",
        "manage_annotations",
        "read",
        "Get what stands on the chart of a range of days (default: 28): annotations of "
        "administrators (`note`), and polls by the days on which they opened (`poll-opened`) and "
        "closed (`poll-closed`)",
        MarkList,
        FIRST,
        LAST,
        problems=(400,),
    ),
)
