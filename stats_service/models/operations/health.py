"""The state of the Redis server, and findings about it."""

import msgspec

#: Levels of a finding.
OK, WARN, FAIL = "ok", "warn", "FAIL"


class ServerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What one Redis or Valkey server reports; None where it reports nothing."""

    #: `redis` or `valkey`.
    name: str
    version: str
    #: `master` or `slave`, as the server reports it.
    role: str
    append_only: bool
    #: When writes reach the disk: `always`, `everysec` or `no`.
    append_fsync: str | None
    #: Schedule of snapshots as in the server's configuration; empty: none.
    snapshots: str | None
    #: Whether the last write to the append-only file, and the last snapshot, succeeded.
    writes_ok: bool
    snapshot_ok: bool
    eviction_policy: str
    #: Bytes; 0 for no limit.
    memory_limit: int
    memory_used: int
    #: Keys evicted because memory was full, since the server started.
    evicted: int = 0
    #: Number of replicas, and whether the server stops accepting writes without them.
    replicas: int = 0
    wants_replicas: bool = False


class SpoolState(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the spool, which holds views while Redis is away."""

    path: str
    enabled: bool
    #: Views that wait for this service's Redis, and the time (seconds) of the oldest; 0: none.
    waiting: int
    oldest: float
    #: Views for a different Redis, and views that this Redis refused.
    others: int
    refused: int
    #: Files that are not a valid spool, and were moved aside.
    damaged: tuple[str, ...]
    #: Why no view can be spooled now; empty: it works.
    fault: str


class Finding(msgspec.Struct, frozen=True):
    """One line of `stats-service check`."""

    #: `ok`, `warn` or `FAIL`.
    level: str
    #: The subject, in a word or two.
    subject: str
    #: What was found and, unless it is `ok`, what to do.
    text: str
