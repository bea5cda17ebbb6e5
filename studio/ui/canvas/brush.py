"""How a brush lays paint down: its tip, how close its dabs stand, and how a stroke is laid over what is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, hypot, log2, sqrt
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.ui.canvas.painted_map import NOWHERE, PaintedMap, Region, Tiles, Touched

__all__ = ["Brush", "Stroke", "spacing_of", "tip_of"]

Pressure = Literal["size", "flow", "both", "off"]

LIGHTEST = 0.25
"""The share of its diameter that the brush keeps under the lightest pressure of a pen."""
_FINE = 64.0
"""Radius, px, up to which a tip is drawn for the very spot between pixels where it falls."""
_PARTS = 4
"""Into so many parts a pixel is divided for that, and every radius up to there."""
_STEPS = 64
"""So many radii there are, above, up to twice as wide a brush."""
_SHIFT = 4
"""Bits behind the point of a corner's place."""
_BAND = 64
"""Rows that are laid over one another at a time."""
_USUAL_SPACING = 0.25
"""Of the radius: `flow` is what a dab lays down where dabs stand so far apart."""


@dataclass(frozen=True, slots=True)
class Brush:
    """What one paints with.

    Args:
        diameter: on the screen, in logical pixels: as large whatever the zoom, so that one zooms in to paint finely.
        hardness: the share of the radius up to which it paints with all it has; 1 is a sharp edge.
        opacity: the most that one stroke lays down, 0–1.
        flow: what each dab lays down, 0–1: below 1 paint gathers where the brush lingers.
        pressure: what the pressure of a pen changes.
        colour: red, green, blue, where colours are painted.

    """

    diameter: float = 40.0
    hardness: float = 1.0
    opacity: float = 1.0
    flow: float = 1.0
    pressure: Pressure = "size"
    colour: tuple[int, int, int] = (255, 255, 255)

    def width_at(self, pressure: float) -> float:
        """Return how wide it is on the screen under a pressure of 0–1."""
        return self.diameter * (LIGHTEST + (1 - LIGHTEST) * pressure if self.pressure in ("size", "both") else 1.0)

    def strength_at(self, pressure: float) -> float:
        """Return the share of its paint that it gives under a pressure of 0–1."""
        return pressure if self.pressure in ("flow", "both") else 1.0


def spacing_of(radius: float, hardness: float) -> float:
    """Return how far apart dabs may stand, px, for a line to look like one.

    Between two dabs the edge recedes by gap² / 8ρ, where ρ is where it falls fastest: an eighth of a pixel is not seen
    of a sharp edge, and a hundredth of its width of a soft one. In the middle of a soft line it is the top of the tip
    that must not show.
    """
    soft = (1.0 - hardness) * radius
    recedes = min(0.25, max(0.12, 0.01 * soft))
    edge = sqrt(8.0 * (hardness * radius + soft / 2) * recedes)
    return max(0.5, min(edge, 2.0 * hardness * radius + 0.1 * soft, 0.5 * radius))


def tip_of(radius: float, hardness: float, x: float, y: float) -> tuple[NDArray[np.uint8], int, int]:
    """Return a dab of paint in the middle of its array, H×W, 0–255, and the column and row where its corner falls.

    From `hardness` × radius on it fades to nothing at the radius, by 3t² − 2t³; its edge is never sharper than a pixel.
    """
    if radius > _FINE:
        tip = _wide_tip(2.0 ** (round(log2(radius) * _STEPS) / _STEPS), round(hardness, 2))
        half = tip.shape[0] // 2
        return tip, round(x) - half, round(y) - half
    left, top = int(np.floor(x)), int(np.floor(y))
    part = (round((x - left) * _PARTS), round((y - top) * _PARTS))
    tip = _fine_tip(max(0.5, round(radius * _PARTS) / _PARTS), round(hardness, 2), *part)
    half = tip.shape[0] // 2
    return tip, left - half, top - half


@lru_cache(maxsize=512)
def _fine_tip(radius: float, hardness: float, across: int, down: int) -> NDArray[np.uint8]:
    half = ceil(radius) + 1
    at = np.arange(-half, half + 1, dtype=np.float32) + np.float32(0.5)
    return _falloff((at - across / _PARTS)[None, :], (at - down / _PARTS)[:, None], radius, hardness)


