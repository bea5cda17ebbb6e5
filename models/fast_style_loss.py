"""What a fast style learns from: content, style and variation of what it painted (Johnson et al. 2016, section 3).

The same loss that style transfer minimises (`models.style_transfer`), each layer in units of its target's energy, but
over a batch: every photo has its own content, all of them have one painting, and each example its own strength, which
scales the style it is asked for (Babaeizadeh & Ghiasi 2018, eq. 4).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from models.backbones import Backbone
from models.statistics import Target, gram_matrix, statistic_target
from models.style_transfer import STYLE_SCALE, TV_SCALE, LossWeights, total_variation

__all__ = ["FastStyleLoss", "FastStyleTerms"]

_TINY = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class FastStyleTerms:
    """The mean loss of a batch, and its parts before they are weighted.

    `content` and `style` are N numbers, 0 where nothing is missing; `variation` is a scalar.
    """

    total: Tensor
    content: Tensor
    style: Tensor
    variation: Tensor


class FastStyleLoss:
    """The loss of one painting.

    Args:
        backbone: the network that looks, on the painting's device.
        painting: 1×3×h×w, sRGB, 0–1, at the size that gives the wanted strokes.
        weights: as the sliders say; may be changed at any time, also to layers that had no weight before.

    """

    def __init__(self, backbone: Backbone, painting: Tensor, weights: LossWeights) -> None:
        self.weights = weights
        self._backbone = backbone
        scales = backbone.scales_within(int(painting.shape[2]), int(painting.shape[3]))
        with torch.no_grad():
            features = backbone(painting, scales)
            self._targets = {tap: statistic_target(gram_matrix(x)) for tap, x in features.items()}  # A: Cᵢ×Cᵢ

    def content_of(self, photo: Tensor) -> Mapping[str, Tensor]:
        """Return what has to be kept of N photos: the first half of the loss, which needs no gradient."""
        with torch.no_grad():
            features: Mapping[str, Tensor] = self._backbone(photo, self._weighted(self.weights.content_layers, photo))
        return features

    def __call__(self, painted: Tensor, content: Mapping[str, Tensor], strength: Tensor) -> FastStyleTerms:
        """Judge what was painted.

        Args:
            painted: N×3×H×W, 0–1.
            content: of the photos, from `content_of`.
            strength: N numbers, 0–1.

        """
        of_style = self._weighted(self.weights.style_layers, painted)
        of_content = self._weighted(self.weights.content_layers, painted)
        seen = self._backbone(painted, {**of_style, **dict.fromkeys(content, 0.0)})  # N×3×H×W → N×Cᵢ×Hᵢ×Wᵢ
        zero = painted.new_zeros(len(painted))
        with torch.autocast(painted.device.type, enabled=False):  # sums over a whole picture need all their digits
            # Johnson et al. eq. 2, of each example: wᵢ Cᵢ
            kept = [
                of_content[tap] * content_distances(seen[tap], content[tap]) for tap in of_content if tap in content
            ]
            # their eq. 3 and 4: vᵢ Sᵢ
            manner = [weight * gram_distances(seen[tap], self._targets[tap]) for tap, weight in of_style.items()]
            terms = torch.stack([zero, *kept]).sum(dim=0), torch.stack([zero, *manner]).sum(dim=0)  # layers×N → N
            variation = total_variation(painted.float())
        weights = self.weights
        total = weights.content * terms[0] + weights.style * STYLE_SCALE * strength * terms[1]  # N: α C + β s S
        total = total.mean() + weights.total_variation * TV_SCALE * variation  # N → 1: the batch's mean, + γ T
        return FastStyleTerms(total, *terms, variation)

    def _weighted(self, layers: tuple[float, ...], picture: Tensor) -> dict[str, float]:
        """Weights by tap, normalised as in `StyleObjective`; without those that are zero or see only a point."""
        scales = self._backbone.scales_within(int(picture.shape[2]), int(picture.shape[3]))
        weights = dict(zip(self._backbone.scales, layers, strict=False))
        weights = {tap: weights[tap] for tap in scales if tap in self._targets and weights.get(tap, 0.0) > 0}
        total = max(1.0, sum(weights.values()))
        return {tap: weight / total for tap, weight in weights.items()}


def gram_distances(features: Tensor, target: Target) -> Tensor:
    """‖G(F) - A‖² / ‖A‖² of each of N×C×H×W features: N numbers."""
    flat = features.float().flatten(2)  # N×C×H×W → N×C×HW
    grams = flat @ flat.transpose(1, 2) / flat.shape[2]  # N×C×HW · N×HW×C → N×C×C
    return (grams - target.value).square().sum(dim=(1, 2)) / target.energy  # N×C×C → N


def content_distances(features: Tensor, wanted: Tensor) -> Tensor:
    """‖F - P‖² / ‖P‖² of each of N×C×H×W features: N numbers."""
    energy = wanted.float().square().mean(dim=(1, 2, 3)).clamp_min(_TINY)  # N×C×H×W → N
    return (features.float() - wanted.float()).square().mean(dim=(1, 2, 3)) / energy
