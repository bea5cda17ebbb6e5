"""What a picture looks like, compared through a network that was trained to look (fast.ai 2019, lesson 7).

As Johnson et al. 2016: the features themselves, and their Gram matrices, which know textures but not their places.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.backbones import Backbone

__all__ = ["FeatureLoss", "calibrated", "lesson_loss"]

LESSON_TAPS, LESSON_WEIGHTS, GRAM_WEIGHT = ("relu3_3", "relu4_3", "relu5_3"), (5.0, 15.0, 2.0), 5e3
"""The last layers before three of VGG-16's poolings; w for the features, w² · 5,000 for their Gram matrices."""
TAPS = ("relu3_1", "relu4_1", "relu5_1")
_PER_DEVIATION = 1 / 0.226
"""The lesson counts pixels in ImageNet's standard deviations."""
_PIXELS, _FEATURES, _GRAMS = 0.136, (0.216, 0.277, 0.190), (0.43, 1.02, 0.92)
"""How large the lesson's terms were in the end: what another network's are brought to."""


@dataclass(frozen=True, slots=True, eq=False)
class FeatureLoss:
    """Mean absolute differences of pixels, of features, and of Gram matrices, weighted.

    Args:
        backbone: looks; frozen, on the device of the pictures.
        taps: where it is listened to.
        features: weight of each tap's features.
        grams: weight of each tap's Gram matrix.
        pixels: weight of the pixels.

    """

    backbone: Backbone
    taps: tuple[str, ...]
    features: tuple[float, ...]
    grams: tuple[float, ...]
    pixels: float = _PER_DEVIATION

    def __call__(self, made: Tensor, wanted: Tensor, weight: Tensor | None = None) -> Mapping[str, Tensor]:
        """Both N×3×H×W, 0–1 → each term: "pixels", and "features" and "gram" of each tap; the loss is their sum.

        `weight`, N×1×H×W, is how much an error counts at each place; not in Gram matrices, which know no places.
        """
        terms = {"pixels": self.pixels * _l1(made.float(), wanted, weight)}
        with torch.no_grad():
            right = self.backbone(wanted, self.taps)
        seen = self.backbone(made.float(), self.taps)
        for tap, feature, gram in zip(self.taps, self.features, self.grams, strict=True):
            terms[f"features {tap}"] = feature * _l1(seen[tap], right[tap], weight)
            terms[f"gram {tap}"] = gram * F.l1_loss(_gram(seen[tap]), _gram(right[tap]))
        return terms


def lesson_loss(backbone: Backbone) -> FeatureLoss:
    """Return the lesson's own loss, for VGG-16 with batch norm."""
    grams = tuple(weight**2 * GRAM_WEIGHT for weight in LESSON_WEIGHTS)
    return FeatureLoss(backbone, LESSON_TAPS, LESSON_WEIGHTS, grams)


@torch.no_grad()
def calibrated(backbone: Backbone, pairs: Iterable[tuple[Tensor, Tensor]]) -> FeatureLoss:
    """Return the loss through another network, weighted so that its terms stand to one another as the lesson's did.

    Args:
        backbone: looks.
        pairs: damaged pictures of the size of the good ones, and these; N×3×H×W each.

    """
    plain = FeatureLoss(backbone, TAPS, (1.0,) * len(TAPS), (1.0,) * len(TAPS))
    found = [plain(given, wanted) for given, wanted in pairs]
    mean = {name: float(torch.stack([terms[name] for terms in found]).mean()) for name in found[0]}

    def weights(kind: str, sizes: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(
            size / _PIXELS * mean["pixels"] / max(mean[f"{kind} {tap}"], 1e-12)
            for tap, size in zip(TAPS, sizes, strict=True)
        )

    return FeatureLoss(backbone, TAPS, weights("features", _FEATURES), weights("gram", _GRAMS))


def _l1(one: Tensor, other: Tensor, weight: Tensor | None) -> Tensor:
    if weight is None:
        return F.l1_loss(one, other)
    height, width = one.shape[2:]
    return (F.adaptive_avg_pool2d(weight, (height, width)) * (one - other).abs()).mean()


def _gram(features: Tensor) -> Tensor:
    """N×C×H×W → N×C×C: F·Fᵀ ÷ (C·H·W), as the lesson has it."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / flat[0].numel()
