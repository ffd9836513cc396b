"""Pictures of choices: put there, described, taken away; swept when nothing has them any more."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from stats_service.errors import NotFoundError
from stats_service.models.audit import Author
from stats_service.models.pictures import PICTURE_ID
from stats_service.models.polls import Choice, Poll
from stats_service.services.pictures.kept import UNUSED_SECONDS, keep_picture
from stats_service.services.polls.definition import texts_of
from stats_service.services.polls.polls import Polls
from stats_service.store.polls.pictures import PictureStore


class Pictures:
    """The pictures of every site. Changes are changes of the poll, and audited as such."""

    def __init__(self, store: PictureStore, polls: Polls) -> None:
        self._store = store
        self._polls = polls

    def get(self, slug: str, picture: str) -> bytes:
        """Return a JPEG; NotFoundError if there is none."""
        found = self._store.get(slug, picture) if PICTURE_ID.fullmatch(picture) else None
        if found is None:
            raise NotFoundError("There is no such picture, or not any more.")
        return found

    def put(
        self, slug: str, poll: str, choice: str, data: bytes, by: Author, seen: int = 0
    ) -> Poll:
        """Give a choice a picture, in the place of the one that it has; its description stays.

        Args:
            slug: the site.
            poll: the poll.
            choice: id of the choice.
            data: the file as it was uploaded.
            by: who does it, and when.
            seen: revision of the poll that somebody looked at; 0: whichever it is.

        Raises:
            InvalidInputError: the file cannot be used.
            ConflictError: the site has too many pictures, or the poll is archived.
            NotFoundError: there is no such poll or choice.
            StaleError: the poll has another revision by now.
        """
        self._choice(slug, poll, choice)
        made = keep_picture(self._store, slug, data, by.at)

        def change(before: Choice) -> Choice:
            alt = before.picture.alt if before.picture else {}
            return replace(before, picture=replace(made, alt=alt))

        return self._change(slug, poll, choice, by, seen, change)

    def describe(
        self, slug: str, poll: str, choice: str, alt: Mapping[str, str], by: Author, seen: int = 0
    ) -> Poll:
        """Say what a picture shows, by language; without it the choice's text does.

        Raises:
            InvalidInputError: a text cannot be used.
            NotFoundError: there is no such poll, choice or picture.
            ConflictError, StaleError: as `put`.
        """

        def change(before: Choice) -> Choice:
            if before.picture is None:
                raise NotFoundError("The choice {choice!r} has no picture.", choice=choice[:40])
            return replace(before, picture=replace(before.picture, alt=texts_of(alt)))

        return self._change(slug, poll, choice, by, seen, change)

    def remove(self, slug: str, poll: str, choice: str, by: Author, seen: int = 0) -> Poll:
        """Take a choice's picture away; errors as `describe`."""

        def change(before: Choice) -> Choice:
            return replace(before, picture=None)

        return self._change(slug, poll, choice, by, seen, change)

    def sweep(self, slug: str, now: float) -> int:
        """Remove the pictures that neither a poll has any more nor the site; return how many."""
        return self._store.sweep(slug, now - UNUSED_SECONDS)

    def _choice(self, slug: str, poll: str, choice: str) -> Poll:
        found = self._polls.get(slug, poll)
        if choice not in {known.id for known in found.choices}:
            raise NotFoundError(
                "The poll {poll!r} has no choice {choice!r}.", poll=poll, choice=choice[:40]
            )
        return found

    def _change(
        self,
        slug: str,
        poll: str,
        choice: str,
        by: Author,
        seen: int,
        change: Callable[[Choice], Choice],
    ) -> Poll:
        found = self._choice(slug, poll, choice)
        choices = tuple(change(one) if one.id == choice else one for one in found.choices)
        if choices == found.choices:
            return found
        # What others change meanwhile is not to be undone by a picture.
        based_on = seen or found.revision
        return self._polls.edit(slug, poll, by.who, by.at, based_on, choices=choices)
