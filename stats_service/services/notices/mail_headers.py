"""The header of an e-mail, written line by line.

Python's `email` decodes whatever looks like an encoded word in a header's text, and before 3.11.10
and 3.12.5 it writes line ends from there unchanged (CVE-2024-6923): a site with a crafted name
could send mail to anybody. So texts do not pass through `email`: text that is not plain is written
in base64 here, whatever it contains.
"""

from base64 import b64encode
from collections.abc import Mapping

from stats_service.errors import InvalidInputError

#: Bytes of UTF-8 in one encoded word: with the header's name, a line then has at most 76
#: characters (RFC 2047).
WORD_BYTES = 39
#: Longest line that is written without encoding; RFC 5322 recommends 78 and allows 998.
LINE_MAX = 76


def header_lines(texts: Mapping[str, str], plain: Mapping[str, str]) -> bytes:
    """Return the lines of a header, each with its line end.

    Args:
        texts: texts of people, by header name; all characters are allowed, none is special.
        plain: values of the service itself, by header name, such as addresses and dates.

    Raises:
        InvalidInputError: a value in `plain` is not printable ASCII.
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
    """Return `text` as a header's value, in encoded words unless it is plain and short.

    Args:
        text: the decoded text.
        begun: number of characters that the line has already.
    """
    # Line ends and other control characters have no meaning in a header.
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
