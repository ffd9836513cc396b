"""Makers of the states of an installation in which numbers stop, by the rows of docs/operate.md."""

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import redis

from stats_service.app import create_app
from stats_service.clock import SystemClock
from stats_service.models.traffic.views import LOST, ViewCommand
from stats_service.services.container import create_services
from stats_service.services.operations.health import TICK_LATE_SECONDS
from stats_service.services.operations.installation import BACKUP_LATE_SECONDS, BEATS_LOST
from stats_service.services.periods import periods_at
from stats_service.store.admin_keys import AdminKeys
from stats_service.store.operations import layout
from stats_service.store.traffic.spool import SpooledView
from stats_service.store.traffic.spool_file import OLDEST_SHIFT
from tests.support.disks import fill, mounted
from tests.support.installation import SITE, Installation
from tests.support.migrations import Stamps
from tests.support.pages import BROWSER, view
from tests.support.processes import wait_until
from tests.support.spools import spool_of


def redis_away(made: Installation) -> None:
    """Redis is killed."""
    made.server.kill()


def password_changed(made: Installation) -> None:
    """Redis wants a password that REDIS_URL does not have."""
    made.server.client.config_set("requirepass", "geheim")
    made.renew()


def secret_changed(made: Installation) -> None:
    """The service is started with another secret."""
    made.settings = replace(made.settings, secret="other-" + "1" * 32)
    made.renew()


def migrated_by_a_newer_version(made: Installation) -> None:
    """A newer version has migrated the data, and lets no older one use them."""
    layouts = {"layout": 2, "layout:oldest": 2}
    made.server.client.hset(AdminKeys(made.settings.key_prefix).installation, mapping=layouts)


def partly_updated(made: Installation) -> None:
    """A newer version has migrated the data, and lets this one go on."""
    layouts = {"layout": 2, "layout:oldest": 1}
    made.server.client.hset(AdminKeys(made.settings.key_prefix).installation, mapping=layouts)


def not_migrated(made: Installation) -> None:
    """This is the newer version, and somebody has brought older data back under it."""
    made.monkeypatch.setattr(layout, "MIGRATIONS", (Stamps(),))
    made.renew()


def redis_emptied(made: Installation) -> None:
    """Somebody calls FLUSHALL."""
    made.server.client.flushall()


def redis_taken(made: Installation) -> None:
    """Somebody calls FLUSHALL, and an instance with another secret and no data starts on it."""
    made.server.client.flushall()
    data = made.settings.data_dir.with_name("other")
    other = create_services(replace(made.settings, secret="other-" + "1" * 32, data_dir=data))
    other.operations.installation.claim()
    other.operations.watch.look()
    other.close()


def site_gone(made: Installation) -> None:
    """The key of a site is deleted by something that is not the service."""
    made.server.client.delete(f"{made.settings.key_prefix}:{{{SITE.slug}}}:site")


def older_state(made: Installation) -> None:
    """Redis is brought back from a snapshot of some time ago."""
    client, folder = made.server.client, made.server.folder
    client.config_set("appendonly", "no")
    client.save()
    shutil.copy(folder / "dump.rdb", folder / "older.rdb")
    for _ in range(BEATS_LOST + 1):
        made.services.operations.installation._store.beat(0, "")  # as in a minute and a half
    made.services.operations.watch.look()
    made.server.kill()
    shutil.rmtree(folder / "appendonlydir")
    (folder / "older.rdb").replace(folder / "dump.rdb")
    configured = (folder / "redis.conf").read_text().replace("appendonly yes", "appendonly no")
    (folder / "redis.conf").write_text(configured)
    made.server.start()


def may_evict(made: Installation) -> None:
    """A policy that throws keys away is set, and so is a limit."""
    made.server.client.config_set("maxmemory-policy", "allkeys-lru")
    made.server.client.config_set("maxmemory", "1gb")


def evicted(made: Installation) -> None:
    """Redis has thrown keys away."""
    client = made.server.client
    for number in range(200):
        client.set(f"other:{number}", "x" * 10_000)
    client.config_set("maxmemory-policy", "volatile-lru")
    for number in range(200):
        client.expire(f"other:{number}", 3600)
    client.config_set("maxmemory", str(int(client.info("memory")["used_memory"]) - 500_000))
    wait_until(lambda: client.info("stats")["evicted_keys"] > 0)
    client.config_set("maxmemory", "0")


def memory_short(made: Installation) -> None:
    """More than 80 % of the memory is in use."""
    used = int(made.server.client.info("memory")["used_memory"])
    made.server.client.config_set("maxmemory", str(int(used / 0.85)))


def memory_full(made: Installation) -> None:
    """All of the memory is in use."""
    made.server.client.config_set("maxmemory", "1mb")


def read_only(made: Installation) -> None:
    """Redis becomes the replica of a server that is away."""
    made.server.client.replicaof("127.0.0.1", 9)


