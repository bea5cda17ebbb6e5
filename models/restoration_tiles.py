"""Restoring a picture of any size in tiles: what one looks at comes first, and no seam shows.

A tile is worked on with as much around it as its network looks at, and what was around it is thrown away: so every
pixel is what a pass over the whole picture makes of it, up to rounding. Tiles begin where the network's own halving
does. Memory is that of one tile, however large the picture; pixels are converted tile by tile, too.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import gcd
from typing import Any, TypeAlias, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.restoration import Restorer

__all__ = ["Chain", "Tile", "restore_in_tiles", "tiles_of"]

Deep: TypeAlias = NDArray[np.uint16]
LookAt: TypeAlias = Callable[[], tuple[float, float]]
"""Where the artist looks now: x and y as shares of width and height."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a picture, in its pixels: `top` ≤ y < `bottom`, `left` ≤ x < `right`."""

    top: int
    left: int
    bottom: int
    right: int

    def grown(self, by: int, height: int, width: int) -> "Tile":
        """Return the tile with `by` more pixels on each side, as far as the picture goes."""
        return Tile(
            max(0, self.top - by), max(0, self.left - by), min(height, self.bottom + by), min(width, self.right + by)
        )

    def scaled(self, scale: int) -> "Tile":
        """Return the same part of a picture that is `scale` times as wide."""
        return Tile(self.top * scale, self.left * scale, self.bottom * scale, self.right * scale)

    def within(self, outer: "Tile") -> "Tile":
        """Return the tile in the pixels of a part that holds it."""
        return Tile(self.top - outer.top, self.left - outer.left, self.bottom - outer.top, self.right - outer.left)

    def moved(self, down: int, right: int) -> "Tile":
        """Return a tile of the same size, so many pixels further down and to the right."""
        return Tile(self.top + down, self.left + right, self.bottom + down, self.right + right)

    @property
    def cut(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


class Chain(nn.Module):
    """Two restorers, one after the other, as one: a picture is mended before it is enlarged."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.first, self.second = first, second
        one, other = cast(Restorer, first), cast(Restorer, second)
        assert one.scale == 1, "what lies behind an enlargement is measured in larger pixels"
        self.scale = other.scale
        self.multiple = one.multiple * other.multiple // gcd(one.multiple, other.multiple)
        self.held = max(one.held, other.held)
        looks = one.reach, other.reach
        self.reach = None if None in looks else sum(cast(tuple[int, int], looks))

    def forward(self, pictures: Tensor, strength: Tensor) -> Tensor:
        """N×3×H×W, 0–1, and N strengths → N×3×sH×sW."""
        made: Tensor = self.second(self.first(pictures, strength).clamp(0.0, 1.0), strength)
        return made


def tiles_of(height: int, width: int, side: int, multiple: int) -> tuple[Tile, ...]:
    """Divide a picture into tiles of about equal size, at most about `side` a side, that begin at multiples."""
    rows, columns = (_edges(length, side, multiple) for length in (height, width))
    return tuple(Tile(top, left, bottom, right) for top, bottom in pairwise(rows) for left, right in pairwise(columns))


@torch.no_grad()
def restore_in_tiles(
    network: nn.Module,
    picture: NDArray[Any],
    strength: float,
    *,
    side: int,
    overlap: int | None = None,
    look_at: LookAt = lambda: (0.5, 0.5),
    first_look: int = 0,
    made: Deep | None = None,
    wanted: Callable[[Tile], bool] = lambda _tile: True,
) -> Generator[tuple[Tile, float], None, Deep]:
    """Restore one picture; the tile that is nearest to where the artist looks is always the next.

    Args:
        network: a `Restorer` in eval mode; its convolutions may be in half precision and channels last.
        picture: H×W×3|4, uint8 or uint16; a fourth channel is left alone.
        strength: 0–1.
        side: of a tile without what is around it, pixels of the picture.
        overlap: how much is around it; None is as far as the network looks. One that looks at everything takes the
            picture as one tile.
        look_at: asked before each tile.
        first_look: side of a small tile around it that comes before all others, where those are larger, and is made
            again with them: a moment for what the artist waits for. 0 goes without.
        made: where the result is written to, tile by tile; None makes room. Of a network that says something else of
            each pixel it is H×W×K.
        wanted: tells whether a tile of the result is needed; what is not stays in `made` as it was.

    Yields:
        The tile of the result that was written, and the share of the picture that is done, 0–1.

    Returns:
        sH×sW×3, rounded; what lies outside 0–1 is cut off.

    """
    restorer = cast(Restorer, network)
    height, width = picture.shape[:2]
    around = restorer.reach if overlap is None else overlap
    if around is None:
        left, around = [Tile(0, 0, height, width)], 0
    else:
        left = list(tiles_of(height, width, side, restorer.multiple))
    left = [tile for tile in left if wanted(tile.scaled(restorer.scale))]
    around = -(-around // restorer.multiple) * restorer.multiple
    if made is None:
        made = np.empty((height * restorer.scale, width * restorer.scale, 3), np.uint16)
    device = next(network.parameters()).device
    asked, done = torch.tensor([strength], device=device), 0
    pixels = sum((tile.bottom - tile.top) * (tile.right - tile.left) for tile in left)

    def restored(tile: Tile) -> Tile:
        seen = tile.grown(around, height, width)
        output = network(_to_tensor(picture[seen.cut]).to(device), asked)
        place = tile.scaled(restorer.scale)
        rows, columns = place.within(seen.scaled(restorer.scale)).cut
        made[place.cut] = _to_deep(output[:, :, rows, columns])
        return place

    if restorer.reach is not None and 0 < first_look < min(side, height, width):
        first = _around(look_at(), first_look, height, width, restorer.multiple)
        if wanted(first.scaled(restorer.scale)):
            yield restored(first), 0.0
    while left:
        tile = left.pop(_nearest(left, look_at(), height, width))
        place = restored(tile)
        done += (tile.bottom - tile.top) * (tile.right - tile.left)
        yield place, done / pixels
    return made


def _edges(length: int, side: int, multiple: int) -> list[int]:
    """Return 0, the edges between tiles, and `length`."""
    count = max(1, -(-length // side))
    inner = (round(length * number / count / multiple) * multiple for number in range(1, count))
    return [0, *sorted({edge for edge in inner if 0 < edge < length}), length]


def _around(place: tuple[float, float], side: int, height: int, width: int, multiple: int) -> Tile:
    """Return a tile around a place, as far as the picture goes."""
    middle = round(place[1] * height), round(place[0] * width)
    top, left = (
        min(max(0, at - side // 2), length - side) // multiple * multiple
        for at, length in zip(middle, (height, width), strict=True)
    )
    return Tile(top, left, top + side, left + side)


def _nearest(tiles: Sequence[Tile], place: tuple[float, float], height: int, width: int) -> int:
    x, y = place[0] * width, place[1] * height

    def distance(index: int) -> float:
        tile = tiles[index]
        return ((tile.left + tile.right) / 2 - x) ** 2 + ((tile.top + tile.bottom) / 2 - y) ** 2

    return min(range(len(tiles)), key=distance)


def _to_tensor(pixels: NDArray[Any]) -> Tensor:
    """H×W×3|4, uint8 or uint16 → 1×3×H×W float32, 0–1."""
    scale = np.float32(1.0 / np.iinfo(pixels.dtype).max)
    floats = np.multiply(pixels[..., :3], scale, dtype=np.float32)
    return torch.from_numpy(floats).permute(2, 0, 1).unsqueeze(0)


def _to_deep(tile: Tensor) -> Deep:
    """1×3×H×W → H×W×3 uint16."""
    pixels = tile[0].float().clamp(0.0, 1.0).mul_(65535.0).round_().permute(1, 2, 0)
    return pixels.to(torch.int32).cpu().numpy().astype(np.uint16)
