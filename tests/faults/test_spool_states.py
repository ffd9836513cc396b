"""States of the disk in which views would be lost: none is promised in vain, and each is said."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from stats_service.config import Settings
from stats_service.models.operations.health import Finding
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from stats_service.services.operations.health import FAIL, OK, WARN
from stats_service.services.operations.machine_findings import spool_findings
from stats_service.store.traffic.spool_file import RESERVE_BYTES
from tests.support.away import lose_redis
from tests.support.clock import FakeClock
from tests.support.disks import fill, mounted
from tests.support.openapi import MakeApp
from tests.support.pages import view
from tests.support.processes import wait_until
from tests.support.spools import spool_of

pytestmark = [pytest.mark.check("T66"), pytest.mark.quick]


def away(app: Flask) -> tuple[FlaskClient, Services]:
    """Give a service that saw its site before it lost Redis."""
    client, services = app.test_client(), app.extensions["stats_service"]
    assert view(client).status_code == 200
    lose_redis(services)
    return client, services


def replay_all(own: Services, services: Services, clock: FakeClock) -> None:
    """Give Redis back, and wait until everything is there; its thread may hold the spool now."""
    own.traffic.replay._sites = services.sites.directory._store
    own.traffic.replay._traffic = services.traffic.views._store
    wait_until(lambda: not own.traffic.replay.run(clock.now()) and not spool_of(own)._lost)


def found(services: Services, clock: FakeClock) -> dict[str, Finding]:
    """Return what `stats-service check` says of the spool."""
    findings = spool_findings(services.traffic.replay.state(), clock.now())
    return {finding.subject: finding for finding in findings}


def test_a_disk_without_room_promises_nothing(
    make_app: MakeApp,
    settings: Settings,
    site: Site,
    clock: FakeClock,
    services: Services,
    tmp_path: Path,
) -> None:
    """503, counted for the site as lost once Redis is back, said by check and overview."""
    with mounted(tmp_path / "disk", "size=3m") as disk:
        client, own = away(make_app(replace(settings, data_dir=disk)))
        answers = {view(client, address=f"192.0.2.{n}").status_code for n in range(39)}

        finding = found(own, clock)["spool-fault"]

        assert answers == {503}
        assert finding.level == FAIL
        assert "No space left" in finding.text
        assert spool_of(own).refused == 39
        replay_all(own, services, clock)
    (overview,) = services.operations.overview.of_sites([site], clock.now())
    assert [(alarm.kind, alarm.n) for alarm in overview.alarms if alarm.kind == "lost"] == [
        ("lost", 39)
    ]
    assert services.traffic.views.counts(site, clock.now()).views.total == 1
    alarms = own.operations.overview.of_installation()
    assert "spool-waiting" not in {alarm.kind for alarm in alarms}


def test_a_disk_that_fills_up_loses_no_promise(
    make_app: MakeApp,
    settings: Settings,
    site: Site,
    clock: FakeClock,
    services: Services,
    tmp_path: Path,
    measured: Callable[[str], None],
) -> None:
    """Every view that was answered 202 is counted, while the disk is still full."""
    with mounted(tmp_path / "disk", "size=6m") as disk:
        client, own = away(make_app(replace(settings, data_dir=disk)))
        kept = view(client, address="192.0.2.1").status_code == 202
        fill(disk)
        statuses = [view(client, address=f"192.0.2.{n}").status_code for n in range(30)]
        promised = kept + statuses.count(202)

        replay_all(own, services, clock)

        assert spool_of(own).waiting() == 0
    measured(f"{promised} of 31 promised, {statuses.count(503)} refused")
    assert services.traffic.views.counts(site, clock.now()).views.total == 1 + promised
    assert set(statuses) <= {202, 503}
    assert 503 in statuses


def test_a_read_only_data_folder_is_said(
    make_app: MakeApp, settings: Settings, site: Site, clock: FakeClock, tmp_path: Path
) -> None:
    """The service counts; an outage of Redis would lose views, and check says so before."""
    with mounted(tmp_path / "disk", "size=6m") as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        client, own = away(make_app(replace(settings, data_dir=disk)))

        finding = found(own, clock)["spool-fault"]

        assert finding.level == FAIL
        assert "Read-only" in finding.text
        assert view(client).status_code == 503
        assert spool_of(own).refused == 1


def test_a_file_that_is_no_database_loses_nothing(
    make_app: MakeApp, settings: Settings, site: Site, clock: FakeClock, services: Services
) -> None:
    """It is set aside; the views of this outage are kept and counted."""
    broken = settings.data_dir / "spool.sqlite3"
    broken.write_bytes(b"no database" * 1000)
    client, own = away(make_app(settings))

    statuses = [view(client, address=f"192.0.2.{n}").status_code for n in range(5)]
    finding = found(own, clock)["spool-damaged"]
    replay_all(own, services, clock)

    assert statuses == [202] * 5
    assert finding.level == WARN
    assert str(broken) in finding.text
    assert broken.read_bytes() == b"no database" * 1000
    assert services.traffic.views.counts(site, clock.now()).views.total == 6


def test_two_redis_with_one_data_folder(
    make_app: MakeApp, settings: Settings, site: Site, clock: FakeClock, services: Services
) -> None:
    """Neither drops or counts the views of the other; check says it until somebody decides."""
    client, own = away(make_app(settings))
    assert view(client, address="192.0.2.7").status_code == 202
    other = create_services(replace(settings, key_prefix=f"{settings.key_prefix[:15]}x"), clock)

    wait_until(lambda: not other.traffic.replay.run(clock.now()))  # one looks at a time

    assert other.traffic.replay.dropped == 0
    assert found(other, clock)["spool-others"].level == WARN
    assert "spool-others" not in found(own, clock)
    replay_all(own, services, clock)
    assert services.traffic.views.counts(site, clock.now()).views.total == 2
    assert found(other, clock)["spool"].level == OK
    other.close()


def test_looking_at_a_sound_spool_leaves_nothing(services: Services, clock: FakeClock) -> None:
    """And says that it is ready."""
    before = sorted(services.settings.data_dir.iterdir())

    findings = found(services, clock)

    assert [finding.level for finding in findings.values()] == [OK]
    assert sorted(services.settings.data_dir.iterdir()) == before
    assert RESERVE_BYTES < 8 * 10**6, "what the finding asks for"
