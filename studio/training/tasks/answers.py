"""What a classifier said of pictures whose class is known, and the numbers that say how good that is."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

__all__ = ["Answers", "accuracy_of", "balanced_accuracy_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers on N pictures, on the CPU.

    Args:
        truths: N, the right classes.
        probabilities: N×C, what the classifier gave each class.
        losses: N, -log of what it gave the right one.

    """

    truths: Tensor
    probabilities: Tensor
    losses: Tensor

    @classmethod
    def of(cls, logits: Tensor, truths: Tensor) -> Self:
        """Read answers off a network's output, N×C."""
        logits, truths = logits.float().cpu(), truths.cpu()
        return cls(truths, logits.softmax(dim=1), F.cross_entropy(logits, truths, reduction="none"))

    @property
    def said(self) -> Tensor:
        """N, the class it found likeliest."""
        return self.probabilities.argmax(dim=1)

    @property
    def confusion(self) -> Tensor:
        """C×C counts: in row i, what it said of pictures of class i."""
        classes = self.probabilities.shape[1]
        return torch.bincount(self.truths * classes + self.said, minlength=classes**2).view(classes, classes)

    @property
    def loss(self) -> float:
        """The mean of the losses."""
        return float(self.losses.mean())

    def worst(self, count: int) -> list[int]:
        """Return up to `count` pictures it was wrong about, the highest loss first."""
        order = self.losses.argsort(descending=True, stable=True)
        wrong = order[(self.said != self.truths)[order]]
        return [int(index) for index in wrong[:count]]


def accuracy_of(confusion: Tensor) -> float:
    """Return the share of right answers; 0 where there are none at all."""
    return float(confusion.diagonal().sum()) / max(1, int(confusion.sum()))


def balanced_accuracy_of(confusion: Tensor) -> float:
    """Return the mean over the classes that occur of the share it got right: a rare one counts as much as a common."""
    counts = confusion.sum(dim=1)
    there = counts > 0
    return float((confusion.diagonal()[there] / counts[there]).mean()) if bool(there.any()) else 0.0
