"""What a restorer is held to: pixels alone, or also what the picture looks like."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from models.fidelity import ssim

__all__ = ["PixelLoss", "charbonnier"]

_EPSILON = 1e-3


def charbonnier(made: Tensor, wanted: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """Return the mean of √(difference² + ε²), ε = 0.001: an L1 without a corner (Charbonnier et al. 1994)."""
    return (weight * ((made - wanted).square() + _EPSILON**2).sqrt()).mean()


@dataclass(frozen=True, slots=True)
class PixelLoss:
    """A sum of what compares pixels.

    Args:
        charbonnier: weight of `charbonnier`.
        mse: weight of the mean squared error.
        ssim: weight of 1 − SSIM.

    """

    charbonnier: float = 1.0
    mse: float = 0.0
    ssim: float = 0.0

    def __call__(self, made: Tensor, wanted: Tensor, weight: Tensor | float = 1.0) -> Mapping[str, Tensor]:
        """Both N×3×H×W → each term's share of the loss; they add up to it.

        `weight`, N×1×H×W, is how much an error counts at each place; not for SSIM, which knows windows.
        """
        made, terms = made.float(), dict[str, Tensor]()
        if self.charbonnier:
            terms["charbonnier"] = self.charbonnier * charbonnier(made, wanted, weight)
        if self.mse:
            terms["mse"] = self.mse * (weight * (made - wanted).square()).mean()
        if self.ssim:
            terms["ssim"] = self.ssim * (1 - ssim(made, wanted)).mean()
        return terms
