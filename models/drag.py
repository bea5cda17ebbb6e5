"""Pictures taken by points and dragged (Pan et al. 2023, "Drag Your GAN").

Features of a middle stage know where things are. So each step asks them to move a little from every handle towards its
target (motion supervision, eq. 1), w follows, and then the handle is looked for where its features have gone (point
tracking, eq. 3).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.gan import Generator

__all__ = ["Drag", "DragSettings", "Point"]

Point: TypeAlias = tuple[float, float]
"""Right and down, in pixels of the picture."""


@dataclass(frozen=True, slots=True)
class DragSettings:
    """How it is dragged. Lengths are shares of the picture's side: the paper's 3 and 12 of 256 px, made out larger.

    Args:
        stage: whose features are followed; None a middle one, at half the picture's side.
        moved: so many stages, from the coarsest, have a w that follows; finer ones keep colours and textures.
        around: radius of what is moved with a handle.
        search: radius in which it is looked for again.
        rate: Adam's, in units of w's deviation.
        mask_weight: how much it counts that everything else stays.

    """

    stage: int | None = None
    moved: int | None = None
    around: float = 0.05
    search: float = 0.1
    rate: float = 0.02
    mask_weight: float = 10.0


class Drag:
    """One picture being dragged.

    Args:
        generator: in eval mode; its weights stay as they are.
        w: 1×styles×style, of the picture.
        handles: what is taken.
        targets: where each shall go.
        mask: 1×1×S×S, 1 where things may move; None everywhere.
        settings: how.

    Attributes:
        w: as it is now.
        handles: where they are now.

    """

    def __init__(
        self, generator: Generator, w: Tensor, handles: Sequence[Point], targets: Sequence[Point],
        mask: Tensor | None = None, settings: DragSettings | None = None,
    ) -> None:  # fmt: skip
        if len(handles) != len(targets) or not handles:
            raise ValueError("Every handle has one target, and there is one at least.")
        self._generator, self._settings = generator, settings or DragSettings()
        stage = self._settings.stage
        self._stage = max(0, generator.stages - 2) if stage is None else stage
        kept = self._settings.moved
        self._follows = min(generator.styles, self._stage + 1) if kept is None else kept
        self.w = w.detach().clone()
        self.handles: list[Point] = [(float(x), float(y)) for x, y in handles]
        self._targets: list[Point] = [(float(x), float(y)) for x, y in targets]
        self._mask = mask
        self._coarse = self.w[:, : self._follows].clone().requires_grad_()
        deviation = float(w.std()) or 1.0
        self._optimiser = torch.optim.Adam([self._coarse], lr=self._settings.rate * deviation)
        with torch.no_grad():
            self._first, _ = self._made()
            self._taken = [_sampled(self._first, [point])[0] for point in self.handles]  # C each: what a handle is

    @property
    def distance(self) -> float:
        """How far handles are from their targets on average, in pixels."""
        return sum(self._distances()) / len(self.handles)

    @property
    def is_there(self) -> bool:
        """Whether every handle has come to within a pixel of its target."""
        return max(self._distances()) <= 1.0

    def _distances(self) -> list[float]:
        return [math.dist(*pair) for pair in zip(self.handles, self._targets, strict=True)]

    def step(self) -> Tensor:
        """Drag a little; returns the picture, 1×3×S×S, 0–1."""
        with torch.enable_grad():
            features, _ = self._made()
            loss = torch.zeros((), device=features.device)
            for handle, target in zip(self.handles, self._targets, strict=True):
                loss = loss + self._supervised(features, handle, target)
            if self._mask is not None:
                stays = 1.0 - F.interpolate(self._mask, features.shape[2:], mode="area")
                loss = loss + self._settings.mask_weight * ((features - self._first).abs() * stays).mean()
            (self._coarse.grad,) = torch.autograd.grad(loss, self._coarse)
        self._optimiser.step()
        self.w = torch.cat([self._coarse.detach(), self.w[:, self._follows :]], dim=1)
        with torch.no_grad():
            now, picture = self._made()
            self.handles = [
                self._tracked(now, handle, taken) for handle, taken in zip(self.handles, self._taken, strict=True)
            ]
            return ((picture + 1.0) / 2.0).clamp(0.0, 1.0)

    def _made(self) -> tuple[Tensor, Tensor]:
        """Return the stage's features at the picture's size, 1×C×S×S, and the picture, 1×3×S×S, −1…1."""
        heard: list[Tensor] = []

        def listen(stage: int, x: Tensor) -> Tensor:
            if stage == self._stage:
                heard.append(x)
            return x

        rest = self.w[:, self._follows :]
        picture = self._generator.synthesise(torch.cat([self._coarse, rest], dim=1), listen)
        size = self._generator.size
        return F.interpolate(heard[0], (size, size), mode="bilinear").float(), picture

    def _supervised(self, features: Tensor, handle: Point, target: Point) -> Tensor:
        """Return how far what lies around a handle is from being a step further on (eq. 1)."""
        across, down = target[0] - handle[0], target[1] - handle[1]
        length = math.hypot(across, down)
        if length <= 1.0:
            return features.sum() * 0.0
        step = min(1.0, length)
        around = _around(handle, self._settings.around * self._generator.size)
        ahead = [(x + step * across / length, y + step * down / length) for x, y in around]
        return (_sampled(features, ahead) - _sampled(features, around).detach()).abs().mean()

    def _tracked(self, features: Tensor, handle: Point, taken: Tensor) -> Point:
        """Return where what was taken is now: the place nearby whose features are nearest (eq. 3)."""
        size = self._generator.size
        nearby = _around(handle, self._settings.search * size)
        nearby = [(x, y) for x, y in nearby if 0 <= x <= size - 1 and 0 <= y <= size - 1] or [handle]
        far = (_sampled(features, nearby) - taken).abs().sum(dim=1)
        return nearby[int(far.argmin())]


def _around(point: Point, radius: float) -> list[Point]:
    """Return the points a pixel apart around one, within a radius of 1 px at least."""
    reach = max(1, round(radius))
    steps = range(-reach, reach + 1)
    return [(point[0] + x, point[1] + y) for y in steps for x in steps if x * x + y * y <= reach * reach]


def _sampled(features: Tensor, points: Sequence[Point]) -> Tensor:
    """Return 1×C×S×S features at P points, P×C, between pixels as well."""
    height, width = features.shape[2:]
    places = torch.tensor(list(points), dtype=features.dtype, device=features.device)
    grid = (2.0 * places + 1.0) / places.new_tensor([width, height]) - 1.0
    found = F.grid_sample(features, grid.view(1, 1, -1, 2), padding_mode="border", align_corners=False)
    return found[0, :, 0].T
