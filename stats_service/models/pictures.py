"""Pictures that this service has made of what was uploaded."""

import re

import msgspec

#: The id of a picture: digest of its bytes, in hexadecimal.
PICTURE_ID = re.compile(r"[0-9a-f]{32}")


class Picture(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture of a choice, or a site's emblem: a JPEG."""

    id: str
    #: In pixels.
    width: int
    height: int
    #: What it shows, by language, for who does not see it; empty: made of the choice's text, or
    #: for an emblem of the site's name.
    alt: dict[str, str] = {}
