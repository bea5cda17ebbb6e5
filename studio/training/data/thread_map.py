"""Work on many files at once, while the job that asked for it keeps breathing."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from time import monotonic
from typing import TypeVar

__all__ = ["mapped", "processors"]

BREATH_S = 0.05
"""An engine's thread is never kept longer than this."""
_MOST_THREADS = 8
_AHEAD = 4

I = TypeVar("I")  # noqa: E741
R = TypeVar("R")


def mapped(function: Callable[[I], R], items: Iterable[I], *, threads: int = 0) -> Generator[R | None, None, None]:
    """Yield `function(item)` for each item, in their order, computed by several threads.

    None comes in between whenever a twentieth of a second has passed: the moment to show progress, or to be closed.
    What is begun when the iterator is closed is brought to its end; nothing else is begun, and no thread is left.

    Args:
        function: reads or decodes; it must return something else than None.
        items: read as they are needed: only a few are on their way at any time.
        threads: how many; 0 for as many as there are processors.

    """
    threads = threads or min(processors(), _MOST_THREADS)
    remaining, waiting = iter(items), deque[Future[R]]()
    breathed = monotonic()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="pictures")
    try:
        while True:
            while len(waiting) < _AHEAD * threads:
                try:
                    waiting.append(pool.submit(function, next(remaining)))
                except StopIteration:
                    break
            if not waiting:
                return
            if not wait([waiting[0]], timeout=BREATH_S).done:
                breathed = monotonic()
                yield None
                continue
            yield waiting.popleft().result()
            if monotonic() - breathed > BREATH_S:
                breathed = monotonic()
                yield None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def processors() -> int:
    """Return how many processors this process may use."""
    available: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(available(0)) if available is not None else os.cpu_count() or 1
