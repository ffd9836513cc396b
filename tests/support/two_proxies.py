"""Two nginx in a row before the service, and readers with addresses of the Internet."""

import getpass
import http.client
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.pages import ORIGIN, new_hit
from tests.support.processes import free_port, wait_until

#: What docs/operate.md and examples/nginx.conf say of the header, in each of the two.
CONFIG = """
daemon off;
user {user};
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    # Readers of the test have addresses of the Internet: here the first proxy learns them.
    {readers}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {service};
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}
}}
"""
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/{}.0.0.0 Safari/537.36"
)


@contextmanager
def running_proxy(program: str, folder: Path, service: str, *, first: bool) -> Iterator[str]:
    """Run one nginx before a service, or before another nginx; give its URL.

    The first learns the addresses of readers, and each appends whom it was called by.
    """
    folder.mkdir()
    port = free_port()
    readers = "set_real_ip_from 127.0.0.1; real_ip_header X-Reader;" if first else ""
    config = folder / "nginx.conf"
    config.write_text(
        CONFIG.format(
            folder=folder, port=port, user=getpass.getuser(), service=service, readers=readers
        )
    )
    process = subprocess.Popen(
        [program, "-p", str(folder), "-e", f"{folder}/error.log", "-c", str(config)]
    )
    try:
        wait_until(lambda: process.poll() is not None or (folder / "nginx.pid").exists())
        assert process.poll() is None, (folder / "error.log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def read_by_many(url: str, slug: str, readers: int) -> None:
    """Load a page for each of so many readers, with another address and another browser."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    for number in range(readers):
        connection.request(
            "POST",
            f"/v1/{slug}/page",
            json.dumps({"hit": new_hit(), "article": "/tin/1"}),
            {
                "Origin": ORIGIN,
                "User-Agent": AGENT.format(number),
                "X-Reader": f"203.0.{number // 250}.{number % 250 + 1}",
            },
        )
        response = connection.getresponse()
        response.read()
        assert response.status == 200
    connection.close()
