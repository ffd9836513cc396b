"""Hosts on this machine: network namespaces behind a bridge, whose cables can be pulled."""

import os
import subprocess
from dataclasses import dataclass
from shutil import which
from typing import Self


@dataclass(frozen=True, slots=True)
class Host:
    """Where a process runs."""

    address: str
    #: What stands before a command that is to run there.
    prefix: tuple[str, ...] = ()


#: This machine, as everybody sees it.
LOCAL = Host("127.0.0.1")


def hosts_are_possible() -> bool:
    """Tell whether this process may make hosts: root on Linux, with iproute2."""
    return os.geteuid() == 0 and which("ip") is not None


class Network:
    """Hosts that reach each other, and that this process reaches, as long as the cables are in."""

    def __init__(self, number: int) -> None:
        name = f"st{os.getpid() % 100_000}"
        subnet = f"10.213.{os.getpid() % 250}"
        self._bridge, self._subnet = name, subnet
        self._names = [f"{name}h{n}" for n in range(number)]
        self.hosts = [
            Host(f"{subnet}.{n + 2}", ("ip", "netns", "exec", host))
            for n, host in enumerate(self._names)
        ]

    def __enter__(self) -> Self:
        try:
            _ip("link add", self._bridge, "type bridge")
            _ip("addr add", f"{self._subnet}.1/24", "dev", self._bridge)
            _ip("link set", self._bridge, "up")
            for name, host in zip(self._names, self.hosts, strict=True):
                _ip("netns add", name)
                _ip("link add", f"{name}c", "type veth peer name eth0 netns", name)
                _ip("link set", f"{name}c", "master", self._bridge, "up")
                _ip("-n", name, "addr add", f"{host.address}/24", "dev eth0")
                _ip("-n", name, "link set eth0 up")
                _ip("-n", name, "link set lo up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in self._names:
            _ip("link del", f"{name}c", check=False)  # at once, while a namespace ends later
            _ip("netns del", name, check=False)
        _ip("link del", self._bridge, check=False)

    def cut(self, number: int) -> None:
        """Pull the cable of a host."""
        _ip("link set", f"{self._names[number]}c", "down")

    def heal(self, number: int) -> None:
        """Plug it in again."""
        _ip("link set", f"{self._names[number]}c", "up")


def _ip(*words: str, check: bool = True) -> None:
    subprocess.run(["ip", *" ".join(words).split()], check=check, capture_output=not check)
