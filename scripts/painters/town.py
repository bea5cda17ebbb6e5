"""Facets: a hill town at the end of the day, broken by lines of force into planes that fade into one another.

The cubists' *passage*: a plane is dark along one edge only and dissolves towards the other, so that houses, sky and
fields share their planes.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from .brush import Brush, Paint, scatter
from .sheet import Field, Frame, Sheet, finish, lay, noise, ramp, relief, rgb, smoothstep, weave

SUN = (0.985, 0.150)
FRONTS = ("#fbe6b4", "#efc27a", "#e9a463", "#f4d08e", "#fbecc8", "#e2b48a")
SIDES = ("#2f4a80", "#4c6f9c", "#7f88b4", "#5a5f94", "#2f6a8c", "#b0808c", "#c08a68", "#8a6f9c")
ROOFS = ("#d2603a", "#b8452f", "#e0844a", "#9c3f3c", "#c9743e")
FIELDS = ("#8c9a48", "#c9a548", "#5f7f4e", "#b8743e", "#3f6f5e", "#d9b860", "#74552f")


@dataclass(slots=True)
class Planes:
    """The town drawn flat: colours, and the number of the plane each pixel belongs to."""

    sheet: Sheet
    colour: Field
    number: NDArray[np.int32]
    slants: list[float] = field(default_factory=lambda: [0.0])

    def put(self, code: str, slant: float, *points: tuple[float, float], glow: float = 0.0) -> None:
        """Set a plane; `slant` is the brush's direction on it, `glow` lightens it towards its top."""
        polygon = np.array(points)
        (left, top), (right, bottom) = polygon.min(axis=0), polygon.max(axis=0)
        rows = slice(max(0, int(top * self.sheet.unit) - 1), max(0, int(bottom * self.sheet.unit) + 2))
        columns = slice(max(0, int(left * self.sheet.unit) - 1), max(0, int(right * self.sheet.unit) + 2))
        mask = self.sheet.mask(polygon)[rows, columns]
        y = (np.arange(self.sheet.height)[rows, None] + 0.5) / self.sheet.unit
        fall = 1 + glow * (0.5 - (y - top) / max(bottom - top, 1e-6))
        self.colour[rows, columns] = lay(self.colour[rows, columns], rgb(code)[0] * fall[..., None], mask)
        self.number[rows, columns][mask > 0.5] = len(self.slants)
        self.slants.append(slant)


def paint(size: int, seed: int) -> Frame:
    """Paint the picture with a shorter side of `size` pixels."""
    rng = np.random.default_rng(seed)
    sheet = Sheet.of(size, 1.22)
    planes = _scene(rng, sheet)
    subject, facets, angle = _break(rng, sheet, planes)
    work = Paint(sheet, subject)
    for brush, count in (
        (Brush(0.024, 0.085, 0.030, 0.012, 0.022), 4200),
        (Brush(0.014, 0.052, 0.034, 0.014, 0.026), 9000),
        (Brush(0.0075, 0.030, 0.030, 0.014, 0.026), 15000),
    ):
        work.stroke_all(rng, brush, scatter(rng, sheet, count), subject, angle, facets)
    picture = _edges(rng, sheet, work.colour, facets)
    height = work.thickness * 3.6 + weave(sheet, rng, 0.0042) * 0.28
    lit, glint = relief(cv2.GaussianBlur(height, (0, 0), 0.7), 1.0, gloss=0.2)
    return finish(picture * (0.36 + 0.64 * lit[..., None]) + glint[..., None] * 0.22)


