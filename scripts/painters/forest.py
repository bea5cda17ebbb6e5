"""Woodcut: a mountain forest under a red sun, two blocks (black and vermilion) printed on rough paper.

Tone is made only by the width of carved lines, and every line runs with the form that it describes.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .sheet import SHIFT, Field, Frame, Sheet, finish, lay, noise, relief, rgb, smoothstep, spline

SUN, SUN_RADIUS = (0.655, 0.315), 0.150
RIDGES = [  # far to near: the skyline's points, lines per unit, the fall of the light
    (
        [
            *[(-0.05, 0.56), (0.07, 0.50), (0.16, 0.53), (0.30, 0.41), (0.40, 0.49), (0.55, 0.545), (0.72, 0.50)],
            *[(0.84, 0.44), (0.93, 0.50), (1.05, 0.46)],
        ],
        105,
        0.9,
    ),
    (
        [
            *[(-0.05, 0.40), (0.06, 0.33), (0.15, 0.225), (0.185, 0.19), (0.235, 0.27), (0.30, 0.35), (0.37, 0.45)],
            *[(0.47, 0.555), (0.56, 0.61), (0.70, 0.62)],
        ],
        78,
        1.0,
    ),
    ([(0.48, 0.66), (0.60, 0.605), (0.70, 0.575), (0.80, 0.52), (0.885, 0.49), (0.95, 0.53), (1.05, 0.50)], 70, 0.8),
]
FOREST = [0.655, 0.69, 0.735, 0.79]  # base lines of the rows of trees, far to near


@dataclass(slots=True)
class Block:
    """The black block: 1 where wood stands and takes ink; `sky` is 1 where nothing stands before the sky."""

    sheet: Sheet
    ink: Field
    sky: Field

    def carve(self, where: Field, lines: Field) -> None:
        """Cut a region's lines into the block."""
        self.ink += (lines - self.ink) * where

    def stroke(self, path: NDArray[np.floating], width: float, *, ink: bool) -> None:
        """Leave (ink) or gouge away (paper) one line that swells in its middle; width in units."""
        along = np.gradient(path, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], -1) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-9)
        swell = (np.sin(np.linspace(0.12, np.pi - 0.05, len(path))) * width / 2)[:, None]
        self.fill(np.concatenate([path + normal * swell, (path - normal * swell)[::-1]]), ink=ink)

    def fill(self, polygon: NDArray[np.floating], *, ink: bool) -> None:
        """Leave or gouge away a whole shape."""
        cv2.fillPoly(self.ink, [self.sheet.points(polygon)], float(ink), cv2.LINE_8, SHIFT)


def paint(size: int, seed: int) -> Frame:
    """Paint the picture with a shorter side of `size` pixels."""
    rng = np.random.default_rng(seed)
    sheet = Sheet.of(size, 0.8)
    fine = sheet.finer(2)
    black = Block(
        fine, *np.stack([np.zeros((fine.height, fine.width)), np.ones((fine.height, fine.width))]).astype(np.float32)
    )
    _sky(rng, black)
    for points, lines, slope in RIDGES:
        _mountain(rng, black, np.array(points), lines, slope)
    for row, base in enumerate(FOREST):
        _tree_row(rng, black, base, 0.060 + 0.028 * row)
        if row == 1:
            _river(rng, black)
    _foreground(rng, black)
    return _print(rng, sheet, black)


def _lines(rng: np.random.Generator, sheet: Sheet, phase: Field, tone: Field, wobble: float = 0.16) -> Field:
    """Return carved lines along the level lines of `phase` (one line per whole number), as wide as `tone` is dark."""
    hand = noise(rng, sheet, 0.10, 2) * 0.10 + noise(rng, sheet, 0.018, 2) * 0.05  # the gouge wanders
    from_middle = np.abs((phase + hand) % 1 - 0.5) * 2
    bite = wobble * noise(rng, sheet, 0.022, 3)
    return np.asarray(from_middle < tone + bite * (1 - np.abs(2 * tone - 1)), np.float32)


