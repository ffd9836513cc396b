"""Memory of processes and of Redis, in bytes."""

from pathlib import Path

from stats_service.config import Settings
from tests.support.processes import service_processes
from tests.support.redis_groups import Server


def service_memory(settings: Settings) -> int:
    """Return the resident memory of every process of the service."""
    return sum(resident(pid) for pid in service_processes(settings.data_dir))


def resident(pid: int | str) -> int:
    """Return the resident memory of a process, or of this one: `self`."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def redis_memory(server: Server) -> int:
    """Return what Redis says that it uses."""
    return int(server.client.info("memory")["used_memory"])