def _scene(rng: np.random.Generator, sheet: Sheet) -> Planes:
    """Draw sky, hills, fields and the town on its rock."""
    x, y = sheet.grid()
    r = np.hypot(x - SUN[0], y - SUN[1])
    sky = ramp(
        r,
        [(0, "#fff0c4"), (0.12, "#ffd084"), (0.30, "#f2a068"), (0.52, "#dd8a88"), (0.75, "#9a86b4"), (1.1, "#4a6ca8")],
    )
    planes = Planes(sheet, sky, np.zeros(x.shape, np.int32))
    disc = np.linspace(0, 2 * np.pi, 60)
    planes.put("#fff3c2", 0.3, *zip(SUN[0] + 0.062 * np.cos(disc), SUN[1] + 0.062 * np.sin(disc), strict=True))
    for ridge, code, slant in (
        (
            [(-0.05, 0.48), (0.12, 0.38), (0.22, 0.43), (0.38, 0.36), (0.60, 0.46), (0.60, 1.05), (-0.05, 1.05)],
            "#6f83b4",
            0.4,
        ),
        (
            [(0.55, 0.56), (0.78, 0.44), (0.90, 0.48), (1.06, 0.40), (1.30, 0.47), (1.30, 1.05), (0.55, 1.05)],
            "#7a7fae",
            -0.4,
        ),
        ([(0.70, 0.60), (0.92, 0.53), (1.30, 0.50), (1.30, 1.05), (0.70, 1.05)], "#b98a6e", -0.2),
        ([(-0.05, 0.60), (0.12, 0.54), (0.30, 0.57), (0.40, 1.05), (-0.05, 1.05)], "#5f8a6e", 0.3),
        (
            [(0.08, 0.86), (0.22, 0.60), (0.40, 0.36), (0.55, 0.27), (0.70, 0.36), (0.90, 0.60), (1.10, 0.86)],
            "#8f6a52",
            0.9,
        ),
        ([(0.55, 0.27), (0.70, 0.36), (0.90, 0.60), (1.10, 0.86), (0.66, 0.86)], "#4a4f7c", -0.9),
    ):
        planes.put(code, slant, *ridge, glow=0.35)
    _town(rng, planes)
    _fields(rng, planes)
    _trees(rng, planes)
    return planes


def _town(rng: np.random.Generator, planes: Planes) -> None:
    """Stack the houses up the rock, far and high to near and low, a tower on top."""
    _house(rng, planes, 0.525, 0.335, 0.062, 0.190, tall=True)
    for row in range(7):
        base = 0.385 + 0.073 * row
        half = 0.090 + 0.064 * row
        place = 0.55 - half + rng.uniform(-0.02, 0.01)
        while place < 0.55 + half * 0.98:
            width = rng.uniform(0.056, 0.088) * (0.86 + 0.05 * row)
            sag = 0.30 * (place + width / 2 - 0.55) ** 2
            _house(rng, planes, place, base + sag + rng.uniform(-0.012, 0.012), width, width * rng.uniform(0.85, 1.5))
            place += width * rng.uniform(1.30, 1.62)


def _house(
    rng: np.random.Generator,
    planes: Planes,
    left: float,
    base: float,
    width: float,
    height: float,
    *,
    tall: bool = False,
) -> None:
    """Build one house: a sunlit or dusky front, a blue side, two roof planes, a few windows."""
    depth, rise = width * 0.62, width * 0.13
    top, right = base - height, left + width
    gable = top - width * (0.85 if tall else rng.uniform(0.28, 0.50))
    middle = left + width / 2
    front, side, roof = (codes[0 if tall else rng.integers(len(codes))] for codes in (FRONTS, SIDES, ROOFS))
    planes.put(side, 1.4, (left, base), (left, top), (right, top), (right, base), glow=0.3)
    planes.put(
        front, -1.3, (right, base), (right, top), (right + depth, top - rise), (right + depth, base - rise), glow=0.35
    )
    planes.put(SIDES[rng.integers(len(SIDES))], 1.2, (left, top), (middle, gable), (right, top))
    if tall:
        planes.put(roof, 1.0, (right, top), (middle, gable), (right + depth, top - rise), glow=0.3)
    else:
        planes.put(
            roof,
            0.7,
            (right, top),
            (middle, gable),
            (middle + depth, gable - rise),
            (right + depth, top - rise),
            glow=0.3,
        )
    windows = 3 if tall else rng.integers(1, 3)
    for k in range(windows):
        wx, wy = left + width * (0.22 + 0.36 * (k % 2)), top + height * (0.20 + 0.26 * (k if tall else rng.random()))
        w, h = width * 0.17, min(height * 0.22, width * 0.30)
        planes.put(
            "#ffd27a" if rng.random() < 0.45 else "#1f2f52", 1.5, (wx, wy), (wx + w, wy), (wx + w, wy + h), (wx, wy + h)
        )
    wx, wy = right + depth * 0.36, top + height * 0.26 - rise * 0.4
    planes.put(
        "#7a3f3a",
        1.5,
        (wx, wy),
        (wx + depth * 0.30, wy - rise * 0.3),
        (wx + depth * 0.30, wy + width * 0.24),
        (wx, wy + width * 0.27),
    )


