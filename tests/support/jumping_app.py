"""The service on a clock that goes wrong by as many seconds as the file `JUMP_FILE` says."""

import os
import time
from pathlib import Path
from typing import Any

from stats_service.app import create_asgi_app
from stats_service.clock import SystemClock

_file = Path(os.environ["JUMP_FILE"])


def jumping() -> Any:
    """Return the application, whose clock this module sets."""
    SystemClock.now = lambda _: time.time() + float(_file.read_text() or 0)  # type: ignore[method-assign]
    return create_asgi_app()
