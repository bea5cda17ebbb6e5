"""What a run costs here, measured before it begins: a few steps of it, a check and a sample, on networks thrown away.

The steps lie all along the schedule, since phases differ: their mean is that of all steps. What is measured is the time
in which the work has the thread; what else the engine does meanwhile does not count.
"""

import time
from collections.abc import Generator
from typing import TypeVar

import torch

from studio.core.cost import available_memory
from studio.core.failures import is_out_of_memory
from studio.core.memory import forget_peak, memory_in_use, peak_memory
from studio.training.data.loader import ExampleLoader, suitable_workers
from studio.training.processes import Processes
from studio.training.schedule import StepConfig, Timeline
from studio.training.settings import TrainingSettings
from studio.training.task import TrainingTask
from studio.training.time_estimate import Rehearsed
from studio.training.train_state import TrainState

__all__ = ["MemoryWatch", "rehearse"]

T = TypeVar("T")

_STEPS = 5
_PERIOD, _APART = 16, 3
"""What is done at every 8th or 16th step only shall be met by one of them rather than by all."""
_CHECK = "Measuring a check"


class MemoryWatch:
    """The most memory of a device that is in use, beyond what was when this was made.

    Args:
        device: that computes.

    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
            self._before = torch.cuda.memory_allocated(device)
            self.room: int | None = torch.cuda.mem_get_info(device)[0]
        else:
            forget_peak()
            self._before, self.room = memory_in_use() or 0, available_memory()

    @property
    def most(self) -> int:
        """In bytes."""
        cuda = self._device.type == "cuda"
        most = torch.cuda.max_memory_allocated(self._device) if cuda else peak_memory()
        return max(0, (most or 0) - self._before)


def rehearse(
    task: TrainingTask, timeline: Timeline, last: int, settings: TrainingSettings, processes: Processes,
    memory: MemoryWatch,
) -> Generator[str, None, Rehearsed]:  # fmt: skip
    """Take a few steps, check and sample; yields what is being measured, at every breath.

    Args:
        task: freshly opened; it learns, and is of no use afterwards.
        timeline: of the run.
        last: its last step.
        settings: of the run.
        processes: where; this process alone.
        memory: made before the task was opened.

    Raises:
        StudioError: an example could not be prepared.
        MemoryError, RuntimeError: not even one picture at a time fits into the memory.

    """
    state = TrainState(task, settings, processes, last)
    places = [timeline.at(step) for step in _places(last)]
    parts = settings.accumulate
    while True:
        try:
            seconds = yield from _steps(state, places, settings, processes, parts)
            break
        except Exception as error:
            if not is_out_of_memory(error) or parts >= max(place.batch for place in places):
                raise
        parts *= 2  # outside of the except block, which holds on to tensors
    shown, _ = yield from _timed(state.shown(places[0], max(1, places[0].batch // parts)), _CHECK, learns=False)
    check = yield from _look(task.validate(shown), _CHECK)
    sample = yield from _look(task.sample(shown), "Measuring a sample")
    return Rehearsed(len(places), seconds, check, sample, memory.most, memory.room, parts)


def _places(last: int) -> list[int]:
    """Return steps all along a run of `last` steps."""
    number = min(_STEPS, last)
    middles = [(2 * index + 1) * last // (2 * number) for index in range(number)]
    return [min(last - 1, middle // _PERIOD * _PERIOD + _APART * index) for index, middle in enumerate(middles)]


def _steps(
    state: TrainState, places: list[StepConfig], settings: TrainingSettings, processes: Processes, parts: int
) -> Generator[str, None, float]:
    """Return how long a step takes, s: a mean of these, once everything has been used for the first time."""
    workers = settings.workers if settings.workers >= 0 else suitable_workers(processes.device.type)
    total, prepared = 0.0, 0.0
    with ExampleLoader(state.task.examples, settings.seed, others=state.task.other_examples) as loader:
        for number, place in enumerate((places[0], *places)):
            before = loader.seconds_waited
            step = state.take(loader, place, rate=place.learning_rate, micro_batches=parts)
            _, seconds = yield from _timed(step, f"Measuring step {max(1, number)} of {len(places)}")
            if number:
                waited = loader.seconds_waited - before
                total, prepared = total + seconds - waited, prepared + waited
    if workers:  # they prepare what is next while a step is taken
        return max(total, prepared / workers) / len(places)
    return (total + prepared) / len(places)


def _look(work: Generator[None, None, object], stage: str) -> Generator[str, None, float]:
    """Return how long a check or a sample takes, s; what does not fit into the memory, the run will leave out."""
    try:
        _, seconds = yield from _timed(work, stage, learns=False)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return 0.0
    return seconds


def _timed(work: Generator[None, None, T], stage: str, *, learns: bool = True) -> Generator[str, None, tuple[T, float]]:
    """Run `work`; returns what it does and for how many seconds it had the thread."""
    seconds = 0.0
    while True:
        began = time.perf_counter()
        try:
            with torch.set_grad_enabled(learns):  # not over a breath: others share the thread
                next(work)
        except StopIteration as end:
            result: T = end.value
            return result, seconds + time.perf_counter() - began
        seconds += time.perf_counter() - began
        yield stage
