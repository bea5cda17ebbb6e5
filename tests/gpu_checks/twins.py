"""What every check needs: a device to work on, memory that runs out, and how near two results must be."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from studio.training.processes import Precision, Processes

Check: TypeAlias = Callable[[str, str], str]
"""(device, reference) → what was found, in words; raises `Differs` where they do not agree."""
T = TypeVar("T")


class Differs(AssertionError):  # noqa: N818 - it says what happened
    """Two devices do not agree as far as they should."""


def near(what: str, mine: Any, wanted: Any, tolerance: float) -> str:
    """Return how far `mine` is from `wanted`, ‖mine - wanted‖ / ‖wanted‖; raises `Differs` beyond the tolerance."""
    mine, wanted = (np.asarray(value, np.float64) for value in (mine, wanted))
    distance = float(np.linalg.norm(mine - wanted) / max(float(np.linalg.norm(wanted)), 1e-12))
    if not distance <= tolerance:
        raise Differs(f"{what} {distance:.1e} apart, asked: at most {tolerance:.0e}")
    return f"{what} {distance:.1e} (≤ {tolerance:.0e})"


def asked(tolerance: float, device: str, reference: str) -> float:
    """Return the tolerance; on one and the same processor the same work has the same result, to the last bit."""
    return 0.0 if device == reference == "cpu" else tolerance


@contextmanager
def computing_on(device: str) -> Iterator[None]:
    """Let jobs compute on this kind of device."""
    before = os.environ.get("ATELIER_DEVICE", "")
    os.environ["ATELIER_DEVICE"] = device
    try:
        yield
    finally:
        os.environ["ATELIER_DEVICE"] = before


def on_both(run: Callable[[], T], device: str, reference: str) -> tuple[T, T]:
    """Return what comes of it on the device, and on its reference."""
    with computing_on(device):
        mine = run()
    with computing_on(reference):
        return mine, run()


class Alone(Processes):
    """One process on this device. On the processor it trains in any number format: the checks' own rehearsal."""

    def __init__(self, device: str, precision: Precision = "fp32") -> None:
        super().__init__(device, precision=precision)
        self.precision = precision if device == "cpu" else self.precision


@contextmanager
def too_small_for(too_much: Callable[[Tensor], bool], device: str) -> Iterator[None]:
    """Let memory run out wherever a convolution sees too much: the device's own allocator is asked for a petabyte."""

    def run_out(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if isinstance(module, nn.Conv2d) and too_much(inputs[0]):
            torch.empty(1 << 50, dtype=torch.uint8, device=device)

    hook = nn.modules.module.register_module_forward_pre_hook(run_out)
    try:
        yield
    finally:
        hook.remove()
