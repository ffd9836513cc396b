"""Every key in Redis of accounts, sessions and the installation as a whole.

`<p>` is the installation's prefix, as in `store.keys`, which has the keys of the sites. The keys
here share the slot of `{@admin}`; no slug contains an `@`.

==============================  ======  =======================================================
key                             type    holds; how long
==============================  ======  =======================================================
<p>:{@admin}:audit              stream  changes of the installation: accounts, sites; for ever
<p>:{@admin}:erasing            set     slugs of sites that are being erased; until that is done
<p>:{@admin}:installation       hash    `secret`: keyed digest of STATS_SECRET; `run`: drawn when
                                        Redis was claimed, `<s>-<random>`; `beat`, `beat:at`: a
                                        number that grows, and when (s) it did last; `looked`: when
                                        (s) somebody tried to write; `host`, `host:at`: a Host that
                                        the admin pages refused last; `backup:at`: when
                                        (s) a backup was made last; `move`, `move:at`: how far a
                                        move to another server is, since when (s); `came-from`:
                                        servers that the data were moved from; `layout`: the number
                                        of the data's layout, and `layout:oldest` the lowest whose
                                        programs may use them (`store.operations.layout`);
                                        `layout:after`: how far a migration is; `looked:<layout>`:
                                        when (s) a program of that layout ran last; for ever
<p>:{@admin}:migrating          string  held by the process that migrates; 15 seconds
<p>:{@admin}:ticks              hash    what `stats-service tick` did last: job -> period, and
                                        `ran` -> when (s) it ran; for ever
<p>:{@admin}:tick               string  held while one runs; 10 minutes
<p>:{@admin}:accounts           set     names of all accounts; for ever
<p>:{@admin}:operators          set     names of the service operators; for ever
<p>:{@admin}:account:<name>     hash    `password` (Argon2), `operator`, `language`, `created`,
                                        `role:<site>`; with a second factor `seed`, `step` (its
                                        last code used), `recovery:<digest>`; for ever
<p>:{@admin}:session:<digest>   string  JSON (`models.accounts.Session`); 12 hours after last use,
                                        5 minutes while the code is still to come
<p>:{@admin}:sessions:<name>    set     digests of the account's sessions and links; 31 days
<p>:{@admin}:link:<digest>      string  name of the account that a one-time link is for; 24 hours
<p>:{@admin}:attempts:<digest>  string  sign-ins tried with one device, or from one network, and
                                        for one account by devices that it does not know; one
                                        minute or one day (`services.attempts`)
<p>:{@admin}:devices:<name>     hash    digest of account and secret -> browser that has signed in,
                                        as JSON (`models.devices.Device`), 20 at most; 400 days
                                        after the latest sign-in
<p>:{@admin}:refusals           hash    `<hour since 1970>:<kind>:<account>` -> refused sign-ins,
                                        until the hour's sum is in the log; `since:<kind>:<account>`
                                        -> those since the latest one that was not refused. The
                                        account is empty for all that do not exist
<p>:{@admin}:setup-shown        string  that the link for the first operator was printed; for ever
<p>:{@admin}:asked:<digest>     string  how often an address was asked whether it wants reports; one
                                        day, or a year if it wants none
==============================  ======  =======================================================
"""

from dataclasses import dataclass

#: Fields of `installation`: the number of the data's layout, the lowest layout whose programs may
#: use the data, and how far a migration is.
LAYOUT, OLDEST, AFTER = "layout", "layout:oldest", "layout:after"


@dataclass(frozen=True, slots=True)
class AdminKeys:
    """The keys of accounts and sessions, all in one slot. No slug contains an `@`."""

    prefix: str

    def _key(self, name: str) -> str:
        return f"{self.prefix}:{{@admin}}:{name}"

    @property
    def audit(self) -> str:
        """Changes that concern no single site."""
        return self._key("audit")

    @property
    def erasing(self) -> str:
        """The sites that are being erased."""
        return self._key("erasing")

    @property
    def installation(self) -> str:
        """What tells this installation from others, and from an earlier state of itself."""
        return self._key("installation")

    @property
    def migrating(self) -> str:
        """Held while the data are brought to another layout."""
        return self._key("migrating")

    @property
    def ticks(self) -> str:
        """What was done last, by job."""
        return self._key("ticks")

    @property
    def tick(self) -> str:
        """Held while the regular work is done."""
        return self._key("tick")

    @property
    def accounts(self) -> str:
        """Names of all accounts."""
        return self._key("accounts")

    @property
    def operators(self) -> str:
        """Names of the operators."""
        return self._key("operators")

    def account(self, name: str) -> str:
        """One account."""
        return self._key(f"account:{name}")

    def session(self, digest: str) -> str:
        """One session, by the digest of its id."""
        return self._key(f"session:{digest}")

    def sessions(self, name: str) -> str:
        """The sessions of one account."""
        return self._key(f"sessions:{name}")

    def link(self, digest: str) -> str:
        """One one-time link, by its digest."""
        return self._key(f"link:{digest}")

    def attempts(self, digest: str) -> str:
        """What was tried against one budget."""
        return self._key(f"attempts:{digest}")

    def asked(self, digest: str) -> str:
        """How often an e-mail address was asked, by its digest."""
        return self._key(f"asked:{digest}")

    def devices(self, name: str) -> str:
        """The browsers that have signed in to one account."""
        return self._key(f"devices:{name}")

    @property
    def refusals(self) -> str:
        """Refused sign-ins by hour and account."""
        return self._key("refusals")

    @property
    def setup_shown(self) -> str:
        """Whether the link for the first operator was printed."""
        return self._key("setup-shown")
