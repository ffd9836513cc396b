"""Kiosks: devices on which many people vote one after the other, enrolled by an administrator."""

import msgspec


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
