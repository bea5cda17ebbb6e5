"""A loaded brush: strokes that follow a direction field, laid bristle by bristle, with the paint's thickness kept.

Directional bristles, ragged ends and ridges of paint are what a style network reads as "brushwork": a flat blob with
soft edges would be seen as blur.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .sheet import SHIFT, Field, Sheet, vary

BRISTLES = 12  # at most in one stroke
STEPS = 6  # of a stroke's path to each side of its start


@dataclass(frozen=True, slots=True)
class Brush:
    """One size of stroke; lengths in units."""

    width: float
    length: float
    value_jitter: float = 0.05
    hue_jitter: float = 0.025
    bristle_jitter: float = 0.035
    load: float = 1.0  # how thick the paint lies


class Paint:
    """Wet paint on a sheet: colour and thickness in one 8-bit RGBA picture, as OpenCV draws smooth lines in that."""

    def __init__(self, sheet: Sheet, ground: Field) -> None:
        self.sheet = sheet
        self.layers = np.zeros((sheet.height, sheet.width, 4), np.uint8)
        self.layers[..., :3] = np.clip(ground * 255, 0, 255)

    @property
    def colour(self) -> Field:
        """The colours, 0–1."""
        return self.layers[..., :3].astype(np.float32) / 255

    @property
    def thickness(self) -> Field:
        """The paint's thickness, 0–1."""
        return self.layers[..., 3].astype(np.float32) / 255

    def stroke_all(
        self,
        rng: np.random.Generator,
        brush: Brush,
        starts: NDArray[np.floating],
        subject: Field,
        angle: Field,
        regions: NDArray[np.integer],
    ) -> None:
        """Lay a stroke at each of `starts` (N×2, units) along `angle` in the colours of `subject`.

        A stroke ends where it would leave its region, so that contours stay crisp.
        """
        paths, alive = self._follow(starts, brush.length, angle, regions)
        colours = vary(rng, subject[self._pixels(starts)], brush.value_jitter, brush.hue_jitter)
        widths = brush.width * rng.uniform(0.7, 1.25, len(starts))
        bristles = np.clip(np.round(widths * self.sheet.unit / 1.6), 1, BRISTLES).astype(int)
        hairs = rng.normal(0, 1, (len(starts), BRISTLES, 2))  # all twelve at any size: what follows stays the same
        ragged = rng.random((len(starts), BRISTLES, 2))
        normals = _tapered_normals(paths)
        first, length = alive.argmax(axis=1), alive.sum(axis=1)
        for i in np.flatnonzero(length >= 3):
            count = int(bristles[i])
            place = (np.arange(count) + 0.5) / count * 2 - 1
            lines = self.sheet.points(paths[i] + place[:, None, None] * (normals[i] * widths[i] / 2))
            tint = np.clip(colours[i] + hairs[i, :count, :1] * brush.bristle_jitter, 0, 1) * 255
            ridge = brush.load * (120 + 55 * np.abs(place) ** 3 + 45 * hairs[i, :count, 1])  # pushed to the rims
            paint = np.column_stack([tint, np.clip(ridge, 0, 255)]).tolist()
            thick = max(1, round(widths[i] * self.sheet.unit / count * 1.35))
            for k in range(count):
                begin = first[i] + int(ragged[i, k, 0] * 2.5)
                end = first[i] + length[i] - int(ragged[i, k, 1] * 3.2)
                if end - begin < 2:
                    begin, end = first[i], first[i] + length[i]
                cv2.polylines(self.layers, [lines[k, begin:end]], False, paint[k], thick, cv2.LINE_AA, SHIFT)

    def _pixels(self, points: NDArray[np.floating]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        at = (points * self.sheet.unit).astype(np.intp)
        return np.clip(at[:, 1], 0, self.sheet.height - 1), np.clip(at[:, 0], 0, self.sheet.width - 1)

    def _follow(
        self, starts: NDArray[np.floating], length: float, angle: Field, regions: NDArray[np.integer]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Walk both ways from each start: N×(2·STEPS+1)×2 points, and which of them lie in the start's region."""
        home = regions[self._pixels(starts)]
        halves = []
        for backwards in (np.pi, 0.0):
            at, inside = starts.astype(np.float64), np.ones(len(starts), bool)
            heading = angle[self._pixels(at)] + backwards
            walk = []
            for _ in range(STEPS):
                turn = angle[self._pixels(at)] - heading
                heading = heading + (turn + np.pi / 2) % np.pi - np.pi / 2  # an axis has no front: keep going forward
                at = at + np.stack([np.cos(heading), np.sin(heading)], -1) * (length / (2 * STEPS))
                inside = inside & (regions[self._pixels(at)] == home)
                walk.append((at, inside))
            halves.append(walk)
        order = [*reversed(halves[0]), (starts, np.ones(len(starts), bool)), *halves[1]]
        return np.stack([p for p, _ in order], axis=1), np.stack([k for _, k in order], axis=1)


def _tapered_normals(paths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the normals of N×P×2 paths, shorter towards both ends: a brush is set down and lifted."""
    along = np.gradient(paths, axis=1)
    normals = np.stack([-along[..., 1], along[..., 0]], -1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True) + 1e-9
    return np.asarray(normals * np.sin(np.linspace(0.25, np.pi - 0.35, paths.shape[1]))[:, None] ** 0.5)


def scatter(rng: np.random.Generator, sheet: Sheet, count: int, density: Field | None = None) -> NDArray[np.float64]:
    """Return about `count` points in units: a jittered grid in random order, thinned where `density` is below 1."""
    width, height = (round(side, 2) for side in sheet.extent)
    pitch = float(np.sqrt(width * height / count))
    columns, rows = int(np.ceil(width / pitch)), int(np.ceil(height / pitch))
    cells = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1).reshape(-1, 2)
    points = (cells + rng.random(cells.shape)) * pitch
    keep = rng.random(len(points))
    order = rng.permutation(len(points))
    if density is not None:
        at = (points * sheet.unit).astype(np.intp)
        at = np.minimum(at, [sheet.width - 1, sheet.height - 1])
        order = order[keep[order] < density[at[order, 1], at[order, 0]]]
    return np.asarray(points[order])
