"""Definitions and tallies of polls; ballots are in `store.ballots`."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from stats_service.models.audit import AuditEntry
from stats_service.models.polls import Poll, PollSummary, PollTally
from stats_service.store.accounts.audit import packed_entry
from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script

#: Ballots of one network from which the summary includes the report of the poll.
MANY = 20

SAVE_POLL = load_script("accounts/audit_entry", "polls/save_poll")
COUNT_TEXTS = load_script("polls/count_texts")

_NOW = ("now:held", "now:network", "now:provider", "now:looked", "now:looked-wide")
_decoder = msgspec.json.Decoder(Poll)


class PollStore:
    """The polls of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def all(self, slug: str) -> list[Poll]:
        """Return every poll of a site, in no order."""
        with store_errors():
            documents = self._client.hvals(SiteKeys(self._prefix, slug).polls)
        return [_decoder.decode(document) for document in documents]

    def get(self, slug: str, poll: str) -> Poll | None:
        """Return a poll, or None."""
        with store_errors():
            document = self._client.hget(SiteKeys(self._prefix, slug).polls, poll)
        return _decoder.decode(document) if document else None

    def revision(self, slug: str, poll: str) -> int:
        """Return the revision of a poll, also of a deleted one; 0 if it never existed."""
        with store_errors():
            return int(self._client.hget(SiteKeys(self._prefix, slug).poll_revisions, poll) or 0)

    def save(
        self, slug: str, poll: Poll, entry: AuditEntry | None, *, voteless: bool, new: bool = False
    ) -> str:
        """Store the definition that follows revision `poll.revision - 1`.

        Args:
            slug: the site.
            poll: the new definition, whose revision is one more than that of the stored one.
            entry: the audit entry of the change; None: not audited.
            voteless: whether to refuse if somebody has voted, because the change alters votes.
            new: whether the poll is new.

        Returns:
            `saved`; `stale` if the stored revision is a different one; `voted`; `no-site`; `taken`
            if a new poll exists already, or an old one does not exist.
        """
        names = SiteKeys(self._prefix, slug)
        keys = (
            names.site,
            names.polls,
            names.poll_revisions,
            names.poll(poll.id, "voters"),
            names.audit,
            names.poll(poll.id, "tally"),
            names.poll(poll.id, "groups"),
        )
        definition, log_entry = msgspec.json.encode(poll), packed_entry(entry)
        flags = ("1" if voteless else "", log_entry, "1" if new else "")
        args = (poll.id, poll.revision, definition, *flags)
        with store_errors():
            return text_of(SAVE_POLL.run(self._client, keys, args))

    def tally(self, slug: str, poll: str) -> PollTally:
        """Return the tally of one poll."""
        return self.tallies(slug, (poll,))[0]

    def tallies(self, slug: str, polls: Sequence[str]) -> list[PollTally]:
        """Return the tallies of polls, in the same order."""
        names = SiteKeys(self._prefix, slug)
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for poll in polls:
                pipe.hgetall(names.poll(poll, "tally"))
            return [poll_tally(stored) for stored in pipe.execute()]

    def summaries(self, slug: str, polls: Sequence[str]) -> list[PollSummary]:
        """Return the ballots of polls and how many of them wait, in the same order."""
        return poll_summaries(self._client, self._prefix, [(slug, poll) for poll in polls])


def poll_summaries(
    client: RedisClient, prefix: str, polls: Sequence[tuple[str, str]]
) -> list[PollSummary]:
    """Return the ballots of polls and how many wait for a decision, in the same order.

    Args:
        client: Redis.
        prefix: the prefix of the installation.
        polls: slug and id of each poll; one round trip for all of them, and one or two more for
            each poll with free texts or many ballots of one network.
    """
    if not polls:
        return []
    names = [(SiteKeys(prefix, slug), poll) for slug, poll in polls]
    with store_errors():
        with client.pipeline(transaction=False) as pipe:
            for keys, poll in names:
                pipe.hget(keys.poll(poll, "tally"), "ballots")
                pipe.hmget(keys.poll(poll, "report"), *_NOW)
                pipe.hlen(keys.poll(poll, "others"))
            stored = pipe.execute()
        found = []
        numbers = zip(names, stored[::3], stored[1::3], stored[2::3], strict=True)
        for (keys, poll), ballots, report, texts in numbers:
            held, address, provider, looked, looked_wide = (int(number or 0) for number in report)
            found.append(
                PollSummary(
                    int(ballots or 0),
                    held,
                    COUNT_TEXTS.run(client, [keys.poll(poll, "others")], ()) if texts else 0,
                    address if address > looked else 0,
                    looked_wide,
                    numbers_of(client.hgetall(keys.poll(poll, "report")))
                    if max(address, provider) >= MANY
                    else {},
                )
            )
        return found


def numbers_of(stored: Any) -> dict[str, int]:
    """Return a hash of numbers, from a dict or from the flat list in a script's reply."""
    return {text_of(name): int(value) for name, value in pairs(stored)}


def poll_tally(stored: Any) -> PollTally:
    """Return a tally from its hash, as a dict or as the flat list in a script's reply."""
    ballots, votes, others = 0, dict[str, int](), dict[str, int]()
    for field, number in pairs(stored):
        name, value = text_of(field), int(number)
        if name == "ballots":
            ballots = value
        elif value and name.startswith("c:"):
            votes[name[2:]] = value
        elif name.startswith("t:"):
            others[name[2:]] = value
    return PollTally(ballots, votes, others)


def pairs(stored: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the fields and values of a hash, from a dict or from a script's flat list."""
    if isinstance(stored, dict):
        return iter(stored.items())
    return zip(stored[::2], stored[1::2], strict=True)
