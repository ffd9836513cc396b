"""Webhooks: detect events and call the receivers (docs/notices.md)."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import msgspec
from standardwebhooks.webhooks import Webhook as Signature

from stats_service.errors import InvalidInputError
from stats_service.models.notices import Delivery, Event, Webhook
from stats_service.models.polls import Poll, PollSummary
from stats_service.models.sites import Site
from stats_service.services.notices import outgoing
from stats_service.services.notices.notices import NoticeBook
from stats_service.services.notices.parallel import Task, in_parallel
from stats_service.services.periods import local_time
from stats_service.services.polls.polls import Polls
from stats_service.services.sites.sites import Sites
from stats_service.services.tick_outcome import Outcome, isolated
from stats_service.services.traffic.history import History
from stats_service.services.traffic.traffic import Traffic
from stats_service.services.voting.concentration import alarm_of
from stats_service.store.operations.ticks import TickStore

#: A new record of visitors online below this number is not reported.
PEAK_MIN = 10


class Caller:
    """Calls webhooks, and signs each call as Standard Webhooks defines it."""

    def __init__(self, allowed_hosts: tuple[str, ...]) -> None:
        self._allowed_hosts = allowed_hosts

    def call(self, url: str, key: str, event: Event, delivery: str, now: float) -> None:
        """Post `event` to `url`.

        Args:
            url: the receiver.
            key: the signing key, `whsec_…`.
            event: the body.
            delivery: id of the event, the same for every attempt, so that a receiver recognises it.
            now: seconds since 1970.

        Raises:
            DeliveryError: the receiver did not accept the call.
        """
        body = msgspec.json.encode(event)
        message = "msg_" + hashlib.sha256(delivery.encode()).hexdigest()[:32]
        at = datetime.fromtimestamp(int(now), UTC)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "stats_service",
            "webhook-id": message,
            "webhook-timestamp": str(int(now)),
            "webhook-signature": Signature(key).sign(message, at, body.decode()),
        }
        outgoing.post(url, body, headers, self._allowed_hosts)


@dataclass(frozen=True, slots=True)
class _Due:
    """The events that are due for a webhook, each with the note to store once it is sent."""

    site: Site
    webhook: Webhook
    news: tuple[tuple[str, str, Event], ...]
    last: Delivery


class WebhookJob:
    """Checks every site with webhooks for events."""

    def __init__(
        self,
        store: TickStore,
        caller: Caller,
        book: NoticeBook,
        sites: Sites,
        traffic: Traffic,
        history: History,
        polls: Polls,
    ) -> None:
        self._store = store
        self._caller = caller
        self._book = book
        self._sites = sites
        self._traffic = traffic
        self._history = history
        self._polls = polls

    def run(self, now: float) -> Iterator[Outcome]:
        """Call the receivers with due events, in parallel; a receiver that failed gets a pause."""
        due: list[_Due] = []
        for site in self._sites.all():
            yield from isolated(site.slug, self._look(site, now, due.append))
        # Receivers that responded last time come before those that did not.
        due.sort(key=lambda one: (one.last.failures, one.last.at))
        tasks = [Task(one.site.slug, partial(self._tell_safely, one, now)) for one in due]
        late = 0
        for outcomes in in_parallel(tasks):
            yield from outcomes or ()
            late += outcomes is None
        if late:
            yield Outcome(f"{late} webhooks wait for the next run: others took all the time.")

    def _look(self, site: Site, now: float, due: Callable[[_Due], None]) -> Iterator[Outcome]:
        """Pass each webhook with due events to `due`; record events that need no call."""
        webhooks = self._book.get(site.slug).webhooks
        known = self._book.deliveries(site.slug) if webhooks else {}
        for webhook in webhooks:
            news: list[tuple[str, str, Event]] = []
            for note, mark, event in self._events(site, webhook, now):
                if event:
                    news.append((note, mark, event))
                else:
                    self._store.note(note, mark)
            before = known.get(webhook.id, Delivery())
            waiting = {note: mark for note, mark, _ in news}
            missed = sum(waiting.get(note) != mark for note, mark in before.waiting.items())
            last = msgspec.structs.replace(before, waiting=waiting, missed=before.missed + missed)
            if last != before:
                self._book.note(site.slug, webhook.id, last)
            if news and now >= last.next_at:
                due(_Due(site, webhook, tuple(news), last))
        yield from ()

    def _tell_safely(self, due: _Due, now: float) -> list[Outcome]:
        return list(isolated(due.site.slug, self._tell(due, now)))

    def _tell(self, due: _Due, now: float) -> Iterator[Outcome]:
        """Send the events of a webhook in order; the first failure ends it."""
        site, webhook = due.site, due.webhook
        for note, mark, event in due.news:
            try:
                self._call(site, webhook, event, f"{note}={mark}", now)
            except (outgoing.DeliveryError, InvalidInputError) as error:
                yield Outcome(f"{site.slug}: webhook {webhook.id}: {error}", failed=True)
                return
            self._store.note(note, mark)
            yield Outcome(f"{site.slug}: told {webhook.id} of {event.event}.")
        last = self._book.deliveries(site.slug).get(webhook.id, Delivery())
        self._book.note(site.slug, webhook.id, msgspec.structs.replace(last, waiting={}))

    def test(self, slug: str, notice: str, now: float) -> None:
        """Call a webhook with an event `test`; errors as in `Caller.call`.

        Raises:
            NotFoundError: the webhook does not exist.
        """
        site = self._sites.get(slug)
        webhook = self._book.webhook(slug, notice)
        event = _event("test", site, now, "This is a test.", {})
        self._call(site, webhook, event, f"test:{now}", now)

    def _call(self, site: Site, webhook: Webhook, event: Event, delivery: str, now: float) -> None:
        """Call a webhook, and record the delivery."""
        key = self._book.signing_key(site.slug, webhook.id)
        try:
            self._caller.call(webhook.url, key, event, delivery, now)
        except (outgoing.DeliveryError, InvalidInputError) as error:
            self._book.delivered(site.slug, webhook.id, event.event, now, error)
            raise
        self._book.delivered(site.slug, webhook.id, event.event, now)

    def _events(
        self, site: Site, webhook: Webhook, now: float
    ) -> Iterator[tuple[str, str, Event | None]]:
        """Yield notes: name, new value, and the event to send before it is stored, if any."""
        begin = f"{site.slug}:{webhook.id}:"
        if "peak" in webhook.events:
            yield from self._peak(begin + "peak", site, now)
        if "burst" in webhook.events:
            for poll in self._polls.all(site.slug):
                summary = self._polls.summary(site.slug, poll.id)
                yield from self._burst(f"{begin}burst:{poll.id}", site, poll.id, summary, now)
                yield from self._network(f"{begin}network:{poll.id}", site, poll, summary, now)
        if "silent" in webhook.events:
            yield from self._silent(begin + "silent", site, webhook.silent_hours, now)

    def _peak(self, note: str, site: Site, now: float) -> Iterator[tuple[str, str, Event | None]]:
        peak = self._traffic.counts(site, now).peak
        known = self._store.last(note)
        if peak is None or known == str(peak.n):
            return
        event = None
        if known and peak.n > int(known) and peak.n >= PEAK_MIN:
            text = f"{peak.n} visitors were online at one time, more than ever before."
            event = _event("peak", site, now, text, {"online": peak.n, "at": peak.at})
        yield note, str(peak.n), event

    def _burst(
        self, note: str, site: Site, poll: str, summary: PollSummary, now: float
    ) -> Iterator[tuple[str, str, Event | None]]:
        held, known = summary.held, int(self._store.last(note) or 0)
        if held == known:
            return
        event = None
        if held > known:
            text = f"{held} ballots of the poll {poll} wait for review: a burst from few networks."
            event = _event("burst", site, now, text, {"poll": poll, "held": held})
        yield note, str(held) if held else "", event

    def _network(
        self, note: str, site: Site, poll: Poll, summary: PollSummary, now: float
    ) -> Iterator[tuple[str, str, Event | None]]:
        """Report once that much of a poll came from one network, although it counted at once."""
        reason = alarm_of(poll, summary)
        is_seen = reason is not None
        if is_seen == bool(self._store.last(note)):
            return
        event = None
        if reason is not None:
            text = f"The poll {poll.id}: {reason.text}"
            data: dict[str, int | str | bool] = {"poll": poll.id, "held": summary.held}
            event = _event("burst", site, now, text, data | {"network": reason.n})
        yield note, "1" if is_seen else "", event

    def _silent(
        self, note: str, site: Site, hours: int, now: float
    ) -> Iterator[tuple[str, str, Event | None]]:
        silent, known = self._history.is_silent(site, now, hours), self._store.last(note)
        if silent == bool(known):
            return
        event = None
        if silent:
            text = f"No view for {hours} hours. Check the portal and its snippet."
            event = _event("silent", site, now, text, {"hours": hours})
        yield note, "1" if silent else "", event


def _event(
    name: str, site: Site, now: float, text: str, data: dict[str, int | str | bool]
) -> Event:
    at = local_time(now, site.timezone)
    return Event(event=name, site=site.slug, at=at, text=text, data=data)