def not_persistent(made: Installation) -> None:
    """Nothing is written to a disk."""
    made.server.client.config_set("appendonly", "no")


def snapshot_fails(made: Installation) -> None:
    """Redis cannot write its snapshot, and so takes no writes."""
    client = made.server.client
    client.config_set("save", "3600 1")
    (made.server.folder / "dump.rdb").mkdir()
    client.bgsave()
    wait_until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")


def no_tick(made: Installation) -> None:
    """Nothing has called `tick` for more than an hour."""
    made.services.operations.ticks._store.note_run(time.time() - TICK_LATE_SECONDS - 60)


def no_backup(made: Installation) -> None:
    """The last backup was made days ago."""
    made.services.operations.installation.note_backup(time.time() - BACKUP_LATE_SECONDS - 60)


def host_changed(made: Installation) -> None:
    """The proxy drops the port of the Host."""
    app = create_app(made.settings)
    answer = app.test_client().get("/admin/sign-in", base_url="http://127.0.0.1:80")
    app.extensions["stats_service"].close()
    assert answer.status_code == 400
    assert "127.0.0.1:9" in answer.get_data(as_text=True)


def data_folder_shut(made: Installation) -> None:
    """The data folder takes no file; a folder in its place, for root may write anywhere."""
    path = made.settings.data_dir / f"installation-{made.settings.key_prefix}.json"
    path.unlink()
    (path / "x").mkdir(parents=True)


def views_wait(made: Installation) -> None:
    """A view was kept, and who brings such views to Redis hangs."""
    assert made.stack.enter_context(spool_of(made.services).sole_sender())
    command = ViewCommand(kind="view", hit=b"12345678", article="/tin/1")
    spool_of(made.services).add([SpooledView(SITE.slug, time.time(), command)])


def others_views_wait(made: Installation) -> None:
    """They were kept by a service on another Redis with the same data folder."""
    other = create_services(replace(made.settings, redis_url="redis://127.0.0.1:9/0"))
    command = ViewCommand(kind="view", hit=b"12345678", article="/tin/1")
    spool_of(other).add([SpooledView(SITE.slug, time.time(), command)])
    other.close()


def spool_damaged(made: Installation) -> None:
    """The file is no database."""
    (made.settings.data_dir / "spool.sqlite3").write_bytes(b"no database" * 1000)


def clock_off(made: Installation) -> None:
    """The machine's clock is a minute ahead of that of Redis."""
    made.monkeypatch.setattr(SystemClock, "now", lambda _: time.time() + 60)


def no_spool(made: Installation) -> None:
    """Something else is where the views would be kept."""
    (made.settings.data_dir / "spool.sqlite3").mkdir()


def spool_of_a_newer_version(made: Installation) -> None:
    """A newer version has migrated the file in which views are kept."""
    command = ViewCommand(kind="view", hit=b"12345678", article="/tin/1")
    spool_of(made.services).add([SpooledView(SITE.slug, time.time(), command)])
    batch = spool_of(made.services).next_batch()
    assert batch
    spool_of(made.services).remove(batch)
    with contextlib.closing(sqlite3.connect(made.settings.data_dir / "spool.sqlite3")) as file:
        file.execute(f"PRAGMA user_version = {2 << OLDEST_SHIFT | 2}")


def views_refused(made: Installation) -> None:
    """Redis refused one for itself, as by a fault of the script."""
    views_wait(made)
    made.stack.close()
    spool = spool_of(made.services)
    batch = spool.next_batch()
    assert batch
    spool.hold(batch, batch.commands)


def views_lost(made: Installation) -> None:
    """The disk took none while Redis was away, and Redis is back."""
    now = time.time()
    site = made.services.sites.sites.get(SITE.slug)
    lost = [ViewCommand(kind=LOST)] * 3
    made.services.traffic.views._store.record_views(site, periods_at(now, site.timezone), now, lost)


def load_pages(
    made: Installation,
    *,
    settings: dict[str, int] | None = None,
    address: str = "192.0.2.1",
    article: str = "/tin/1",
    **view_fields: Any,
) -> None:
    """Load 60 pages; `{n}` in a text is the number of the page."""
    if settings:
        made.services.sites.sites.edit(SITE.slug, **settings)
    app = create_app(made.settings)
    client = app.test_client()
    for n in range(60):
        answer = view(
            client,
            article.format(n=n),
            address=address.format(n=n),
            user_agent=f"{BROWSER} Edg/{n}",
            **view_fields,
        )
        assert answer.status_code == 200
    app.extensions["stats_service"].close()


def crowd_of_an_address(made: Installation) -> None:
    """Sixty readers of one address, on a site that allows five."""
    load_pages(made, settings={"identity_cap": 5})


def crowd_of_a_customer(made: Installation) -> None:
    """One reader in each of sixty networks of a /48."""
    load_pages(made, settings={"identity_cap": 1}, address="2001:db8:1:{n}::1")


