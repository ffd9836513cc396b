"""Who asks to be let in, the browsers that were, and what was refused."""

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
