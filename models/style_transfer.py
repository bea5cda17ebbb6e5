"""Neural style transfer: the loss that a painting minimises (Gatys, Ecker & Bethge 2016).

    L = α · Σ wᵢ Cᵢ / max(1, Σ wᵢ)  +  β · Σ vᵢ Sᵢ / max(1, Σ vᵢ)  +  γ · T           (their eq. 7, plus T)

C and S are each layer's content and style loss divided by its target's energy, T the mean total variation. Averaging
over the weighted layers makes a weight of 1.0 mean the same whatever else is switched on; below a total weight of 1 the
whole term fades out instead of jumping.

That is all that version 0.1 knew. Where paint is to be clean, β also weighs the distance from `clean_paint`, to which
vᵢ say how much energy each octave is to have, and T keeps edges.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.backbones import Backbone
from models.clean_paint import (
    PaintTarget,
    contours_of,
    edge_keeping_variation,
    mixed,
    octave_energies,
    octave_gains,
    paint_distance,
    paint_target,
)
from models.painting_init import size_of
from models.roughness import ranks_of
from models.statistics import (
    Statistic,
    Target,
    distance,
    feature_target,
    measure,
    statistic_target,
    style_distance,
)

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
    each style layer's statistic, `octaves` the energies of its bands: with these the loss under other weights is known
    without the network.
    """

    loss: float
    content: float
    style: float
    total_variation: float
    layers: Mapping[str, float]
    measured: Mapping[str, Tensor]
    octaves: Tensor | None = None


@dataclass(slots=True, eq=False)
class _Terms:
    """The graph of one forward pass."""

    total: Tensor
    content: dict[str, Tensor] = field(default_factory=dict)
    style: dict[str, Tensor] = field(default_factory=dict)
    measured: dict[str, Tensor] = field(default_factory=dict)
    octaves: Tensor | None = None
    paint: Tensor | None = None
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
        below: by how many octaves this size lies below that of the finished painting, which is to be clean; None leaves
            the paint to the Gram matrices alone.

    """

    def __init__(
        self, backbone: Backbone, statistic: Statistic, content: Tensor, styles: Sequence[Tensor],
        *, below: int | None = None,
    ) -> None:  # fmt: skip
        self._backbone = backbone
        self._statistic: Statistic = statistic
        self._content = content
        self._styles = tuple(styles)
        self._below = below
        self._contours = None if below is None else contours_of(content)
        self._ranks = None if below is None else ranks_of(content)
        height, width = content.shape[2:]
        self._scales = backbone.scales_within(height, width)
        for style in styles:
            within = backbone.scales_within(*size_of(style))
            self._scales = tuple(tap for tap in self._scales if tap in within)
        self._content_targets: dict[str, Target] = {}
        self._style_targets: dict[int, dict[str, Tensor]] = {}
        self._paint_targets: dict[int, PaintTarget] = {}
        self._mixed: dict[str, Target] = {}
        self._mixed_for: tuple[float, ...] = ()

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
            features = self._backbone(self._styles[index], self._scales)  # 1×3×h×w → 1×Cᵢ×hᵢ×wᵢ at each tap
            self._style_targets[index] = {tap: measure(x, self._statistic) for tap, x in features.items()}  # → Cᵢ×Cᵢ
            if self._below is not None:
                self._paint_targets[index] = paint_target(self._styles[index])

    @torch.no_grad()
    def capture_content(self, weights: LossWeights) -> None:
        """Keep the photo's features at the layers that are weighted, once."""
        missing = [tap for tap in self._weighted(weights.content_layers, weights.content) if
                   tap not in self._content_targets]  # fmt: skip
        if missing:
            features = self._backbone(self._content, missing)
            self._content_targets.update({tap: feature_target(x) for tap, x in features.items()})

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
        targets = self._mixed_targets(style, weights)
        terms = _Terms(total=image.new_zeros(()))

        def listen(tap: str, features: Tensor) -> Tensor:
            if interrupt is not None and features.requires_grad:
                features.register_hook(lambda _gradient: interrupt())  # type: ignore[no-untyped-call]
            if tap in content:
                terms.content[tap] = content_distance(features, self._content_targets[tap])  # Cᵢ, eq. 1
                terms.total = terms.total + content[tap] * terms.content[tap]  # + α wᵢ Cᵢ
            if tap in style:
                features, loss, terms.measured[tap] = style_distance(features, targets[tap], self._statistic)
                terms.style[tap] = loss  # Sᵢ, eq. 3 and 4
                terms.total = terms.total + style[tap] * loss  # + β vᵢ Sᵢ, eq. 5
            return features

        self._backbone(image, {**content, **style}, listen, interrupt)  # 1×3×H×W → 1×Cᵢ×Hᵢ×Wᵢ at each tap
        if self._below is not None and style:
            terms.octaves = octave_energies(image)
            terms.paint = weights.style * self._paint_distance(image, terms.octaves, weights, self._below)
            terms.total = terms.total + terms.paint
        if weights.total_variation > 0:
            terms.variation = self._variation(image)
            terms.total = terms.total + weights.total_variation * TV_SCALE * terms.variation  # + γ T: eq. 7 is whole
        return terms, _evaluation(terms, content, style, weights)

    def _paint_distance(self, image: Tensor, octaves: Tensor, weights: LossWeights, below: int) -> Tensor:
        shares = weights.shares(self.paintings)
        target = mixed([self._paint_targets[index] for index in range(self.paintings)], shares)
        gains = octave_gains(weights.style_layers, weights.total_variation, below)
        contours, ranks = (self._contours, self._ranks) if weights.content > 0 else (None, None)
        return paint_distance(image, octaves, target, gains, contours, ranks)

    def _variation(self, image: Tensor) -> Tensor:
        return total_variation(image) if self._below is None else edge_keeping_variation(image)

    def reweigh(self, evaluation: Evaluation, picture: Tensor, weights: LossWeights) -> float | None:
        """Return the loss of an evaluated picture under other weights, or None where the network would have to look."""
        content = self._weighted(weights.content_layers, weights.content)
        style = self._weighted(weights.style_layers, weights.style * STYLE_SCALE)
        if not (content.keys() <= evaluation.layers.keys() and style.keys() <= evaluation.measured.keys()):
            return None
        targets = self._mixed_targets(style, weights)
        loss = sum(weight * evaluation.layers[tap] for tap, weight in content.items())
        loss += sum(w * float(distance(evaluation.measured[tap], targets[tap])) for tap, w in style.items())
        if self._below is not None and style:
            if evaluation.octaves is None:
                return None
            loss += weights.style * float(self._paint_distance(picture, evaluation.octaves, weights, self._below))
        if weights.total_variation > 0:
            loss += weights.total_variation * TV_SCALE * float(self._variation(picture))
        return loss

    def _weighted(self, layers: Sequence[float], factor: float) -> dict[str, float]:
        """Weights by tap, normalised; without those that are zero."""
        total = max(1.0, sum(weight for _, weight in zip(self._scales, layers, strict=False)))
        weights = {tap: factor * weight / total for tap, weight in zip(self._scales, layers, strict=False)}
        return {tap: weight for tap, weight in weights.items() if weight > 0}

    def _mixed_targets(self, taps: Iterable[str], weights: LossWeights) -> Mapping[str, Target]:
        """Mixing cached targets costs about a millisecond, and nothing while the mix rests."""
        shares = weights.shares(self.paintings) if self.paintings else ()
        if shares != self._mixed_for:
            self._mixed_for, self._mixed = shares, {}
        for tap in taps:
            if tap not in self._mixed:
                parts = [share * self._style_targets[i][tap] for i, share in enumerate(shares) if share > 0]
                self._mixed[tap] = statistic_target(torch.stack(parts).sum(dim=0))  # K×C×C → C×C, the mean of K styles
        return self._mixed


