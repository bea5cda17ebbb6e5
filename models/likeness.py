"""What of a set of pictures is compared with another set: what a trained network sees, and how varied it is."""

import torch
from torch import Tensor

from models.backbones import Backbone

__all__ = ["pooled_features", "variety"]


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


def variety(features: Tensor, real: Tensor) -> float:
    """Return how varied a set of N×D features is: 1 is as varied as the real set, M×D, 0 one and the same."""
    return float((features.std(0) / real.std(0).clamp_min(1e-6)).square().mean().sqrt())
