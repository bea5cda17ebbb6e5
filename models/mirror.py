"""What no gallery shows: whether a generator copies, how many different pictures it knows, and what it leaves out.

All is asked of features (`models.likeness`), which are brought to mean 0 and deviation 1 over the pictures that it
learnt from, and is told beside the same of real pictures that it did not learn from.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = [
    "ATTRIBUTES", "Mirror", "Reflection", "different_pictures", "nearest", "precision_and_recall", "shares_at_the_ends",
]  # fmt: skip

_NEIGHBOURS = 3
"""Of Kynkäänniemi et al. 2019, section 2."""
_RARE = 0.01
"""What one in a hundred real pictures is nearer than."""
_FLOOR = 0.01
"""The least deviation of a feature, of what they deviate on average."""
_AT_ONCE = 512
ATTRIBUTES = ("lightness", "warmth", "colourfulness")


def nearest(features: Tensor, others: Tensor, *, themselves: bool = False) -> tuple[Tensor, Tensor]:
    """Return how far each of N×D features is from the nearest of M×D others, N, and which that is, N.

    Args:
        features: of some pictures.
        others: of what is looked through.
        themselves: the two are the same set, and none is its own neighbour.

    """
    far, which = [], []
    for first in range(0, len(features), _AT_ONCE):
        distances = torch.cdist(features[first : first + _AT_ONCE], others)
        if themselves:
            distances[:, first:].fill_diagonal_(math.inf)
        found = distances.min(dim=1)
        far.append(found.values)
        which.append(found.indices)
    return torch.cat(far), torch.cat(which)


def precision_and_recall(real: Tensor, made: Tensor, neighbours: int = _NEIGHBOURS) -> tuple[float, float]:
    """Return which share of M×D made pictures lies among the N×D real ones, and which share of these among the made.

    A picture lies among others where it is no further from one of them than that one's k-th neighbour
    (Kynkäänniemi et al. 2019, eq. 1 and 2).
    """

    def reach(features: Tensor) -> Tensor:
        """Return how far each one's k-th neighbour is, N; itself is the nearest."""
        return torch.cdist(features, features).kthvalue(min(neighbours + 1, len(features)), dim=1).values

    between = torch.cdist(real, made)  # N×M
    precision = (between <= reach(real)[:, None]).any(dim=0).float().mean()
    recall = (between <= reach(made)[None]).any(dim=1).float().mean()
    return float(precision), float(recall)


def different_pictures(count: int, twins: int) -> float:
    """Return how many different pictures there are to draw from, by the twins among `count` of them; without any, inf.

    The birthday test (Arora & Zhang 2017): of s pictures drawn from N that are equally likely s(s − 1)/(2N) pairs are
    the same one. Where some are likelier than others there are more than that.
    """
    return count * (count - 1) / (2 * twins) if twins else math.inf


def shares_at_the_ends(real: Tensor, made: Tensor) -> Mapping[str, tuple[float, float]]:
    """Return which share of made pictures is as dark, light, cool … as a quarter of the real ones are.

    0.25 at both ends is as in the data. More at one end is amplified: what was common became the rule.

    Args:
        real: N×3×S×S, 0–1.
        made: M×3×S×S, 0–1.

    Returns:
        by attribute: the share below the real ones' lower quartile, and that above their upper one.

    """
    found: dict[str, tuple[float, float]] = {}
    for name, there, here in zip(ATTRIBUTES, _attributes(real), _attributes(made), strict=True):
        low, high = torch.quantile(there, torch.tensor([0.25, 0.75]).to(there))
        found[name] = float((here < low).float().mean()), float((here > high).float().mean())
    return found


def _attributes(pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return N each: how light pictures are, how much redder than blue, how far from grey."""
    red, _, blue = pictures.float().mean(dim=(2, 3)).T
    grey = pictures.amax(dim=1) - pictures.amin(dim=1)
    return pictures.float().mean(dim=(1, 2, 3)), red - blue, grey.float().mean(dim=(1, 2))


@dataclass(frozen=True, slots=True, eq=False)
class Reflection:
    """What was found out about made pictures.

    Args:
        precision: the share that lies among real pictures, 0–1.
        recall: the share of real pictures that lie among them.
        copies: the share that is nearer to one that was learnt than all but a hundredth of unseen real pictures are.
        twins: pairs nearer to each other than all but a hundredth of unseen real pictures have a neighbour.
        different: how many different pictures that comes to; inf where there are no twins.
        neighbours: for each made picture the number of the nearest that was learnt, M.
        distances: how far that is, in units of what is a copy: at 1 and below it is one, M.

    """

    precision: float
    recall: float
    copies: float
    twins: int
    different: float
    neighbours: Tensor
    distances: Tensor

    @property
    def told(self) -> Mapping[str, float]:
        """The numbers that are always finite, by name."""
        return {
            "precision": self.precision, "recall": self.recall, "copies": self.copies, "twins": float(self.twins),
        }  # fmt: skip


class Mirror:
    """Compares made pictures with real ones.

    Args:
        learnt: features of those that were learnt from, L×D.
        unseen: of those that were not, K×D; a handful at least.

    """

    def __init__(self, learnt: Tensor, unseen: Tensor) -> None:
        deviation = learnt.std(0)  # what hardly any picture shows would count beyond measure
        self._mean, self._deviation = learnt.mean(0), deviation.clamp_min(_FLOOR * float(deviation.mean()) + 1e-6)
        self._learnt, self._unseen = self._standard(learnt), self._standard(unseen)
        self._copy = float(torch.quantile(nearest(self._unseen, self._learnt)[0], _RARE))
        self._twin = float(torch.quantile(nearest(self._unseen, self._unseen, themselves=True)[0], _RARE))

    def of(self, made: Tensor) -> Reflection:
        """Return what is to be said of made pictures, M×D; M should be K, for neighbours are nearer among more."""
        made = self._standard(made)
        far, which = nearest(made, self._learnt)
        twins = int((torch.pdist(made) < self._twin).sum())
        precision, recall = precision_and_recall(self._unseen, made)
        return Reflection(
            precision, recall, float((far < self._copy).float().mean()), twins, different_pictures(len(made), twins),
            which, far / max(self._copy, 1e-12),
        )  # fmt: skip

    def of_real(self) -> Reflection:
        """Return the same of pictures that were learnt from, as many as are unseen: no generator is better."""
        chosen = torch.randperm(len(self._learnt), generator=torch.Generator().manual_seed(0))[: len(self._unseen)]
        some = self._learnt[chosen.to(self._learnt.device)]
        twins = int((torch.pdist(some) < self._twin).sum())
        precision, recall = precision_and_recall(self._unseen, some)
        return Reflection(
            precision, recall, 1.0, twins, different_pictures(len(some), twins), chosen, torch.zeros(len(some))
        )

    def _standard(self, features: Tensor) -> Tensor:
        return (features - self._mean) / self._deviation
