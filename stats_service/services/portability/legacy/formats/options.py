"""What somebody says of an access log that the log does not say itself."""

import msgspec


class LogOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the lines of an access log are to be understood."""

    #: Zone (IANA) of times that are written without one; empty: they are refused.
    zone: str = ""
    #: Field that has the reader's address: its name (`X-Forwarded-For`, `client_ip`), `first` or
    #: `last` field of the line; empty: where the format has it.
    reader: str = ""
    #: Read lines without the browser's name.
    without_agents: bool = False
    #: Apache's LogFormat or nginx's log_format; empty: the lines say how they are written.
    pattern: str = ""
    #: Hosts of the site, by which the field with the host is found.
    hosts: tuple[str, ...] = ()
