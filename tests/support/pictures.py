"""Pictures as people upload them, made for tests."""

import io
from typing import Any

from PIL import Image


def picture_file(
    size: tuple[int, int] = (320, 200), kind: str = "PNG", colour: Any = "teal", **options: Any
) -> bytes:
    """Return a file of that kind; `options` go to Pillow."""
    mode = "RGBA" if isinstance(colour, tuple) and len(colour) == 4 else "RGB"
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, kind, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    """Return what is in a file."""
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture
