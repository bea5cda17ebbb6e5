"""Neural style transfer: the loss that a painting minimises (Gatys, Ecker & Bethge 2016).

    L = α · Σ wᵢ Cᵢ / max(1, Σ wᵢ)  +  β · Σ vᵢ Sᵢ / max(1, Σ vᵢ)  +  γ · T           (their eq. 7, plus T)

C and S are each layer's content and style loss divided by its target's energy, T the mean total variation. Averaging
over the weighted layers makes a weight of 1.0 mean the same whatever else is switched on; below a total weight of 1 the
whole term fades out instead of jumping.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.backbones import Backbone
from models.painting_init import size_of
from models.statistics import Statistic, distance, measure, style_distance

STYLE_SCALE = 20.0
"""β of 1.0 in terms of the normalised losses: where both pull a typical painting equally hard."""
TV_SCALE = 10.0


@dataclass(frozen=True, slots=True)
class LossWeights:
    """What the artist's sliders say; immutable.

    `content_layers` and `style_layers` are the weights of the five scales, finest first. `mix` is the share of each
    painting; it is normalised, and empty means equal shares.
    """

    content: float = 1.0
    style: float = 1.0
    total_variation: float = 0.0
    content_layers: tuple[float, ...] = (0.0, 0.0, 0.0, 1.0, 0.0)
    style_layers: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.0)
    mix: tuple[float, ...] = ()

    def shares(self, paintings: int) -> tuple[float, ...]:
        """Return the share of each of `paintings`; they sum to 1."""
        mix = tuple(max(0.0, share) for share in self.mix[:paintings])
        if self.mix:
            mix += (0.0,) * (paintings - len(mix))
        total = sum(mix)
        return tuple(share / total for share in mix) if total > 0 else (1.0 / paintings,) * paintings


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The loss at one picture and its parts.

    `content` and `style` are the parts as weighted in the sum; `layers` are each content layer's own loss, `measured`
    each style layer's statistic: with these the loss under other weights is known without the network.
    """

    loss: float
    content: float
    style: float
    total_variation: float
    layers: Mapping[str, float]
    measured: Mapping[str, Tensor]


@dataclass(slots=True, eq=False)
class _Terms:
    """The graph of one forward pass."""

    total: Tensor
    content: dict[str, Tensor] = field(default_factory=dict)
    style: dict[str, Tensor] = field(default_factory=dict)
    measured: dict[str, Tensor] = field(default_factory=dict)
    variation: Tensor | None = None


class LossPass:
    """One evaluation in two halves, so that a job can yield between the network's passes."""

    def __init__(self, image: Tensor, terms: _Terms, evaluation: Evaluation) -> None:
        self._image = image
        self._terms = terms
        self.evaluation = evaluation

    def backward(self) -> Tensor:
        """Return the gradient of the loss with respect to the picture; may be called once."""
        if not self._terms.total.requires_grad:  # every weight is zero
            return torch.zeros_like(self._image)
        (gradient,) = torch.autograd.grad(self._terms.total, self._image)
        return gradient


class StyleObjective:
    """The loss at one size: a content picture, paintings, and their cached targets.

    Args:
        backbone: the network that looks.
        statistic: what is measured of the paintings.
        content: 1×3×H×W, sRGB, 0–1.
        styles: the paintings, each 1×3×h×w, at the size that gives the wanted strokes.

    """

    def __init__(self, backbone: Backbone, statistic: Statistic, content: Tensor, styles: Sequence[Tensor]) -> None:
        self._backbone = backbone
        self._statistic: Statistic = statistic
        self._content = content
        self._styles = tuple(styles)
        height, width = content.shape[2:]
        self._scales = backbone.scales_within(height, width)
        for style in styles:
            within = backbone.scales_within(*size_of(style))
            self._scales = tuple(tap for tap in self._scales if tap in within)
        self._content_targets: dict[str, Tensor] = {}
        self._style_targets: dict[int, dict[str, Tensor]] = {}

    @property
    def content(self) -> Tensor:
        """The content picture at this objective's size."""
        return self._content

    @property
    def paintings(self) -> int:
        """How many paintings are mixed."""
        return len(self._styles)

    @torch.no_grad()
    def capture_style(self, index: int) -> None:
        """Measure painting `index` at every scale, once."""
        if index not in self._style_targets:
            features = self._backbone(self._styles[index], self._scales)
            self._style_targets[index] = {tap: measure(x, self._statistic) for tap, x in features.items()}

    @torch.no_grad()
    def capture_content(self, weights: LossWeights) -> None:
        """Keep the photo's features at the layers that are weighted, once."""
        missing = [tap for tap in self._weighted(weights.content_layers, weights.content) if
                   tap not in self._content_targets]  # fmt: skip
        if missing:
            self._content_targets.update(self._backbone(self._content, missing))

    def begin(self, picture: Tensor, weights: LossWeights, interrupt: Callable[[], None] | None = None) -> LossPass:
        """Run the forward pass; `LossPass.backward` runs the other half.

        Args:
            picture: 1×3×H×W, sRGB, 0–1.
            weights: the newest weights.
            interrupt: called between layers, in both halves; may raise to give the evaluation up.

        """
        image = picture.detach().requires_grad_()
        terms, evaluation = self._run(image, weights, interrupt)
        return LossPass(image, terms, evaluation)

    @torch.no_grad()
    def look(self, picture: Tensor, weights: LossWeights, interrupt: Callable[[], None] | None = None) -> Evaluation:
        """Return the loss of `picture` without its gradient."""
        return self._run(picture, weights, interrupt)[1]

    def _run(
        self, image: Tensor, weights: LossWeights, interrupt: Callable[[], None] | None
    ) -> tuple[_Terms, Evaluation]:
        self.capture_content(weights)
        for index in range(self.paintings):
            self.capture_style(index)
        content = self._weighted(weights.content_layers, weights.content)
        style = self._weighted(weights.style_layers, weights.style * STYLE_SCALE)
        features = self._backbone(image, {**content, **style}, interrupt)
        if interrupt is not None and image.requires_grad:
            for feature in features.values():
                feature.register_hook(lambda _gradient: interrupt())
        terms = _Terms(total=image.new_zeros(()))
        for tap, weight in content.items():
            terms.content[tap] = content_distance(features[tap], self._content_targets[tap])
            terms.total = terms.total + weight * terms.content[tap]
        targets = self._mixed_targets(style, weights)
        for tap, weight in style.items():
            terms.style[tap], terms.measured[tap] = style_distance(features[tap], targets[tap], self._statistic)
            terms.total = terms.total + weight * terms.style[tap]
        if weights.total_variation > 0:
            terms.variation = total_variation(image)
            terms.total = terms.total + weights.total_variation * TV_SCALE * terms.variation
        return terms, _evaluation(terms, content, style, weights)

    def reweigh(self, evaluation: Evaluation, picture: Tensor, weights: LossWeights) -> float | None:
        """Return the loss of an evaluated picture under other weights, or None where the network would have to look."""
        content = self._weighted(weights.content_layers, weights.content)
        style = self._weighted(weights.style_layers, weights.style * STYLE_SCALE)
        if not (content.keys() <= evaluation.layers.keys() and style.keys() <= evaluation.measured.keys()):
            return None
        targets = self._mixed_targets(style, weights)
        loss = sum(weight * evaluation.layers[tap] for tap, weight in content.items())
        loss += sum(w * float(distance(evaluation.measured[tap], targets[tap])) for tap, w in style.items())
        if weights.total_variation > 0:
            loss += weights.total_variation * TV_SCALE * float(total_variation(picture))
        return loss

    def _weighted(self, layers: Sequence[float], factor: float) -> dict[str, float]:
        """Weights by tap, normalised; without those that are zero."""
        total = max(1.0, sum(weight for _, weight in zip(self._scales, layers, strict=False)))
        weights = {tap: factor * weight / total for tap, weight in zip(self._scales, layers, strict=False)}
        return {tap: weight for tap, weight in weights.items() if weight > 0}

    def _mixed_targets(self, taps: Mapping[str, float], weights: LossWeights) -> dict[str, Tensor]:
        """Mixing cached targets costs about a millisecond; the network is not asked again."""
        shares = weights.shares(self.paintings) if self.paintings else ()
        mixed = {}
        for tap in taps:
            parts = [share * self._style_targets[i][tap] for i, share in enumerate(shares) if share > 0]
            mixed[tap] = torch.stack(parts).sum(dim=0) if len(parts) > 1 else parts[0]
        return mixed


def _evaluation(
    terms: _Terms, content: Mapping[str, float], style: Mapping[str, float], weights: LossWeights
) -> Evaluation:
    """Read every number off the graph at once: on an accelerator each read waits for the device."""
    parts = [terms.total, *terms.content.values(), *terms.style.values()]
    if terms.variation is not None:
        parts.append(terms.variation)
    numbers = torch.stack([part.detach() for part in parts]).tolist()
    layers = dict(zip(terms.content, numbers[1:], strict=False))
    styles = dict(zip(terms.style, numbers[1 + len(layers) :], strict=False))
    variation = numbers[-1] if terms.variation is not None else 0.0
    return Evaluation(
        loss=numbers[0],
        content=sum(weight * layers[tap] for tap, weight in content.items()),
        style=sum(weight * styles[tap] for tap, weight in style.items()),
        total_variation=weights.total_variation * TV_SCALE * variation,
        layers=layers,
        measured=terms.measured,
    )


def content_distance(features: Tensor, target: Tensor) -> Tensor:
    """‖F - P‖² / ‖P‖² (Gatys et al. 2016, eq. 1, normalised)."""
    return F.mse_loss(features, target) / (target.square().mean() + 1e-12)


def total_variation(image: Tensor) -> Tensor:
    """Mean of the squared differences of neighbouring pixels, over both directions."""
    across = (image[..., :, 1:] - image[..., :, :-1]).square().mean()
    down = (image[..., 1:, :] - image[..., :-1, :]).square().mean()
    return across + down
