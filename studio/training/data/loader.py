"""Batches of an endless shuffled stream, prepared ahead in a thread or in processes, the same whoever prepares them."""

import math
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import connection
from time import monotonic
from typing import TYPE_CHECKING, Protocol, Self, TypeAlias, runtime_checkable

import torch
import torch.multiprocessing  # tensors come from processes through shared memory
from torch import Tensor

from studio.core.events import finish
from studio.core.failures import StudioError
from studio.training.data.sampler import Sampler, seed_of
from studio.training.data.thread_map import processors

if TYPE_CHECKING:
    from studio.training.task import Examples

__all__ = ["ExampleError", "ExampleLoader", "Named", "suitable_workers"]

_Share: TypeAlias = tuple[tuple[int, int], ...]
"""Draws: (number of the example, seed of its randomness)."""

_BREATH_S = 0.05
_MOST_WORKERS = 8


@runtime_checkable
class Named(Protocol):
    """Examples that can say which file one of them is."""

    def name_of(self, index: int) -> str:
        """Return the file's name."""


class ExampleError(StudioError):
    """An example that could not be prepared, with its file's name."""

    def __reduce__(self) -> tuple[type["ExampleError"], tuple[str, str]]:
        return type(self), (self.cause, self.remedy)


@dataclass(frozen=True, slots=True)
class _Request:
    first: int
    count: int
    size: int
    data_set: int = 0

    @property
    def next(self) -> "_Request":
        """What is asked for next, unless the phase changes."""
        return replace(self, first=self.first + self.count)


class ExampleLoader:
    """Hands out batches by the numbers of their draws; whatever was asked for last, the next are prepared meanwhile.

    The position in the data is the number of draws so far, and nothing else. The result is the same, bit by bit, for
    any number of workers; put together in the ranks' order, also for any number of ranks.

    Attributes:
        seconds_waited: how long `batch` has kept its callers waiting, all in all.
        trouble: a sentence for the user where workers had to be given up, else "".

    Args:
        examples: to draw from; they pickle.
        seed: of the run.
        world: how many processes train together.
        rank: which of them this is.
        workers: processes that prepare examples; 0 for one thread here.
        others: further data sets, each with draws of its own: numbers 1, 2 … beside `examples`, which are number 0.

    """

    def __init__(
        self, examples: "Examples", seed: int, *, world: int = 1, rank: int = 0, workers: int = 0,
        others: Sequence["Examples"] = (),
    ) -> None:  # fmt: skip
        if not 0 <= rank < world or workers < 0:
            raise ValueError(f"rank {rank} of {world} with {workers} workers")
        self._sets, self._world, self._rank = (examples, *others), world, rank
        self._seeds = (seed, *(seed_of("data set", seed, number) for number in range(1, len(self._sets))))
        self._orders = [Sampler(len(one), own) for one, own in zip(self._sets, self._seeds, strict=True)]
        self._workers = workers
        self._pool: Executor | None = None
        self._ahead: deque[tuple[_Request, list[Future[tuple[Tensor, ...]]]]] = deque()
        self.seconds_waited = 0.0
        self.trouble = ""

    def batch(self, first_draw: int, count: int, size: int, data_set: int = 0) -> tuple[Tensor, ...]:
        """Return this rank's share of draws `first_draw` … `first_draw + count - 1`, each tensor N×….

        Args:
            first_draw: how many were drawn before from this data set.
            count: over all ranks, at least one for each.
            size: side of the pictures in pixels.
            data_set: which one.

        Raises:
            ExampleError: an example could not be prepared.

        """
        return finish(self.fetching(first_draw, count, size, data_set))

    def fetching(
        self, first_draw: int, count: int, size: int, data_set: int = 0
    ) -> Generator[None, None, tuple[Tensor, ...]]:
        """Do what `batch` does; yields while there is nothing to do but to wait, for whoever must go on breathing."""
        wanted = _Request(first_draw, count, size, data_set)
        if count < self._world:
            raise ValueError(f"{count} examples cannot be shared among {self._world} processes")
        begun = monotonic()
        try:
            try:
                prepared = yield from self._prepared(wanted)
            except BrokenProcessPool:
                self._do_without_workers()
                prepared = yield from self._prepared(wanted)
        finally:
            self.seconds_waited += monotonic() - begun
        return prepared[0] if len(prepared) == 1 else tuple(map(torch.cat, zip(*prepared, strict=True)))

    def _prepared(self, wanted: _Request) -> Generator[None, None, list[tuple[Tensor, ...]]]:
        parts = self._begun(wanted)
        self._look_ahead(wanted)
        prepared = []
        for part in parts:
            while not wait([part], timeout=_BREATH_S).done:
                yield
            prepared.append(part.result())
        return prepared

    def close(self) -> None:
        """End the thread or the processes; the next batch would start them again."""
        self._drop_ahead()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def _begun(self, wanted: _Request) -> list[Future[tuple[Tensor, ...]]]:
        """Return the wanted batch's parts: on their way already, or begun now."""
        if self._ahead and self._ahead[0][0] == wanted:
            return self._ahead.popleft()[1]
        self._drop_ahead()  # the phase has changed, or the run was set back
        return self._begin(wanted)

    def _look_ahead(self, wanted: _Request) -> None:
        last = self._ahead[-1][0] if self._ahead else wanted
        while len(self._ahead) < (2 if self._workers else 1):
            last = last.next
            self._ahead.append((last, self._begin(last)))

    def _begin(self, wanted: _Request) -> list[Future[tuple[Tensor, ...]]]:
        share = self._share_of(wanted)
        parts = min(max(1, self._workers), len(share))
        length = math.ceil(len(share) / parts)
        cuts = [share[at : at + length] for at in range(0, len(share), length)]
        pool = self._running_pool()
        if self._workers:
            return [pool.submit(_drawn_in_worker, wanted.data_set, cut, wanted.size) for cut in cuts]
        return [pool.submit(_drawn_here, self._sets[wanted.data_set], cut, wanted.size) for cut in cuts]

    def _share_of(self, wanted: _Request) -> _Share:
        """Cut the draws into one run of neighbours for each rank: put together in order, they are the batch of one."""
        begin = wanted.first + self._rank * wanted.count // self._world
        end = wanted.first + (self._rank + 1) * wanted.count // self._world
        order, seed = self._orders[wanted.data_set], self._seeds[wanted.data_set]
        return tuple((order.example(draw), seed_of("draw", seed, draw)) for draw in range(begin, end))

    def _running_pool(self) -> Executor:
        if self._pool is None and self._workers:
            # never forked: the window's threads and the device would be copied in whatever state they are
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._workers, context, _begin_work, (self._sets,))
        elif self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="examples")
        return self._pool

    def _do_without_workers(self) -> None:
        """Go on in a thread where a worker was killed, mostly by a system that ran out of memory."""
        self.close()
        self._workers = 0
        self.trouble = (
            "A helper process ended unexpectedly, perhaps for lack of memory. The run goes on without helpers."
        )

    def _drop_ahead(self) -> None:
        for _, parts in self._ahead:
            for part in parts:
                part.cancel()
        self._ahead.clear()


