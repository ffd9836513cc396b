"""The Redis user of `examples/redis-users.acl` may send every command that the service sends."""

import re
from pathlib import Path

import pytest
import redis

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "stats_service"
#: The rights of the last line; the comments before it name further ones for clusters.
RIGHTS = (ROOT / "examples/redis-users.acl").read_text("utf-8").rstrip().rpartition("\n")[2]
GRANTED = set(re.findall(r"\+([a-z|]+)", RIGHTS))
#: Calls of a method of redis-py, by the names that the store has for clients and pipelines.
CALL = re.compile(r"\b(?:_client|client|pipe|server)\.([a-z_]+)\(")
#: Methods of redis-py that are called otherwise than the command that they send.
COMMANDS = {
    "config_get": "config|get",
    "decr": "decrby",
    "delete": "del",
    "memory_usage": "memory|usage",
}
#: Methods that send no command of their own.
OWN = {"execute_command", "pipeline", "close"}


@pytest.mark.parametrize("script", sorted(PACKAGE.rglob("*.lua")), ids=lambda path: path.stem)
def test_the_user_may_send_what_a_script_sends(script: Path) -> None:
    """A script that is refused a command halfway has written half of what it should."""
    sent = re.findall(r"call\(\s*'([A-Z]+)'", script.read_text("utf-8"))

    assert {command.lower() for command in sent} - GRANTED == set()


def test_the_user_may_send_what_the_store_sends() -> None:
    """Reads and single writes outside of scripts."""
    methods = {
        method
        for path in (PACKAGE / "store").rglob("*.py")
        for method in CALL.findall(path.read_text("utf-8"))
        if hasattr(redis.Redis, method)
    }
    sent = {COMMANDS.get(method, method).removesuffix("_iter") for method in methods - OWN}

    assert len(sent) > 40
    assert sent - GRANTED == set()
