"""Pictures as they come from a camera or a designer, made into small JPEGs without anything else.

What is served is written here, never what was uploaded: no metadata (a photograph has the place at
which it was taken), no second file behind the picture, no format that browsers could run.
"""

import io
import threading
from typing import TYPE_CHECKING, NamedTuple

from stats_service.errors import InvalidInputError

if TYPE_CHECKING:
    from PIL.Image import Image

#: Longest side of a picture, in pixels: sharp where it is shown in half that size.
SIDE_MAX = 640
#: Longest file that is read, in bytes: a photograph of a telephone has 3 to 12 MB.
FILE_MAX_BYTES = 15_000_000
#: Longest picture that is served, in bytes.
PICTURE_MAX_BYTES = 120_000
#: Most pixels. A JPEG is read at a fraction of its size, the others are as large as they say.
JPEG_PIXELS_MAX, PIXELS_MAX = 60_000_000, 20_000_000
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
#: Tried one after the other until the file is small enough.
_QUALITIES = (82, 70, 55, 40, 25)
#: One picture at a time in a process: a PNG or WebP of 20 million pixels takes some 170 MB for a
#: moment (the picture, and once more to make it small), a photograph of a telephone 40.
_ONE = threading.Lock()


class MadePicture(NamedTuple):
    """A JPEG, and its size in pixels."""

    data: bytes
    width: int
    height: int


def make_picture(data: bytes) -> MadePicture:
    """Return the JPEG that is served for an uploaded file.

    Raises:
        InvalidInputError: it is none of the formats, broken, or too large.
    """
    if len(data) > FILE_MAX_BYTES:
        raise InvalidInputError(
            "picture: has {bytes} bytes; use at most {most}.", bytes=len(data), most=FILE_MAX_BYTES
        )
    with _ONE:
        return _made(data)


def is_made(data: bytes, width: int, height: int) -> bool:
    """Tell whether a file could have been made by `make_picture`, and has that size."""
    from PIL import Image  # noqa: PLC0415 - as in `_made`

    if len(data) > PICTURE_MAX_BYTES or max(width, height) > SIDE_MAX:
        return False
    try:
        with _ONE, Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            if picture.size != (width, height):
                return False
            picture.load()
            return not picture.getexif() and picture.mode == "RGB"
    except Exception:  # noqa: BLE001 - whatever a broken file makes of the decoder
        return False


def _made(data: bytes) -> MadePicture:
    # Ten megabytes that a worker, which shows none, does without.
    from PIL import Image, ImageOps  # noqa: PLC0415

    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            is_jpeg = opened.format in ("JPEG", "MPO")
            # Only the head is read so far.
            _check_pixels(opened.width * opened.height, JPEG_PIXELS_MAX if is_jpeg else PIXELS_MAX)
            if is_jpeg:
                opened.draft("RGB", (2 * SIDE_MAX, 2 * SIDE_MAX))
            small = _small(opened)
            picture = _flat(ImageOps.exif_transpose(small))
            clean = Image.new("RGB", picture.size)
            clean.paste(picture)
    except InvalidInputError:
        raise
    except Exception as error:  # whatever a broken file makes of the decoder
        raise InvalidInputError(
            "picture: cannot be read. Use a JPEG, PNG, WebP or GIF; no SVG."
        ) from error
    for quality in _QUALITIES:
        out = io.BytesIO()
        clean.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        if out.tell() <= PICTURE_MAX_BYTES:
            break
    return MadePicture(out.getvalue(), clean.width, clean.height)


def _small(opened: "Image") -> "Image":
    """Return a picture of the size that is served, before anything else is made of it.

    Each further copy of 20 million pixels would take 80 MB.
    """
    from PIL import Image  # noqa: PLC0415 - as in `_made`

    picture = opened
    if picture.mode not in ("L", "RGB", "RGBA"):  # a palette cannot be made small
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture.thumbnail((SIDE_MAX, SIDE_MAX), Image.Resampling.LANCZOS)
    return picture


def _check_pixels(pixels: int, most: int) -> None:
    if pixels > most:
        raise InvalidInputError(
            "picture: has {pixels} pixels; use at most {most}.", pixels=pixels, most=most
        )


def _flat(picture: "Image") -> "Image":
    """Return a picture in red, green and blue; what is transparent becomes white."""
    from PIL import Image  # noqa: PLC0415 - as in `_made`

    if not picture.has_transparency_data:
        return picture.convert("RGB")
    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture.convert("RGBA"))
    return paper.convert("RGB")
