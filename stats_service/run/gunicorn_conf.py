"""The configuration of gunicorn, which reads it in its master process."""

import gc
import os
import shutil
import tempfile
from pathlib import Path

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

import stats_service.app  # noqa: F401 - read once, here: a worker is up in 0.1 s instead of 2
from stats_service import processes
from stats_service.config import load_settings
from stats_service.logs import logging_config
from stats_service.meters import FOLDER_VARIABLE, process_ended

_settings = load_settings()

bind = _settings.bind
workers = _settings.workers
worker_class = "stats_service.web.server.worker.FastWorker"

# Each worker has its own accept queue: with a shared one, a single worker may take most
# connections. A Unix socket cannot be bound twice.
reuse_port = not bind.startswith("unix:")
control_socket_disable = True

# `Supervisor` kills gunicorn a little after this timeout.
graceful_timeout = 3
timeout = 30
# Longer than the keep-alive of a reverse proxy, so that the proxy closes the connection.
keepalive = 75

# Only `web.http.visitor` decides which proxy to trust for the client address.
forwarded_allow_ips = ""
accesslog = None
loglevel = _settings.log_level
logconfig_dict = logging_config(_settings)

# The workers' heartbeat files: in memory, where a slow or read-only disk cannot block them.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


# Folder for the meters of each worker; created once, and kept at a reload.
if _settings.metrics_token and FOLDER_VARIABLE not in os.environ:
    os.environ[FOLDER_VARIABLE] = tempfile.mkdtemp("-stats-meters", dir=worker_tmp_dir)


def pre_fork(server: Arbiter, worker: Worker) -> None:  # noqa: ARG001 - gunicorn's signature
    """Freeze loaded objects, so that garbage collection does not copy shared memory pages."""
    gc.freeze()


def post_worker_init(worker: Worker) -> None:  # noqa: ARG001 - gunicorn's signature
    """Freeze the application, so that the garbage collector scans only objects of requests."""
    gc.collect()
    gc.freeze()


def child_exit(server: Arbiter, worker: Worker) -> None:  # noqa: ARG001 - gunicorn's signature
    """Save the meters of a worker that ended."""
    if folder := os.environ.get(FOLDER_VARIABLE):
        process_ended(Path(folder), worker.pid)


def on_exit(server: Arbiter) -> None:  # noqa: ARG001 - gunicorn's signature
    """Delete the meters."""
    if folder := os.environ.get(FOLDER_VARIABLE):
        shutil.rmtree(folder, ignore_errors=True)


def post_fork(server: Arbiter, worker: Worker) -> None:  # noqa: ARG001 - gunicorn's signature
    """Tie the worker to its master, so that a killed master leaves no worker."""
    processes.end_with_parent()
