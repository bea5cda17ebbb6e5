"""What a sample shows of a pair of worlds beside what it makes: where it did anything, what it does best and worst."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

__all__ = ["Ranking", "beside", "changed_map", "coverage", "untouched"]

_LOOKED_AT = 8
"""Side of the places, px, that count as changed or not."""
_FULL = 64 / 255
"""A change by so much is shown white."""
_LEAST = 4 / 255
_RANKED = 8
_GAP = 8


def changed_map(given: Tensor, made: Tensor) -> Tensor:
    """Return where a picture, 1×3×S×S, 0–1, was changed, in the same shape: black is nothing, white is much."""
    changed = (made - given).abs().mean(1, keepdim=True)
    side = min(_LOOKED_AT, *changed.shape[2:])
    calm = F.avg_pool2d(F.pad(changed, (side // 2,) * 4, mode="replicate"), side + 1 - side % 2, stride=1)
    return (calm[:, :, : given.shape[2], : given.shape[3]] / _FULL).clamp(0, 1).expand(-1, 3, -1, -1)


def coverage(given: Sequence[Tensor], made: Sequence[Tensor]) -> Tensor:
    """Return the mean of `changed_map` over several pictures: black is what nowhere got a go, 1×3×S×S."""
    maps = [changed_map(*pair) for pair in zip(given, made, strict=True)]
    return torch.cat(maps).mean(0, keepdim=True)


def untouched(given: Sequence[Tensor], made: Sequence[Tensor]) -> float:
    """Return the share, 0–1, of all places of some pictures, 1×3×S×S, that changed by less than 4 levels of 255."""
    changed = (torch.cat(list(made)) - torch.cat(list(given))).abs().mean(1, keepdim=True)
    return float((F.avg_pool2d(changed, min(_LOOKED_AT, *changed.shape[2:])) < _LEAST).float().mean())


@dataclass(frozen=True, slots=True)
class Ranking:
    """The pictures of a check that came back best, and worst.

    Args:
        way: what it is called, such as "A to B".
        errors: of each, in levels of 255.
        shown: by what they are called: each picture of the check, 1×3×S×S, 0–1.
        covered: where anything changed, over all of them.

    """

    way: str
    errors: Sequence[float]
    shown: Mapping[str, Sequence[Tensor]]
    covered: Tensor

    def rows(self) -> dict[str, Tensor]:
        """Return rows of pictures, 1×3×S×W, by name: the best beside the worst, and where anything changed at all."""
        order = sorted(range(len(self.errors)), key=lambda number: self.errors[number])
        number = min(_RANKED, len(order) // 2)
        if not number:
            return {}
        best, worst = order[:number], order[: -number - 1 : -1]
        least, most = self.errors[best[-1]], self.errors[worst[-1]]
        rows = {}
        for name, pictures in self.shown.items():
            parts = [[pictures[one] for one in chosen] for chosen in (best, worst)]
            rows[f"{name}: best (to {least:.0f}), worst (from {most:.0f})"] = beside(*parts)
        rows[f"Changed, all {len(order)} of {self.way}"] = self.covered
        return rows


def beside(*parts: Sequence[Tensor]) -> Tensor:
    """Put pictures, 1×3×S×S, into one row, 1×3×S×W, with a gap between parts."""
    row: list[Tensor] = []
    for part in parts:
        row += [torch.zeros_like(part[0][:, :, :, :_GAP]), *part] if row else part
    return torch.cat(row, dim=3)
