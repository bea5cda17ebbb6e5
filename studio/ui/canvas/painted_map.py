"""What is painted over a picture, at full resolution, and the tiles of it that a step of undo keeps."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["LARGEST_SIDE", "PackedTiles", "PaintedMap", "Region", "Tiles", "Touched", "size_of_map"]

LARGEST_SIDE = 4096
"""Longer side, px, up to which what is painted is as fine as the picture."""
TILE = 128
"""Side of a tile, px."""

Tiles: TypeAlias = Mapping[tuple[int, int], NDArray[np.uint8]]
"""(row, column) of a tile → its pixels; of one that is all alike a single one."""


def size_of_map(width: int, height: int, largest: int = LARGEST_SIDE) -> tuple[int, int]:
    """Return width and height, px, of what is painted over a picture of this size."""
    share = min(1.0, largest / max(width, height))
    return max(1, round(width * share)), max(1, round(height * share))


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of pixels, from `top` to before `bottom`."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def is_empty(self) -> bool:
        """Whether there is no pixel in it."""
        return self.right <= self.left or self.bottom <= self.top

    @property
    def cut(self) -> tuple[slice, slice]:
        """Rows and columns of an array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def within(self, width: int, height: int) -> "Region":
        """Return the part of it that lies in a picture of this size."""
        return Region(max(0, self.left), max(0, self.top), min(width, self.right), min(height, self.bottom))

    def joined(self, other: "Region") -> "Region":
        """Return the smallest one around both."""
        if self.is_empty or other.is_empty:
            return other if self.is_empty else self
        return Region(
            min(self.left, other.left), min(self.top, other.top),
            max(self.right, other.right), max(self.bottom, other.bottom),
        )  # fmt: skip


NOWHERE = Region(0, 0, 0, 0)


class PaintedMap:
    """A mask (H×W, 0–255) or colours (H×W×4, RGBA with straight alpha) that a hand changes in place.

    Whoever changes `pixels` says so with `note_change`.
    """

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.pixels = np.ascontiguousarray(pixels)
        self.version = 0
        """Counts the changes."""
        self.changed_last = self.whole
        """Where the last change was."""

    @classmethod
    def blank(cls, width: int, height: int, *, colours: bool = False) -> Self:
        """Return one on which nothing is painted."""
        return cls(np.zeros((height, width, 4) if colours else (height, width), np.uint8))

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])

    @property
    def has_colours(self) -> bool:
        """Whether colours are painted, rather than places."""
        return self.pixels.ndim == 3

    @property
    def whole(self) -> Region:
        """All of it."""
        return Region(0, 0, self.width, self.height)

    @property
    def is_blank(self) -> bool:
        """Whether nothing is painted."""
        return not self.pixels.any()

    def copy(self) -> "PaintedMap":
        """Return another one with the same on it."""
        return PaintedMap(self.pixels.copy())

    def note_change(self, region: Region) -> None:
        """What lies there is another."""
        self.version += 1
        self.changed_last = region

    def swap(self, tiles: Tiles) -> tuple[Tiles, Region]:
        """Put these tiles in; returns those that were there, and where they lie."""
        taken: dict[tuple[int, int], NDArray[np.uint8]] = {}
        around = NOWHERE
        for place, tile in tiles.items():
            region = self._region(place)
            taken[place] = compact(self.pixels[region.cut])
            self.pixels[region.cut] = tile
            around = around.joined(region)
        self.note_change(around)
        return taken, around

    def replace(self, pixels: NDArray[np.uint8]) -> tuple[Tiles, Region]:
        """Paint all of it anew; returns the tiles that were there where it is different now."""
        fresh = {
            place: pixels[region.cut]
            for place, region in self.tiles_in(self.whole)
            if not np.array_equal(pixels[region.cut], self.pixels[region.cut])
        }
        return self.swap(fresh)

    def tiles_in(self, region: Region) -> Iterator[tuple[tuple[int, int], Region]]:
        """Yield every tile that a region touches."""
        if region.is_empty:
            return
        for row in range(region.top // TILE, (region.bottom - 1) // TILE + 1):
            for column in range(region.left // TILE, (region.right - 1) // TILE + 1):
                yield (row, column), self._region((row, column))

    def _region(self, place: tuple[int, int]) -> Region:
        top, left = place[0] * TILE, place[1] * TILE
        return Region(left, top, left + TILE, top + TILE).within(self.width, self.height)

    def fitted(self, width: int, height: int) -> "PaintedMap":
        """Return it in another size; itself where it has this one."""
        if (self.width, self.height) == (width, height):
            return self
        how = cv2.INTER_AREA if width < self.width else cv2.INTER_LINEAR
        return PaintedMap(np.asarray(cv2.resize(self.pixels, (width, height), interpolation=how), np.uint8))


class Touched:
    """What a map was like before a stroke, tile by tile, as far as the stroke came.

    Args:
        painted: the map that is going to be changed.

    """

    def __init__(self, painted: PaintedMap) -> None:
        self._map = painted
        self.before: NDArray[np.uint8] = np.empty_like(painted.pixels)  # memory is taken where it is written only
        self._tiles: dict[tuple[int, int], Region] = {}
        self.region = NOWHERE

    def touch(self, region: Region) -> None:
        """Keep what is there, before it is changed."""
        for place, tile in self._map.tiles_in(region):
            if place not in self._tiles:
                self._tiles[place] = tile
                self.before[tile.cut] = self._map.pixels[tile.cut]
                self.region = self.region.joined(tile)

    def tiles(self) -> Tiles:
        """Return what was there, of the tiles that are different now."""
        return {
            place: compact(self.before[tile.cut])
            for place, tile in self._tiles.items()
            if not np.array_equal(self.before[tile.cut], self._map.pixels[tile.cut])
        }

    def put_back(self) -> Region:
        """Let everything be as it was."""
        for tile in self._tiles.values():
            self._map.pixels[tile.cut] = self.before[tile.cut]
        self._map.note_change(self.region)
        return self.region


class PackedTiles:
    """Tiles that are put away for long: a stroke's edge takes a tenth of its bytes."""

    def __init__(self, tiles: Tiles) -> None:
        self._packed = {place: (tile.shape, zlib.compress(tile.tobytes(), 1)) for place, tile in tiles.items()}

    @property
    def nbytes(self) -> int:
        """What they take."""
        return sum(len(data) for _, data in self._packed.values())

    def tiles(self) -> Tiles:
        """Return them as they were."""
        return {
            place: np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape)
            for place, (shape, data) in self._packed.items()
        }


def compact(tile: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a copy of a tile; of one that is all alike only its first pixel, which broadcasts as well."""
    first: Any = tile[:1, :1]
    return np.array(first if (tile == first).all() else tile)
