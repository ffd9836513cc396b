"""What is known of the server behind the store, and what follows from it."""

import msgspec

#: Levels of a finding.
OK, WARN, FAIL = "ok", "warn", "FAIL"


class ServerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What one Redis or Valkey server says of itself; None for what it does not tell."""

    #: `redis` or `valkey`.
    name: str
    version: str
    #: `master` or `slave`, in the server's own words.
    role: str
    append_only: bool
    #: Seconds of writes that a crash may take: `always`, `everysec` or `no`.
    append_fsync: str | None
    #: Times of snapshots, as in the server's configuration; empty for none.
    snapshots: str | None
    #: Whether the last write to the append-only file, and the last snapshot, went well.
    writes_ok: bool
    snapshot_ok: bool
    eviction_policy: str
    #: Bytes; 0 for no limit.
    memory_limit: int
    memory_used: int
    #: Keys that were thrown away because the memory was full, since the server began.
    evicted: int = 0
    #: Replicas that it knows, and whether it stops taking writes when they are out of reach.
    replicas: int = 0
    wants_replicas: bool = False


class SpoolState(msgspec.Struct, frozen=True, kw_only=True):
    """How the file is that keeps views while Redis is away."""

    path: str
    enabled: bool
    #: Views that wait for this service's Redis, and the moment (seconds) of the oldest; 0: none.
    waiting: int
    oldest: float
    #: Views that were kept for another Redis, and those that this one refused.
    others: int
    refused: int
    #: Files that could not be read as a spool, and were set aside.
    damaged: tuple[str, ...]
    #: Why no view could be kept now; empty: one could.
    fault: str


class Finding(msgspec.Struct, frozen=True):
    """One line of `stats-service check`."""

    #: `ok`, `warn` or `FAIL`.
    level: str
    #: What was looked at, in a word or two.
    subject: str
    #: What was found and, unless it is ok, what to do.
    text: str