def _fields(rng: np.random.Generator, planes: Planes) -> None:
    """Lay the patchwork of fields and the road before the town."""
    rows = [0.800, 0.860, 0.930, 1.02]
    for k, (near, far) in enumerate(zip(rows[1:], rows[:-1], strict=True)):
        cuts = np.sort(np.concatenate([[-0.1, 1.35], np.linspace(0.05, 1.15, 5) + rng.normal(0, 0.05, 5)]))
        for a, b in pairwise(cuts):
            tilt = 0.10 * (a - 0.6), 0.10 * (b - 0.6)
            hump = [-0.05 * np.exp(-(((v - 1.1) / 0.3) ** 2)) + 0.03 * np.cos(5 * v + k) for v in (a, b)]
            crop, slant = FIELDS[rng.integers(len(FIELDS))], rng.uniform(-0.5, 0.5)
            hedge = [(a, far + hump[0]), (b, far + hump[1])]
            planes.put(crop, slant, *hedge, (b + tilt[1], near + 0.05), (a + tilt[0], near + 0.05), glow=0.4)
    for code, points in (
        ("#f3d9a0", [(0.30, 1.02), (0.49, 1.02), (0.56, 0.90), (0.50, 0.90)]),
        ("#e6b87c", [(0.50, 0.90), (0.56, 0.90), (0.50, 0.815), (0.475, 0.815)]),
    ):
        planes.put(code, 1.1, *points, glow=0.3)


def _trees(rng: np.random.Generator, planes: Planes) -> None:
    """Plant poplars and round trees, each two planes: sunlit to the right, blue-green to the left."""
    for tx, base, height in [
        (0.085, 0.90, 0.30),
        (0.155, 0.93, 0.36),
        (0.215, 0.88, 0.22),
        (1.045, 0.91, 0.27),
        (1.115, 0.95, 0.38),
        (0.97, 0.86, 0.16),
    ]:
        w = height * 0.115
        planes.put(
            "#1f4f54",
            1.4,
            (tx, base),
            (tx - w, base - height * 0.30),
            (tx - w * 0.4, base - height * 0.75),
            (tx, base - height),
        )
        planes.put(
            "#8a9a3c",
            1.7,
            (tx, base),
            (tx + w, base - height * 0.28),
            (tx + w * 0.45, base - height * 0.72),
            (tx, base - height),
        )
    for tx, base, size in zip(
        rng.uniform(0.25, 1.0, 13), rng.uniform(0.80, 0.90, 13), rng.uniform(0.026, 0.046, 13), strict=True
    ):
        planes.put(
            "#2f5f52",
            0.8,
            (tx, base),
            (tx - size, base - size * 0.7),
            (tx - size * 0.6, base - size * 1.7),
            (tx, base - size * 1.9),
        )
        planes.put(
            "#a8a848",
            2.2,
            (tx, base),
            (tx, base - size * 1.9),
            (tx + size * 0.7, base - size * 1.6),
            (tx + size, base - size * 0.6),
        )


def _force_lines() -> list[tuple[float, float, float, float, float]]:
    """Return the lines of force: a point, a direction, how far the passage reaches, how strong it is.

    Some radiate from the sun, the others answer them across the picture.
    """
    angles = (0.35, 1.05, 1.62, 1.93, 2.20, 2.45, 2.68, 2.90, 3.14)
    rays = [
        (*SUN, angle + np.pi * (k % 2), 0.15, 0.17) for k, angle in enumerate(angles)
    ]  # in turn dark left and right
    answers = [
        (0.55, 0.10, 1.22, 0.14, 0.18),
        (0.12, 0.30, 0.62, 0.13, 0.16),
        (0.80, 0.75, 1.05, 0.12, 0.17),
        (0.25, 0.70, -0.55, 0.12, 0.16),
        (0.34, 0.25, 1.82, 0.15, 0.18),
        (0.95, 0.55, -0.15, 0.12, 0.13),
        (0.10, 0.88, 0.22, 0.10, 0.14),
        (0.70, 0.30, 0.30, 0.11, 0.14),
        (0.20, 0.12, -0.35, 0.12, 0.15),
        (0.47, 0.55, 1.40, 0.10, 0.15),
        (0.86, 0.62, 2.25, 0.10, 0.15),
    ]
    return rays + answers


