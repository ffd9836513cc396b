"""The address of a site's portal."""


def front_page(host: str) -> str:
    """Return the address of a host's front page: https, but http on the local machine."""
    name = host.split(":", maxsplit=1)[0]
    scheme = "http" if name in ("localhost", "127.0.0.1", "[") else "https"
    return f"{scheme}://{host}/"
