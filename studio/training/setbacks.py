"""What a run does about steps that cannot be taken: it goes back, and changes what made them impossible."""

import torch

from studio.core.failures import StudioError
from studio.training.course import Change
from studio.training.helm import Helm
from studio.training.keeper import Keeper
from studio.training.parts_memo import PartsMemo
from studio.training.processes import Processes
from studio.training.schedule import Moment
from studio.training.trainee import Trainee

__all__ = ["Setbacks"]

_MOST_DIVERGENCES = 4


class Setbacks:
    """Goes back to a checkpoint, and puts on the course what shall be different from there on.

    Args:
        task: the name of the kind of training.
        trainee: that cannot take its step.
        helm: with the course.
        keeper: with the checkpoints.
        memo: what this computer's memory holds.
        processes: that train together.

    """

    def __init__(
        self, task: str, trainee: Trainee, helm: Helm, keeper: Keeper, memo: PartsMemo, processes: Processes
    ) -> None:
        self._task = task
        self._trainee = trainee
        self._helm = helm
        self._keeper = keeper
        self._memo = memo
        self._processes = processes

    def diverged(self, moment: Moment, network: str) -> None:
        """Steps keep throwing a network off: go back to before they began, and learn at half the rate from there.

        Raises:
            StudioError: that has been tried often enough.

        """
        streak = self._trainee.learners[network].guard.streak
        if self._helm.course.setbacks >= _MOST_DIVERGENCES:
            raise StudioError(
                f"The {network} diverges: at step {moment.step + 1} its gradients were too long or not finite for the "
                f"{streak}th time in a row, and learning more slowly has not helped {_MOST_DIVERGENCES} times.",
                "Begin a new run with a lower learning rate, clip the gradients, or look for faulty pictures.",
            )
        step = self._keeper.go_back(until=moment.step + 1 - streak)
        self._helm.course.add(Change(step, caution=0.5))
        self._keeper.warn(
            "set_back",
            f"The {network} was diverging at step {moment.step + 1}: back to step {step}, and on at half the rate.",
        )

    def out_of_memory(self, moment: Moment, parts: int) -> None:
        """A step did not fit into memory: go back to the last checkpoint, and take such steps in smaller parts.

        Raises:
            StudioError: it is in parts of one picture already, or other processes wait for this one.

        """
        mine = self._processes.share_of(moment.batch)
        if parts >= mine:
            raise StudioError(
                f"Not even one picture of {moment.size} px at a time fits into the memory.",
                "Choose a smaller picture size, a smaller network, or half precision; then resume.",
            )
        more = min(2 * parts, mine)
        self._memo.remember(self._memo_key(moment), more)
        if self._processes.world > 1:  # the others wait for this step's gradients, and cannot be told otherwise
            raise StudioError(
                f"A step of {moment.batch} pictures of {moment.size} px does not fit into the memory.",
                f"Resume the run: it will then take each step in {more} parts.",
            )
        self._helm.course.add(Change(moment.step, parts=more))
        self._keeper.go_back()  # which drops the gradients of the step that broke off
        if self._processes.device.type == "cuda":
            torch.cuda.empty_cache()
        self._keeper.warn(
            "divided",
            f"The memory was too small: each step is now taken in {more} parts, which changes nothing but the time.",
        )

    def foresee(self, moment: Moment) -> None:
        """Divide the steps from here on as often as one of the computers is known to need it."""
        known = self._processes.gather(self._memo.parts(self._memo_key(moment)))
        wanted = max(*known, self._helm.planned.accumulate)
        if wanted > self._helm.parts(moment.step):
            self._helm.course.add(Change(moment.step, parts=wanted))

    def _memo_key(self, moment: Moment) -> str:
        device = self._processes.device
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
        mine = self._processes.share_of(moment.batch)
        return f"{self._task} · {moment.size} px · {mine} · {self._processes.precision} · {name}"