def suitable_workers(device: str) -> int:
    """Return how many workers suit this machine: none where its processors train, and would only be disturbed."""
    return 0 if device == "cpu" else min(_MOST_WORKERS, max(1, processors() // 2))


# -- where examples are drawn ------------------------------------------------------------------------------------------


def _drawn_here(examples: "Examples", share: _Share, size: int) -> tuple[Tensor, ...]:
    drawn = [_drawn(examples, index, seed, size) for index, seed in share]
    return tuple(torch.stack(each) for each in zip(*drawn, strict=True))


def _drawn(examples: "Examples", index: int, seed: int, size: int) -> tuple[Tensor, ...]:
    try:
        return examples.draw(index, torch.Generator().manual_seed(seed), size)
    except Exception as error:
        name = examples.name_of(index) if isinstance(examples, Named) else f"example {index}"
        reason = error.cause if isinstance(error, StudioError) else f"{type(error).__name__}: {error}"
        raise ExampleError(
            f"“{name}” could not be prepared for training ({reason}).",
            "Take it out of the data, or mend it, and resume the run.",
        ) from error


_in_this_worker: list["Examples"] = []
"""Whatever a worker process draws from; it is there for nothing else."""


def _begin_work(sets: Sequence["Examples"]) -> None:
    """Make a fresh process a worker."""
    _in_this_worker[:] = sets
    torch.set_num_threads(1)
    with suppress(ValueError, AttributeError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the run's to hear, which then ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A killed run cannot end its workers: they see to it themselves."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _drawn_in_worker(data_set: int, share: _Share, size: int) -> tuple[Tensor, ...]:
    return _drawn_here(_in_this_worker[data_set], share, size)
