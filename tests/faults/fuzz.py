"""Coverage-guided fuzzing of what parses a visitor's input.

python -m tests.faults.fuzz article -max_total_time=300
"""

import contextlib
import sys
import time
from collections.abc import Callable

import atheris

with atheris.instrument_imports(include=["stats_service", "msgspec"]):
    from stats_service.errors import StatsError
    from stats_service.models.traffic.views import PageQuery
    from stats_service.services.articles.keys import canonical_article
    from stats_service.services.visitors.addresses import canonical_address
    from stats_service.services.visitors.hosts import origin_host
    from stats_service.services.visitors.voters import Voters
    from stats_service.web.http.bodies import decode_body
    from stats_service.web.http.visitor import client_address

#: Longest time for one input, in seconds of this process.
INPUT_SECONDS = 0.05

_voters = Voters("f" * 32)
_slowest = 0.0


def article(data: bytes) -> None:
    """Canonise an article's name; a key is its own key."""
    key = canonical_article(data.decode("utf-8", "surrogateescape"), ("id", "p"))
    assert canonical_article(key, ("id", "p")) == key
    assert not any(ord(c) < 32 for c in key)


def origin(data: bytes) -> None:
    """Read the host out of an Origin."""
    host = origin_host(data.decode("latin-1"))
    assert host is None or "/" not in host


def address(data: bytes) -> None:
    """Read an address and a list of them."""
    text = data.decode("latin-1")
    canonical_address(text)
    client_address("192.0.2.1", text, 1 + len(data) % 3)


def body(data: bytes) -> None:
    """Decode a page's body."""
    decode_body(data, PageQuery)


def token(data: bytes) -> None:
    """Check a voter's token: no invented one is good."""
    assert _voters.find("kimson", data.decode("latin-1"), 1_800_000_000.0) is None


def timed(target: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Return `target`, which fails if an input takes too long."""

    def run(data: bytes) -> None:
        global _slowest
        begin = time.process_time()
        with contextlib.suppress(StatsError):
            target(data)
        seconds = time.process_time() - begin
        if seconds > _slowest:
            _slowest = seconds
            print(f"slowest input {seconds * 1000:.1f} ms", flush=True)  # noqa: T201
        assert seconds < INPUT_SECONDS, f"{seconds:.3f} s"

    return run


TARGETS = {"article": article, "origin": origin, "address": address, "body": body, "token": token}

if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], timed(TARGETS[sys.argv[1]]))
    atheris.Fuzz()
