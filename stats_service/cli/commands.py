"""All commands, in the order of the help text."""

import click

from stats_service import __version__
from stats_service.cli.accept import accept
from stats_service.cli.admin import admin
from stats_service.cli.article import article
from stats_service.cli.check import check
from stats_service.cli.counts import counts
from stats_service.cli.demo.command import demo
from stats_service.cli.embed import embed
from stats_service.cli.group import Group
from stats_service.cli.notices.report import report
from stats_service.cli.notices.webhook import webhook
from stats_service.cli.polls.kiosk import kiosk
from stats_service.cli.polls.poll import poll
from stats_service.cli.portability.archive import export, import_
from stats_service.cli.portability.backup import backup, restore
from stats_service.cli.portability.legacy import legacy
from stats_service.cli.portability.move import move
from stats_service.cli.portability.upload import work_on_upload
from stats_service.cli.rating import rating
from stats_service.cli.serve import serve
from stats_service.cli.site import site
from stats_service.cli.spool import spool
from stats_service.cli.tick import tick


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="stats-service")
def main() -> None:
    """Count a portal's visits and article views.

    Settings come from the environment (STATS_*, REDIS_URL). The other commands work while `serve`
    runs, and without it. All documentation for users is in the help of the admin pages; the page
    "Operating" there has the settings.

    \b
    Examples:
      stats-service demo
      stats-service site add kimson --name "Kim Sơn" --host kimson.example.vn
      stats-service serve
    """


#: In the order of the help text.
_COMMANDS = (
    serve,
    demo,
    site,
    admin,
    article,
    counts,
    poll,
    kiosk,
    rating,
    embed,
    check,
    accept,
    export,
    import_,
    legacy,
    backup,
    restore,
    move,
    report,
    webhook,
    spool,
    tick,
    work_on_upload,
)

for _command in _COMMANDS:
    main.add_command(_command)
