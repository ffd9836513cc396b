"""What the steps for a system consist of."""

from typing import NamedTuple

from stats_service.models.sites import Site
from stats_service.services.sites.systems import SYSTEMS


class Step(NamedTuple):
    """One thing to do."""

    text: str
    #: What to paste; empty: nothing.
    code: str = ""
    #: Name of the file to download, in the folder of `modules.py`; empty: none.
    download: str = ""


class Place(NamedTuple):
    """One system."""

    #: Lower-case letters; those of `SYSTEMS` have parameters.
    id: str
    name: str
    #: Which versions the steps were written for; empty where that makes no difference.
    versions: str
    steps: tuple[Step, ...]
    #: Where widgets go.
    widgets: str

    @property
    def parameters(self) -> tuple[str, ...]:
        """What addresses of the system carry that names no article, as sites set it."""
        return SYSTEMS.get(self.id, ())

    def is_set_in(self, site: Site) -> bool:
        """Tell whether a site has these parameters already."""
        return set(self.parameters) <= set(site.article_parameters)
