"""Devices: senders of sign-in requests, signed-in browsers, and refused sign-ins."""

from typing import NamedTuple

import msgspec


class Caller(NamedTuple):
    """The sender of a sign-in request."""

    #: Canonical address, or `""` if unknown.
    address: str
    #: `User-Agent`.
    user_agent: str = ""
    #: Secrets that the browser got at earlier sign-ins to any account.
    secrets: tuple[str, ...] = ()


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that has signed in to one account."""

    #: Digest of account and secret; set by the store.
    id: str = ""
    #: Names of the browser and the system, from `services.browsers`; empty: unknown.
    browser: str = ""
    system: str = ""
    #: Part of the address, from `services.addresses.coarse_network`.
    network: str = ""
    #: First and latest sign-in, in seconds since 1970.
    first: float
    last: float
    #: The account's owner has not confirmed the device yet.
    unconfirmed: bool = False


class DeviceInUse(NamedTuple):
    """A device as its owner sees it."""

    device: Device
    #: A session of this device exists.
    signed_in: bool
    #: The current device.
    here: bool


class Refusals(NamedTuple):
    """Refused sign-ins of one account; `""` stands for accounts that do not exist."""

    account: str
    #: Wrong passwords.
    passwords: int = 0
    #: Wrong codes after the right password.
    codes: int = 0
    #: Attempts beyond a limit, which were not checked.
    unseen: int = 0
