"""The emblem of a site: on its public page, its polls' pages, on paper and in reports."""

from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.services.pictures.kept import keep_picture
from stats_service.services.sites.sites import Sites
from stats_service.store.polls.pictures import PictureStore


class Emblems:
    """The emblems of every site. Changes are changes of the site's settings, and audited as such.

    An emblem goes away by itself once no site has it (`services.polls.pictures.Pictures.sweep`).
    """

    def __init__(self, store: PictureStore, sites: Sites) -> None:
        self._store = store
        self._sites = sites

    def put(self, slug: str, data: bytes, by: Author, revision: str = "") -> Site:
        """Give a site an emblem, in the place of the one that it has.

        Args:
            slug: the site.
            data: the file as it was uploaded.
            by: who does it, and when.
            revision: of the setting `emblem`, as in `Sites.edit`.

        Raises:
            InvalidInputError: the file cannot be used.
            ConflictError: the site has too many pictures.
            StaleError: it has another emblem by now.
            UnknownSiteError: there is no such site.
        """
        self._sites.get(slug)
        emblem = keep_picture(self._store, slug, data, by.at)
        return self._sites.edit(slug, by, revision, emblem=emblem)

    def remove(self, slug: str, by: Author, revision: str = "") -> Site:
        """Take a site's emblem away; errors as `put`."""
        return self._sites.edit(slug, by, revision, emblem=None)

    def data(self, site: Site) -> bytes:
        """Return the emblem, a JPEG; empty if the site has none."""
        return (site.emblem and self._store.get(site.slug, site.emblem.id)) or b""
