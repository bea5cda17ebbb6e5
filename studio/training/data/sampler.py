"""Which example comes when, and with which randomness: a function of the seed and the draw's number alone.

So the order of a run needs no state but one number, and no worker, process or interruption can change it.
"""

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Sampler", "seed_of", "shuffled"]


def seed_of(*parts: int | str | tuple[int, ...]) -> int:
    """Mix anything into 64 well-spread bits: neighbouring seeds or draws have nothing in common."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=8).digest())


def shuffled(count: int, *seed: int | str | tuple[int, ...]) -> NDArray[np.intp]:
    """Return the numbers below `count` in an order that depends on the seed alone."""
    # sorting a bit generator's raw numbers: numpy keeps those the same for ever, unlike `Generator.permutation`
    return np.argsort(np.random.Philox(key=seed_of(*seed)).random_raw(count), kind="stable")


class Sampler:
    """The endless shuffled stream of `count` examples: in every epoch each comes once, in an order of that epoch's own.

    Args:
        count: of examples, at least 1.
        seed: of the run.

    """

    def __init__(self, count: int, seed: int) -> None:
        if count < 1:
            raise ValueError("there is nothing to draw from")
        self._count, self._seed = count, seed
        self._permutation = lru_cache(maxsize=2)(self._shuffled)  # a batch may lie across two epochs

    def example(self, draw: int) -> int:
        """Return which example draw `draw` (0, 1, 2 …) is."""
        epoch, place = divmod(draw, self._count)
        return int(self._permutation(epoch)[place])

    def _shuffled(self, epoch: int) -> NDArray[np.intp]:
        return shuffled(self._count, "epoch", self._seed, epoch)
