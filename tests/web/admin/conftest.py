"""Fixtures of the admin pages: quick hashes, and people."""

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from flask import Flask

from stats_service.models.sites import Site
from stats_service.services.accounts import passwords
from stats_service.services.container import Services
from tests.support.admin import Person, add_account


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with little memory, so that many sign-ins take no time."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(1, 64, 1))
    passwords._nobodys_hash.cache_clear()


@pytest.fixture
def person(app: Flask) -> Callable[[], Person]:
    """Give browsers."""
    return lambda: Person(app)


@pytest.fixture
def operator(app: Flask, services: Services) -> Person:
    """Give an operator who is signed in."""
    add_account(services, "op", operator=True)
    found = Person(app)
    found.sign_in("op")
    return found


@pytest.fixture
def owner(app: Flask, services: Services, site: Site) -> Person:
    """Give an owner of `site` who is signed in."""
    add_account(services, "chu", roles={site.slug: "owner"})
    found = Person(app)
    found.sign_in("chu")
    return found


@pytest.fixture
def editor(app: Flask, services: Services, site: Site) -> Person:
    """Give an editor of `site` who is signed in."""
    add_account(services, "bientap", roles={site.slug: "editor"})
    found = Person(app)
    found.sign_in("bientap")
    return found
