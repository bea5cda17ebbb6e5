"""How far two sets of pictures are from each other: the kernel distance of what a network sees in them (KID).

Bińkowski et al. 2018, section 4: the squared maximum mean discrepancy of features x, y of d channels under the kernel
k(x, y) = (xᵀy/d + 1)³, by its unbiased estimator, which is why it may lie a little below 0 where the sets are alike:

    MMD² = 1/(m(m−1)) Σ_{i≠j} k(xᵢ, xⱼ) + 1/(n(n−1)) Σ_{i≠j} k(yᵢ, yⱼ) − 2/(mn) Σ_{i,j} k(xᵢ, yⱼ)

Unlike FID it needs no thousands of pictures. Channels are first brought to mean 0 and deviation 1 over the real set,
so that no loud one decides alone, and those that real pictures hardly wake no louder than that; and a value says
something only beside that of two sets that are both real.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["KernelDistance", "kernel_distance"]

_SPLITS = 10
_LEAST = 0.1
"""Of the mean deviation: what real pictures hardly ever wake in a network would otherwise decide alone."""


def kernel_distance(one: Tensor, other: Tensor) -> float:
    """Return MMD² of features M×D and N×D, M and N at least 2."""
    one, other = one.double(), other.double()

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return (x @ y.T / x.shape[1] + 1) ** 3  # M×D, N×D → M×N

    def within(x: Tensor) -> Tensor:
        values = kernel(x, x)
        return (values.sum() - values.diagonal().sum()) / (len(x) * (len(x) - 1))

    return float(within(one) + within(other) - 2 * kernel(one, other).mean())


@dataclass(frozen=True, slots=True, eq=False)
class KernelDistance:
    """The distance from one real set, and what to compare it with.

    Args:
        real: features of the real set, N×D.
        others: of other real pictures of the same kind, M×D.

    """

    real: Tensor
    others: Tensor

    def to(self, features: Tensor) -> float:
        """Return how far features, M×D, are from the real set's."""
        return kernel_distance(self._standard(features), self._standard(self.real))

    @property
    def of_real(self) -> float:
        """How far the other real pictures are: what is nearer than that cannot be told from real."""
        return self.to(self.others)

    @property
    def spread(self) -> float:
        """The standard deviation of `of_real` over random halves of both sets."""
        chance, found = torch.Generator().manual_seed(0), []
        for _ in range(_SPLITS):
            one, other = (
                self._standard(x)[torch.randperm(len(x), generator=chance)[: len(x) // 2]]
                for x in (self.others, self.real)
            )
            found.append(kernel_distance(one, other))
        return float(torch.tensor(found).std())

    def _standard(self, features: Tensor) -> Tensor:
        deviation = self.real.std(0)
        return (features - self.real.mean(0)) / deviation.clamp_min(_LEAST * float(deviation.mean()) + 1e-6)
