"""What a run does about steps that cannot be taken: it goes back, and changes what made them impossible."""

import torch

from studio.core.failures import StudioError
from studio.training.checkpointing import Checkpointer
from studio.training.live_settings import Change, LiveSettings
from studio.training.micro_batches import MicroBatchMemo
from studio.training.processes import Processes
from studio.training.schedule import StepConfig
from studio.training.train_state import TrainState

__all__ = ["Recovery"]

_MOST_DIVERGENCES = 4


class Recovery:
    """Goes back to a checkpoint, and writes down what shall be different from there on.

    Args:
        task: the name of the kind of training.
        train_state: that cannot take its step.
        live_settings: with what was changed.
        checkpointer: with the checkpoints.
        memo: what this computer's memory holds.
        processes: that train together.

    """

    def __init__(
        self, task: str, train_state: TrainState, live_settings: LiveSettings, checkpointer: Checkpointer,
        memo: MicroBatchMemo, processes: Processes,
    ) -> None:  # fmt: skip
        self._task = task
        self._train_state = train_state
        self._live_settings = live_settings
        self._checkpointer = checkpointer
        self._memo = memo
        self._processes = processes

    def diverged(self, config: StepConfig, network: str) -> None:
        """Steps keep throwing a network off: go back to before they began, and learn at half the rate from there.

        Raises:
            StudioError: that has been tried often enough.

        """
        guard = self._train_state.optimisers[network].guard
        if self._live_settings.change_log.divergences >= _MOST_DIVERGENCES:
            raise StudioError(
                f"The {network} diverges: at step {config.step + 1} its gradients were too long or not finite for the "
                f"{guard.streak}th time in a row, and learning more slowly has not helped {_MOST_DIVERGENCES} times.",
                "Begin a new run with a lower learning rate, clip the gradients, or look for faulty pictures.",
            )
        step = self._checkpointer.go_back(until=guard.since)
        self._live_settings.change_log.add(Change(step, rate_factor=0.5))
        self._checkpointer.warn(
            "set_back",
            f"The {network} was diverging at step {config.step + 1}: back to step {step}, and on at half the rate.",
        )

    def to_best(self, why: str) -> bool:
        """Go back to the best, and learn at half the rate from there; False where that has been done often enough."""
        best = self._train_state.standing.best_step
        if best < 0 or self._live_settings.change_log.divergences >= _MOST_DIVERGENCES:
            return False
        step = self._checkpointer.go_back(until=best)
        self._live_settings.change_log.add(Change(step, rate_factor=0.5))
        self._checkpointer.warn("set_back", f"{why} Back to step {step}, and on at half the rate.")
        return True

    def out_of_memory(self, config: StepConfig, micro_batches: int) -> None:
        """A step did not fit into memory: go back to the last checkpoint, and divide such steps further.

        Raises:
            StudioError: its micro-batches are single pictures already, or other processes wait for this one.

        """
        mine = self._processes.share_of(config.batch)
        if micro_batches >= mine:
            raise StudioError(
                f"Not even one picture of {config.size} px at a time fits into the memory.",
                "Choose a smaller picture size, a smaller network, or half precision; then resume.",
            )
        more = min(2 * micro_batches, mine)
        self._memo.remember(self._memo_key(config), more)
        if self._processes.world > 1:  # the others wait for this step's gradients, and cannot be told otherwise
            raise StudioError(
                f"A step of {config.batch} pictures of {config.size} px does not fit into the memory.",
                f"Resume the run: it will then take each step in {more} parts.",
            )
        self._live_settings.change_log.add(Change(config.step, micro_batches=more))
        self._checkpointer.go_back()  # which drops the gradients of the step that broke off
        if self._processes.device.type == "cuda":
            torch.cuda.empty_cache()
        self._checkpointer.warn(
            "divided",
            f"The memory was too small: each step is now taken in {more} parts, which changes nothing but the time.",
        )

    def foresee(self, config: StepConfig) -> None:
        """Divide the steps from here on as often as one of the computers is known to need it."""
        known = self._processes.gather(self._memo.number(self._memo_key(config)))
        wanted = max(*known, self._live_settings.planned.accumulate)
        if wanted > self._live_settings.micro_batches(config.step):
            self._live_settings.change_log.add(Change(config.step, micro_batches=wanted))

    def _memo_key(self, config: StepConfig) -> str:
        device = self._processes.device
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
        mine = self._processes.share_of(config.batch)
        return f"{self._task} · {config.size} px · {mine} · {self._processes.precision} · {name}"
