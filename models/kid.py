"""How alike two sets of pictures are, as a trained network sees them: KID, unbiased and in units of the real ones.

Bińkowski et al. 2018 ("Demystifying MMD GANs", section 3): the squared maximum mean discrepancy of features under the
kernel k(x, y) = (x·y / d + 1)³. Unlike FID its expectation does not depend on how many pictures there are: where both
sets are of one kind it is 0, give or take its noise.

Features are z-scored first, by the mean and deviation of the real pictures: so no single channel decides, and different
networks' numbers can be compared.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from models.backbones import Backbone

__all__ = ["Spectators", "kernel_distance", "kernel_distance_noise", "pooled_features"]

_BLOCKS, _LEAST = 4, 8


def pooled_features(backbone: Backbone, pictures: Tensor) -> Tensor:
    """Return what the two coarsest of a network's scales see, N×D: each channel's mean and deviation over all places.

    Args:
        backbone: looks.
        pictures: N×3×H×W, 0–1.

    """
    taps = backbone.scales_within(*pictures.shape[2:])[-2:]
    seen = backbone(pictures, taps)
    flat = [seen[tap].flatten(2) for tap in taps]
    return torch.cat([part for one in flat for part in (one.mean(2), one.std(2, correction=0))], dim=1)


def kernel_distance(one: Tensor, other: Tensor) -> float:
    """Return the unbiased estimate of MMD² of M×D and N×D features (ibid., eq. 4); it may fall below 0."""
    within_one, within_other, across = _kernel(one, one), _kernel(other, other), _kernel(one, other)
    parts = (_mean_of_others(within_one), _mean_of_others(within_other), -2.0 * across.mean())
    return float(sum(parts, torch.zeros((), dtype=torch.float64)))


def kernel_distance_noise(one: Tensor, other: Tensor) -> float:
    """Return by how much the distance varies by chance at most: the standard error over quarters; NaN of few."""
    blocks = min(_BLOCKS, len(one) // _LEAST, len(other) // _LEAST)
    if blocks < 2:
        return float("nan")
    parts = zip(one.tensor_split(blocks), other.tensor_split(blocks), strict=True)
    spread = torch.tensor([kernel_distance(*pair) for pair in parts]).std()
    return float(spread) / math.sqrt(blocks)


def _kernel(one: Tensor, other: Tensor) -> Tensor:
    one, other = one.double(), other.double()
    return (one @ other.T / one.shape[1] + 1.0) ** 3


def _mean_of_others(square: Tensor) -> Tensor:
    """Return the mean of an N×N matrix without its diagonal."""
    count = len(square)
    return (square.sum() - square.diagonal().sum()) / (count * (count - 1))


@dataclass(frozen=True, slots=True, eq=False)
class Spectators:
    """What is known of real pictures, to compare others with.

    Args:
        features: of the real ones, N×D, z-scored.
        mean: of what they were, 1×D.
        deviation: likewise.

    """

    features: Tensor
    mean: Tensor
    deviation: Tensor

    @classmethod
    def of(cls, features: Tensor) -> "Spectators":
        """Take the measure of real pictures' features, N×D, at least 2."""
        mean, deviation = features.mean(0, keepdim=True), features.std(0, keepdim=True).clamp_min(1e-6)
        return cls((features - mean) / deviation, mean, deviation)

    def scored(self, features: Tensor) -> Tensor:
        """Return other pictures' features in the same units."""
        return (features - self.mean) / self.deviation

    def judge(self, features: Tensor) -> dict[str, float]:
        """Return of other pictures' features, N×D, "kid", its "kid_noise", and how varied they are, "spread".

        A spread of 1 is that of the real ones, 0 one and the same picture.
        """
        scored = self.scored(features)
        return {
            "kid": kernel_distance(scored, self.features),
            "kid_noise": kernel_distance_noise(scored, self.features),
            "spread": float(scored.std(0).square().mean().sqrt()),
        }
