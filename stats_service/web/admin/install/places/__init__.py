"""Where each system takes the snippet: step by step, with the code in the system's own form."""

from stats_service.web.admin.install.places import cms, enterprise, own_pages
from stats_service.web.admin.install.places.place import Place, Step
from stats_service.web.embed.snippet import Embedding

__all__ = ["Place", "Step", "places"]


def places(embedding: Embedding) -> list[Place]:
    """Return the systems, the most general first."""
    return [
        own_pages.html(embedding),
        cms.wordpress(embedding),
        cms.nukeviet(embedding),
        cms.joomla(embedding),
        cms.drupal(embedding),
        enterprise.sharepoint(embedding),
        enterprise.sharepoint_online(embedding),
        enterprise.dnn(embedding),
        enterprise.liferay(embedding),
        cms.dokuwiki(embedding),
        cms.mediawiki(embedding),
        own_pages.static(embedding),
        own_pages.application(embedding),
        own_pages.tag_manager(embedding),
    ]