def _sky(rng: np.random.Generator, block: Block) -> None:
    """Carve the sky: currents that part round the sun, with drifting clouds left white."""
    x, y = block.sheet.grid()
    r = np.hypot(x - SUN[0], y - SUN[1])
    bent = y + 0.012 * np.sin(5.2 * x + 5 * y) + 0.016 * noise(rng, block.sheet, 0.45, 2, stretch=2)
    phase = (
        (bent - SUN[1]) * (1 - (0.93 * SUN_RADIUS / np.maximum(r, SUN_RADIUS)) ** 2) * 84
    )  # potential flow round a disc
    tone = 0.86 - 0.80 * smoothstep(0.0, 0.58, y) - 0.16 * smoothstep(0.30, 0.16, r)
    block.carve(np.ones_like(x), _lines(rng, block.sheet, phase, np.clip(tone, 0.10, 0.93)))
    block.ink[(r < SUN_RADIUS + 0.010)] = 0
    for cx, cy, w in [
        (0.33, 0.095, 0.26),
        (0.88, 0.155, 0.22),
        (0.60, 0.405, 0.26),
        (0.93, 0.360, 0.16),
        (0.03, 0.165, 0.13),
    ]:
        puffs = cx + np.linspace(-0.5, 0.5, 8) * w
        sizes = w * (0.055 + 0.085 * np.sin(np.linspace(0.2, 2.9, 8))) * rng.uniform(0.8, 1.25, 8)
        arcs = [
            cy + np.where(np.abs(x - p) < s, -np.sqrt(np.maximum(s**2 - (x - p) ** 2, 0)), 1)
            for p, s in zip(puffs, sizes, strict=True)
        ]
        top = np.min(arcs, axis=0)
        floor = cy + 0.006 * np.sin(30 * (x - cx))
        inside = ((y > top) & (y < floor)).astype(np.float32)
        outline = cv2.dilate(inside, np.ones((3, 3), np.uint8), iterations=max(1, round(block.sheet.unit * 0.0012)))
        block.ink = np.maximum(block.ink, outline)
        block.sky *= 1 - outline
        depth = (y - top) / np.maximum(floor - top, 1e-3)
        block.carve(inside, _lines(rng, block.sheet, (y - top) * 115, np.clip(depth * 1.1 - 0.62, 0, 0.5)))


def _mountain(rng: np.random.Generator, block: Block, skyline: NDArray[np.float64], lines: float, slope: float) -> None:
    """Carve a mountain: spurs run down from the skyline, hatched dark on the side away from the sun."""
    x, y = block.sheet.grid()
    jagged = noise(rng, block.sheet, 0.07, 4)[0]
    edge = np.interp(x[0], skyline[:, 0], skyline[:, 1], left=2, right=2).astype(np.float32) + 0.008 * jagged
    below = y - edge
    spur = noise(rng, block.sheet, 0.13, 3, stretch=0.6) * 0.045
    run = x + spur - 0.22 * below * np.sin(7 * x + 2)
    peaks = np.interp(run, skyline[:, 0], np.gradient(skyline[:, 1], skyline[:, 0]))
    gradient = np.clip(peaks * 0.55, -1, 1) + 0.8 * noise(rng, block.sheet, 0.10, 3, stretch=0.35) - 0.25
    shadow = smoothstep(0.10, -0.10, gradient) if SUN[0] > 0.5 else smoothstep(-0.10, 0.10, gradient)
    tone = 0.10 + 0.64 * shadow - 0.22 * smoothstep(0.12, 0.32, below) + 0.12 * smoothstep(0.03, 0.0, below)
    falling = np.where(shadow > 0.5, x * 0.75 + y * 0.66 * slope, x * 0.62 - y * 0.78 * slope) + 0.10 * spur
    where = (below > 0).astype(np.float32)
    block.sky *= 1 - where
    block.carve(where, _lines(rng, block.sheet, falling * lines, np.clip(tone, 0.0, 0.86)))
    crest = smoothstep(0.0055, 0.0035, np.abs(below - 0.001))
    block.ink = np.maximum(block.ink, (crest > 0.5).astype(np.float32))


