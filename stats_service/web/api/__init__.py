"""The HTTP API: one blueprint a noun, all below `STATS_PATH_PREFIX`."""

from stats_service.web.api import openapi, traffic

blueprints = (openapi.bp, traffic.bp)
