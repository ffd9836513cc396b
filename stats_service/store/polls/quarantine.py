"""Decisions about ballots and free texts, and the data for the integrity checks of a poll."""

from typing import NamedTuple

import msgspec

from stats_service.models.audit import AuditEntry
from stats_service.models.polls import PollTally
from stats_service.models.quarantine import OtherText, StoredGroup
from stats_service.store.accounts.audit import packed_entry
from stats_service.store.keys import SiteKeys
from stats_service.store.polls.polls import numbers_of, pairs, poll_tally
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script

SETTLE_GROUP = load_script("accounts/audit_entry", "polls/settle_group")
MODERATE_TEXT = load_script("accounts/audit_entry", "polls/moderate_text")
LOOK_AT_NETWORK = load_script("accounts/audit_entry", "polls/look_at_network")
READ_POLL = load_script("polls/read_poll")

_TEXT_STATES = {"p:": "pending", "r:": "rejected"}
_group_decoder = msgspec.json.Decoder(StoredGroup)


class PollRecord(NamedTuple):
    """All stored data about a poll's ballots, at one moment."""

    tally: PollTally
    voters: int
    groups: dict[str, StoredGroup]
    #: `<outcome>:<hour>`; `now:held`, `now:voided`.
    report: dict[str, int]
    texts: list[OtherText]


class QuarantineStore:
    """The groups and free texts of every poll in one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def read(self, slug: str, poll: str) -> PollRecord:
        """Return the stored data about a poll's ballots."""
        parts = ("tally", "voters", "groups", "report", "others")
        with store_errors():
            reply = READ_POLL.run(self._client, self._keys(slug, poll, *parts), ())
        tally, voters, groups, report, others = reply
        counted = poll_tally(tally)
        return PollRecord(
            tally=counted,
            voters=int(voters),
            groups={text_of(name): _group_decoder.decode(value) for name, value in pairs(groups)},
            report=numbers_of(report),
            texts=[OtherText(text, "approved", n) for text, n in counted.others.items()]
            + [_other_text(text_of(name), int(value)) for name, value in pairs(others)],
        )

    def settle(self, slug: str, poll: str, group: str, state: str, entry: AuditEntry) -> str | None:
        """Set the state of a group; return the former state, or None if the group does not exist.

        The former state and the ballots are added to `entry`.
        """
        parts = self._keys(slug, poll, "tally", "groups", "others", "report")
        keys = [*parts, SiteKeys(self._prefix, slug).audit]
        with store_errors():
            before = SETTLE_GROUP.run(self._client, keys, (group, state, packed_entry(entry)))
        return text_of(before) if before else None

    def moderate(
        self, slug: str, poll: str, text: str, state: str, entry: AuditEntry
    ) -> str | None:
        """Set the state of a free text; return the former state, or None if no ballot has the text.

        The former state is added to `entry`.
        """
        keys = [*self._keys(slug, poll, "tally", "others"), SiteKeys(self._prefix, slug).audit]
        with store_errors():
            before = MODERATE_TEXT.run(self._client, keys, (text, state, packed_entry(entry)))
        return text_of(before[0]) if before else None

    def look_at_network(self, slug: str, poll: str, wide: int, entry: AuditEntry) -> bool:
        """Record that an administrator has seen a poll's largest networks; False: nothing is new.

        Their ballots are added to `entry`; `wide` is what stands out of a wider network, or 0.
        """
        keys = [*self._keys(slug, poll, "report"), SiteKeys(self._prefix, slug).audit]
        with store_errors():
            found = LOOK_AT_NETWORK.run(self._client, keys, (packed_entry(entry), wide))
        return found is not None

    def _keys(self, slug: str, poll: str, *parts: str) -> list[str]:
        names = SiteKeys(self._prefix, slug)
        return [names.poll(poll, part) for part in parts]


def _other_text(field: str, number: int) -> OtherText:
    return OtherText(field[2:], _TEXT_STATES[field[:2]], number)
