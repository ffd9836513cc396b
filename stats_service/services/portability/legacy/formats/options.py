"""What a person states about an access log because the log does not contain it."""

import msgspec


class LogOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options for the parsing of an access log."""

    #: Time zone (IANA) of times without an offset; empty: such times are refused.
    zone: str = ""
    #: Field with the reader's address: a name (`X-Forwarded-For`, `client_ip`), or the `first` or
    #: `last` field of the line; empty: the usual field of the format.
    reader: str = ""
    #: Whether to read lines without a user agent.
    without_agents: bool = False
    #: Apache's LogFormat or nginx's log_format; empty: detected from the lines.
    pattern: str = ""
    #: Hosts of the site, by which the field with the host is found.
    hosts: tuple[str, ...] = ()
