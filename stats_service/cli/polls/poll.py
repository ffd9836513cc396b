"""`stats-service poll`: questions for readers, from draft to archive."""

from typing import Any

import click
import msgspec

from stats_service.cli.group import Group, echo_json, echo_table, open_services, yes_or_no
from stats_service.cli.polls.fields import changes_of, draft_of, poll_options
from stats_service.cli.polls.picture import picture
from stats_service.cli.polls.removal import COMMANDS
from stats_service.cli.polls.review import quarantine, report, results, texts
from stats_service.cli.revisions import both_versions
from stats_service.models.audit import COMMAND_LINE
from stats_service.models.sites import Site
from stats_service.services.periods import local_time
from stats_service.services.polls.definition import changed_fields, new_poll
from stats_service.services.polls.presentation import state_at


@click.group(cls=Group)
def poll() -> None:
    """Ask readers, and count what they answer.

    \b
    Examples:
      stats-service poll create kimson --question "Bạn quan tâm mục gì nhất?" \\
          --choice "Tin tức" --choice "Văn bản" --open
      stats-service poll results kimson ban-quan-tam-muc-gi-nhat
      stats-service poll close kimson ban-quan-tam-muc-gi-nhat
    """


@poll.command()
@click.argument("site")
@click.argument("name", required=False)
@click.option("--lang", default="vi", help="The poll's own language. [vi]")
@click.option("--open", "open_", is_flag=True, help="Open it at once, not as a draft.")
@poll_options
def create(site: str, name: str | None, lang: str, open_: bool, **options: Any) -> None:
    """Make a poll of SITE, a draft if not told otherwise; NAME stands in its URLs.

    \b
    Examples:
      stats-service poll create kimson --question "Bạn thấy trang này thế nào?" \\
          --choice "Tốt" --choice "Chưa tốt" --closes 2026-12-31T17:00 --open
      stats-service poll create kimson muc-quan-tam --question "Bạn quan tâm mục gì?" \\
          --question-in en "What do you read?" --choice tin="Tin tức" --choice van="Văn bản" \\
          --choice-in en tin News --choice-in en van Documents --multiple --max 2
    """
    with open_services() as services:
        of = services.sites.sites.get(site)
        if not options["question"]:
            raise click.UsageError("Ask something: --question.")
        taken = {known.id for known in services.polls.polls.all(site)}
        draft = draft_of(name or "", lang, "open" if open_ else "draft", of, options)
        made = services.polls.polls.create(
            site, new_poll(draft, taken), COMMAND_LINE, services.clock.now()
        )
    click.echo(f"Made the poll {made.id}, {'open' if open_ else 'a draft'}.")
    if not open_:
        click.echo(f"Open it with: stats-service poll open {site} {made.id}")


@poll.command()
@click.argument("site")
@click.argument("name")
@poll_options
@click.option("--hide", multiple=True, metavar="ID", help="Offer a choice no more; keep its votes.")
@click.option("--show", "unhide", multiple=True, metavar="ID", help="Offer it again.")
@click.option("--order", metavar="ID,ID,…", help="Choices that stand first, in this order.")
@click.option("--remove", multiple=True, metavar="ID", help="Remove a choice, before any vote.")
@click.option(
    "--revision", type=int, default=0, help="Change only what is as `poll show` showed it."
)
def edit(site: str, name: str, revision: int, **options: Any) -> None:
    """Change the poll NAME of SITE; what is not named stays.

    Once somebody has voted, texts can be corrected and choices added or hidden, and no more.

    \b
    Examples:
      stats-service poll edit kimson muc-quan-tam --choice "Lịch tiếp dân" --hide van
      stats-service poll edit kimson muc-quan-tam --closes 2026-12-31T17:00
    """
    with open_services() as services:
        portal = services.sites.sites.get(site)
        before = services.polls.polls.get(site, name)
        changes, now = (
            changed_fields(before, changes_of(before, portal, options)),
            services.clock.now(),
        )
        with both_versions():
            services.polls.polls.edit(site, name, COMMAND_LINE, now, revision, **changes)
    click.echo(f"Changed the poll {name}. Readers see it within a few seconds.")