def _pine(rng: np.random.Generator, block: Block, x: float, base: float, height: float, tiers: int) -> None:
    """Cut one pine: a black silhouette in a white rim, its sunlit needles gouged out."""
    lean = rng.normal(0, 0.012) * height
    left, right, gouges = [], [], []
    for tier in range(tiers):
        down = (tier + 0.6) / tiers
        y, reach = base - height * (1 - down * 0.93), height * (0.030 + 0.235 * down**0.9)
        axis = x + lean * (1 - down)
        for side, outline in ((-1, left), (1, right)):
            out = reach * rng.uniform(0.78, 1.15)
            droop = height * 0.040 * rng.uniform(0.7, 1.4)
            outline += [(axis + side * out, y + droop), (axis + side * out * 0.42, y + droop * 0.45)]
            for k in range(3):  # needles
                start = out * (0.30 + 0.22 * k)
                gouges.append((axis + side * start, y + droop * (0.35 + 0.2 * k), side, out * rng.uniform(0.22, 0.40)))
    tip = (x + lean, base - height)
    foot = height * 0.018
    body = np.array([tip, *right, (x + foot, base - height * 0.05), (x + foot, base + height * 0.02),
                     (x - foot, base + height * 0.02), (x - foot, base - height * 0.05), *left[::-1]])  # fmt: skip
    rim = body.mean(axis=0) + (body - body.mean(axis=0)) * (1 + 0.010 / height**0.6)
    block.fill(rim, ink=False)
    block.fill(body, ink=True)
    sunny = 1 if SUN[0] > x else -1
    for gx, gy, side, length in gouges:
        if side == sunny or rng.random() < 0.16:
            t = np.linspace(0, 1, 6)
            path = np.stack([gx + side * length * t, gy + length * (0.22 * t + 0.30 * t**2) - length * 0.16], -1)
            block.stroke(path, height * 0.0125 + 0.0006, ink=False)


def _tree_row(rng: np.random.Generator, block: Block, base: float, height: float) -> None:
    """Cut a row of the forest, mist (bare paper with a few lines) at its foot."""
    x, y = block.sheet.grid()
    ground = base + 0.028 * np.sin(4.1 * x + base * 60) + 0.012 * np.sin(11 * x + base * 31)
    foot = y - ground
    mist = _lines(rng, block.sheet, foot * 95 + 0.8 * np.sin(6 * x), np.clip(0.50 - foot * 6.5, 0.05, 0.5))
    block.carve(((foot > 0) & (foot < 0.2)).astype(np.float32), mist)
    for place in np.arange(-0.02, 1.04, height * 0.30) + rng.normal(
        0, height * 0.07, len(np.arange(-0.02, 1.04, height * 0.30))
    ):
        at = base + 0.028 * np.sin(4.1 * place + base * 60) + 0.012 * np.sin(11 * place + base * 31)
        _pine(rng, block, float(place), float(at) + 0.008, height * rng.uniform(0.72, 1.3), 8)


def _river(rng: np.random.Generator, block: Block) -> None:
    """Let the river wind out of the forest towards us."""
    x, y = block.sheet.grid()
    shore = _shores(y)
    where = ((x > shore[0]) & (x < shore[1]) & (y > 0.70)).astype(np.float32)
    along = y * 78 + 0.9 * np.sin(14 * x + 9 * y)
    glint = np.abs(x - SUN[0] + 0.10 * np.sin(9 * y)) / (0.03 + 0.20 * (y - 0.70))
    tone = np.clip(0.12 + 0.42 * smoothstep(0.2, 1.6, glint), 0, 0.6) + 0.16 * noise(
        rng, block.sheet, 0.03, 2, stretch=4
    )
    block.carve(where, _lines(rng, block.sheet, along, np.clip(tone, 0, 0.72)))


