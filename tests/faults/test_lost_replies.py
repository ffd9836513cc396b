"""Replies of Redis that get lost after their command was carried out."""

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import create_services
from tests.support.floods import timed_post
from tests.support.pages import BROWSER, ORIGIN, new_hit
from tests.support.processes import wait_until
from tests.support.redis_groups import Server
from tests.support.server import running_service
from tests.support.spools import spool_of

SITE = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",), view_ceiling=10**6)

Note = Callable[[str], None]


class SwallowingProxy:
    """A way to Redis on which replies can get lost after the command was carried out."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.swallow = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            for source, sink, back in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._copy, args=(source, sink, back), daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket, back: bool) -> None:
        try:
            while data := source.recv(65536):
                if not (back and self.swallow):
                    sink.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                end.close()


@pytest.mark.check("T31")
def test_a_view_whose_reply_is_lost_counts_once(
    settings: Settings, tmp_path: Path, measured: Note
) -> None:
    """Redis carries it out, the reply gets lost, the view is kept and sent again."""
    server = Server(tmp_path / "redis", "save ''").start()
    proxy = SwallowingProxy(server.port)
    ours = replace(
        settings, redis_url=f"redis://127.0.0.1:{proxy.port}", redis_timeout=0.3, workers=1
    )
    direct = create_services(replace(ours, redis_url=server.url, redis_timeout=5))
    direct.sites.sites.add(SITE)
    # What is kept waits for the Redis under the name that the service has for it.
    spool = spool_of(create_services(ours))
    headers = {"User-Agent": BROWSER, "Origin": ORIGIN}
    try:
        with running_service(replace(ours, site_cache_seconds=60)) as url:
            sent = [_view(url, headers)]

            def counted_again() -> bool:
                sent.append(_view(url, headers))
                return sent[-1] == 200

            lost = []
            for _ in range(10):
                before = direct.traffic.views.counts(SITE, time.time()).views.total
                proxy.swallow = True
                lost.append(_view(url, headers))
                at_redis = direct.traffic.views.counts(SITE, time.time()).views.total
                proxy.swallow = False
                assert at_redis == before + 1, "it was carried out"
                wait_until(counted_again)
                wait_until(lambda: spool.waiting() == 0)
            total = direct.traffic.views.counts(SITE, time.time()).views.total
            duplicates = server.client.hget(f"{ours.key_prefix}:{{kimson}}:ignored", "duplicate")
    finally:
        proxy.close()
        server.kill()

    measured(f"10 replies lost: answers {sorted(set(lost))}, {duplicates} repeats recognised")
    assert set(lost) == {202}
    assert set(sent) <= {200, 202}
    assert int(duplicates or 0) >= 10
    assert total == len(sent) + len(lost)


def _view(url: str, headers: dict[str, str]) -> int:
    body = json.dumps({"hit": new_hit()}).encode()
    return timed_post(f"{url}/v1/kimson/page", body, headers)[0]
