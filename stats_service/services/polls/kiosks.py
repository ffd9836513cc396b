"""Kiosks: a device is enrolled by a link that an administrator made, once, and can be revoked.

The device keeps a token that names it and is signed with the service's secret; what is stored says
nothing by which one could be made.

    1.<id, 16 hexadecimal digits>.<signature>
"""

import hmac
import secrets
from base64 import urlsafe_b64encode

from msgspec.structs import replace

from stats_service.errors import ConflictError, InvalidInputError, NotFoundError
from stats_service.models.audit import Author
from stats_service.models.devices import Kiosk, KioskLink, KioskSource
from stats_service.models.polls import Poll
from stats_service.services.accounts.audit import entry_of
from stats_service.services.accounts.passwords import new_secret, secret_digest
from stats_service.services.visitors.addresses import in_networks
from stats_service.store.polls.kiosks import KioskStore

#: How long a link enrols a device.
LINK_SECONDS = 3600
NAME_MAX = 80
#: Devices of a site in use; those that were revoked are kept besides, up to as many.
KIOSKS_MAX = 100
_VERSION = "1"


class Kiosks:
    """The kiosks of every site. Every change is audited."""

    def __init__(self, store: KioskStore, secret: str) -> None:
        self._store = store
        self._secret = secret.encode()

    def all(self, slug: str) -> list[Kiosk]:
        """Return the devices of a site, those in use first; those that were revoked, too."""
        return self._store.all(slug)

    def make_link(self, slug: str, name: str, poll: Poll, by: Author) -> str:
        """Return the secret of a new link, which enrols one device within `LINK_SECONDS`.

        Args:
            slug: the site.
            name: of the device, for people.
            poll: whose page the device shows first.
            by: who makes it.

        Raises:
            InvalidInputError: the name cannot be used.
            ConflictError: the poll is not for kiosks, or the site has too many.
        """
        name = _checked_name(name)
        if not poll.kiosk_pause:
            raise ConflictError(
                "The poll {poll!r} is not for kiosks. Set the pause between two votes first.",
                poll=poll.id,
            )
        if sum(not kiosk.revoked for kiosk in self._store.all(slug)) >= KIOSKS_MAX:
            raise _many()
        secret = new_secret()
        link = KioskLink(name=name, by=by.who, poll=poll.id)
        self._store.add_link(slug, secret_digest(secret), link, LINK_SECONDS)
        return secret

    def link(self, slug: str, secret: str) -> KioskLink:
        """Return what a link would enrol; NotFoundError if it was spent or has ended."""
        found = self._store.link(slug, secret_digest(secret))
        if found is None:
            raise _spent()
        return found

    def enrol(self, slug: str, secret: str, now: float) -> tuple[KioskLink, str]:
        """Spend a link; return it with the token of the device on which it was opened.

        Raises:
            NotFoundError: the link was spent or has ended.
            ConflictError: the site has too many devices by now.
        """
        digest = secret_digest(secret)
        link = self.link(slug, secret)
        kiosk = Kiosk(id=secrets.token_hex(8), name=link.name, by=link.by, enrolled=now)
        entry = entry_of(
            Author(link.by, now), "kiosk.enrolled", kiosk.id, None, {"name": link.name}
        )
        outcome = self._store.enrol(slug, digest, kiosk, entry, KIOSKS_MAX)
        if outcome != "enrolled":
            raise _many() if outcome == "many" else _spent()
        value = f"{_VERSION}.{kiosk.id}"
        return link, f"{value}.{self._signature(slug, value)}"

    def rename(self, slug: str, kiosk: str, name: str, by: Author) -> Kiosk:
        """Give a device another name.

        Raises:
            InvalidInputError: the name cannot be used.
            NotFoundError: there is no such device.
            ConflictError: somebody else is changing it.
        """
        before, name = self._get(slug, kiosk), _checked_name(name)
        return self._change(slug, before, replace(before, name=name), "kiosk.renamed", by)

    def revoke(self, slug: str, kiosk: str, by: Author) -> Kiosk:
        """Let a device vote no more, from this moment on; errors as `rename`."""
        before = self._get(slug, kiosk)
        if before.revoked:
            return before
        return self._change(slug, before, replace(before, revoked=by.at), "kiosk.revoked", by)

    def source(
        self, slug: str, poll: Poll, token: str, address: str, pseudonym: str
    ) -> KioskSource | None:
        """Return the kiosk that a request comes from; None if it comes from none.

        Args:
            slug: the site.
            poll: the poll.
            token: what the device sent as its own.
            address: of the sender, canonical; empty: not known.
            pseudonym: of that address, in 16 hexadecimal digits.
        """
        if not poll.kiosk_pause:
            return None
        kiosk = self._signed(slug, token)
        found = self._store.get(slug, kiosk) if kiosk else None
        if found is not None and not found.revoked:
            return KioskSource(found.id, enrolled=True)
        if in_networks(address, poll.kiosk_networks):
            return KioskSource(pseudonym, enrolled=False)
        return None

    def _get(self, slug: str, kiosk: str) -> Kiosk:
        found = self._store.get(slug, kiosk)
        if found is None:
            raise NotFoundError("There is no kiosk {kiosk!r}.", kiosk=kiosk[:40])
        return found

    def _change(self, slug: str, before: Kiosk, after: Kiosk, what: str, by: Author) -> Kiosk:
        names = ({"name": before.name}, {"name": after.name} if not after.revoked else None)
        entry = entry_of(by, what, before.id, *names)
        if before != after and not self._store.change(slug, before, after, entry):
            raise ConflictError("The kiosk {kiosk!r} is being changed. Try again.", kiosk=before.id)
        return after

    def _signed(self, slug: str, token: str) -> str:
        """Return the id that a token names, or an empty text if it is not one of ours."""
        value, _, signature = token.rpartition(".")
        version, _, kiosk = value.partition(".")
        is_ours = version == _VERSION and len(kiosk) == 16 and token.isascii()
        if not is_ours or not hmac.compare_digest(signature, self._signature(slug, value)):
            return ""
        return kiosk

    def _signature(self, slug: str, value: str) -> str:
        digest = hmac.digest(self._secret, f"kiosk\0{slug}\0{value}".encode(), "sha256")
        return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_MAX or not name.isprintable():
        raise InvalidInputError(
            "name: say in 1 to {name_max} characters where the kiosk stands.", name_max=NAME_MAX
        )
    return name


def _many() -> ConflictError:
    return ConflictError(
        "The site has {kiosks_max} kiosks, and that is the most. Revoke one first.",
        kiosks_max=KIOSKS_MAX,
    )


def _spent() -> NotFoundError:
    return NotFoundError(
        "This link has enrolled a device already, or is older than an hour. Make a new one on the "
        "page of kiosks."
    )
