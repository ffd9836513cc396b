"""Accounts, their rights, sessions, and the tokens of programs."""

import msgspec

#: Roles on a site, from least to most: read; run polls and ratings; everything.
ROLES = ("viewer", "editor", "owner")
#: Scopes of a token: read the numbers; also change polls and balances.
SCOPES = ("read", "write")
#: Scope of a key that opens the page for a television, and nothing else.
SCREEN = "screen"
#: Languages of the admin pages; the first is the default.
LANGUAGES = ("vi", "en")


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The account of a person."""

    name: str
    #: May do everything on every site, and manage accounts and sites.
    operator: bool = False
    #: Role by site slug.
    roles: dict[str, str] = {}
    language: str = LANGUAGES[0]
    #: Seconds since 1970.
    created: float = 0.0
    #: A password is set; without one, only a one-time link lets the person in.
    has_password: bool = False
    #: A sign-in asks for a code from the person's phone after the password.
    second_factor: bool = False
    #: Number of unused recovery codes.
    recovery_codes: int = 0

    def may(self, role: str, slug: str) -> bool:
        """Return whether the account has `role`, or a higher one, on a site."""
        if self.operator:
            return True
        granted = self.roles.get(slug)
        return granted is not None and ROLES.index(granted) >= ROLES.index(role)


class Credentials(msgspec.Struct, frozen=True):
    """The credentials of an account; they never leave `services`."""

    #: Argon2 hash, or empty.
    password: str
    #: The phone's secret is derived from it; empty without a second factor. It is not a secret
    #: itself.
    seed: str = ""


class Session(msgspec.Struct, frozen=True):
    """A signed-in browser."""

    account: str
    #: Seconds since 1970.
    created: float
    #: The password was right, and the code is still missing: nobody is signed in by this session.
    half: bool = False
    #: Id of the device (`models.devices.Device.id`); empty in a pending session.
    device: str = ""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """The right of a program to use the API of one site."""

    id: str
    #: The purpose, as the person who created it described it.
    name: str
    scope: str
    #: The account that created it.
    by: str
    created: float
    #: SHA-256 of the secret part, in hexadecimal.
    digest: str
    #: Last use, to the minute; 0: never.
    used: float = 0.0
