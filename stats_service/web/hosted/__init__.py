"""Pages on which one votes at the service itself, without a page of the portal around it.

`pages` is the hosted page, as a link to share or in an `<iframe>`: a plain form, with the rules and
the texts of the widget, on which nothing runs. The voter's token is in a cookie that no script can
read and in the form; only a form that has the same token as the cookie votes, so that no other page
can send it in the reader's name. `kiosk` is the page of a device on which many people vote.
"""

from stats_service.web.hosted import kiosk, pages

PAGES = (pages.bp, kiosk.bp)

__all__ = ["PAGES"]
