"""The page of a poll for everybody: its address, and the QR code of it."""

import io

import segno
from flask import Blueprint, Response, url_for

from stats_service.web.admin.access import access, site
from stats_service.web.http.context import services

bp = Blueprint("poll_share", __name__, url_prefix="/sites/<slug>/polls/<poll_id>")

#: Side of the code as it is printed, its quiet zone included, in millimetres, or nearly so.
PRINTED_MM = 150
#: Modules of white around the code, as ISO/IEC 18004 wants them.
QUIET_ZONE = 4


@bp.get("/qr.svg")
@access("viewer")
def qr(poll_id: str) -> Response:
    """Give the QR code as a drawing that is sharp at every size."""
    poll = services().polls.polls.get(site().slug, poll_id)
    # Level M: a seventh of the code may be dirty or torn.
    code = segno.make(hosted_address(site().slug, poll.id), error="m", micro=False)
    drawing = io.BytesIO()
    code.save(
        drawing,
        kind="svg",
        # In whole millimetres: with other scales segno leaves a part of the background out.
        scale=max(1, round(PRINTED_MM / code.symbol_size(border=QUIET_ZONE)[0])),
        border=QUIET_ZONE,
        unit="mm",
        light="#fff",
        title=poll.question[poll.lang],
        svgclass=None,
        lineclass=None,
    )
    return Response(drawing.getvalue(), mimetype="image/svg+xml")


def hosted_address(slug: str, poll: str) -> str:
    """Return the URL of the page on which everybody may vote."""
    return services().settings.base_url + url_for("hosted.poll_page", slug=slug, poll=poll)


def kiosk_address(slug: str, poll: str) -> str:
    """Return the URL of the page that a kiosk shows."""
    return services().settings.base_url + url_for("kiosk.ballot", slug=slug, poll=poll)
