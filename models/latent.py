"""Where pictures come from: points of a generator's latent space, ways between them, and what each stage makes of them.

A seed is a point z whose numbers are normal; a generator's mapping makes a w of it, in which directions mean something
(Karras et al. 2019, "StyleGAN", section 4). Pictures are made of one w for every stage, so that they can be mixed.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.gan import Generator, Listener

__all__ = [
    "Bend", "Curve", "bent", "eased", "latents_of", "less_typical", "mean_style", "mixed_styles", "pictures_of",
    "sampled_styles", "slerp", "spline", "walk",
]  # fmt: skip

Curve: TypeAlias = Literal["slerp", "line", "spline"]
_BATCH = 64
_SAMPLED = 4096
"""So many points tell what is typical."""


def latents_of(seeds: Iterable[int], size: int) -> Tensor:
    """Return the points of seeds, N×size: each depends on its own seed alone, on every computer."""
    points = [torch.randn(size, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return torch.stack(points) if points else torch.zeros(0, size)


@torch.no_grad()
def pictures_of(generator: Generator, w: Tensor, listen: Listener | None = None) -> Tensor:
    """Return pictures, N×3×S×S, 0–1, of w, N×style or N×styles×style, a batch at a time."""
    made = [generator.synthesise(part, listen) for part in torch.split(w, _BATCH)]
    return ((torch.cat(made) + 1.0) / 2.0).clamp(0.0, 1.0)


@torch.no_grad()
def sampled_styles(generator: Generator, count: int = _SAMPLED) -> Tensor:
    """Return w of `count` points, count×style: the same each time."""
    z = torch.randn(count, generator.latent, generator=torch.Generator().manual_seed(0))
    return generator.map(z.to(next(generator.parameters()).device))


def mean_style(generator: Generator) -> Tensor:
    """Return the most typical w, 1×style: the mean over many points."""
    return sampled_styles(generator).mean(dim=0, keepdim=True)


def less_typical(w: Tensor, mean: Tensor, amount: float) -> Tensor:
    """Return w at `amount` times its distance from what is typical: 0 the most typical picture, 1 as it is.

    (The truncation trick: Karras et al. 2019, appendix B, ψ.)
    """
    return w if amount == 1.0 else mean + amount * (w - mean)


def mixed_styles(w: Tensor, other: Tensor, stages: Sequence[float]) -> Tensor:
    """Return w with shares of another's, stage by stage: N×styles×style (Karras et al. 2019, section 3.1).

    Args:
        w: N×styles×style.
        other: the same.
        stages: for each stage the share of the other, 0–1; coarse stages come first.

    """
    shares = w.new_tensor(list(stages)).view(1, -1, 1)
    return torch.lerp(w, other, shares)


# -- ways ------------------------------------------------------------------------------------------------------------


def slerp(one: Tensor, other: Tensor, share: float | Tensor) -> Tensor:
    """Return what lies between …×D points, along the great circle through them (Shoemake 1985; White 2016).

    Half way between two points of a normal distribution a straight line is nearer to the middle than points ever are;
    here lengths go evenly from one to the other.
    """
    share = torch.as_tensor(share, dtype=one.dtype, device=one.device)
    lengths = one.norm(dim=-1, keepdim=True), other.norm(dim=-1, keepdim=True)
    a, b = (point / length.clamp_min(1e-12) for point, length in zip((one, other), lengths, strict=True))
    cosine = (a * b).sum(dim=-1, keepdim=True).clamp(-1.0, 1.0)
    angle = torch.arccos(cosine)
    sine = torch.sin(angle)
    # (almost) the same direction: a straight line is the arc, and does not divide by nothing
    straight = sine < 1e-4
    weight_a = torch.where(straight, 1.0 - share, torch.sin((1.0 - share) * angle) / sine.clamp_min(1e-12))
    weight_b = torch.where(straight, share, torch.sin(share * angle) / sine.clamp_min(1e-12))
    direction: Tensor = weight_a * a + weight_b * b
    return direction * torch.lerp(lengths[0], lengths[1], share)


def spline(points: Tensor, closed: bool, segment: int, share: float) -> Tensor:
    """Return a point of the Catmull-Rom spline through K×… points: no corners at any of them.

    Args:
        points: where it passes.
        closed: whether the first follows the last.
        segment: the number of the point behind which it lies.
        share: how far towards the next one, 0–1.

    """
    count = len(points)

    def point(number: int) -> Tensor:
        return points[number % count] if closed else points[min(max(number, 0), count - 1)]

    p0, p1, p2, p3 = (point(segment + offset) for offset in (-1, 0, 1, 2))
    t, t2, t3 = share, share**2, share**3
    return 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t2 + (3 * p1 - p0 - 3 * p2 + p3) * t3)


def walk(
    points: Tensor, frames: int, *, closed: bool = False, curve: Curve = "slerp",
    easing: Callable[[float], float] = lambda t: t,
) -> Tensor:  # fmt: skip
    """Return points along a way through K×… points, in order.

    Args:
        points: where it passes.
        frames: how many from one of them to the next.
        closed: whether it comes back to the first: the last frame is then followed by the first one.
        curve: along great circles (of z), straight lines, or a spline without corners (of w).
        easing: 0–1 → 0–1, how far it is after a share of each stretch's time.

    Returns:
        (K·frames)×… of a closed way, ((K − 1)·frames + 1)×… of an open one.

    """
    count = len(points)
    stretches = count if closed else count - 1
    found: list[Tensor] = []
    for stretch in range(stretches):
        one, other = points[stretch], points[(stretch + 1) % count]
        for frame in range(frames):
            share = easing(frame / frames)
            if curve == "spline":
                found.append(spline(points, closed, stretch, share))
            else:
                found.append(slerp(one, other, share) if curve == "slerp" else torch.lerp(one, other, share))
    if not closed:
        found.append(points[-1])
    return torch.stack(found)


def eased(t: float) -> float:
    """Set off and arrive softly: 3t² − 2t³."""
    return t * t * (3.0 - 2.0 * t)


# -- bending -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bend:
    """What is done to a stage's features on their way (Broad et al. 2021, "Network Bending").

    Args:
        stage: which, from the coarsest.
        zoom: > 1 larger.
        turn: degrees, against the clock.
        right: share of the side by which they move.
        down: likewise.
        gain: factor of their values.
        noise: standard deviation of what is added, in units of theirs.
        seed: of the noise.

    """

    stage: int
    zoom: float = 1.0
    turn: float = 0.0
    right: float = 0.0
    down: float = 0.0
    gain: float = 1.0
    noise: float = 0.0
    seed: int = 0

    def __call__(self, x: Tensor) -> Tensor:
        """N×C×H×W → the same shape; where nothing is to be done, the very same."""
        if (self.zoom, self.turn, self.right, self.down) != (1.0, 0.0, 0.0, 0.0):
            x = self._moved(x)
        if self.gain != 1.0:
            x = x * self.gain
        if self.noise:
            drawn = torch.randn(1, *x.shape[1:], generator=torch.Generator().manual_seed(self.seed))
            x = x + self.noise * x.std(dim=(1, 2, 3), keepdim=True) * drawn.to(x)
        return x

    def _moved(self, x: Tensor) -> Tensor:
        angle = math.radians(self.turn)
        cosine, sine = math.cos(angle) / self.zoom, math.sin(angle) / self.zoom
        # where each place comes from, in units of half a side
        back = torch.tensor([[cosine, -sine], [sine, cosine]])
        origin = back @ torch.tensor([[-2.0 * self.right], [-2.0 * self.down]])
        places = torch.cat([back, origin], dim=1).to(x.device).expand(len(x), -1, -1)
        grid = F.affine_grid(places, list(x.shape), align_corners=False)  # half precision would not know the pixels
        return F.grid_sample(x.float(), grid, padding_mode="reflection", align_corners=False).to(x.dtype)


def bent(bends: Iterable[Bend]) -> Listener:
    """Return a listener that bends features, one after the other at each stage."""
    by_stage: dict[int, list[Bend]] = {}
    for bend in bends:
        by_stage.setdefault(bend.stage, []).append(bend)

    def listen(stage: int, x: Tensor) -> Tensor:
        for bend in by_stage.get(stage, ()):
            x = bend(x)
        return x

    return listen
