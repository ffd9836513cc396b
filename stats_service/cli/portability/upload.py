"""The process in which the admin pages bring a file in; people use `import` and `legacy`."""

import logging.config
import resource

import click

from stats_service import processes
from stats_service.cli.group import open_services
from stats_service.config import load_settings
from stats_service.logs import logging_config

#: Seconds of computing after which the system ends it: a small file may unpack into a huge one.
COMPUTING_SECONDS = 1800
#: Memory that it may use, in bytes, so that the system does not end Redis for it instead.
MEMORY_MAX_BYTES = 1024**3


@click.command("work-on-upload", hidden=True)
@click.argument("upload")
def work_on_upload(upload: str) -> None:
    """Do what is next with the file UPLOAD that was sent to the admin pages."""
    processes.end_with_parent()
    resource.setrlimit(resource.RLIMIT_CPU, (COMPUTING_SECONDS, COMPUTING_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
    settings = load_settings()
    logging.config.dictConfig(logging_config(settings))
    with open_services(settings) as services:
        services.uploads.run(upload, services.clock.now())
