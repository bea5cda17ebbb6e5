"""A restorer's critic in training, and who watches over what comes of the two (NoGAN, fast.ai 2019, lesson 7).

A critic's loss says nothing about quality: it falls and rises as the two take turns. So what decides when a finish is
over is measured on pictures that neither learnt from: how far they are from the photos through a network that sees, and
whether their colours have begun to drift.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from models.critic import PredictionPool, accuracy, adaptive_loss
from studio.training.task import Objective, Objectives, Update

__all__ = ["ACCURATE", "Adversary", "ColourWatch"]

ACCURATE = 0.95
"""Of how large a share of the places the critic must be right before the restorer learns from it."""
_MEMORY = 0.9
"""Of the mean of that over the last batches."""
_PATIENT_UNTIL = 0.25
"""The share of a phase for which the restorer waits for that at most: it may be too good to be told from photos."""
_MOST_DRIFT = 1.0
"""Levels of 255 by which colours may drift further than they did at the finish's best check."""


class Adversary:
    """A critic, what it knows of earlier results, and whose turn it is.

    Args:
        network: the critic, on the device.

    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self._pool = PredictionPool()
        self._accuracy, self._ready, self._turn = 0.5, False, "critic"

    @property
    def ready(self) -> bool:
        """Whether it has told photos from results well enough to teach."""
        return self._ready

    def is_restorers_turn(self, progress: float) -> bool:
        """Whether the restorer learns at this step of a phase of which the share `progress` is over."""
        self._ready = self._ready or progress > _PATIENT_UNTIL
        return self._ready and self._turn == "restorer"

    def loss(self, made: Tensor) -> Tensor:
        """Return how far it is from taking a result for a photo (scalar)."""
        return adaptive_loss(self.network(made), photo=True)

    def learning(self, wanted: Tensor, made: Tensor, threshold: float) -> Objectives:
        """Learn to tell photos, N×3×H×W, from results of that shape; then it may be the restorer's turn."""
        before = self._accuracy, self._ready  # each micro-batch assigns the same
        photos, results = self.network(wanted), self.network(self._pool.exchange(made))
        yield None
        terms = {"photos": adaptive_loss(photos, photo=True), "results": adaptive_loss(results, photo=False)}
        right = (accuracy(photos, photo=True) + accuracy(results, photo=False)) / 2
        loss = sum(terms.values(), torch.zeros((), device=made.device)) / 2
        told = {**{name: term.detach() for name, term in terms.items()}, "accuracy": right}
        del photos, results, terms
        update: Update = yield Objective("critic", loss, told)
        self._accuracy = _MEMORY * before[0] + (1 - _MEMORY) * update.terms["accuracy"]
        self._ready = before[1] or self._accuracy >= ACCURATE
        self._turn = "restorer" if not threshold or update.loss < threshold else "critic"

    def restorer_has_learnt(self) -> None:
        """Take the turn again."""
        self._turn = "critic"

    def state_dict(self) -> dict[str, Any]:
        """Return what decides how it goes on, beside the network's weights."""
        return {
            "pool": list(self._pool.pictures), "accuracy": self._accuracy, "ready": self._ready, "turn": self._turn,
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was taken."""
        self._pool.pictures = list(state["pool"])
        self._accuracy, self._ready = float(state["accuracy"]), bool(state["ready"])
        self._turn = str(state["turn"])


class ColourWatch:
    """Notices when colours begin to drift, which a feature distance hardly does, and a critic sometimes rewards."""

    def __init__(self) -> None:
        self.least: float | None = None

    def alarm(self, drift: float) -> str:
        """Take note of a check, in levels of 255; returns what is wrong, "" for nothing."""
        self.least = drift if self.least is None else min(self.least, drift)
        if drift <= self.least + _MOST_DRIFT:
            return ""
        return f"Colours drift: they are off by {drift:.1f} levels, and were by {self.least:.1f}."
