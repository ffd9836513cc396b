"""The command line of a version to come, with a migration that this one does not know.

`python -m tests.support.newer_service serve`. The environment says what the migration is like:
`NEWER_OLDEST` is its `oldest`, `NEWER_PAUSE` the seconds after each piece.
"""

import os
import sys
import time
from functools import partial

from stats_service.app import create_asgi_app
from stats_service.cli import main, serve
from stats_service.run.supervisor import Supervisor
from stats_service.store.operations import layout
from stats_service.web.server.asgi import AsgiApp
from tests.support.migrations import Stamps

layout.MIGRATIONS = (
    Stamps(
        oldest=int(os.environ.get("NEWER_OLDEST", "1")),
        between=partial(time.sleep, float(os.environ.get("NEWER_PAUSE", "0"))),
    ),
)
# Whoever is killed in a test is not waited for as long.
layout.LOCK_SECONDS = 1


def create_app() -> AsgiApp:
    """Return the application that the workers run."""
    return create_asgi_app()


if __name__ == "__main__":
    app = "tests.support.newer_service:create_app()"
    serve.Supervisor = partial(Supervisor, app=app)  # type: ignore[misc,assignment]
    sys.exit(main())