def _break(rng: np.random.Generator, sheet: Sheet, planes: Planes) -> tuple[Field, NDArray[np.int64], Field]:
    """Break the flat planes along the lines of force.

    Returns:
        the shaded colours, the number of the facet at each pixel, the brush's direction.

    """
    x, y = sheet.grid()
    code = np.zeros(x.shape, np.int64)
    shade = np.zeros_like(x)
    slip_x, slip_y = np.zeros_like(x), np.zeros_like(x)
    for px, py, angle, reach, strength in _force_lines():
        side = (x - px) * np.sin(angle) - (y - py) * np.cos(angle)
        code = code * 2 + (side > 0)
        shade += strength * np.where(side > 0, np.exp(-side / reach), -0.55 * np.exp(side / (reach * 0.7)))
        slip = rng.normal(0, 0.0042) * np.where(side > 0, 1, -1)
        slip_x, slip_y = slip_x + slip * np.cos(angle), slip_y + slip * np.sin(angle)
    column, row = ((x + slip_x) * sheet.unit).astype(np.float32), ((y + slip_y) * sheet.unit).astype(np.float32)
    subject = cv2.remap(planes.colour, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    number = cv2.remap(planes.number.astype(np.float32), column, row, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT)
    sky = number == 0
    from_sun = np.hypot(x - SUN[0], y - SUN[1])
    shade = (shade - np.median(shade)) * np.where(sky, 1.25, 1.0) * (0.30 + 0.70 * smoothstep(0.05, 0.34, from_sun))
    _, facets = np.unique(number.astype(np.int64) * 2**24 + code, return_inverse=True)
    facets = facets.reshape(x.shape)
    count = int(facets.max()) + 1
    tilt, pitch = rng.uniform(0, 2 * np.pi, 200_000), rng.normal(0, 1, 200_000)  # drawn whatever the number of facets
    pick = (code * 7919 + number.astype(np.int64) * 104_729) % 200_000
    size = np.bincount(facets.ravel(), minlength=count).astype(np.float64)
    centre_x = np.bincount(facets.ravel(), x.ravel(), count) / size
    centre_y = np.bincount(facets.ravel(), y.ravel(), count) / size
    spread = np.sqrt(size / sheet.unit**2)[facets] + 0.02
    along = ((x - centre_x[facets]) * np.cos(tilt[pick]) + (y - centre_y[facets]) * np.sin(tilt[pick])) / spread
    value = 1 - 0.80 * shade + 0.19 * np.clip(along, -1.2, 1.2) + 0.055 * pitch[pick]
    subject = lay(subject * np.clip(value, 0.5, 1.0)[..., None], rgb("#fff3dc")[0], np.clip(value - 1, 0, 0.6) * 0.85)
    cool = smoothstep(0.05, 0.45, shade)
    dusk = ramp(from_sun, [(0, "#d0642a"), (0.30, "#a8404a"), (0.55, "#5f3f86"), (1.0, "#24488c")])
    subject = lay(subject, dusk, cool * 0.46)
    subject = lay(subject, rgb("#ffe2a0")[0], smoothstep(0.05, 0.40, -shade) * 0.22)
    slants = np.array(planes.slants)[number.astype(np.int64)] + 0.5 * pitch[pick]
    slants = np.where(sky, tilt[pick], slants)
    return np.clip(subject, 0, 1).astype(np.float32), facets, slants.astype(np.float32)


def _edges(rng: np.random.Generator, sheet: Sheet, picture: Field, facets: NDArray[np.int64]) -> Field:
    """Draw the edges, lost and found: a dark line here, a light one there, none where planes should pass."""
    border = np.zeros(facets.shape, bool)
    border[:, 1:] |= facets[:, 1:] != facets[:, :-1]
    border[1:] |= facets[1:] != facets[:-1]
    away = cv2.distanceTransform((~border).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) / sheet.unit
    mood = noise(rng, sheet, 0.11, 3)
    wide = 0.0016 * (1 + 0.5 * noise(rng, sheet, 0.03, 2))
    x, y = sheet.grid()
    dazzle = smoothstep(0.06, 0.22, np.hypot(x - SUN[0], y - SUN[1]))  # no dark edge in the sun
    line = smoothstep(1.0, 0.35, away / np.maximum(wide, 0.0008))
    picture = lay(picture, rgb("#1d1f3a")[0], line * smoothstep(-0.5, 0.7, mood) * 0.80 * dazzle)
    return lay(picture, rgb("#fff0cc")[0], line * smoothstep(-0.7, -1.3, mood) * 0.65)
