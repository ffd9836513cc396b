"""Kiosks: list, enrol by a link, rename, revoke."""

import msgspec
from flask import Blueprint, Response, request, url_for

from stats_service.models.audit import Author
from stats_service.models.devices import Kiosk
from stats_service.services.periods import local_time
from stats_service.services.polls.kiosks import LINK_SECONDS
from stats_service.web.api.manage.access import operation, scope, site, who
from stats_service.web.api.operation import Parameter
from stats_service.web.http.bodies import decode_body, fresh_json
from stats_service.web.http.context import services

bp = Blueprint("kiosks", __name__, url_prefix="/kiosks")

_KIOSK = Parameter("kiosk", "Id of the device.", {"type": "string", "pattern": "^[0-9a-f]{16}$"})


class ManagedKiosk(msgspec.Struct, frozen=True, kw_only=True):
    """A device on which many people vote one after the other."""

    id: str
    name: str
    #: Who made the link by which it was enrolled.
    by: str
    enrolled: str
    #: None: it was not revoked.
    revoked: str | None
    #: When somebody voted on it last; None: nobody did.
    used: str | None


class ManagedKiosks(msgspec.Struct, frozen=True):
    """Every device, those in use first."""

    kiosks: list[ManagedKiosk]


class KioskLinkWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Asks for a link that enrols one device."""

    #: Where the device stands, for people.
    name: str
    #: Whose page it shows first; the poll must be for kiosks.
    poll: str


class KioskLinkMade(msgspec.Struct, frozen=True):
    """A link, which is told this once."""

    #: To be opened on the device.
    url: str
    #: Until when it can be used, once.
    until: str


class KioskName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another name of a device."""

    name: str


@bp.get("")
@scope("read")
def index() -> Response:
    """Answer with every device."""
    kiosks = services().polls.kiosks.all(site().slug)
    return fresh_json(ManagedKiosks([_managed(kiosk) for kiosk in kiosks]))


@bp.post("/links")
@scope("write")
def make_link() -> tuple[Response, int]:
    """Make a link that enrols one device."""
    wanted, slug = decode_body(request.get_data(cache=False), KioskLinkWanted), site().slug
    poll, by = services().polls.polls.get(slug, wanted.poll), _by()
    secret = services().polls.kiosks.make_link(slug, wanted.name, poll, by)
    place = url_for("kiosk.ask_to_enrol", slug=slug, secret=secret, lang=poll.lang)
    until = local_time(by.at + LINK_SECONDS, site().timezone)
    return fresh_json(KioskLinkMade(services().settings.base_url + place, until)), 201


@bp.patch("/<kiosk>")
@scope("write")
def rename(kiosk: str) -> Response:
    """Give a device another name."""
    wanted = decode_body(request.get_data(cache=False), KioskName)
    return _answer(services().polls.kiosks.rename(site().slug, kiosk, wanted.name, _by()))


@bp.post("/<kiosk>/revoke")
@scope("write")
def revoke(kiosk: str) -> Response:
    """Let a device vote no more."""
    return _answer(services().polls.kiosks.revoke(site().slug, kiosk, _by()))


def _by() -> Author:
    return Author(who(), services().clock.now())


def _answer(changed: Kiosk) -> Response:
    kiosks = services().polls.kiosks.all(site().slug)
    return fresh_json(_managed(next((k for k in kiosks if k.id == changed.id), changed)))


def _managed(kiosk: Kiosk) -> ManagedKiosk:
    zone = site().timezone
    return ManagedKiosk(
        id=kiosk.id,
        name=kiosk.name,
        by=kiosk.by,
        enrolled=local_time(kiosk.enrolled, zone),
        revoked=local_time(kiosk.revoked, zone) if kiosk.revoked else None,
        used=local_time(kiosk.used, zone) if kiosk.used else None,
    )


OPERATIONS = (
    operation(
        "get",
        "/kiosks",
        "manage_kiosks",
        "read",
        "Get the devices on which many people vote one after the other",
        ManagedKiosks,
    ),
    operation(
        "post",
        "/kiosks/links",
        "manage_make_kiosk_link",
        "write",
        "Make a link that enrols the device on which it is opened, once and within an hour",
        KioskLinkMade,
        body=KioskLinkWanted,
        created=True,
        problems=(409,),
    ),
    operation(
        "patch",
        "/kiosks/{kiosk}",
        "manage_rename_kiosk",
        "write",
        "Give a device another name",
        ManagedKiosk,
        _KIOSK,
        body=KioskName,
        problems=(409,),
    ),
    operation(
        "post",
        "/kiosks/{kiosk}/revoke",
        "manage_revoke_kiosk",
        "write",
        "Let a device vote no more, from this moment on",
        ManagedKiosk,
        _KIOSK,
        problems=(409,),
    ),
)
