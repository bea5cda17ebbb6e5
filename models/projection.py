"""Where in a generator's latent space a picture lies: the nearest that it can make (Karras et al. 2020, appendix D).

Of some points, an encoder's guess among them where there is one, the nearest is taken; then w follows the gradient:
first one for all stages, which keeps to what the generator knows, then one for each, which comes nearer. What is
compared is what a trained network sees, and the pixels; what is charged for is how untypical w becomes.
"""

from collections.abc import Generator as Steps
from dataclasses import dataclass

import torch
from torch import Tensor

from models.backbones import Backbone
from models.directions import components_of_styles
from models.gan import Generator
from models.latent import mean_style, sampled_styles
from models.style_encoder import StyleEncoder

__all__ = ["Projection", "ProjectionSettings", "projecting"]

_CANDIDATES = 64
_FLOOR = 0.1
_BEYOND = 0.1
"""How much it counts how far a pixel is beyond black or white."""
_RATE, _RISES, _FALLS = 0.1, 0.05, 0.25
"""Adam's rate; of the way it rises at first and falls to 0 in the end (ibid.)."""


@dataclass(frozen=True, slots=True)
class ProjectionSettings:
    """How a picture is looked for.

    Args:
        steps: how often w is moved; half of them for all stages together.
        pixels: how much pixels count beside what the network sees.
        prior: how much it counts that w is typical: at 1 a deviation more costs as much as a hundredth of what two
            pictures that the generator makes differ in.

    """

    steps: int = 200
    pixels: float = 1.0
    prior: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """What was found.

    Args:
        w: 1×styles×style.
        loss: how far its picture is from the one that was looked for: 1 is as far as a picture picked at random.
        untypical: the mean square of w in standard deviations along its principal components; 1 at most is usual.

    """

    w: Tensor
    loss: float
    untypical: float

    @property
    def similarity(self) -> float:
        """How alike it is, 0–1: 0 no more than a picture picked at random, 1 the same."""
        return max(0.0, 1.0 - self.loss)


class _Distance:
    """How far pictures are from one, where 1 is how far the generator's own pictures are on average."""

    def __init__(self, backbone: Backbone, wanted: Tensor, others: Tensor, pixels: float) -> None:
        self._backbone = backbone
        self._taps = backbone.scales_within(*wanted.shape[2:])
        self._wanted, self._pixels = wanted, pixels
        with torch.no_grad():
            self._right = backbone(wanted, self._taps)
            seen = backbone(others, self._taps)
            self._usual = {tap: (seen[tap] - self._right[tap]).square().mean() + 1e-12 for tap in self._taps}
            self._usual_pixels = (others - wanted).square().mean() + 1e-12

    def __call__(self, pictures: Tensor) -> Tensor:
        """N×3×S×S, 0–1 → N."""
        seen = self._backbone(pictures, self._taps)
        terms = [(seen[tap] - self._right[tap]).square().mean(dim=(1, 2, 3)) / self._usual[tap] for tap in self._taps]
        looks: Tensor = torch.stack(terms).mean(dim=0)
        pixels: Tensor = (pictures - self._wanted).square().mean(dim=(1, 2, 3)) / self._usual_pixels
        return (looks + self._pixels * pixels) / (1.0 + self._pixels)


def projecting(
    generator: Generator,
    backbone: Backbone,
    picture: Tensor,
    settings: ProjectionSettings | None = None,
    encoder: StyleEncoder | None = None,
) -> Steps[Projection, None, Projection]:
    """Look for a picture; yields what is found after each step, and returns the best.

    Args:
        generator: in eval mode; its weights stay as they are.
        backbone: looks, on the same device.
        picture: 1×3×S×S, 0–1, of the generator's size.
        settings: how.
        encoder: guesses where to begin, on the same device.

    """
    settings = settings or ProjectionSettings()
    candidates = sampled_styles(generator, _CANDIDATES)
    with torch.no_grad():
        distance = _Distance(backbone, picture, _pictures(generator, candidates).clamp(0.0, 1.0), settings.pixels)
        if encoder is not None:
            candidates = torch.cat([encoder(picture), candidates])
        nearest = int(distance(_pictures(generator, candidates).clamp(0.0, 1.0)).argmin())
    typical = mean_style(generator)
    components = components_of_styles(generator, generator.style)
    lengths = components.vectors.norm(dim=1)
    # w − typical → deviations; where w hardly varies, a tenth of the largest one counts as one: else they rule alone
    floor = lengths.clamp_min(_FLOOR * float(lengths[0]))
    whiten = components.vectors / (lengths.clamp_min(1e-12) * floor)[:, None]
    w = candidates[nearest][None, None].clone()  # 1×1×style: one for all stages
    best: Projection | None = None
    for apart in (False, True):
        steps = settings.steps // 2
        w = (generator.by_stage(w[:, 0]) if apart else w).detach().clone().requires_grad_()
        optimiser = torch.optim.Adam([w], lr=0.0, betas=(0.9, 0.99))
        scale = float(lengths.square().sum().sqrt()) / generator.style**0.5  # of a number of w
        for step in range(steps):
            with torch.enable_grad():
                by_stage = w if apart else w.expand(-1, generator.styles, -1)
                pictures = _pictures(generator, by_stage)
                shown = pictures.clamp(0.0, 1.0)
                # what lies beyond black and white looks the same, but should find its way back
                far = distance(shown + _BEYOND * (pictures - shown)).sum()
                untypical = ((w - typical) @ whiten.T).square().mean()
                loss = far + 0.01 * settings.prior * untypical
                (gradient,) = torch.autograd.grad(loss, w)
            with torch.no_grad():  # how far it is, is that of the picture as it is seen
                seen = distance(shown.detach()).item()
            found = Projection(by_stage.detach().clone(), seen, untypical.item())
            if best is None or found.loss < best.loss:
                best = found
            w.grad = gradient
            optimiser.param_groups[0]["lr"] = scale * _RATE * _pace(step / steps)
            optimiser.step()
            yield found
        if best is not None and apart is False:
            w = best.w[:, :1]
    assert best is not None, "a projection takes two steps at least"
    return best


def _pace(t: float) -> float:
    """Return the share of the rate after the share t of the steps."""
    rise, fall = min(1.0, (t + 0.01) / _RISES), min(1.0, (1.0 - t) / _FALLS)
    return rise * fall


def _pictures(generator: Generator, w: Tensor) -> Tensor:
    return (generator.synthesise(w) + 1.0) / 2.0
