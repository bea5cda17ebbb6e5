"""Evaluates the shown network: validates, samples, exports it. Nothing here changes how the run goes on."""

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TypeVar

import torch
from safetensors.torch import save
from torch import nn

from studio.core.atomic import WriteError, write_file
from studio.core.events import Picture
from studio.core.failures import explain, is_out_of_memory
from studio.core.picture_saving import save_picture
from studio.training.metric_log import MetricLogger
from studio.training.processes import Processes
from studio.training.run_folder import RunFolder
from studio.training.seeding import seed_everything, seed_of
from studio.training.train_state import TrainState

__all__ = ["Evaluator"]

T = TypeVar("T")
Shown = Generator[None, None, nn.Module]
"""What `TrainState.shown` returns: it brings the network."""


class Evaluator:
    """Evaluates one run's network, always from the same seed and without gradients.

    What does not fit into memory or onto the disk is left out with a word: it is not worth a run's end.

    Args:
        run: its folder.
        train_state: with the network.
        logger: knows of every sample.
        processes: that train together.
        seed: of the run.
        say: tells the user.

    """

    def __init__(
        self, run: RunFolder, train_state: TrainState, logger: MetricLogger, processes: Processes, seed: int,
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._run = run
        self._train_state = train_state
        self._logger = logger
        self._processes = processes
        self._seed = seed_of("look", seed)
        self._say = say

    def measure(self, shown: Shown) -> Generator[None, None, Mapping[str, float]]:
        """Validate; returns means over the processes, nothing where there is nothing to validate on."""
        task = self._train_state.task
        values = yield from self._unless_too_large("check", shown, task.validate)
        return self._processes.mean(values) if values else {}

    def sample(self, shown: Shown) -> Generator[None, None, Picture | None]:
        """Let the main process make a sample and keep it."""
        main, task = self._processes.rank == 0, self._train_state.task
        picture = yield from self._unless_too_large("sample", shown, task.sample if main else _nothing)
        if picture is not None:
            self._keep(picture)
        return picture

    def export(self, shown: Shown) -> Generator[None, None, None]:
        """Write the network and its card.

        Raises:
            WriteError: that fails.

        """
        network = yield from self._quietly(shown)
        if self._processes.rank == 0:
            with torch.no_grad():
                exported = self._train_state.task.export(network)
            tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in exported.tensors.items()}
            write_file(self._run.model_file, save(tensors, dict(exported.metadata)))
            card = _with_the_data(exported.card, self._train_state.task.said_of_data)
            write_file(self._run.card_file, card.encode())

    def _keep(self, picture: Picture) -> None:
        step = self._train_state.standing.step
        file = self._run.sample_file(step)
        try:
            file.parent.mkdir(exist_ok=True)
            save_picture(file, picture, recipe=None)
        except (OSError, WriteError) as error:
            told = explain(error)
            self._say(f"{told.cause} {told.remedy}")
        else:
            self._logger.event("sample", step, file=file.name)

    def _unless_too_large(
        self, what: str, shown: Shown, look: Callable[[nn.Module], Generator[None, None, T]]
    ) -> Generator[None, None, T | None]:
        """Return what `look` sees in the network; None where one of the processes has not enough memory for it."""
        found, fits = None, True
        try:
            network = yield from self._quietly(shown)
            found = yield from self._quietly(look(network))
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            fits = False
        if self._processes.agree(not fits)[0]:
            step = self._train_state.standing.step
            self._say(f"The {what} at step {step} did not fit into the memory and is left out; the run goes on.")
            return None
        return found

    def _quietly(self, work: Generator[None, None, T]) -> Generator[None, None, T]:
        """Run `work` without gradients, from the same seed every time; no context is held over a breath."""
        seed_everything(self._seed, self._processes.device)
        while True:
            with torch.no_grad():
                try:
                    next(work)
                except StopIteration as end:
                    result: T = end.value
                    return result
            yield


def _nothing(network: nn.Module) -> Generator[None, None, None]:
    yield from ()


def _with_the_data(card: str, said: Sequence[str]) -> str:
    """Add what was said of the data, such as what was left out, to a card."""
    if not said:
        return card
    return "\n".join([card.rstrip(), "", "## What was said of the data", "", *(f"- {one}" for one in said), ""])
