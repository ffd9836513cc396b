"""Real groups of Redis servers on this machine: a Sentinel group and a cluster."""

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import redis
from redis.cluster import RedisCluster
from redis.sentinel import Sentinel

from stats_service.embedded_redis.binary import find_server_binary
from tests.support.hosts import LOCAL, Host
from tests.support.processes import free_port, wait_until

#: Milliseconds of silence after which a server counts as gone.
DOWN_AFTER_MS = 1500
#: The user of `examples/redis-users.acl`, with the example's password.
CREDENTIALS = "stats-service:SECRET"
#: What the Sentinels call the master.
MASTER = "portal"


class Server:
    """One process of the server program, in a folder of its own.

    Args:
        folder: made if absent; holds its data, its log and `redis.conf`.
        lines: its configuration, without port and folder.
        sentinel: whether it is a Sentinel.
        port: default: a free one.
        host: where it runs.
    """

    def __init__(
        self,
        folder: Path,
        lines: str = "",
        *,
        sentinel: bool = False,
        port: int | None = None,
        host: Host = LOCAL,
    ) -> None:
        self.folder = folder
        self.host = host
        self.port = port or free_port()
        self._sentinel = sentinel
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "redis.conf").write_text(
            f"port {self.port}\nbind {host.address}\nprotected-mode no\ndir {folder}\n"
            f"logfile {folder}/redis.log\n{lines}\n"
        )
        self.client = redis.Redis(host.address, self.port, socket_timeout=5, decode_responses=True)

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process
        return self._process.pid

    @property
    def url(self) -> str:
        """The URL of this server alone."""
        return f"redis://{self.host.address}:{self.port}"

    def start(self, preload: dict[str, str] | None = None) -> "Server":
        """Start it and wait until it answers."""
        if self._process:
            self._process.wait(10)
        command = [
            *self.host.prefix,
            str(find_server_binary().path),
            str(self.folder / "redis.conf"),
        ]
        self._process = subprocess.Popen(
            command + (["--sentinel"] if self._sentinel else []),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | (preload or {}),
            start_new_session=True,
        )
        wait_until(self.answers)
        return self

    def answers(self) -> bool:
        """Tell whether it takes commands."""
        assert self._process
        assert self._process.poll() is None, (self.folder / "redis.log").read_text()[-2000:]
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal: SIGSTOP, SIGCONT."""
        assert self._process
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once, if it still runs."""
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self.client.connection_pool.disconnect()


class SentinelGroup:
    """A master, two replicas and three Sentinels, one of each kind on each of three hosts."""

    def __init__(self, folder: Path, *, lines: str = "", hosts: Sequence[Host] = (LOCAL,) * 3):
        usual = f"appendonly yes\nsave ''\nrepl-diskless-sync-delay 0\n{lines}"
        self.master = Server(folder / "node0", usual, host=hosts[0])
        place = f"{hosts[0].address} {self.master.port}"
        self.replicas = [
            Server(folder / f"node{n}", f"{usual}\nreplicaof {place}", host=hosts[n])
            for n in (1, 2)
        ]
        watch = (
            f"sentinel monitor {MASTER} {place} 2\n"
            f"sentinel down-after-milliseconds {MASTER} {DOWN_AFTER_MS}\n"
            f"sentinel failover-timeout {MASTER} 6000\n"
            f"sentinel parallel-syncs {MASTER} 2"
        )
        self.sentinels = [
            Server(folder / f"sentinel{n}", watch, sentinel=True, host=host)
            for n, host in enumerate(hosts)
        ]
        self.url = (
            "redis+sentinel://"
            + ",".join(f"{server.host.address}:{server.port}" for server in self.sentinels)
            + f"/{MASTER}"
        )

    @property
    def nodes(self) -> list[Server]:
        """The servers with data."""
        return [self.master, *self.replicas]

    def __enter__(self) -> "SentinelGroup":
        try:
            for server in self.nodes:
                server.start()
            wait_until(lambda: self.master.client.info("replication")["connected_slaves"] == 2)
            for server in self.sentinels:
                server.start()
            wait_until(self._settled)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for server in [*self.sentinels, *self.nodes]:
            server.kill()

    def _settled(self) -> bool:
        said = [server.client.sentinel_master(MASTER) for server in self.sentinels]
        return all(s["num-other-sentinels"] == 2 and s["num-slaves"] == 2 for s in said)

    def node(self, port: int) -> Server:
        """Return the server at a port."""
        return next(server for server in self.nodes if server.port == port)

    def master_ports(self) -> set[int]:
        """Return where the Sentinels see the master; more than one while they do not agree."""
        asked = [server.client.sentinel_get_master_addr_by_name for server in self.sentinels]
        return {int(ask(MASTER)[1]) for ask in asked}

    def master_port(self) -> int:
        """Return where the Sentinels (the first that answers) see the master."""
        for server in self.sentinels:
            with contextlib.suppress(redis.RedisError):
                return int(server.client.sentinel_get_master_addr_by_name(MASTER)[1])
        raise AssertionError("no Sentinel answers")