@lru_cache(maxsize=32)
def _wide_tip(radius: float, hardness: float) -> NDArray[np.uint8]:
    # the falloff is looked up by the squared distance, at the edge 1/64 px apart: large floats take longest to come by
    last = ceil(radius)
    squares = np.arange(0, last + 1, dtype=np.intp) ** 2
    shift = max(0, int(log2(radius / 32.0)))
    distance = np.sqrt(np.arange((2 * last * last >> shift) + 1, dtype=np.float32) * np.float32(1 << shift))
    places = squares[None, :] + squares[:, None]
    places >>= shift
    tip = np.empty((2 * last + 1, 2 * last + 1), np.uint8)
    tip[last:, last:] = _falloff(distance, np.float32(0.0), radius, hardness).take(places)
    tip[last:, :last] = tip[last:, :last:-1]
    tip[:last] = tip[:last:-1]
    return tip


def _falloff(x: Any, y: Any, radius: float, hardness: float) -> NDArray[np.uint8]:
    distance = np.sqrt(x * x + y * y, dtype=np.float32)
    edge = max(1.0, (1.0 - hardness) * radius)
    share = np.clip((np.float32(radius + 0.5) - distance) * np.float32(1.0 / edge), 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share) * 255.0 + 0.5, np.float32).astype(np.uint8)


