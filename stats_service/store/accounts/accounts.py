"""Accounts: a hash each, changed field by field so that no change undoes a concurrent one."""

from collections.abc import Iterable, Mapping
from typing import Any

from stats_service.models.accounts import Account, Credentials
from stats_service.store.admin_keys import AdminKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script

ADD_ACCOUNT = load_script("accounts/add_account")
CHANGE_ACCOUNT = load_script("accounts/change_account")
SET_ROLE = load_script("accounts/set_role")
SET_OPERATOR = load_script("accounts/set_operator")
REMOVE_ACCOUNT = load_script("accounts/remove_account")
SET_SECOND_FACTOR = load_script("accounts/set_second_factor")
SPEND_CODE = load_script("accounts/spend_code")

#: What a script returns if the account has changed since it was read.
_CHANGED = -2
_ROLE = "role:"
_RECOVERY = "recovery:"


class LastOperator(Exception):  # noqa: N818 - a result of the store, which the service explains
    """The installation would be left without an operator."""


class Changed(Exception):  # noqa: N818 - likewise
    """The value has changed since it was read."""


class AccountStore:
    """The accounts of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._keys = AdminKeys(prefix)

    def names(self) -> list[str]:
        """Return the names of all accounts, sorted."""
        with store_errors():
            return sorted(map(text_of, self._client.smembers(self._keys.accounts)))

    def has_operator(self) -> bool:
        """Return whether there is an operator, who can manage the installation."""
        with store_errors():
            return bool(self._client.exists(self._keys.operators))

    def get(self, name: str) -> tuple[Account, Credentials] | None:
        """Return an account and its credentials, or None."""
        with store_errors():
            fields = self._client.hgetall(self._keys.account(name))
        return _account(name, fields) if fields else None

    def all(self) -> list[Account]:
        """Return every account, by name."""
        names = self.names()
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hgetall(self._keys.account(name))
            rows = pipe.execute()
        return [_account(name, row)[0] for name, row in zip(names, rows, strict=True) if row]

    def add(self, account: Account, password: str) -> bool:
        """Store a new account with a password hash; False if the name is taken."""
        keys = self._keys
        fields = {
            "password": password,
            "operator": _flag(account.operator),
            "language": account.language,
            "created": account.created,
        } | {_ROLE + slug: role for slug, role in account.roles.items()}
        with store_errors():
            return bool(
                ADD_ACCOUNT.run(
                    self._client,
                    (keys.account(account.name), keys.accounts, keys.operators),
                    (account.name, _flag(account.operator), *_flat(fields)),
                )
            )

    def change(self, name: str, fields: Mapping[str, Any], deleted: Iterable[str] = ()) -> bool:
        """Set and delete fields of an account; False if it does not exist."""
        with store_errors():
            return bool(
                CHANGE_ACCOUNT.run(
                    self._client,
                    (self._keys.account(name),),
                    (len(fields), *_flat(fields), *deleted),
                )
            )

    def set_role(self, name: str, slug: str, before: str, role: str) -> bool:
        """Set the role on a site, or remove it with `""`; False if the account does not exist.

        Raises:
            Changed: the role is not `before`; nothing was changed.
        """
        args = (_ROLE + slug, before, role)
        with store_errors():
            return _done(SET_ROLE.run(self._client, (self._keys.account(name),), args))

    def set_operator(self, name: str, *, before: bool, operator: bool) -> bool:
        """Make an account an operator, or ordinary again; False if it does not exist.

        Raises:
            LastOperator: the account is the last operator; nothing was changed.
            Changed: the account is not what it was `before`; nothing was changed.
        """
        keys = (self._keys.account(name), self._keys.operators)
        args = (name, _flag(operator), _flag(before))
        with store_errors():
            return _done(SET_OPERATOR.run(self._client, keys, args))

    def set_second_factor(self, name: str, seed: str, step: int, recovery: Iterable[str]) -> bool:
        """Ask the account for codes from now on, or with the seed `""` no longer.

        Args:
            name: the account.
            seed: the phone's secret is derived from it; with the present seed, only the recovery
                codes are replaced.
            step: the latest time step whose code is used up.
            recovery: digests of the recovery codes, which replace all earlier ones.

        Returns:
            False if the account does not exist.
        """
        key = self._keys.account(name)
        with store_errors():
            return bool(SET_SECOND_FACTOR.run(self._client, (key,), (seed, step, *recovery)))

    def spend_code(self, name: str, seed: str, step: int) -> bool:
        """Use up the codes of a time step and of earlier ones.

        Returns:
            False if the code was used up already, or the account has a different seed.
        """
        with store_errors():
            return bool(SPEND_CODE.run(self._client, (self._keys.account(name),), (seed, step)))

    def spend_recovery(self, name: str, digest: str) -> bool:
        """Use up a recovery code; False if the account has none with this digest."""
        with store_errors():
            return bool(self._client.hdel(self._keys.account(name), _RECOVERY + digest))

    def remove(self, account: Account) -> bool:
        """Delete an account with its devices; results and errors as in `set_operator`.

        An account whose rights differ from `account` is not deleted.
        """
        names, name = self._keys, account.name
        keys = (
            names.account(name),
            names.accounts,
            names.operators,
            names.devices(name),
            names.refusals,
        )
        roles = {_ROLE + slug: role for slug, role in account.roles.items()}
        args = (name, _flag(account.operator), *_flat(roles))
        with store_errors():
            return _done(REMOVE_ACCOUNT.run(self._client, keys, args))


def _done(answer: int) -> bool:
    if answer == _CHANGED:
        raise Changed
    if answer < 0:
        raise LastOperator
    return bool(answer)


def _account(name: str, row: Mapping[Any, Any]) -> tuple[Account, Credentials]:
    fields = {text_of(key): text_of(value) for key, value in row.items()}
    account = Account(
        name=name,
        operator=fields.get("operator") == "1",
        roles={k[len(_ROLE) :]: v for k, v in sorted(fields.items()) if k.startswith(_ROLE)},
        language=fields.get("language", ""),
        created=float(fields.get("created", 0)),
        has_password=bool(fields.get("password")),
        second_factor=bool(fields.get("seed")),
        recovery_codes=sum(field.startswith(_RECOVERY) for field in fields),
    )
    return account, Credentials(fields.get("password", ""), fields.get("seed", ""))


def _flat(fields: Mapping[str, Any]) -> list[Any]:
    return [item for pair in fields.items() for item in pair]


def _flag(value: bool) -> str:
    return "1" if value else ""