def _shores(y: Field) -> tuple[Field, Field]:
    down = np.clip((y - 0.70) / 0.55, 0, 1)
    middle = 0.60 + 0.085 * np.sin(down * 5.6 + 0.4) * (1 - 0.3 * down) - 0.10 * down
    return middle - 0.028 - 0.17 * down, middle + 0.028 + 0.20 * down


def _foreground(rng: np.random.Generator, block: Block) -> None:
    """Close the picture: rocky banks with cut grasses, great pines at both sides, a hut in the clearing."""
    x, y = block.sheet.grid()
    shore = _shores(y)
    left = (x < shore[0] + 0.012 * np.sin(40 * y)) & (y > 0.875 + 0.03 * np.sin(9 * x))
    right = (x > shore[1] + 0.012 * np.sin(36 * y)) & (y > 0.885 + 0.04 * np.cos(7 * x))
    bank = (left | right).astype(np.float32)
    swell = noise(rng, block.sheet, 0.14, 3)
    block.carve(
        bank,
        _lines(
            rng,
            block.sheet,
            (y * 0.85 + 0.018 * swell + 0.45 * x * np.sign(x - 0.5)) * 66,
            np.clip(0.66 + 0.12 * swell, 0.4, 0.9),
        ),
    )
    edge = cv2.morphologyEx(
        bank, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8), iterations=max(1, round(block.sheet.unit * 0.0016))
    )
    block.ink = np.maximum(block.ink, edge)
    _hut(block)
    for gx, gy in rng.random((260, 2)) * (1.04, 0.40) + (-0.02, 0.88):
        s = _shores(np.float32([gy]))
        if s[0][0] - 0.01 < gx < s[1][0] + 0.01:
            continue
        for _ in range(5):
            tip = rng.normal(0, 0.014)
            tall = 0.016 + 0.030 * (gy - 0.86) / 0.4 * rng.uniform(0.6, 1.5) + 0.008
            path = spline([(gx, gy), (gx + tip * 0.35, gy - tall * 0.6), (gx + tip * 1.4, gy - tall)], 8)
            block.stroke(path, 0.0046, ink=bool(gy < 0.93 and rng.random() < 0.5))
    for px, base, height, tiers in [
        (0.235, 1.06, 0.50, 17),
        (0.90, 1.08, 0.62, 20),
        (0.045, 1.16, 0.86, 26),
        (1.015, 1.22, 0.66, 20),
        (0.155, 1.225, 0.34, 13),
    ]:
        _pine(rng, block, px, base, height, tiers)


def _hut(block: Block) -> None:
    """Build the hut on the right bank; its roof and window belong to the red block (see `_red_shapes`)."""
    for polygon, ink in (
        ([(0.695, 0.905), (0.695, 0.850), (0.735, 0.822), (0.780, 0.850), (0.780, 0.905)], False),
        ([(0.700, 0.900), (0.700, 0.853), (0.776, 0.853), (0.776, 0.900)], True),
    ):
        block.fill(np.array(polygon), ink=ink)
    for k in range(4):
        path = np.array([(0.703, 0.862 + 0.011 * k), (0.74, 0.8625 + 0.011 * k), (0.773, 0.862 + 0.011 * k)])
        block.stroke(path, 0.0034, ink=False)
    block.fill(np.array([(0.728, 0.890), (0.728, 0.868), (0.748, 0.868), (0.748, 0.890)]), ink=False)
    for shape in _red_shapes():
        block.fill(shape, ink=False)


def _red_shapes() -> list[NDArray[np.float64]]:
    return [
        np.array([(0.688, 0.856), (0.712, 0.820), (0.768, 0.820), (0.790, 0.856)]),
        np.array([(0.729, 0.889), (0.729, 0.869), (0.747, 0.869), (0.747, 0.889)]),
    ]