class Stroke:
    """One stroke of a brush over a map, from where it touches to where it lifts; all in the map's pixels.

    Dabs gather in a layer of the stroke's own, which is laid over what was there before with the brush's opacity: so
    a stroke that crosses itself does not darken there, however it flows.

    Args:
        painted: is changed as the stroke goes.
        brush: what one paints with.
        erases: takes paint away.

    """

    def __init__(self, painted: PaintedMap, brush: Brush, *, erases: bool = False) -> None:
        self._map, self._brush, self._erases = painted, brush, erases
        self._touched = Touched(painted)
        gathers = brush.flow < 1.0
        # memory is taken where it is written only; 16 bits, for many light dabs to add up to all there is
        self._paint: NDArray[Any] = np.zeros(painted.pixels.shape[:2], np.uint16 if gathers else np.uint8)
        self._points: list[tuple[float, float, float, float]] = []
        self._left_over = 0.0

    def go_to(self, x: float, y: float, radius: float, strength: float = 1.0) -> Region:
        """Go on to a spot, and return where the map changed.

        Through the last spots it goes in curves: as far as the middle of the way to the newest, `lift` does the rest.
        """
        point = (x, y, radius, strength)
        self._points = [*self._points[-2:], point]
        if len(self._points) == 1:
            return self._show(self._dab(point))
        if len(self._points) == 2:
            return self._show(self._line(self._points[0], _between(self._points[0], point, 0.5)))
        before, last, _ = self._points
        return self._show(self._curve(_between(before, last, 0.5), last, _between(last, point, 0.5)))

    def fill_rectangle(self, region: Region) -> Region:
        """Fill a rectangle, and return where the map changed."""
        region = region.within(self._map.width, self._map.height)
        if not region.is_empty:
            self._paint[region.cut] = np.iinfo(self._paint.dtype).max
        return self._show(region)

    def fill(self, corners: Sequence[tuple[float, float]]) -> Region:
        """Fill an area with these corners, and return where the map changed."""
        fine = np.rint((np.asarray(corners, np.float64) - 0.5) * (1 << _SHIFT)).astype(np.int32)
        across, down = (sorted(spot[axis] for spot in corners) for axis in (0, 1))
        region = Region(int(across[0]) - 1, int(down[0]) - 1, ceil(across[-1]) + 1, ceil(down[-1]) + 1)
        region = region.within(self._map.width, self._map.height)
        if not region.is_empty:
            shape = np.zeros((region.bottom - region.top, region.right - region.left), np.uint8)
            corner = -region.left << _SHIFT, -region.top << _SHIFT
            cv2.fillPoly(shape, [fine + np.asarray(corner, np.int32)], 255, cv2.LINE_AA, _SHIFT)
            self._paint[region.cut] = shape if self._paint.dtype == np.uint8 else shape * np.uint16(257)
        return self._show(region)

    def lift(self) -> Region:
        """End the stroke at its last spot, and return where the map changed."""
        if len(self._points) < 2:
            return NOWHERE
        last, end = self._points[-2:]
        region = self._line(_between(last, end, 0.5), end)
        if self._brush.flow == 1.0:  # so that it ends where the hand did
            region = region.joined(self._dab(end))
        return self._show(region)

    def tiles(self) -> Tiles:
        """Return what was there before, of the tiles that are different now."""
        return self._touched.tiles()

    def abort(self) -> Region:
        """Take it back, and return where that is."""
        return self._touched.put_back()

    # -- dabs

    def _curve(self, start: Any, control: Any, end: Any) -> Region:
        length = hypot(control[0] - start[0], control[1] - start[1]) + hypot(end[0] - control[0], end[1] - control[1])
        pieces = max(1, min(16, ceil(length / max(2.0, self._gap(control[2])))))
        region, last = NOWHERE, start
        for number in range(1, pieces + 1):
            share = number / pieces
            spot = _between(_between(start, control, share), _between(control, end, share), share)
            region = region.joined(self._line(last, spot))
            last = spot
        return region

    def _line(self, start: Any, end: Any) -> Region:
        """Set dabs from behind `start` to `end`; what is left of the way counts for the next line."""
        length = hypot(end[0] - start[0], end[1] - start[1])
        gap = self._gap(max(start[2], end[2]))
        region, at = NOWHERE, max(0.0, gap - self._left_over)
        while at <= length:
            region = region.joined(self._dab(_between(start, end, at / length)))
            at += gap
        self._left_over = length - (at - gap)
        return region

    def _gap(self, radius: float) -> float:
        return min(spacing_of(radius, self._brush.hardness), max(0.5, _USUAL_SPACING * radius))

    def _share(self, radius: float) -> float:
        """Return the share of what is missing that a dab adds, so that flow means the same however close they stand."""
        closer = self._gap(radius) / max(0.5, _USUAL_SPACING * radius)
        return 1.0 - float((1.0 - self._brush.flow) ** closer)

    def _dab(self, point: tuple[float, float, float, float]) -> Region:
        x, y, radius, strength = point
        tip, left, top = tip_of(radius, self._brush.hardness, x, y)
        region = Region(left, top, left + tip.shape[1], top + tip.shape[0]).within(self._map.width, self._map.height)
        if region.is_empty:
            return NOWHERE
        tip = tip[region.top - top : region.bottom - top, region.left - left : region.right - left]
        paint: Any = self._paint[region.cut]
        if self._brush.flow == 1.0:
            part: Any = tip if strength >= 1.0 else cv2.convertScaleAbs(tip, alpha=strength)
            np.maximum(paint, part, out=paint)
        else:
            part = tip.astype(np.uint16) * np.uint16(257)
            added: Any = cv2.multiply(~paint, part, scale=self._share(radius) * strength / 65535)
            paint += added
        return region

    # -- what is seen

    def _show(self, region: Region) -> Region:
        """Lay the stroke over what was there."""
        if region.is_empty:
            return region
        self._touched.touch(region)
        for top in range(region.top, region.bottom, _BAND):  # what lies between stays in the processor's cache
            self._lay(Region(region.left, top, region.right, min(top + _BAND, region.bottom)))
        self._map.note_change(region)
        return region

    def _lay(self, region: Region) -> None:
        before: Any = self._touched.before[region.cut]
        bare = self._bare(region)
        pixels: Any = self._map.pixels[region.cut]
        if self._map.has_colours:
            pixels[...] = self._coloured(before, ~bare)
        elif self._erases:
            pixels[...] = cv2.multiply(before, bare, scale=1 / 255)
        elif not cv2.hasNonZero(before):
            np.invert(bare, out=pixels)
        else:
            np.invert(cv2.multiply(~before, bare, scale=1 / 255), out=pixels)

    def _bare(self, region: Region) -> NDArray[np.uint8]:
        """Return how much of what was there still shows."""
        paint: Any = self._paint[region.cut]
        deep = paint.dtype == np.uint16
        if deep or self._brush.opacity < 1.0:
            paint = cv2.convertScaleAbs(paint, alpha=self._brush.opacity / (257 if deep else 1))
        return np.asarray(~paint, np.uint8)

    def _coloured(self, before: NDArray[np.uint8], paint: NDArray[np.uint8]) -> NDArray[np.uint8]:
        share = paint.astype(np.float32)[..., None] / 255
        alpha = before[..., 3:].astype(np.float32) / 255
        result = np.empty(before.shape, np.float32)
        if self._erases:
            result[..., :3] = before[..., :3]
            result[..., 3:] = alpha * (1 - share)
        else:
            kept = alpha * (1 - share)
            total = kept + share
            colour = np.asarray(self._brush.colour, np.float32)
            result[..., :3] = (before[..., :3] * kept + colour * share) / np.maximum(total, 1e-6)
            result[..., 3:] = total
        result[..., 3:] *= 255
        return np.asarray(np.rint(result), np.uint8)


def _between(start: Any, end: Any, share: float) -> tuple[float, float, float, float]:
    x, y, radius, strength = (a + (b - a) * share for a, b in zip(start, end, strict=True))
    return x, y, radius, strength
