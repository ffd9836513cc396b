"""`stats-service admin`: accounts from the command line."""

import pytest
from pyotp import TOTP

from stats_service.models.audit import COMMAND_LINE
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.cli.conftest import Run
from tests.support.clock import FakeClock


def test_an_account_gets_rights_and_loses_them(run: Run, services: Services, site: Site) -> None:
    """Each command does one thing, and the log names the command line."""
    run("admin", "create", "lan", "--operator", "--link")
    run("admin", "create", "minh", "--link")
    run("admin", "role", "minh", site.slug, "editor")

    assert run("admin", "list").stdout == "lan\toperator\nminh\tkimson=editor\n"
    run("admin", "role", "minh", site.slug, "none")
    run("admin", "remove", "minh", "--yes")

    assert run("admin", "list").stdout == "lan\toperator\n"
    entries = services.audit.newest("") + services.audit.newest(site.slug)
    assert {entry.who for entry in entries} == {COMMAND_LINE}


def test_a_link_lets_its_owner_set_a_password(run: Run, services: Services) -> None:
    """The printed link is one that the pages take."""
    run("admin", "create", "lan", "--link")

    link = run("admin", "link", "lan").stdout.strip()

    assert link.startswith("http://127.0.0.1:9/admin/link/")
    assert services.sign_in.link(link.rpartition("/")[2]) == "lan"


def test_a_lost_phone_is_switched_off(run: Run, services: Services, clock: FakeClock) -> None:
    """Who has none left to let the person in asks the command line, which the log names."""
    run("admin", "create", "lan", "--link")
    factor, now = services.second_factor, clock.now()
    seed = factor.new_seed()
    factor.enable("lan", seed, TOTP(factor.enrolment("lan", seed).secret).at(now), now, "")

    assert run("admin", "list").stdout == "lan\t(no rights)\twith a code\n"
    assert "10 recovery codes are left" in run("admin", "totp", "lan").stdout
    run("admin", "totp", "lan", "--off")

    assert "the password only" in run("admin", "totp", "lan").stdout
    entry = services.audit.newest("")[0]
    assert (entry.who, entry.what) == (COMMAND_LINE, "account.second-factor-off")
    run("admin", "totp", "lan", "--off", code=2)


@pytest.mark.parametrize(
    "words",
    [
        ("admin", "remove", "lan", "--yes"),
        ("admin", "role", "lan", "--no-operator"),
        ("admin", "role", "lan", "nowhere", "owner"),
        ("admin", "role", "lan"),
        ("admin", "create", "lan", "--link"),
        ("admin", "create", "LAN!", "--link"),
        ("admin", "link", "nobody"),
        ("admin", "totp", "nobody", "--off"),
    ],
)
def test_what_must_not_be_is_told_and_changes_nothing(
    run: Run, services: Services, words: tuple[str, ...]
) -> None:
    """The last operator stays; unknown and bad names are errors."""
    run("admin", "create", "lan", "--operator", "--link")

    run(*words, code=2)

    assert [account.name for account in services.accounts.all()] == ["lan"]
    assert services.accounts.get("lan").operator
