"""The head of an e-mail, written here line by line.

Python's `email` reads a text that it is given as a header, decodes what looks like an encoded
word in it, and before 3.11.10 and 3.12.5 writes the line ends that come out as they are
(CVE-2024-6923): a site of the right name sent mail to anybody. So no text of ours passes through
it: what is not plain stands in base64, whatever it looks like.
"""

from base64 import b64encode
from collections.abc import Mapping

from stats_service.errors import InvalidInputError

#: Bytes of UTF-8 in one encoded word: with the name before it, its line has 76 characters at
#: most (RFC 2047).
WORD_BYTES = 39
#: Longest line that is left as it is; RFC 5322 wants 78 and allows 998.
LINE_MAX = 76


def header_lines(texts: Mapping[str, str], plain: Mapping[str, str]) -> bytes:
    """Return the lines of a head, each with its line end.

    Args:
        texts: by name, what people wrote: any characters are taken, none has a meaning.
        plain: by name, what the service itself writes, such as addresses and dates.

    Raises:
        InvalidInputError: something in `plain` is not printable ASCII.
    """
    lines = [f"{name}: {encoded(text, len(name) + 2)}" for name, text in texts.items()]
    for name, value in plain.items():
        if not (value.isascii() and value.isprintable()):
            raise InvalidInputError(
                "{name} {value!r}: use printable ASCII.", name=name, value=value[:80]
            )
        lines.append(f"{name}: {value}")
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def encoded(text: str, begun: int = 0) -> str:
    """Return `text` as the value of a header, in encoded words unless it is plain and short.

    Args:
        text: what is to be read.
        begun: characters that stand on the line already.
    """
    # Line ends and other control characters mean nothing in a header.
    shown = "".join(char if char.isprintable() else " " for char in text)
    plain = shown.isascii() and "=?" not in shown and shown == shown.strip()
    if plain and begun + len(shown) <= LINE_MAX:
        return shown
    words, word = [], b""
    for char in shown:
        raw = char.encode("utf-8", "replace")
        if len(word) + len(raw) > WORD_BYTES:
            words.append(word)
            word = b""
        word += raw
    words.append(word)
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in words)
