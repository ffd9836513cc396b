"""What other counters call browsers, systems and devices, as lines of what a visit tells.

A name that live visits have not is told by none of them: the line is empty.
"""

import re
from functools import lru_cache

from stats_service.services.visitors.clients import browser_named, system_named

#: Names in small letters that neither the parser of user agents nor this service has.
_BROWSERS = {
    "android browser": "Android WebView",
    "chrome webview": "Android WebView",
    "chromium-webview": "Android WebView",
    "crios": "Chrome",
    "headless chrome": "Chrome",
    "duckduckgo privacy browser": "DuckDuckGo",
    "edge-chromium": "Edge",
    "edge-ios": "Edge",
    "microsoft edge": "Edge",
    "firefox mobile ios": "Firefox",
    "fxios": "Firefox",
    "google search app": "Google app",
    "huawei browser mobile": "Huawei Browser",
    "ios": "Safari",
    "ios-webview": "Safari",
    "miui": "Mi Browser",
    "miui browser": "Mi Browser",
    "mobile silk": "Silk",
    "silk": "Silk",
    "opera-mini": "Opera",
    "samsung": "Samsung Internet",
    "samsung browser": "Samsung Internet",
    "wechat": "WeChat",
    "yandexbrowser": "Yandex",
}
_SYSTEMS = {
    "android os": "Android",
    "gnu/linux": "Linux",
    "ipados": "iOS",
    "mac": "macOS",
    "os x": "macOS",
    "windows mobile": "Windows Phone",
}
_DEVICES = {
    "desktop": "computer",
    "laptop": "computer",
    "feature phone": "phone",
    "feature_phone": "phone",
    "mobile": "phone",
    "phablet": "phone",
    "smartphone": "phone",
    "tablet": "tablet",
    "television": "television",
    "tv": "television",
    "smarttv": "television",
}
_CACHED = 4096
_MAJOR = re.compile(r"([0-9]{1,4})(?:\.|\Z)")
_COUNTRY = re.compile(r"([A-Z]{2})(?:-[A-Z0-9]{1,3})?")
#: Codes that stand for no country.
_NO_COUNTRY = ("XX", "ZZ", "EU", "AP", "T1")


@lru_cache(maxsize=_CACHED)
def device_line(name: str) -> str:
    """Return the line of a class of devices."""
    found = _DEVICES.get(name.strip().lower(), "")
    return f"d{found}" if found else ""


@lru_cache(maxsize=_CACHED)
def browser_line(name: str, version: str = "") -> str:
    """Return the line of a browser, with its major version if it is known."""
    found = _BROWSERS.get(name.strip().lower(), "") or browser_named(name)
    if not found:
        return ""
    major = _MAJOR.match(version.strip())
    return f"v{found} {major[1]}" if major else f"b{found}"


@lru_cache(maxsize=_CACHED)
def system_line(name: str) -> str:
    """Return the line of a system, whatever version is behind its name (`Windows 10`)."""
    words = name.strip().lower().split()
    for number in range(len(words), 0, -1):
        text = " ".join(words[:number])
        if found := _SYSTEMS.get(text, "") or system_named(text):
            return f"o{found}"
    return ""


@lru_cache(maxsize=_CACHED)
def country_line(code: str) -> str:
    """Return the line of a country: `VN`, or `VN-HN` with a part of it."""
    found = _COUNTRY.fullmatch(code.strip().upper())
    return f"c{found[1]}" if found and found[1] not in _NO_COUNTRY else ""
