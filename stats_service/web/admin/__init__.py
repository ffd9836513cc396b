"""The admin pages: rendered on the server, one blueprint a noun, all below `/admin`.

`access.guard` refuses every route that does not say who may call it. Nothing that a visitor of a
portal sent is ever shown as a link or as markup.
"""

from stats_service.web.admin.blueprint import register

__all__ = ["register"]
