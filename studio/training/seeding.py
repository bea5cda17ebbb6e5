"""Randomness as a function of the place: which run, step, process, part, objective. Never of what ran in between.

A killed run that goes on, a run with other jobs on the same thread, and one left alone draw the same numbers.
"""

import random
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from studio.training.data.sampler import seed_of

__all__ = ["generator_state", "restore_generators", "seed_everything", "seed_of", "undisturbed", "yielding"]

T = TypeVar("T")
R = TypeVar("R")


def seed_everything(seed: int, device: torch.device) -> None:
    """Seed torch's generators (the processor's, and the device's), numpy's and Python's."""
    torch.default_generator.manual_seed(seed)  # `torch.manual_seed` takes milliseconds where CUDA is never used
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - the one that libraries draw from
    random.seed(seed)


def generator_state(device: torch.device) -> dict[str, Any]:
    """Return the state of every generator, as tensors and plain values."""
    name, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002
    version, words, gauss = random.getstate()
    state = {
        "torch": torch.get_rng_state(),
        "numpy": [str(name), torch.from_numpy(np.asarray(keys).astype(np.int64)), *rest],
        "python": [version, list(words), gauss],
    }
    own = _state_of(device)
    return state if own is None else state | {device.type: own}


def restore_generators(state: dict[str, Any], device: torch.device) -> None:
    """Set every generator to where `generator_state` was taken; a device that had none then keeps its own."""
    torch.set_rng_state(state["torch"])
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    _restore_state_of(device, state.get(device.type))


@contextmanager
def yielding(device: torch.device) -> Iterator[None]:
    """Put this around a `yield` to the engine, whose other jobs share the thread: afterwards it is as we left it.

    They find gradients enabled, as on any thread; we find our generators and our gradient mode again.
    """
    own = _state_of(device)
    ours = torch.get_rng_state(), np.random.get_state(), random.getstate(), torch.is_grad_enabled()  # noqa: NPY002
    torch.set_grad_enabled(True)
    try:
        yield
    finally:
        torch.set_rng_state(ours[0])
        np.random.set_state(ours[1])  # noqa: NPY002
        random.setstate(ours[2])
        torch.set_grad_enabled(ours[3])
        _restore_state_of(device, own)


def _state_of(device: torch.device) -> Tensor | None:
    """Return the state of the device's own generator, where it has one that is not the processor's."""
    if device.type == "cuda":
        return torch.cuda.get_rng_state(device)
    return torch.mps.get_rng_state() if device.type == "mps" else None


def _restore_state_of(device: torch.device, state: Tensor | None) -> None:
    if state is not None and device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    elif state is not None and device.type == "mps":
        torch.mps.set_rng_state(state)


def undisturbed(work: Generator[T, None, R], device: torch.device) -> Generator[T, None, R]:
    """Return `work`, which finds the thread at every breath as it left it."""
    try:
        while True:
            try:
                event = next(work)
            except StopIteration as end:
                result: R = end.value
                return result
            with yielding(device):
                yield event
    finally:
        work.close()
