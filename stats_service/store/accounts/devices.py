"""The browsers that have signed in, by account. The store knows only digests of their secrets."""

from collections.abc import Sequence
from typing import Any

import msgspec

from stats_service.models.devices import Device
from stats_service.store.admin_keys import AdminKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script

ADD_DEVICE = load_script("accounts/add_device")
CHANGE_DEVICE = load_script("accounts/change_device")

#: Most devices of one account; beyond it, the least recently used one is deleted.
DEVICES_MAX = 20
#: A device is deleted this long after its latest sign-in. Browsers keep no cookie longer.
DEVICE_SECONDS = 400 * 86_400


class DeviceStore:
    """The devices of every account of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._keys = AdminKeys(prefix)

    def add(self, name: str, device: Device) -> bool:
        """Store a device, or its latest sign-in; False if the account does not exist."""
        keys = (self._keys.account(name), self._keys.devices(name))
        oldest = device.last - DEVICE_SECONDS
        args = (device.id, msgspec.json.encode(device), DEVICES_MAX, oldest, DEVICE_SECONDS)
        with store_errors():
            return bool(ADD_DEVICE.run(self._client, keys, args))

    def change(self, name: str, device: Device) -> bool:
        """Store a change of a device; False if the device was removed."""
        args = (device.id, msgspec.json.encode(device))
        with store_errors():
            return bool(CHANGE_DEVICE.run(self._client, (self._keys.devices(name),), args))

    def find(self, name: str, digests: Sequence[str], now: float) -> Device | None:
        """Return the first of the devices `digests` that the account has, or None."""
        with store_errors():
            found = self._client.hmget(self._keys.devices(name), list(digests))
        for digest, document in zip(digests, found, strict=True):
            device = _device(digest, document) if document else None
            if device and now - device.last <= DEVICE_SECONDS:
                return device
        return None

    def all(self, name: str) -> list[Device]:
        """Return every device of an account, latest sign-in first."""
        with store_errors():
            fields = self._client.hgetall(self._keys.devices(name))
        devices = [_device(text_of(digest), document) for digest, document in fields.items()]
        return sorted(devices, key=lambda device: -device.last)

    def remove(self, name: str, digests: Sequence[str]) -> None:
        """Delete devices."""
        if digests:
            with store_errors():
                self._client.hdel(self._keys.devices(name), *digests)


def _device(digest: str, document: Any) -> Device:
    return msgspec.structs.replace(msgspec.json.decode(document, type=Device), id=digest)
