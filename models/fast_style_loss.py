"""What a fast style learns from: content, style and variation of what it painted (Johnson et al. 2016, section 3).

The same loss that style transfer minimises (`models.style_transfer`), each layer in units of its target's energy, but
over a batch: every photo has its own content, all of them have one painting, and each example its own strength, which
scales the style it is asked for (Babaeizadeh & Ghiasi 2018, eq. 4).

Two things are otherwise, as a network paints more than a single picture:

*Ground*: where a photo is plain nothing is painted (`models.plain_ground`), so that a plain area is not asked for the
painting's textures either: the Gram matrices leave most of it out. All of what is missing would hang on the next edge.

*Lattice*: a network that sees ten pixels around can have a painting's Gram matrices all by one small pattern over and
over. No frequency of a small window may be stronger than such windows of the painting have it (after the spectra of
Liu, Gousseau & Xia 2016, which were to be met rather than kept below).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.backbones import Backbone
from models.plain_ground import luma_of, plainness
from models.statistics import Target, gram_matrix, statistic_target
from models.style_transfer import STYLE_SCALE, TV_SCALE, LossWeights, total_variation

__all__ = ["FastStyleLoss", "FastStyleTerms", "Lattice"]

_TINY = 1e-6

_LEAST_ASKED = 0.15
"""What a plain area still counts in the Gram matrices."""

LATTICE_SCALE = 50.0
"""What a weight of 1 on the lattice is multiplied by."""

_WINDOW = 32
"""Side of a window in pixels: it holds the patterns that the eye sees as a net, three times at least."""

_LONGEST = 20
"""Longest period in pixels that is kept within the painting's."""

_STRONGEST, _ROOM, _UNSEEN = 0.9, 1.5, 0.05
"""The quantile of a painting's windows that counts as theirs, how many times that is allowed, and a power that nobody
sees: a wave with an amplitude of 1 of 255."""


@dataclass(frozen=True, slots=True, eq=False)
class FastStyleTerms:
    """The mean loss of a batch, and its parts before they are weighted.

    `content`, `style` and `lattice` are N numbers, 0 where nothing is missing; `variation` is a scalar.
    """

    total: Tensor
    content: Tensor
    style: Tensor
    variation: Tensor
    lattice: Tensor


