"""A critic in training, and what it remembers: it learns to tell a world's pictures from painted ones, and teaches."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from models.critic import PredictionPool
from models.cyclegan import accuracy, critic_loss, generator_loss, r1_penalty
from models.diff_augment import AUGMENTATIONS, Augmentation, diff_augment
from studio.training.task import Objective, Objectives
from studio.training.tasks.translate_settings import TranslatorSettings

__all__ = ["Judge"]

_R1_EVERY = 8
"""Steps (Karras et al. 2020, appendix B: lazy regularisation)."""

_REMEMBERED = 50
"""Steps over which its accuracy is averaged."""


class Judge:
    """One critic.

    Args:
        name: of its network.
        network: on the device.
        settings: of the run.

    Attributes:
        accuracy: of how large a share of places it was right of late, 0–1.

    """

    def __init__(self, name: str, network: nn.Module, settings: TranslatorSettings) -> None:
        self._name, self._network = name, network
        self._pool = PredictionPool(settings.pool)
        self.settings = settings
        self.accuracy, self._told = 0.5, -1

    def fooled(self, painted: Tensor) -> Tensor:
        """Return how far it is from taking what is painted, N×C×H×W, 0–1, for real (scalar)."""
        return generator_loss(self._network(self._changed(painted)), self.settings.adversarial)

    def learning(self, real: Tensor, painted: Tensor, step: int) -> Objectives:
        """Learn to tell the two apart, N×C×H×W, 0–1 each; what is painted may be an earlier one."""
        kind, every = self.settings.adversarial, _R1_EVERY
        real = self._changed(real)
        painted = self._pool.exchange(painted) if self.settings.pool else painted.detach()
        verdicts = self._network(real), self._network(self._changed(painted))
        yield None
        loss = critic_loss(*verdicts, kind)
        terms = {"real": verdicts[0].mean(), "fake": verdicts[1].mean(), "accuracy": accuracy(*verdicts, kind)}
        if self.settings.r1_weight and step % every == 0:
            terms["r1"] = r1_penalty(self._network, real)
            loss = loss + self.settings.r1_weight / 2 * every * terms["r1"]
            yield None
        update = yield Objective(self._name, loss, {name: term.detach() for name, term in terms.items()})
        if update is not None and step != self._told:  # every micro-batch hears of the same update
            self._told = step
            self.accuracy += (update.terms["accuracy"] - self.accuracy) / _REMEMBERED

    def _changed(self, pictures: Tensor) -> Tensor:
        return diff_augment(pictures, self._policy(pictures.shape[1]))

    def _policy(self, channels: int) -> Sequence[Augmentation]:
        """Of pairs, which have six channels, only what happens to both alike."""
        if self.settings.augment == "none":
            return ()
        colours = self.settings.augment == "all" and channels == 3
        return AUGMENTATIONS if colours else ("translation", "cutout")

    def state_dict(self) -> dict[str, Any]:
        """Return what decides how it goes on, beside the network's weights."""
        return {"pool": list(self._pool.pictures), "accuracy": self.accuracy}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was taken."""
        self._pool.pictures = list(state["pool"])
        self.accuracy = float(state.get("accuracy", self.accuracy))
