"""Who may sign in, what they may do, and the tokens of programs."""

import msgspec

#: What an account may do on a site, from least to most: read; run polls and ratings; everything.
ROLES = ("viewer", "editor", "owner")
#: What a token may do: read the numbers; also change polls and balances.
SCOPES = ("read", "write")
#: Languages of the admin pages; the first is the default.
LANGUAGES = ("vi", "en")


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A person who may sign in."""

    name: str
    #: May do everything on every site, and manage accounts and sites.
    operator: bool = False
    #: Role by site slug.
    roles: dict[str, str] = {}
    language: str = LANGUAGES[0]
    #: Seconds since 1970.
    created: float = 0.0
    #: A password is set; without one only a one-time link lets the person in.
    has_password: bool = False
    #: A sign-in asks for a code of the person's phone after the password.
    second_factor: bool = False
    #: Recovery codes that are left.
    recovery_codes: int = 0

    def may(self, role: str, slug: str) -> bool:
        """Tell whether the account has `role`, or more, on a site."""
        if self.operator:
            return True
        own = self.roles.get(slug)
        return own is not None and ROLES.index(own) >= ROLES.index(role)


class Credentials(msgspec.Struct, frozen=True):
    """What proves an account; never leaves `services`."""

    #: Argon2 hash, or empty.
    password: str
    #: What the secret of the phone is derived from, or empty; by itself it says nothing.
    seed: str = ""


class Session(msgspec.Struct, frozen=True):
    """One browser that is signed in."""

    account: str
    #: Seconds since 1970.
    created: float
    #: The password was right, and the code is still to come: nobody is signed in by this.
    half: bool = False
    #: Which of the account's devices (`models.devices.Device.id`); empty in a half session.
    device: str = ""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A program's right to use the API of one site."""

    id: str
    #: What it is for, in the words of whoever made it.
    name: str
    scope: str
    #: Account that made it.
    by: str
    created: float
    #: SHA-256 of the secret part, in hexadecimal.
    digest: str
    #: When it was last used, to the minute; 0: never.
    used: float = 0.0
