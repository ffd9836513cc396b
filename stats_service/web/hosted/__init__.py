"""The page on which one votes without JavaScript: as a link to share, or in an `<iframe>`.

A plain form, with the rules and the texts of the widget. The voter's token is in a cookie that no
script can read and in the form; only a form that has the same token as the cookie votes, so that
no other page can send it in the reader's name.
"""

from stats_service.web.hosted.pages import bp

__all__ = ["bp"]
