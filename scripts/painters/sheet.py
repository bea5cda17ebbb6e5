"""The sheet a painter works on, and the few materials that every manner shares: noise, colours, grain, relief.

All lengths are in *units* of the sheet's shorter side, and compositions draw their random numbers independently of the
size in pixels: the same seed gives the same picture as a thumbnail and in full.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]  # H×W, or H×W×3 RGB in 0–1
Frame = NDArray[np.uint8]  # H×W×3 sRGB


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of `width` × `height` pixels."""

    width: int
    height: int

    @classmethod
    def of(cls, size: int, aspect: float) -> "Sheet":
        """Return the sheet whose shorter side is `size` pixels and whose width is `aspect` times its height."""
        if aspect >= 1:
            return cls(round(size * aspect), size)
        return cls(size, round(size / aspect))

    @property
    def unit(self) -> int:
        """Pixels to the shorter side."""
        return min(self.width, self.height)

    @property
    def extent(self) -> tuple[float, float]:
        """Width and height in units."""
        return self.width / self.unit, self.height / self.unit

    def grid(self) -> tuple[Field, Field]:
        """Return x and y of every pixel's centre, in units."""
        x = (np.arange(self.width, dtype=np.float32) + 0.5) / self.unit
        y = (np.arange(self.height, dtype=np.float32) + 0.5) / self.unit
        across, down = np.meshgrid(x, y)
        return across, down

    def finer(self, times: int) -> "Sheet":
        """Return the sheet to draw on before `Sheet.shrink` smooths its edges."""
        return Sheet(self.width * times, self.height * times)

    def shrink(self, image: Field) -> Field:
        """Average an image of a finer sheet down to this one."""
        return np.asarray(cv2.resize(image, (self.width, self.height), interpolation=cv2.INTER_AREA), np.float32)

    def points(self, units: NDArray[np.floating]) -> NDArray[np.int32]:
        """Turn points in units into OpenCV's fixed-point pixels (4 fractional bits, see `SHIFT`)."""
        return np.round((units * self.unit - 0.5) * 2**SHIFT).astype(np.int32)

    def mask(self, *polygons: NDArray[np.floating]) -> Field:
        """Return 1 inside the polygons (points in units), 0 outside, smooth at the edge."""
        mask = np.zeros((self.height, self.width), np.uint8)
        for polygon in polygons:
            cv2.fillPoly(mask, [self.points(np.asarray(polygon))], 255, cv2.LINE_AA, SHIFT)
        return mask.astype(np.float32) / 255


SHIFT = 4


def noise(rng: np.random.Generator, sheet: Sheet, cell: float, octaves: int = 4, stretch: float = 1.0) -> Field:
    """Return smooth noise of mean 0 and deviation about 1, features of `cell` units and `stretch` times as wide."""
    width, height = (round(side, 2) for side in sheet.extent)  # a pixel's rounding must not add a lattice column
    total = np.zeros((sheet.height, sheet.width), np.float32)
    for octave in range(octaves):
        size = cell / 2**octave
        columns, rows = max(2, round(width / (size * stretch))) + 3, max(2, round(height / size)) + 3
        lattice = rng.standard_normal((rows, columns)).astype(np.float32)
        if size * sheet.unit >= 1:  # finer than a pixel would only alias
            total += cv2.resize(lattice, (sheet.width, sheet.height), interpolation=cv2.INTER_CUBIC) * 0.5**octave
    return np.asarray(total * 1.25, np.float32)


def rgb(*codes: str) -> NDArray[np.float32]:
    """Return colours from their hexadecimal codes, N×3 in 0–1."""
    return np.array([[int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)] for code in codes], np.float32)


def ramp(t: Field, stops: Sequence[tuple[float, str]]) -> Field:
    """Return the colours of a gradient at `t`: stops are (position, colour code), positions rising."""
    places = np.array([place for place, _ in stops], np.float32)
    colours = rgb(*(code for _, code in stops))
    return np.stack([np.interp(t, places, colours[:, c]) for c in range(3)], axis=-1).astype(np.float32)


def smoothstep(edge0: float, edge1: float, t: Field) -> Field:
    """Rise smoothly from 0 at `edge0` to 1 at `edge1`; falls where `edge1` is the smaller."""
    s = np.clip((t - edge0) / (edge1 - edge0), 0, 1)
    return np.asarray(s * s * (3 - 2 * s), np.float32)


def lay(below: Field, above: Field | NDArray[np.float32], alpha: Field | float) -> Field:
    """Lay a colour or picture over another with coverage `alpha`."""
    cover = alpha[..., None] if isinstance(alpha, np.ndarray) else alpha
    return np.asarray(below + (above - below) * cover, np.float32)


def spline(points: Sequence[tuple[float, float]], count: int = 160, *, closed: bool = False) -> NDArray[np.float64]:
    """Return `count` points of the Catmull–Rom curve through `points`."""
    knots = np.asarray(points, np.float64)
    knots = (
        np.concatenate([knots[-1:], knots, knots[:2]])
        if closed
        else np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    )
    t = np.linspace(0, len(knots) - 3 - 1e-9, count)
    i, f = t.astype(int), (t % 1)[:, None]
    p0, p1, p2, p3 = (knots[i + k] for k in range(4))
    return np.asarray(
        0.5 * (2 * p1 + (p2 - p0) * f + (2 * p0 - 5 * p1 + 4 * p2 - p3) * f**2 + (3 * p1 - p0 - 3 * p2 + p3) * f**3)
    )


def vary(rng: np.random.Generator, colours: NDArray[np.float32], value: float, hue: float) -> NDArray[np.float32]:
    """Scatter N×3 colours: `value` is the deviation in lightness, `hue` that of each channel on its own."""
    shift = rng.normal(0, value, (len(colours), 1)) + rng.normal(0, hue, (len(colours), 3))
    return np.clip(colours + shift, 0, 1).astype(np.float32)


def relief(height: Field, strength: float, gloss: float = 0.0) -> tuple[Field, Field]:
    """Light a surface from the upper left: (a factor around 1 for the colours, a highlight to add).

    `height` is in pixels: a slope of 1 is 45°.
    """
    dx = cv2.Scharr(height, cv2.CV_32F, 1, 0, scale=1 / 32) * strength
    dy = cv2.Scharr(height, cv2.CV_32F, 0, 1, scale=1 / 32) * strength
    facing = (1 + 0.62 * dx + 0.62 * dy) / np.sqrt(1 + dx**2 + dy**2)  # light from (−.62, −.62, 1), unnormalised
    glint = np.clip((facing - 1.12) * 2.2, 0, 1) ** 2 * gloss
    return np.asarray(np.clip(facing, 0.55, 1.35), np.float32), np.asarray(glint, np.float32)


def weave(sheet: Sheet, rng: np.random.Generator, thread: float) -> Field:
    """Return a linen canvas' height, about −1 to 1, with threads `thread` units apart."""
    x, y = sheet.grid()
    x = x + noise(rng, sheet, 0.08, 2) * thread * 0.12
    y = y + noise(rng, sheet, 0.08, 2) * thread * 0.12
    over = np.sin(np.pi * x / thread) * np.sin(np.pi * y / thread)
    across, down = np.sin(2 * np.pi * x / thread), np.sin(2 * np.pi * y / thread)
    return np.asarray(np.where(over > 0, across, down) * 0.6 + noise(rng, sheet, thread, 1) * 0.3, np.float32)


def finish(picture: Field) -> Frame:
    """Round a picture in 0–1 to 8 bits."""
    return np.asarray(np.clip(picture * 255 + 0.5, 0, 255), np.uint8)
