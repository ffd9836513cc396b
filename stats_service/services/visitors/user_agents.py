"""Kinds of browsers: system and family, too coarse to identify anybody."""

from functools import lru_cache

#: Number of user agents whose kind is cached.
CACHE_SIZE = 4096
#: Longest part of a user agent that is examined, in characters.
LENGTH = 512

#: Parts of user agents; the first match counts, because Android also contains "Linux".
_SYSTEMS = (
    ("Android", "android"),
    ("HarmonyOS", "android"),
    ("iPhone", "ios"),
    ("iPad", "ios"),
    ("Windows", "windows"),
    ("Macintosh", "mac"),
    ("CrOS", "linux"),
    ("Linux", "linux"),
)
_FAMILIES = (
    ("Zalo", "zalo"),
    ("FBAN", "facebook"),
    ("FBAV", "facebook"),
    ("FB_IAB", "facebook"),
    ("Edg", "edge"),
    ("coc_coc", "coccoc"),
    ("OPR/", "opera"),
    ("SamsungBrowser", "samsung"),
    ("FxiOS", "firefox"),
    ("Firefox", "firefox"),
    ("CriOS", "chrome"),
    ("Chrome", "chrome"),
    ("Safari", "safari"),
)


@lru_cache(maxsize=CACHE_SIZE)
def kind_of_browser(user_agent: str) -> str:
    """Return system and family such as `android-zalo`; `other` stands for an unknown one."""
    text = user_agent[:LENGTH]
    system = next((name for sign, name in _SYSTEMS if sign in text), "other")
    family = next((name for sign, name in _FAMILIES if sign in text), "other")
    return f"{system}-{family}"
