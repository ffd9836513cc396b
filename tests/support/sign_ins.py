"""Sign-ins from several places, and what the log says of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stats_service.errors import SignInError, TooManyAttemptsError
from stats_service.models.devices import Caller
from stats_service.services.container import Services
from tests.support.admin import Person

People = Callable[[], Person]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"


@contextmanager
def at(person: Person, address: str, user_agent: str = FIREFOX) -> Iterator[Person]:
    """Let a person's browser send from an address."""
    person.client.environ_base |= {"REMOTE_ADDR": address, "HTTP_USER_AGENT": user_agent}
    yield person


def guess(services: Services, name: str, address: str, times: int = 1) -> list[str]:
    """Try a wrong password; return the codes of the errors."""
    answers = []
    for _ in range(times):
        try:
            services.accounts.sign_in.sign_in(name, "wrong", Caller(address), services.clock.now())
        except (SignInError, TooManyAttemptsError) as error:
            answers.append(error.code)
    return answers


def whats(services: Services) -> list[str]:
    """Return what the log of the installation says, newest first."""
    return [entry.what for entry in services.accounts.audit.newest("", 200)]