def flood_of_an_address(made: Installation) -> None:
    """Sixty views of one address, on a site that allows five a minute."""
    load_pages(made, settings={"view_ceiling": 5})


def names_invented(made: Installation) -> None:
    """Sixty new articles, on a site that keeps five."""
    load_pages(made, settings={"article_cap": 5}, article="/tin/{n}")


def foreign_host(made: Installation) -> None:
    """The snippet stands on another host's pages."""
    load_pages(made, origin="https://elsewhere.example", address="192.0.2.{n}")


def proxies_miscounted(made: Installation) -> None:
    """Each view names two stations, and none is trusted."""
    forwarded = {"X-Forwarded-For": "198.51.100.1, 198.51.100.2"}
    load_pages(made, headers=forwarded, address="192.0.2.{n}")


def proxy_is_silent(made: Installation) -> None:
    """A proxy of this machine names nobody."""
    load_pages(made, address="127.0.0.1")


MAKERS: dict[str, Callable[[Installation], None]] = {
    "Redis does not answer": redis_away,
    "Redis refuses the service: password, rights, protected mode, database": password_changed,
    "Another secret": secret_changed,
    "A newer version has migrated the data": migrated_by_a_newer_version,
    "A newer version has migrated the data, and lets this one go on": partly_updated,
    "The data are not migrated": not_migrated,
    "Redis was emptied": redis_emptied,
    "Redis was emptied, and another installation took it": redis_taken,
    "A site was lost": site_gone,
    "Redis is of an earlier time": older_state,
    "Redis may throw keys away": may_evict,
    "Redis has thrown keys away": evicted,
    "Memory nearly full": memory_short,
    "Memory full": memory_full,
    "Redis is a replica, read-only": read_only,
    "Redis writes nothing to a disk": not_persistent,
    "Redis cannot write to its disk": snapshot_fails,
    "`tick` is not called": no_tick,
    "No backup is made any more": no_backup,
    "The proxy changes the Host": host_changed,
    "The data folder takes no file": data_folder_shut,
    "Views wait on the disk": views_wait,
    "Views of another Redis wait": others_views_wait,
    "The file of kept views is damaged": spool_damaged,
    "The clock is off": clock_off,
    "The disk can keep no views": no_spool,
    "Redis refused kept views": views_refused,
    "Views were lost": views_lost,
    "More readers behind one address than it may have": crowd_of_an_address,
    "The same, of one IPv6 /48": crowd_of_a_customer,
    "An address is over the view ceiling": flood_of_an_address,
    "New articles beyond what a site keeps apart": names_invented,
    "All places for articles are taken": names_invented,
    "Views from hosts that the site does not have": foreign_host,
    "More proxies than STATS_TRUSTED_PROXIES": proxies_miscounted,
    "A proxy on this machine hides readers": proxy_is_silent,
}


def clock_set(seconds: int) -> Callable[[Installation], None]:
    """Return what sets the machine's clock wrong by so many seconds."""

    def wrong(made: Installation) -> None:
        made.monkeypatch.setattr(SystemClock, "now", lambda _: time.time() + seconds)

    return wrong


def log_disk_full(made: Installation) -> None:
    """The disk of the append-only file has no room for another write."""
    folder, copy = made.server.folder / "appendonlydir", made.server.folder / "copy"
    made.server.kill()
    folder.rename(copy)
    made.stack.enter_context(mounted(folder, "size=4m"))
    shutil.copytree(copy, folder, dirs_exist_ok=True)
    made.server.start()
    fill(folder)

    def refused() -> bool:
        with contextlib.suppress(redis.ResponseError):
            made.server.client.set("other", "x" * 100_000)
            return False
        return True

    wait_until(refused, 30)


def data_disk_full(made: Installation) -> None:
    """The data folder is on a disk without room, and has no file of views yet."""
    folder = made.settings.data_dir
    copy = folder.with_name("copy")
    made.services.close()
    folder.rename(copy)
    made.stack.enter_context(mounted(folder, "size=64k"))
    for path in copy.iterdir():
        if path.is_file() and not path.name.startswith("spool"):
            shutil.copy(path, folder)
    fill(folder)
    made.services = create_services(made.settings)


#: Other ways into a state, which has to show in the same places.
OTHERS: dict[str, tuple[str, Callable[[Installation], None]]] = {
    "an hour ahead": ("The clock is off", clock_set(3600)),
    "an hour behind": ("The clock is off", clock_set(-3600)),
    "a day ahead": ("The clock is off", clock_set(86_400)),
    "a day behind": ("The clock is off", clock_set(-86_400)),
    "the append-only file's disk is full": ("Redis cannot write to its disk", log_disk_full),
    "the data folder's disk is full": ("The disk can keep no views", data_disk_full),
    "kept views of a newer version": ("The disk can keep no views", spool_of_a_newer_version),
}
