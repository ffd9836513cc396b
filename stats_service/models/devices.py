"""Devices: senders of sign-in requests, signed-in browsers, refused sign-ins, enrolled kiosks."""

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


class Kiosk(msgspec.Struct, frozen=True, kw_only=True):
    """A device that somebody has enrolled, such as the tablet of a one-stop desk."""

    #: 16 hexadecimal digits.
    id: str
    #: In the words of whoever enrolled it.
    name: str
    #: Account that made the link by which it was enrolled.
    by: str
    #: Seconds since 1970.
    enrolled: float
    #: When it was revoked; 0: it was not.
    revoked: float = 0.0
    #: When somebody voted on it last; 0: nobody did.
    used: float = 0.0


class KioskLink(msgspec.Struct, frozen=True, kw_only=True):
    """What a one-time link enrols, as Redis keeps it under the digest of the link."""

    name: str
    by: str
    #: The poll whose page the device shows first.
    poll: str


class KioskSource(msgspec.Struct, frozen=True):
    """Where a kiosk's ballot comes from: an enrolled device, or a network that the poll names."""

    #: Of the device; of an address its pseudonym of the day, in 16 hexadecimal digits.
    id: str
    enrolled: bool


class KioskBallots(msgspec.Struct, frozen=True, kw_only=True):
    """What one kiosk has cast in a poll, for the report."""

    #: Empty: all addresses in the networks that the poll names.
    id: str
    #: Empty if the device is not known here any more.
    name: str
    counted: int = 0
    held: int = 0
    voided: int = 0
