"""How gunicorn runs the service; read by gunicorn itself, in the master process."""

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

# Each worker has its own queue: with one for all, a single worker may take most connections.
# A unix socket cannot be bound twice.
reuse_port = not bind.startswith("unix:")
control_socket_disable = True

# `Supervisor` gives gunicorn a little longer than this before it ends it the hard way.
graceful_timeout = 3
timeout = 30
# Longer than a reverse proxy keeps its side open, so that it is the proxy that closes.
keepalive = 75

# Who a visitor is, and which proxy may say so, is decided in `web.visitor` alone.
forwarded_allow_ips = ""
accesslog = None
loglevel = _settings.log_level
logconfig_dict = logging_config(_settings)

# The workers' signs of life: in memory, where a slow or read-only disk cannot stop them.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


# Where each worker leaves what it has measured; made once, and not again at a reload.
if _settings.metrics_token and FOLDER_VARIABLE not in os.environ:
    os.environ[FOLDER_VARIABLE] = tempfile.mkdtemp("-stats-meters", dir=worker_tmp_dir)


def pre_fork(server: Arbiter, worker: Worker) -> None:  # noqa: ARG001 - gunicorn's signature
    """Leave what is loaded to all workers together: no collection touches it any more."""
    gc.freeze()


def post_worker_init(worker: Worker) -> None:  # noqa: ARG001 - gunicorn's signature
    """Let the collector look at what requests leave behind, and not at the application."""
    gc.collect()
    gc.freeze()


def child_exit(server: Arbiter, worker: Worker) -> None:  # noqa: ARG001 - gunicorn's signature
    """Keep what a worker had measured."""
    if folder := os.environ.get(FOLDER_VARIABLE):
        process_ended(Path(folder), worker.pid)


def on_exit(server: Arbiter) -> None:  # noqa: ARG001 - gunicorn's signature
    """Forget what was measured."""
    if folder := os.environ.get(FOLDER_VARIABLE):
        shutil.rmtree(folder, ignore_errors=True)


def post_fork(server: Arbiter, worker: Worker) -> None:  # noqa: ARG001 - gunicorn's signature
    """Tie the worker to its master, so that a killed master leaves no worker."""
    processes.end_with_parent()
