"""`stats-service demo`: run the service with a demo portal."""

import os
from datetime import date

import click

from stats_service.cli.admin import setup_lines
from stats_service.cli.demo.clicks import demo_clicks
from stats_service.cli.demo.history import demo_history, demo_titles
from stats_service.cli.demo.votes import add_demo_votes
from stats_service.cli.group import open_services
from stats_service.cli.serve import run_service
from stats_service.config import Settings
from stats_service.models.audit import COMMAND_LINE, Author
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.periods import day_of
from stats_service.web.demo.content import SLUG, load_content

#: What the demo portal brings along, as if it had counted elsewhere before.
OPENING_VISITS = 1_814_165
OPENING_VIEWS = 4_936_240
OPENING_DAY = "2019-12-24"
#: What happened so many days ago.
ANNOTATIONS = (
    (4, "Ngày hội đọc sách"),
    (11, "Lễ khánh thành cầu"),
    (26, "Hội nghị chuyển đổi số của huyện"),
    (83, "Khai giảng năm học mới"),
    (160, "Cổng thông tin đổi giao diện"),
)
#: The second site of the demo, and its traffic as a share of the portal's.
TOWN_SLUG = "phat-diem"
TOWN_SIZE = 0.11


@click.command()
@click.pass_context
def demo(ctx: click.Context) -> None:
    """Run the service with a demo portal, and print where to look at it.

    Adds the site `demo` at the first start; its numbers stay from one start to the next. The
    same settings as of `serve` apply.

    \b
    Examples:
      stats-service demo
      STATS_BIND=127.0.0.1:8081 stats-service demo
    """
    environ = {"STATS_LOG_LEVEL": "warning", **os.environ, "STATS_DEMO": "1"}
    ctx.exit(run_service(environ, prepare_demo))


def prepare_demo(settings: Settings) -> list[str]:
    """Make sure that the demo site is there; return what to tell the user."""
    hosts = demo_hosts(settings.bind)
    with open_services(settings) as services:
        add_demo_site(services, hosts)
        base = f"http://{hosts[0]}" if hosts else settings.base_url
        setup = setup_lines(services, base)
    return [
        f"Demo portal      {base}/demo/",
        f"Public page      {base}/s/{SLUG}",
        f"Counts as JSON   {base}{settings.path_prefix}/{SLUG}/counts",
        *(setup or [f"Admin pages      {base}/admin/"]),
        f"Data             {settings.data_dir.absolute()}",
        "Ctrl-C stops the service; the numbers stay.",
    ]


def demo_hosts(bind: str) -> tuple[str, ...]:
    """Return the hosts under which a browser on this machine reaches the service."""
    host, _, port = bind.rpartition(":")
    if bind.startswith("unix:"):
        return ()
    names = [host] if host not in ("0.0.0.0", "[::]") else []  # noqa: S104 - compared, not bound
    return tuple(dict.fromkeys(f"{name}:{port}" for name in [*names, "127.0.0.1", "localhost"]))


def add_demo_site(services: Services, hosts: tuple[str, ...]) -> None:
    """Add the demo site with its past, or let it count for `hosts` as well."""
    for site in services.sites.sites.all():
        if site.slug == SLUG:
            wanted = tuple(dict.fromkeys(site.hosts + hosts))
            if wanted != site.hosts:
                services.sites.sites.edit(SLUG, hosts=wanted)
            return
    site = services.sites.sites.add(
        Site(
            slug=SLUG,
            name="Cổng thông tin điện tử huyện Kim Sơn",
            hosts=hosts or ("localhost",),
            opening_visits=OPENING_VISITS,
            opening_views=OPENING_VIEWS,
            opening_day=OPENING_DAY,
            public=True,
            public_articles=True,
            public_documents=True,
        )
    )
    now = services.clock.now()
    paths = [article.path for article in load_content().articles]
    days = demo_history(site, now, paths)
    services.traffic.history.write(site, days)
    documents = {one.path: date.fromisoformat(one.day) for one in load_content().documents}
    services.traffic.clicks.write(site, demo_clicks(days, documents))
    titles = {article.path: article.title for article in load_content().articles}
    services.traffic.titles.keep(site, demo_titles(days) | titles, now)
    # The polls are of the past: the log, which shows what came last first, has them before.
    add_demo_votes(services, site, paths)
    for article in load_content().articles:
        services.traffic.opening_balances.set(site, article.path, article.views, COMMAND_LINE, now)
    add_demo_annotations(services, site, now)
    add_demo_town(services)


def add_demo_annotations(services: Services, site: Site, now: float) -> None:
    """Say what happened on some days of the past."""
    for ago, text in ANNOTATIONS:
        day = day_of(now - ago * 86_400, site.timezone)
        services.traffic.annotations.add(site, day, text, Author(COMMAND_LINE, now))


def add_demo_town(services: Services) -> None:
    """Add a second, smaller site, so that there is something to compare; nobody visits it."""
    if any(site.slug == TOWN_SLUG for site in services.sites.sites.all()):
        return
    town = services.sites.sites.add(
        Site(
            slug=TOWN_SLUG,
            name="Trang thông tin điện tử thị trấn Phát Diệm",
            hosts=("phatdiem.example.vn",),
            opening_visits=96_412,
            opening_views=231_907,
            opening_day="2021-07-01",
        )
    )
    days = demo_history(town, services.clock.now(), size=TOWN_SIZE)
    services.traffic.history.write(town, days)
    services.traffic.clicks.write(town, demo_clicks(days, {}))
    services.traffic.titles.keep(town, demo_titles(days), services.clock.now())