def _evaluation(
    terms: _Terms, content: Mapping[str, float], style: Mapping[str, float], weights: LossWeights
) -> Evaluation:
    """Read every number off the graph at once: on an accelerator each read waits for the device (a synchronisation)."""
    parts = [terms.total, *terms.content.values(), *terms.style.values()]
    parts += [parts[0].new_zeros(()) if part is None else part for part in (terms.paint, terms.variation)]
    numbers = torch.stack([part.detach() for part in parts]).tolist()
    layers = dict(zip(terms.content, numbers[1:], strict=False))
    styles = dict(zip(terms.style, numbers[1 + len(layers) :], strict=False))
    paint, variation = numbers[-2:]
    return Evaluation(
        loss=numbers[0],
        content=sum(weight * layers[tap] for tap, weight in content.items()),
        style=sum(weight * styles[tap] for tap, weight in style.items()) + paint,
        total_variation=weights.total_variation * TV_SCALE * variation,
        layers=layers,
        measured=terms.measured,
        octaves=None if terms.octaves is None else terms.octaves.detach(),
    )


def content_distance(features: Tensor, target: Target) -> Tensor:
    """‖F - P‖² / ‖P‖² (Gatys et al. 2016, eq. 1, normalised)."""
    return F.mse_loss(features, target.value) / target.energy


def total_variation(image: Tensor) -> Tensor:
    """Mean of the squared differences of neighbouring pixels, over both directions (0 along a side of 1 px)."""
    variation: Tensor = _TotalVariation.apply(image)  # type: ignore[no-untyped-call]
    return variation


class _TotalVariation(torch.autograd.Function):
    """The differences serve the value and the gradient: a fifth of what autograd would do."""

    @staticmethod
    def forward(ctx: Any, image: Tensor) -> Tensor:
        across = image[..., :, 1:] - image[..., :, :-1]  # N×3×H×W → N×3×H×(W-1)
        down = image[..., 1:, :] - image[..., :-1, :]  # N×3×H×W → N×3×(H-1)×W
        ctx.save_for_backward(across, down)
        across, down = across.flatten(), down.flatten()
        return torch.dot(across, across) / max(1, across.numel()) + torch.dot(down, down) / max(1, down.numel())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        across, down = ctx.saved_tensors
        gradient: Tensor = across.new_zeros(*across.shape[:2], across.shape[2], down.shape[3])  # N×3×H×W
        for differences, dimension in ((across, 3), (down, 2)):
            factor = 2.0 * float(gradients[0]) / max(1, differences.numel())
            length = differences.shape[dimension]
            gradient.narrow(dimension, 1, length).add_(
                differences, alpha=factor
            )  # d/dxᵢ₊₁ (xᵢ₊₁ - xᵢ)² = 2 (xᵢ₊₁ - xᵢ)
            gradient.narrow(dimension, 0, length).sub_(differences, alpha=factor)  # d/dxᵢ is its opposite
        return gradient
