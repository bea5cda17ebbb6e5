"""What a pair of worlds in training is measured by: not by its critics, which only tell of each other.

How much pictures look like real ones of that world is the kernel distance (`models.kernel_distance`) of what a network
sees in parts of them, beside that of real ones; all else tells whether something is happening at all.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from models.backbones import Backbone
from models.kernel_distance import KernelDistance
from studio.training.data.sampler import seed_of

if TYPE_CHECKING:
    from studio.training.tasks.translate_worlds import Squares

__all__ = ["Likeness", "Watch", "changes"]

_AT_ONCE = 50
_SMALLEST = 32
"""Side of the parts, px, at least; else half of a square's."""
_LUMA = (0.2126, 0.7152, 0.0722)

_PATIENCE = 4
"""So many checks in a row have to find the same trouble."""
_LEAST = {"changed": 1.0, "variety": 0.05, "light": -0.3}
"""Levels of 255 by which pictures change; how different they are from each other, as a share of what they were; how
light and dark correlate with what they were."""
_MOST = {"critic": 0.98}
"""Of how large a share of places a critic is right."""
_TROUBLE = {
    "changed": "What goes to world {} comes out as it went in: nothing happens. Lower “Keep its own”, or begin again "
    "with a narrower critic.",
    "variety": "Everything that goes to world {} becomes the same picture (collapse). Begin again with more pictures, "
    "or with “Few pictures” on.",
    "light": "Light and dark have changed places on the way to world {} (colour inversion). Begin again with another "
    "seed, or with more of “Keep its own”, for longer.",
    "critic": "The critic of world {} is never taken in any more, so nothing can be learnt from it. Begin again with "
    "“Few pictures” on, more of “Calm critics”, or a narrower critic.",
}
_WORSE, _IN_A_ROW = 2.0, 2
"""How many times as bad as at its best what is made has become, at so many checks in a row, where it diverges."""


class Likeness:
    """How far pictures are from the real ones of a world.

    Args:
        backbone: looks.
        count: of the parts that are compared.
        side: of the pictures, px.

    """

    def __init__(self, backbone: Backbone, count: int, side: int) -> None:
        self._backbone, self._count = backbone, count
        self._side = max(_SMALLEST, side // 2)
        self._taps = backbone.scales_within(self._side, self._side)
        self._device = next(backbone.parameters()).device
        self.worlds: dict[str, KernelDistance] = {}
        self.spreads: dict[str, float] = {}

    def learning(self, real: "Squares", others: "Squares", worlds: str) -> Generator[None, None, None]:
        """Look at the real pictures of both worlds, those that are kept and some that are learnt from."""
        for world in worlds:
            one = yield from self._seen(real[world])
            other = yield from self._seen(others[world])
            self.worlds[world] = KernelDistance(one, other)
            self.spreads[world] = self.worlds[world].spread

    def of(self, pictures: Sequence[Tensor], world: str) -> Generator[None, None, float]:
        """Return how far pictures, 1×3×S×S, 0–1, are from a world."""
        seen = yield from self._seen(pictures)
        return self.worlds[world].to(seen)

    @torch.no_grad()
    def _seen(self, pictures: Sequence[Tensor]) -> Generator[None, None, Tensor]:
        """Return what is seen in parts of some pictures: N×D, the mean of each channel at each scale."""
        chance = torch.Generator().manual_seed(seed_of("parts") % 2**63)
        parts, seen = [], []
        for number in range(self._count):
            picture = pictures[number % len(pictures)]
            top, left = (int(torch.randint(side - self._side + 1, (), generator=chance)) for side in picture.shape[2:])
            parts.append(picture[:, :, top : top + self._side, left : left + self._side])
        for first in range(0, self._count, _AT_ONCE):
            some = torch.cat(parts[first : first + _AT_ONCE]).to(self._device, torch.float32)
            found = self._backbone(some, self._taps)
            seen.append(torch.cat([found[tap].mean(dim=(2, 3)) for tap in self._taps], dim=1).cpu())
            yield
        return torch.cat(seen)


def changes(given: Sequence[Tensor], made: Sequence[Tensor]) -> Mapping[str, float]:
    """Return what has happened to pictures, 1×3×S×S, 0–1, on their way.

    changed: by how many levels of 255, on average.
    variety: how different from one another they are, as a share of how different they were.
    light: whether what was light is light still: the correlation of luma, −1 where all is inverted.
    """
    before, after = torch.cat(list(given)), torch.cat(list(made))
    luma = before.new_tensor(_LUMA).view(1, 3, 1, 1)
    grey = torch.stack([(x * luma).sum(1).flatten() for x in (before, after)])
    spreads = [float(x.std(dim=0, correction=0).mean()) for x in (before, after)]
    return {
        "changed": float((after - before).abs().mean()) * 255,
        "variety": spreads[1] / max(spreads[0], 1e-6) if len(before) > 1 else 1.0,
        "light": float(torch.nan_to_num(torch.corrcoef(grey)[0, 1])),
    }


class Watch:
    """Notices what does not mend itself any more.

    Attributes:
        times: how many checks in a row have found each trouble.
        best: the least that the measure has been; None before the first check.

    """

    def __init__(self) -> None:
        self.times: dict[str, int] = {}
        self.best: float | None = None

    def alarm(self, values: Mapping[str, float]) -> str:
        """Take note of a check; returns what is wrong, and what to do, once it has been so long enough."""
        for name, value in values.items():
            what, _, world = name.partition("_")
            if what not in _TROUBLE:
                continue
            wrong = value < _LEAST[what] if what in _LEAST else value >= _MOST[what]
            if self._lasts(name, wrong, _PATIENCE):
                return _TROUBLE[what].format(world.upper())
        return ""

    def setback(self, value: float, *, spread: float, slowing: bool) -> str:
        """Take note of the measure; returns what is wrong where it has run away since the rate began to fall.

        Args:
            value: small is good.
            spread: by how much it may differ by chance.
            slowing: whether the rate is falling.

        """
        best = self.best
        self.best = value if best is None else min(best, value)
        worse = best is not None and value > _WORSE * max(best, 0.0) + 3 * spread
        if not self._lasts("worse", worse and slowing, _IN_A_ROW):
            return ""
        return f"Since the rate is falling it has become worse instead of better ({value:.3g}, at its best {best:.3g})."

    def _lasts(self, name: str, wrong: bool, patience: int) -> bool:
        self.times[name] = self.times.get(name, 0) + 1 if wrong else 0
        return self.times[name] >= patience
