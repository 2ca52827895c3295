"""Make items in a thread while earlier ones are used."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
DEPTH = 2


def ahead(items: Iterable[T], depth: int = DEPTH) -> Iterator[T]:
    """Yield items in order, and raise an error in the place of its item; a thread makes up to `depth` items ahead."""
    iterator, end = iter(items), object()
    with ThreadPoolExecutor(1) as thread:
        made: deque[Future[T | object]] = deque(thread.submit(next, iterator, end) for _ in range(depth))
        try:
            while (item := made.popleft().result()) is not end:
                made.append(thread.submit(next, iterator, end))
                yield item  # type: ignore[misc]  # it is not `end`
        finally:
            for waiting in made:
                waiting.cancel()
