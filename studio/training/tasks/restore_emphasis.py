"""How much an error counts at each place of a batch: 1, and more where somebody has painted."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from studio.training.emphasis import Emphasis, EmphasisFolder

__all__ = ["PaintedWeights"]


class PaintedWeights:
    """The painted maps of a run, by the number of their picture.

    Args:
        run: its folder; None where it has none.
        contents: each picture's checksum.

    """

    def __init__(self, run: Path | None, contents: Sequence[str]) -> None:
        self._folder = EmphasisFolder(run) if run is not None else None
        self._numbers = {content: number for number, content in enumerate(contents)}
        self._maps: dict[int, Tensor] = {}
        self._emphasis = Emphasis()

    def adopt(self, emphasis: Emphasis) -> None:
        """Let these maps hold from now on.

        Raises:
            StudioError: one of them is gone.

        """
        if emphasis == self._emphasis or self._folder is None:
            return
        known = {content: number for content, number in self._numbers.items() if content in emphasis.maps}
        maps = {number: self._folder.read(emphasis.maps[content]) for content, number in known.items()}
        self._maps = {number: torch.from_numpy(one.copy())[None, None] for number, one in maps.items()}
        self._emphasis = emphasis

    def of(self, places: Tensor, size: int, extra: float) -> Tensor | None:
        """Return N×1×S×S: 1, and up to 1 + `extra` where it is painted; None where nothing is.

        Args:
            places: N×7, of each example: the number of its picture; the part of it that is shown, by top, left, height
                and width as shares (0–1) of the picture's; how many quarters that was turned; whether it was mirrored.
            size: S, px.
            extra: how much more an error counts where it is painted in full.

        """
        if not self._maps or not extra:
            return None
        found = [self._cut(place, size) for place in places.tolist()]
        if all(one is None for one in found):
            return None
        blank = torch.zeros(1, size, size)
        return 1.0 + extra * torch.stack([blank if one is None else one for one in found]).to(places.device)

    def _cut(self, place: list[float], size: int) -> Tensor | None:
        """Return how much is painted of what an example shows, 1×S×S, 0–1."""
        number, top, left, height, width, turns, mirrored = place
        if (painted := self._maps.get(int(number))) is None:
            return None
        middles = (torch.arange(size) + 0.5) / size
        down, across = (2 * (start + length * middles) - 1 for start, length in ((top, height), (left, width)))
        grid = torch.stack(torch.meshgrid(down, across, indexing="ij")[::-1], dim=-1)[None]  # x, then y: −1–1
        cut = F.grid_sample(painted.float() / 255.0, grid, padding_mode="border", align_corners=False)[0]
        cut = torch.rot90(cut, int(turns), (1, 2))
        return cut.flip(2) if mirrored else cut