@poll.command("open")
@click.argument("site")
@click.argument("name")
def open_poll(site: str, name: str) -> None:
    """Let readers vote in the poll NAME of SITE.

    \b
    Example:
      stats-service poll open kimson muc-quan-tam
    """
    with open_services() as services:
        opened = services.polls.polls.open(site, name, COMMAND_LINE, services.clock.now())
        state = state_at(opened, services.clock.now())
    click.echo(f"The poll {name} is {state}.")


@poll.command()
@click.argument("site")
@click.argument("name")
def close(site: str, name: str) -> None:
    """Take no more ballots in the poll NAME of SITE, from this moment on.

    \b
    Example:
      stats-service poll close kimson muc-quan-tam
    """
    with open_services() as services:
        services.polls.polls.close(site, name, COMMAND_LINE, services.clock.now())
    click.echo(f"The poll {name} is closed. Who has voted is forgotten in 30 days.")


@poll.command()
@click.argument("site")
@click.argument("name")
def archive(site: str, name: str) -> None:
    """Close the poll NAME of SITE for good; its results stay.

    \b
    Example:
      stats-service poll archive kimson muc-quan-tam
    """
    with open_services() as services:
        services.polls.polls.archive(site, name, COMMAND_LINE, services.clock.now())
    click.echo(f"The poll {name} is archived.")


@poll.command("list")
@click.argument("site")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(site: str, as_json: bool) -> None:
    """List the polls of SITE, the latest first.

    \b
    Examples:
      stats-service poll list kimson
      stats-service poll list kimson --json
    """
    with open_services() as services:
        services.sites.sites.get(site)
        polls, now = services.polls.polls.all(site), services.clock.now()
        ballots = [services.polls.polls.tally(site, found.id).ballots for found in polls]
    if as_json:
        echo_json(polls)
    elif not polls:
        click.echo("There is no poll yet: stats-service poll create --help", err=True)
    else:
        rows = [
            (found.id, state_at(found, now), f"{number:,}", found.question[found.lang])
            for found, number in zip(polls, ballots, strict=True)
        ]
        echo_table([("POLL", "STATE", "BALLOTS", "QUESTION"), *rows])


@poll.command()
@click.argument("site")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(site: str, name: str, as_json: bool) -> None:
    """Show the definition of the poll NAME of SITE.

    \b
    Examples:
      stats-service poll show kimson muc-quan-tam
      stats-service poll show kimson muc-quan-tam --json
    """
    with open_services() as services:
        portal, found, now = (
            services.sites.sites.get(site),
            services.polls.polls.get(site, name),
            services.clock.now(),
        )
        base = services.settings.base_url + services.settings.path_prefix
    if as_json:
        echo_json(found)
        return
    rows = [
        (field, _text(field, value, portal))
        for field, value in msgspec.structs.asdict(found).items()
        if field not in ("question", "choices", "protection")
    ]
    rows += [
        (f"protection {field}", _text(field, value, portal))
        for field, value in msgspec.structs.asdict(found.protection).items()
    ]
    rows += [(f"question {lang}", text) for lang, text in found.question.items()]
    for choice in found.choices:
        hidden = " (hidden)" if choice.hidden else ""
        rows += [(f"choice {choice.id}{hidden}", f"{k}: {v}") for k, v in choice.text.items()]
    echo_table([("state", state_at(found, now)), *rows])
    if found.status != "draft":
        click.echo(f"Page to vote on without JavaScript: {base}/{site}/p/{name}")


for _command in (results, quarantine, texts, report, picture, *COMMANDS):
    poll.add_command(_command)


def _text(field: str, value: object, site: Site) -> str:
    if field in ("opens", "closes", "opened", "closed", "created") and isinstance(value, float):
        return local_time(value, site.timezone) if value else "-"
    if isinstance(value, bool):
        return yes_or_no(value)
    return "-" if value is None else str(value)
