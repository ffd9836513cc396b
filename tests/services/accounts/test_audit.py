"""The audit log keeps every change, in order, and nothing else."""

import pytest

from stats_service.errors import InvalidInputError
from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.store.accounts import audit as audit_store


def test_entries_come_newest_first_and_in_pages(services: Services, site: Site) -> None:
    """A page goes on behind the last entry seen."""
    for n in range(5):
        services.audit.record(site.slug, "lan", "poll.closed", 100.0 + n, subject=f"p{n}")

    first = services.audit.newest(site.slug, 2)
    second = services.audit.newest(site.slug, 2, before=first[-1].id)

    assert [entry.subject for entry in first + second] == ["p4", "p3", "p2", "p1"]
    assert first[0].at == 104.0
    assert first[0].who == "lan"


def test_a_change_holds_only_what_differs(services: Services, site: Site) -> None:
    """The values before and after are those of the changed fields; without any there is none."""
    services.sites.edit(site.slug, Author("lan", 1.0), headline="views")
    services.sites.edit(site.slug, Author("lan", 2.0), headline="views")

    (entry,) = services.audit.newest(site.slug)
    assert entry.at == 1.0
    assert entry.before == {"headline": "visits"}
    assert entry.after == {"headline": "views"}


def test_an_export_gives_every_entry_once(
    services: Services, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading in batches neither loses nor repeats an entry."""
    monkeypatch.setattr(audit_store, "BATCH", 3)
    for n in range(7):
        services.audit.record(site.slug, "lan", "poll.closed", float(n))

    entries = list(services.audit.all(site.slug))

    assert [entry.at for entry in entries] == [0, 1, 2, 3, 4, 5, 6]
    assert list(services.audit.all("")) == []


def test_a_made_up_entry_id_is_refused(services: Services, site: Site) -> None:
    """What stands in a query is checked before Redis sees it."""
    with pytest.raises(InvalidInputError):
        services.audit.newest(site.slug, before="+ COUNT 1")