class FastStyleLoss:
    """The loss of one painting.

    Args:
        backbone: the network that looks, on the painting's device.
        painting: 1×3×h×w, sRGB, 0–1, at the size that gives the wanted strokes.
        weights: as the sliders say; may be changed at any time, also to layers that had no weight before.
        lattice: the weight of what repeats more than in the painting.

    """

    def __init__(self, backbone: Backbone, painting: Tensor, weights: LossWeights, *, lattice: float = 0.0) -> None:
        self.weights, self.lattice = weights, lattice
        self._spectrum = Lattice(painting)
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

    def __call__(
        self, painted: Tensor, content: Mapping[str, Tensor], strength: Tensor, photo: Tensor | None = None
    ) -> FastStyleTerms:
        """Judge what was painted.

        Args:
            painted: N×3×H×W, 0–1.
            content: of the photos, from `content_of`.
            strength: N numbers, 0–1.
            photo: N×3×H×W, 0–1, where no style is asked of its plain ground.

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
            plain = None if photo is None else plainness(photo.float())
            manner = [weight * gram_distances(seen[tap], self._targets[tap], plain) for tap, weight in of_style.items()]
            terms = torch.stack([zero, *kept]).sum(dim=0), torch.stack([zero, *manner]).sum(dim=0)  # layers×N → N
            picture = painted.float()
            variation = total_variation(picture)
            lattice = self._spectrum.excess(picture) if self.lattice else zero
        weights = self.weights
        total = weights.content * terms[0] + weights.style * STYLE_SCALE * strength * terms[1]  # N: α C + β s S
        total = total + self.lattice * LATTICE_SCALE * lattice
        total = total.mean() + weights.total_variation * TV_SCALE * variation  # N → 1: the batch's mean, + γ T
        return FastStyleTerms(total, *terms, variation, lattice)

    def _weighted(self, layers: tuple[float, ...], picture: Tensor) -> dict[str, float]:
        """Weights by tap, normalised as in `StyleObjective`; without those that are zero or see only a point."""
        scales = self._backbone.scales_within(int(picture.shape[2]), int(picture.shape[3]))
        weights = dict(zip(self._backbone.scales, layers, strict=False))
        weights = {tap: weights[tap] for tap in scales if tap in self._targets and weights.get(tap, 0.0) > 0}
        total = max(1.0, sum(weights.values()))
        return {tap: weight / total for tap, weight in weights.items()}


class Lattice:
    """How far the frequencies of a picture's small windows exceed a painting's: its cap is the same in all directions.

    Args:
        painting: 1×3×h×w, 0–1, at least 32 px a side.

    """

    def __init__(self, painting: Tensor) -> None:
        down, across = (torch.fft.fftfreq(_WINDOW), torch.fft.rfftfreq(_WINDOW))
        radius = (down.view(-1, 1).square() + across.square()).sqrt()  # in cycles a pixel: 32×17
        rings = (radius * _WINDOW).round().long()
        with torch.no_grad():
            power = _window_power(painting.float())[0].cpu()
            cap = torch.zeros_like(radius)
            for ring in rings.unique():
                cap[rings == ring] = torch.quantile(power[:, rings == ring].flatten()[: 2**23], _STRONGEST)
        self._cap = (_ROOM * cap + _UNSEEN).to(painting.device)
        self._counts = (radius >= 1.0 / _LONGEST).to(painting.device)

    def excess(self, picture: Tensor) -> Tensor:
        """Mean of max(0, ln P / P*)² over the windows and their frequencies, of N×3×H×W: N; 0 of less than a window."""
        if min(picture.shape[2:]) < _WINDOW:
            return picture.new_zeros(len(picture))
        over: Tensor = ((_window_power(picture) + _UNSEEN) / self._cap).log().clamp_min(0.0)
        excess: Tensor = (over.square() * self._counts).mean(dim=(1, 2, 3))
        return excess


def _window_power(picture: Tensor) -> Tensor:
    """Power spectra of the luma of N×3×H×W in windows of 32 px, each frequency with its neighbours: N×windows×32×17."""
    windows = luma_of(picture)[:, 0].unfold(1, _WINDOW, _WINDOW // 2).unfold(2, _WINDOW, _WINDOW // 2).flatten(1, 2)
    hann = torch.hann_window(_WINDOW, periodic=False, device=picture.device)
    spectrum = torch.fft.rfft2((windows - windows.mean(dim=(-2, -1), keepdim=True)) * hann.view(-1, 1) * hann)
    power = spectrum.real.square() + spectrum.imag.square()
    padded = F.pad(F.pad(power, (1, 1, 0, 0), mode="reflect"), (0, 0, 1, 1), mode="circular")
    return F.avg_pool2d(padded, 3, stride=1)


def gram_distances(features: Tensor, target: Target, plain: Tensor | None = None) -> Tensor:
    """‖G(F) - A‖² / ‖A‖² of each of N×C×H×W features: N numbers.

    Where `plain`, N×1×H'×W' of the picture, is 1, features hardly count; a picture with nothing else is asked for less.
    """
    features, share = features.float(), features.new_ones(len(features), dtype=torch.float32)
    if plain is None:
        flat = features.flatten(2)  # N×C×H×W → N×C×HW
        grams = flat @ flat.transpose(1, 2) / flat.shape[2]  # N×C×HW · N×HW×C → N×C×C
    else:
        asked = 1.0 - (1.0 - _LEAST_ASKED) * plain
        asked = F.adaptive_avg_pool2d(asked, (features.shape[2], features.shape[3]))  # → N×1×H×W
        flat = (features * asked.sqrt()).flatten(2)
        grams = flat @ flat.transpose(1, 2) / asked.sum(dim=(2, 3))[..., None]
        share = (2.0 * asked.mean(dim=(1, 2, 3))).clamp_max(1.0)
    return share * (grams - target.value).square().sum(dim=(1, 2)) / target.energy  # N×C×C → N


def content_distances(features: Tensor, wanted: Tensor) -> Tensor:
    """‖F - P‖² / ‖P‖² of each of N×C×H×W features: N numbers."""
    energy = wanted.float().square().mean(dim=(1, 2, 3)).clamp_min(_TINY)  # N×C×H×W → N
    return (features.float() - wanted.float()).square().mean(dim=(1, 2, 3)) / energy
