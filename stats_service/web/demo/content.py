"""What the demo portal has to read: fictional news of a fictional district."""

from pathlib import Path

import msgspec

from stats_service.services.sites.sites import slug_of_name

#: The site that the pages embed.
SLUG = "demo"
CONTENT = Path(__file__).parent / "content.json"


class Article(msgspec.Struct, frozen=True):
    """A piece of news."""

    slug: str
    title: str
    category: str
    #: ISO date.
    day: str
    #: Name of a picture in `static/pictures`.
    picture: str
    #: Views that the article has when the demo begins.
    views: int
    lead: str
    text: tuple[str, ...]

    @property
    def path(self) -> str:
        """The article's path, which is its key as well."""
        return f"/demo/tin-tuc/{self.slug}"


class Document(msgspec.Struct, frozen=True, array_like=True):
    """A document that may be downloaded."""

    number: str
    #: ISO date.
    day: str
    title: str

    @property
    def name(self) -> str:
        """The name of its file, without its ending."""
        return slug_of_name(self.number)

    @property
    def path(self) -> str:
        """The path of its file, under which its downloads are counted."""
        return f"/demo/van-ban/{self.name}.pdf"


class Procedure(msgspec.Struct, frozen=True):
    """An administrative procedure, on the single-page application."""

    slug: str
    title: str
    time: str
    fee: str
    steps: tuple[str, ...]


class Content(msgspec.Struct, frozen=True):
    """Everything."""

    #: Newest first.
    articles: tuple[Article, ...]
    #: Newest first.
    documents: tuple[Document, ...]
    procedures: tuple[Procedure, ...]

    def article(self, slug: str) -> Article | None:
        """Return an article by its slug."""
        return next((article for article in self.articles if article.slug == slug), None)

    def document(self, name: str) -> Document | None:
        """Return a document by the name of its file."""
        return next((document for document in self.documents if document.name == name), None)


def load_content(path: Path = CONTENT) -> Content:
    """Read the content file."""
    return msgspec.json.decode(path.read_bytes(), type=Content)