class ClusterGroup:
    """Three masters with a replica each."""

    def __init__(self, folder: Path, *, lines: str = "") -> None:
        usual = (
            "cluster-enabled yes\ncluster-node-timeout 2000\nappendonly yes\nsave ''\n"
            f"repl-diskless-sync-delay 0\ncluster-replica-validity-factor 0\n{lines}"
        )
        ports = _cluster_ports(6)
        self.nodes = [Server(folder / f"node{n}", usual, port=port) for n, port in enumerate(ports)]
        self.url = "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in ports)

    def __enter__(self) -> "ClusterGroup":
        try:
            for server in self.nodes:
                server.start()
            self._form()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for server in self.nodes:
            server.kill()

    def _form(self) -> None:
        masters, replicas = self.nodes[:3], self.nodes[3:]
        bounds = (0, 5461, 10923, 16384)
        for master, low, high in zip(masters, bounds, bounds[1:], strict=False):
            master.client.execute_command("CLUSTER ADDSLOTSRANGE", low, high - 1)
        for number, server in enumerate(self.nodes):
            server.client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
        for server in self.nodes[1:]:
            server.client.execute_command("CLUSTER MEET", "127.0.0.1", self.nodes[0].port)
        wait_until(lambda: all(self._knows(server) for server in self.nodes))
        for master, replica in zip(masters, replicas, strict=True):
            replica.client.execute_command("CLUSTER REPLICATE", self.node_id(master))
        wait_until(lambda: all(_state(server) == "ok" for server in self.nodes), 30)
        wait_until(
            lambda: all(m.client.info("replication")["connected_slaves"] == 1 for m in masters)
        )
        wait_until(lambda: all(self._sees_replicas(server) for server in self.nodes), 30)

    def _knows(self, server: Server) -> bool:
        known = server.client.execute_command("CLUSTER NODES")
        return len(known) == 6 and not any("handshake" in str(v) for v in known.values())

    def _sees_replicas(self, server: Server) -> bool:
        known = server.client.execute_command("CLUSTER NODES")
        return sum("slave" in node["flags"] for node in known.values()) == 3

    def node_id(self, server: Server) -> str:
        """Return the id by which the cluster knows a node."""
        return str(server.client.execute_command("CLUSTER MYID"))

    def server_at(self, port: int) -> Server:
        """Return the node that listens at `port`."""
        return next(server for server in self.nodes if server.port == port)


def _state(server: Server) -> str:
    said = server.client.execute_command("CLUSTER INFO")
    return str(said["cluster_state"] if isinstance(said, dict) else said)


def _cluster_ports(number: int) -> list[int]:
    """Return ports that are free with their cluster bus ports, 10,000 above.

    All lie below those that the system gives to clients (from 32,768 on): one of these could be
    taken before the server has started.
    """
    first = 11_000 + os.getpid() * 37 % 9_000
    candidates = [*range(first, 20_000), *range(11_000, first)]
    free = (port for port in candidates if _is_free(port) and _is_free(port + 10_000))
    ports = list(islice(free, number))
    assert len(ports) == number, "no free ports for a cluster"
    return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def users_file(folder: Path, pattern: str, *, cluster: bool = False) -> Path:
    """Write the user of `examples/redis-users.acl` as Redis reads it; return where.

    Args:
        folder: made if absent.
        pattern: the keys that the user may touch, instead of the example's.
        cluster: with what the example says that a cluster's nodes want besides.
    """
    example = (Path(__file__).parents[2] / "examples" / "redis-users.acl").read_text()
    user = next(line for line in example.splitlines() if line.startswith("user "))
    if cluster:
        # Only rights of this one paragraph begin with a plus after two blanks.
        user += " " + example.partition("cluster's nodes also want  ")[2].partition(".")[0]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "users.acl"
    path.write_text(f"user default on nopass ~* &* +@all\n{user.replace('~st:*', pattern)}\n")
    return path


def restricted_user(folder: Path, pattern: str) -> Server:
    """Return a server, not started, that knows the user of `examples/redis-users.acl`."""
    return Server(folder, f"aclfile {users_file(folder, pattern)}\nappendonly yes\nsave ''")


@contextlib.contextmanager
def running_group(kind: str, folder: Path) -> Iterator[str]:
    """Give the URL of a `sentinel` or `cluster` group, or an `acl` user's server, that runs.

    The service is the restricted user on each kind.
    """
    if kind == "acl":
        server = restricted_user(folder / "acl", "~t*").start()
        try:
            yield server.url.replace("//", f"//{CREDENTIALS}@") + "/0"
        finally:
            server.kill()
        return
    make = SentinelGroup if kind == "sentinel" else ClusterGroup
    users = users_file(folder, "~t*", cluster=kind == "cluster")
    lines = f"min-replicas-to-write 1\nmin-replicas-max-lag 10\naclfile {users}"
    with make(folder, lines=lines) as group:
        yield group.url.replace("//", f"//{CREDENTIALS}@")


def client_of(url: str, *, decode_responses: bool = True) -> redis.Redis:
    """Return redis-py's own client for any kind of URL."""
    options = {"decode_responses": decode_responses}
    parts = urlsplit(url)
    # The tests look and prepare as a user who may do everything.
    netloc = parts.netloc.rpartition("@")[2]
    if "+" not in parts.scheme:
        bare = urlunsplit(parts._replace(netloc=netloc))
        return redis.Redis.from_url(bare if netloc else url, **options)
    hosts = [(h, int(p)) for h, _, p in (item.partition(":") for item in netloc.split(","))]
    if parts.scheme == "redis+cluster":
        cluster: redis.Redis = RedisCluster(*hosts[0], **options)
        return cluster
    sentinel = Sentinel(hosts, socket_timeout=5)
    master: redis.Redis = sentinel.master_for(parts.path.strip("/"), **options)
    return master


def keys_of(client: redis.Redis, pattern: str) -> list[Any]:
    """Return the keys that match, sorted; redis-py's own `keys` asks one node of a cluster."""
    return sorted(set(client.scan_iter(match=pattern, count=1000)))