def _red(rng: np.random.Generator, sheet: Sheet, sky: Field) -> Field:
    """Return the vermilion block: the sun, the glow low in the sky, the sun's path on the river, the hut's roof."""
    x, y = sheet.grid()
    r = np.hypot(x - SUN[0], y - SUN[1])
    sun = (r < SUN_RADIUS + 0.0006 * noise(rng, sheet, 0.02, 2)) * np.float32(1)
    low = np.clip(1.02 - 0.62 * smoothstep(-0.3, 1.0, (y - SUN[1]) / SUN_RADIUS), 0.3, 1.1)
    sun *= _lines(rng, sheet, (y + 0.004 * np.sin(20 * x)) * 95, low)
    glow = _lines(rng, sheet, (y + 0.02 * np.sin(5.2 * x)) * 84, np.clip(0.60 * smoothstep(0.33, 0.58, y), 0, 0.6))
    shore = _shores(y)
    river = (x > shore[0] + 0.006) & (x < shore[1] - 0.006) & (y > 0.775)
    spread = np.abs(x - SUN[0] + 0.20 * (y - 0.70) + 0.03 * noise(rng, sheet, 0.03, 2, stretch=3)) / (
        0.024 + 0.14 * (y - 0.70)
    )
    path = (
        _lines(rng, sheet, y * 78 + 0.9 * np.sin(14 * x + 9 * y) + 0.5, np.clip(0.95 - 0.75 * spread, 0, 0.8)) * river
    )
    roof = sheet.mask(*_red_shapes()) > 0.5
    return np.maximum.reduce([sun * sky, glow * sky * 0.9, path, roof * np.float32(1)])


def _print(rng: np.random.Generator, sheet: Sheet, black: Block) -> Frame:
    """Pull the print: red first, a hair out of register, then black; ink is uneven and the paper shows its fibres."""
    fine = black.sheet
    red = cv2.warpAffine(
        _red(rng, fine, black.sky),
        np.float32([[1, 0, 0.0016 * fine.unit], [0, 1, -0.0012 * fine.unit]]),
        (fine.width, fine.height),
    )
    x, y = sheet.grid()
    fibre = noise(rng, sheet, 0.010, 3, stretch=3) * 0.5 + noise(rng, sheet, 0.004, 2) * 0.6
    paper = rgb("#f1e6cb")[0] * (1 + 0.022 * fibre + 0.02 * noise(rng, sheet, 0.4, 2))[..., None]
    key = sheet.shrink(cv2.GaussianBlur(black.ink, (0, 0), 0.8))
    vermilion = sheet.shrink(cv2.GaussianBlur(red, (0, 0), 0.8))
    grain = np.sin((x * 0.16 + y + 0.03 * noise(rng, sheet, 0.5, 2)) * 240 + 2.5 * noise(rng, sheet, 0.25, 2))
    worn = smoothstep(1.7, 2.6, noise(rng, sheet, 0.0042, 2) + 0.30 * grain + 0.45 * noise(rng, sheet, 0.15, 2))
    picture = lay(
        paper, rgb("#d2452a")[0] * (1 + 0.05 * grain + 0.05 * fibre)[..., None], vermilion * (0.93 - 0.5 * worn)
    )
    picture = lay(picture, rgb("#1b1a1c")[0] * (1 + 0.25 * grain)[..., None], key * (0.97 - 0.55 * worn))
    pressed, _ = relief(-1.3 * cv2.GaussianBlur(np.maximum(key, vermilion), (0, 0), 1.2) + 0.25 * fibre, 0.5)
    picture = picture * (0.75 + 0.25 * pressed[..., None])
    width, height = sheet.extent
    inside = np.minimum(np.minimum(x, width - x), np.minimum(y, height - y)) + 0.0010 * noise(rng, sheet, 0.12, 4)
    return finish(lay(paper, picture, smoothstep(0.0185, 0.0200, inside)))
