"""The event loop's connection to Redis: where it leads, and what happens when it is cut."""

import asyncio
import contextlib
import os
import signal
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import redis

from stats_service.embedded_redis.binary import find_server_binary
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.errors import ConfigurationError, StoreUnavailableError
from stats_service.store.redis.pipeline import Endpoint, Pipeline, endpoint, pack
from tests.support.processes import free_port, wait_until

TIMEOUT = 0.1


@contextlib.asynccontextmanager
async def connected(url: str, timeout: float = 5) -> AsyncIterator[Pipeline]:
    """Give a pipeline after its first try."""
    pipeline = Pipeline(endpoint(url, timeout), timeout)
    await pipeline.start()
    try:
        yield pipeline
    finally:
        await pipeline.stop()


async def ask(pipeline: Pipeline, *command: Any) -> Any:
    """Send one command; return its reply."""
    answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    pipeline.send([("", pack(command), answer.set_result)])
    return await answer


async def until_ready(pipeline: Pipeline) -> None:
    """Wait for the connection."""
    async with asyncio.timeout(20):
        while not pipeline.ready:
            await asyncio.sleep(0.01)


@pytest.fixture
def tcp_server(tmp_path: Path) -> Iterator[int]:
    """Start a server with a password; give its port."""
    port = free_port()
    process = subprocess.Popen(
        [find_server_binary().path, "--port", str(port), "--requirepass", "p@ss/w:rd"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
    )
    with redis.Redis(port=port, password="p@ss/w:rd") as client:
        wait_until(lambda: _answers(client))
    try:
        yield port
    finally:
        process.kill()
        process.wait()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_replies_come_in_order(tmp_path: Path) -> None:
    """Commands sent without waiting are each answered by their own reply, None and errors too."""

    async def scenario() -> list[Any]:
        async with connected(server.url) as pipeline:
            commands = [("ECHO", str(n)) for n in range(500)]
            commands[7], commands[8] = ("GET", "nobody-has-set-this"), ("NONSENSE",)
            return await asyncio.gather(*(ask(pipeline, *command) for command in commands))

    with EmbeddedRedis(tmp_path) as server:
        replies = asyncio.run(scenario())

    assert replies[6] == b"6"
    assert replies[7] is None
    assert isinstance(replies[8], Exception)
    assert replies[499] == b"499"


def test_password_and_database_of_the_url_are_used(tcp_server: int) -> None:
    """redis:// with a password that needs escaping, and a database."""
    secret = quote("p@ss/w:rd", safe="")

    async def scenario() -> bytes:
        async with connected(f"redis://:{secret}@127.0.0.1:{tcp_server}/3") as pipeline:
            await ask(pipeline, "SET", "where", "three")
            found: bytes = await ask(pipeline, "CLIENT", "INFO")
            return found

    info = asyncio.run(scenario())

    assert b" db=3 " in info
    assert b" name=stats-service " in info


def test_a_wrong_password_is_no_connection(tcp_server: int) -> None:
    """Commands fail at once; nothing is sent over a connection that was refused."""

    async def scenario() -> tuple[bool, Any]:
        async with connected(f"redis://:wrong@127.0.0.1:{tcp_server}") as pipeline:
            return pipeline.ready, await ask(pipeline, "PING")

    ready, reply = asyncio.run(scenario())

    assert ready is False
    assert isinstance(reply, StoreUnavailableError)


def test_tls_is_verified(tcp_server: int, tmp_path: Path) -> None:
    """rediss:// talks to a server whose certificate it knows, and to no other."""
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-keyout key.pem -out cert.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost",
        shell=True,
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", tcp_server)

        async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                while data := await source.read(4096):
                    sink.write(data)
                sink.close()

        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    async def scenario() -> tuple[Any, bool]:
        server = await asyncio.start_server(forward, "127.0.0.1", 0, ssl=context)
        place = f":p%40ss%2Fw%3Ard@localhost:{server.sockets[0].getsockname()[1]}"
        async with server:
            async with connected(
                f"rediss://{place}?ssl_ca_certs={tmp_path / 'cert.pem'}"
            ) as pipeline:
                known = await ask(pipeline, "PING")
            async with connected(f"rediss://{place}") as pipeline:
                stranger = pipeline.ready
        return known, stranger

    known, stranger = asyncio.run(scenario())

    assert known == b"PONG"
    assert stranger is False


def test_a_url_that_cannot_be_used_stops_the_start() -> None:
    """Naming the setting."""
    with pytest.raises(ConfigurationError, match="REDIS_URL"):
        endpoint("redis://localhost?db=many", 1)


def test_a_server_that_stops_answering_fails_everybody_in_time(tmp_path: Path) -> None:
    """After the timeout, not later; and when it goes on, so does the pipeline."""
    with EmbeddedRedis(tmp_path) as server:
        assert server.pid

        async def scenario(pid: int) -> tuple[list[Any], float, Any]:
            async with connected(server.url, TIMEOUT) as pipeline:
                loop = asyncio.get_running_loop()
                os.kill(pid, signal.SIGSTOP)
                try:
                    begin = loop.time()
                    failed = await asyncio.gather(*(ask(pipeline, "PING") for _ in range(10)))
                    took = loop.time() - begin
                    failed.append(await ask(pipeline, "PING"))
                finally:
                    os.kill(pid, signal.SIGCONT)
                await until_ready(pipeline)
                return failed, took, await ask(pipeline, "PING")

        failed, took, after = asyncio.run(scenario(server.pid))

    assert all(isinstance(reply, StoreUnavailableError) for reply in failed)
    assert TIMEOUT <= took < 0.5
    assert after == b"PONG"


def test_a_server_that_comes_later_is_found(tmp_path: Path) -> None:
    """The start does not wait for it, and needs no restart afterwards; nor does its end."""
    server = EmbeddedRedis(tmp_path)

    async def scenario() -> tuple[bool, Any, Any, Any]:
        async with connected(server.url, TIMEOUT) as pipeline:
            at_start, before = pipeline.ready, await ask(pipeline, "PING")
            await asyncio.to_thread(server.start)
            await until_ready(pipeline)
            await ask(pipeline, "PING")
            await asyncio.to_thread(server.stop)
            between = await ask(pipeline, "PING")
            await asyncio.to_thread(server.start)
            await until_ready(pipeline)
            return at_start, before, between, await ask(pipeline, "PING")

    try:
        at_start, before, between, after = asyncio.run(scenario())
    finally:
        server.stop()

    assert at_start is False
    assert isinstance(before, StoreUnavailableError)
    assert isinstance(between, StoreUnavailableError)
    assert after == b"PONG"


@pytest.mark.parametrize("turns", range(6))
def test_it_stops_while_the_server_goes(tmp_path: Path, turns: int) -> None:
    """However few turns of the loop the loss of the connection is ahead of the stop."""

    async def scenario() -> None:
        pipeline = Pipeline(endpoint(server.url, 5), 5)
        await pipeline.start()
        await asyncio.sleep(0)
        pipeline.drop()
        for _ in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(20):
            await pipeline.stop()

    with EmbeddedRedis(tmp_path) as server:
        asyncio.run(scenario())


def test_the_place_is_asked_anew_for_every_connection(tmp_path: Path) -> None:
    """As Sentinel needs it: the second connection goes to the new master."""
    first, second = EmbeddedRedis(tmp_path / "1"), EmbeddedRedis(tmp_path / "2")
    places = [str(first.socket_path), str(second.socket_path)]

    async def locate() -> str:
        return places[0]

    async def scenario() -> bytes:
        pipeline = Pipeline(Endpoint(locate, None, (("PING",),)), 5)
        await pipeline.start()
        await ask(pipeline, "SET", "which", "first")
        del places[0]
        pipeline.drop()
        await until_ready(pipeline)
        found: bytes = await ask(pipeline, "GET", "which")
        await pipeline.stop()
        return found

    with first, second, redis.Redis.from_url(second.url) as client:
        client.set("which", "second")
        found = asyncio.run(scenario())

    assert found == b"second"


def test_a_server_that_says_too_much_after_the_greeting_is_no_connection() -> None:
    """The connection is lost in the turn of the last reply; the loop goes on, and calls fail."""

    async def chatter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(200)
        writer.write(b"+OK\r\n+PONG\r\n+and more\r\n")
        await reader.read()
        writer.close()

    async def scenario() -> bool:
        server = await asyncio.start_server(chatter, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with connected(f"redis://127.0.0.1:{port}") as pipeline:
            reply, ready = await ask(pipeline, "GET", "x"), pipeline.ready
        server.close()
        assert isinstance(reply, StoreUnavailableError)
        return ready

    assert not asyncio.run(scenario())
