"""Changes that say what they were made from, so that they undo nobody else's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from stats_service.cli.group import echo_table
from stats_service.errors import StaleError


def revision_option(command: str) -> Callable[..., Any]:
    """Return the option that names what a change was made from, as `command` shows it."""
    return click.option(
        "--revision",
        default="",
        metavar="REV",
        help=f"Change only what is as `{command}` showed it; without: whatever it is by now.",
    )


@contextmanager
def both_versions() -> Iterator[None]:
    """Show both versions of what was not changed because somebody else was faster."""
    try:
        yield
    except StaleError as error:
        rows = [(one.field, _text(one.standing), _text(one.wanted)) for one in error.differences]
        echo_table([("FIELD", "STANDS NOW", "WANTED"), *rows], err=True)
        click.echo(f"Its revision is now {error.revision}.", err=True)
        raise


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
