"""A loaded brush: strokes that follow a direction field, laid bristle by bristle, with the paint's thickness kept.

Directional bristles, ragged ends and ridges of paint are what a style network reads as "brushwork": a flat blob with
soft edges would be seen as blur.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .sheet import SHIFT, Field, Sheet, vary


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
        rows, columns = self._pixels(paths[:, paths.shape[1] // 2])
        colours = vary(rng, subject[rows, columns], brush.value_jitter, brush.hue_jitter)
        lengths = alive.sum(axis=1)
        widths = brush.width * rng.uniform(0.7, 1.25, len(starts))
        for i in np.flatnonzero(lengths >= 3):
            self._lay_stroke(rng, brush, paths[i, alive[i]], float(widths[i]), colours[i])

    def _pixels(self, points: NDArray[np.floating]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        at = (points * self.sheet.unit).astype(np.intp)
        return np.clip(at[:, 1], 0, self.sheet.height - 1), np.clip(at[:, 0], 0, self.sheet.width - 1)

    def _follow(
        self, starts: NDArray[np.floating], length: float, angle: Field, regions: NDArray[np.integer], steps: int = 6
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Walk both ways from each start: N×(2·steps+1)×2 points, and which of them lie in the start's region."""
        home = regions[self._pixels(starts)]
        halves = []
        for sign in (-1.0, 1.0):
            at, inside = starts.astype(np.float64), np.ones(len(starts), bool)
            walk = []
            heading = angle[self._pixels(at)] + (np.pi if sign < 0 else 0)
            for _ in range(steps):
                turn = angle[self._pixels(at)] - heading
                heading = heading + (turn + np.pi / 2) % np.pi - np.pi / 2  # an axis has no front: keep going forward
                at = at + np.stack([np.cos(heading), np.sin(heading)], -1) * (length / (2 * steps))
                inside = inside & (regions[self._pixels(at)] == home)
                walk.append((at, inside))
            halves.append(walk)
        order = [*reversed(halves[0]), (starts, np.ones(len(starts), bool)), *halves[1]]
        return np.stack([p for p, _ in order], axis=1), np.stack([k for _, k in order], axis=1)

    def _lay_stroke(
        self, rng: np.random.Generator, brush: Brush, path: NDArray[np.float64], width: float, colour: Field
    ) -> None:
        pixels = width * self.sheet.unit
        bristles = max(1, min(12, round(pixels / 1.6)))
        along = np.gradient(path, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], -1) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-9)
        taper = np.sin(np.linspace(0.25, np.pi - 0.35, len(path)))[:, None] ** 0.5
        dots = rng.normal(0, 1, (12, 2))  # always twelve pairs, so that the sheet's size never changes what follows
        ends = rng.random((12, 2))
        thick = max(1, round(pixels / bristles * 1.35))
        for k in range(bristles):
            place = (k + 0.5) / bristles * 2 - 1
            line = path + normal * taper * (place * width / 2)
            first, last = int(ends[k, 0] * 2.5), len(line) - int(ends[k, 1] * 3.2)
            if last - first < 2:
                first, last = 0, len(line)
            tint = np.clip(colour + dots[k, 0] * brush.bristle_jitter, 0, 1) * 255
            ridge = brush.load * (120 + 55 * abs(place) ** 3 + 45 * dots[k, 1])  # paint is pushed to a stroke's rims
            cv2.polylines(
                self.layers,
                [self.sheet.points(line[first:last])],
                isClosed=False,
                color=(*tint.tolist(), float(np.clip(ridge, 0, 255))),
                thickness=thick,
                lineType=cv2.LINE_AA,
                shift=SHIFT,
            )


def scatter(rng: np.random.Generator, sheet: Sheet, count: int, density: Field | None = None) -> NDArray[np.float64]:
    """Return about `count` points in units: a jittered grid in random order, thinned where `density` is below 1."""
    width, height = sheet.extent
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
