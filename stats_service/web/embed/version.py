"""The version of the embedded files; a released one never changes."""

VERSION = "1"
