"""Calls to other machines, many at a time, so that one that never responds delays few others."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Generic, NamedTuple, TypeVar

#: Most calls at the same time, of all sites and of one site.
PARALLEL = 16
SITE_PARALLEL = 4
#: Seconds after which no more calls are started.
RUN_SECONDS = 60.0
#: Seconds that the calls of one site may take together.
SITE_SECONDS = 60.0

T = TypeVar("T")


class Task(NamedTuple, Generic[T]):
    """A call, and the site whose time it uses."""

    site: str
    call: Callable[[], T]


def in_parallel(
    tasks: Sequence[Task[T]], timer: Callable[[], float] = time.monotonic
) -> Iterator[T | None]:
    """Run the tasks, the first ones first, and yield their results in the order of completion.

    None is the result of a task that was not started, because the time of its site or of all sites
    was up. An error in a task is raised here, once the running tasks have ended.

    Args:
        tasks: the calls.
        timer: a clock in seconds.
    """
    begun, spent = timer(), Counter[str]()
    running: dict[Future[tuple[T, float]], str] = {}
    left = list(tasks)
    with ThreadPoolExecutor(PARALLEL, "calls") as threads:
        while left or running:
            for task in tuple(left):
                over = timer() - begun >= RUN_SECONDS or spent[task.site] >= SITE_SECONDS
                if over:
                    left.remove(task)
                    yield None
                elif len(running) < PARALLEL and _number(running, task.site) < SITE_PARALLEL:
                    left.remove(task)
                    running[threads.submit(_timed, task.call, timer)] = task.site
            for ended in wait(running, return_when=FIRST_COMPLETED).done:
                site = running.pop(ended)
                result, seconds = ended.result()
                spent[site] += seconds  # type: ignore[assignment] # a Counter of floats
                yield result


def _number(running: dict[Future[tuple[T, float]], str], site: str) -> int:
    return sum(other == site for other in running.values())


def _timed(call: Callable[[], T], timer: Callable[[], float]) -> tuple[T, float]:
    begun = timer()
    return call(), timer() - begun
