"""The devices (browsers) that have signed in to an account; the owner sees and removes them.

A browser keeps a secret for each account that it has signed in to (`web.admin.device_cookie`).
Redis has a digest of account and secret: a device is known until it is removed, and the data does
not show which accounts share a browser.
"""

import msgspec

from stats_service.errors import NotFoundError
from stats_service.models.devices import Caller, Device, DeviceInUse
from stats_service.services.accounts.audit import Audit
from stats_service.services.accounts.browsers import browser_name, system_name
from stats_service.services.accounts.passwords import new_secret, secret_digest
from stats_service.services.visitors.addresses import coarse_network
from stats_service.store.accounts.devices import DeviceStore
from stats_service.store.accounts.sessions import SessionStore


class Devices:
    """The devices of every account."""

    def __init__(self, store: DeviceStore, sessions: SessionStore, audit: Audit) -> None:
        self._store = store
        self._sessions = sessions
        self._audit = audit

    def known(self, account: str, caller: Caller, now: float) -> Device | None:
        """Return the device that sent a request, if it has signed in to the account before."""
        digests = [_digest(account, secret) for secret in caller.secrets]
        return self._store.find(account, digests, now) if digests else None

    def welcome(
        self, account: str, caller: Caller, device: Device | None, now: float, *, confirmed: bool
    ) -> tuple[Device, str]:
        """Record that a device has signed in.

        Args:
            account: the account.
            caller: the sender of the request.
            device: the device, if it is known to the account.
            now: seconds since 1970.
            confirmed: the owner need not be told about a new device.

        Returns:
            The device; and the secret that the browser is to store, `""` if it has one already.
        """
        secret = "" if device else new_secret()
        welcomed = Device(
            id=device.id if device else _digest(account, secret),
            browser=browser_name(caller.user_agent),
            system=system_name(caller.user_agent),
            network=coarse_network(caller.address),
            first=device.first if device else int(now),
            last=int(now),
            unconfirmed=device.unconfirmed if device else not confirmed,
        )
        self._store.add(account, welcomed)
        return welcomed, secret

    def all(self, account: str, here: str) -> list[DeviceInUse]:
        """Return the devices of an account, latest sign-in first; `here`: the current id."""
        used = {session.device for _, session in self._sessions.all(account)}
        return [
            DeviceInUse(device, device.id in used, device.id == here)
            for device in self._store.all(account)
        ]

    def unconfirmed(self, account: str, here: str) -> list[Device]:
        """Return the devices that the owner has not confirmed, except the current one."""
        return [
            device
            for device in self._store.all(account)
            if device.unconfirmed and device.id != here
        ]

    def confirm(self, account: str, device_id: str, here: str, now: float) -> None:
        """Record that the owner confirmed a device; no device can confirm itself.

        Raises:
            NotFoundError: the device does not exist, or is the current one.
        """
        device = self._get(account, device_id, here)
        if device.unconfirmed:
            self._store.change(account, msgspec.structs.replace(device, unconfirmed=False))
            self._record(account, "account.device-confirmed", device, now)

    def remove(self, account: str, device_id: str, here: str, now: float) -> None:
        """Remove a device and end its sessions; errors as in `confirm`."""
        device = self._get(account, device_id, here)
        self._store.remove(account, (device_id,))
        for digest, session in self._sessions.all(account):
            if session.device == device_id:
                self._sessions.remove(digest, account)
        self._record(account, "account.device-removed", device, now)

    def remove_others(self, account: str, here: str = "") -> None:
        """Remove all devices of an account except the one with the id `here`."""
        others = [device.id for device in self._store.all(account) if device.id != here]
        self._store.remove(account, others)

    def _get(self, account: str, device_id: str, here: str) -> Device:
        for device in self._store.all(account):
            if device.id == device_id != here:
                return device
        raise NotFoundError("There is no such device of this account, or not any more.")

    def _record(self, account: str, what: str, device: Device, now: float) -> None:
        self._audit.record("", account, what, now, subject=account, before=described(device))


def described(device: Device) -> dict[str, str]:
    """Return a device for the audit log, without any part of its address."""
    return {"browser": device.browser, "system": device.system}


def _digest(account: str, secret: str) -> str:
    return secret_digest(f"{account}\0{secret}")
