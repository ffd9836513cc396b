"""How gunicorn runs the service; read by gunicorn itself, in the master process."""

import os

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from stats_service import processes
from stats_service.config import load_settings
from stats_service.logs import logging_config

_settings = load_settings()

bind = _settings.bind
workers = _settings.workers
worker_class = f"stats_service.web.worker.{'FastWorker' if _settings.fast_lane else 'Worker'}"

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


def post_fork(server: Arbiter, worker: Worker) -> None:  # noqa: ARG001 - gunicorn's signature
    """Tie the worker to its master, so that a killed master leaves no worker."""
    processes.end_with_parent()
