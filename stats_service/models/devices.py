"""Who asks to be let in, the browsers that were, what was refused; and enrolled kiosks."""

from typing import NamedTuple

import msgspec


class Caller(NamedTuple):
    """What a request to sign in says of its sender."""

    #: In canonical spelling, or `""` if it is not known.
    address: str
    #: `User-Agent`.
    user_agent: str = ""
    #: Secrets that the browser was given at earlier sign-ins, of whichever accounts.
    secrets: tuple[str, ...] = ()


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that has signed in to one account."""

    #: Digest of account and secret; given by the store.
    id: str = ""
    #: Name of the browser and of the system, as `services.browsers` finds them; empty: not known.
    browser: str = ""
    system: str = ""
    #: Part of the address, as `services.addresses.coarse_network` cuts it.
    network: str = ""
    #: First and latest sign-in, in seconds since 1970.
    first: float
    last: float
    #: The account's owner has not said yet whether the device is theirs.
    unconfirmed: bool = False


class DeviceInUse(NamedTuple):
    """A device as its owner sees it."""

    device: Device
    #: Somebody is signed in there.
    signed_in: bool
    #: It is the one that asks.
    here: bool


class Refusals(NamedTuple):
    """Sign-ins of one account that were refused; of `""`, to accounts that do not exist."""

    account: str
    #: Wrong passwords.
    passwords: int = 0
    #: Wrong codes after the right password.
    codes: int = 0
    #: Not looked at, because there were too many.
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
