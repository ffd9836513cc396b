"""Pictures of a site: kept within bounds, under the digest of their bytes."""

import hashlib

from stats_service.errors import ConflictError
from stats_service.models.pictures import PICTURE_ID, Picture
from stats_service.services.pictures.picture_files import SIDE_MAX, make_picture
from stats_service.store.polls.pictures import PictureStore

#: Pictures of one site, and bytes of all together.
PICTURES_MAX, PICTURES_MAX_BYTES = 400, 20_000_000
#: How long a picture may be used by nothing before it is swept: it may be on its way into a poll.
UNUSED_SECONDS = 3600


def keep_picture(store: PictureStore, slug: str, data: bytes, now: float) -> Picture:
    """Make a picture of an uploaded file, and keep it.

    Args:
        store: where.
        slug: the site.
        data: the file as it was uploaded.
        now: seconds since 1970; within the hour something has to use the picture.

    Raises:
        InvalidInputError: the file cannot be used.
        ConflictError: the site has too many pictures.
    """
    made = make_picture(data)
    name = picture_id(made.data)
    sizes = (PICTURES_MAX, PICTURES_MAX_BYTES)
    if store.add(slug, name, made.data, now, *sizes) != "added":
        store.sweep(slug, now - UNUSED_SECONDS)
        if store.add(slug, name, made.data, now, *sizes) != "added":
            raise ConflictError(
                "The site has {most} pictures or {megabytes} MB of them, and that is the most. "
                "Take some away, or delete old polls.",
                most=PICTURES_MAX,
                megabytes=PICTURES_MAX_BYTES // 10**6,
            )
    return Picture(id=name, width=made.width, height=made.height)


def is_possible(picture: Picture) -> bool:
    """Tell whether a picture's id and size are as this service makes them."""
    sides = (picture.width, picture.height)
    return bool(PICTURE_ID.fullmatch(picture.id)) and all(1 <= side <= SIDE_MAX for side in sides)


def picture_id(data: bytes) -> str:
    """Return the id of a picture: the same bytes have the same address for ever."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()
