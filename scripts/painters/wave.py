"""Waves: a great breaker in the manner of Edo prints, flat blues in ruled bands, clawed foam, washi paper.

Every wave is the same construction at another size: an outer and an inner curve meet at the lip, and the bands between
are interpolated, so that each line in the water leads the eye to the foam.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .sheet import SHIFT, Field, Frame, Sheet, finish, lay, noise, ramp, relief, rgb, smoothstep, spline

PAPER, FOAM, LINE = "#f2e7cc", "#f6f0dc", "#12294a"
DEEP, PRUSSIAN, MIDDLE, PALE, MIST = "#14305c", "#1d4a86", "#3f7fb0", "#8fbccb", "#c9dcd6"
BANDS = (PRUSSIAN, PALE, DEEP, MIDDLE, PALE, PRUSSIAN, MIDDLE, DEEP, PALE, PRUSSIAN, MIDDLE, DEEP, PRUSSIAN)
# one wave of height 1 breaking to the right: from the trough behind over the crest to the lip, and from the trough in
# front up the hollow to the lip (y upwards)
OUTER = spline([(-1.75, -0.04), (-1.25, 0.05), (-0.85, 0.20), (-0.48, 0.47), (-0.16, 0.79), (0.14, 0.965), (0.42, 1.0),
                (0.66, 0.925), (0.81, 0.77), (0.86, 0.59)], 140)  # fmt: skip
INNER = spline([(1.30, -0.05), (0.88, 0.0), (0.52, 0.07), (0.27, 0.21), (0.19, 0.40), (0.245, 0.58), (0.39, 0.715),
                (0.56, 0.755), (0.73, 0.70), (0.86, 0.59)], 140)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wave:
    """Where a wave breaks: foot (units), height, how far it leans into the next, how much foam."""

    x: float
    y: float
    height: float
    width: float = 1.0
    foam: float = 1.0

    def place(self, curve: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a curve of the one wave, set in the picture."""
        return np.stack([self.x + curve[:, 0] * self.height * self.width, self.y - curve[:, 1] * self.height], -1)


ROWS: list[tuple[float, list[Wave]]] = [  # the water's level, the waves on it; far to near
    (0.600, [Wave(0.05, 0.608, 0.055), Wave(0.30, 0.606, 0.045), Wave(0.98, 0.608, 0.060), Wave(1.22, 0.606, 0.050)]),
    (0.655, [Wave(0.84, 0.672, 0.105), Wave(1.16, 0.675, 0.125), Wave(0.56, 0.668, 0.075)]),
    (0.675, [Wave(0.44, 0.800, 0.630, 0.94, 1.25)]),
    (0.808, [Wave(1.13, 0.850, 0.235, 1.05), Wave(0.70, 0.840, 0.100)]),
    (0.846, [Wave(0.10, 0.965, 0.250, 1.05), Wave(0.80, 0.955, 0.150, 1.25)]),
    (0.950, [Wave(0.50, 1.060, 0.190, 1.2), Wave(1.30, 1.070, 0.260, 1.1)]),
]


class Print:
    """A print in the making: flat shapes and key lines on an 8-bit sheet."""

    def __init__(self, sheet: Sheet, ground: Field) -> None:
        self.sheet = sheet
        self.image = finish(ground)

    def fill(self, polygon: NDArray[np.floating], code: str) -> None:
        """Print a flat shape."""
        cv2.fillPoly(self.image, [self.sheet.points(polygon)], (rgb(code)[0] * 255).tolist(), cv2.LINE_AA, SHIFT)

    def disc(self, at: NDArray[np.floating], radius: float, code: str) -> None:
        """Print a round spot."""
        centre = tuple(self.sheet.points(np.asarray(at)).tolist())
        pixels = max(8, round(radius * self.sheet.unit * 2**SHIFT))
        cv2.circle(self.image, centre, pixels, (rgb(code)[0] * 255).tolist(), -1, cv2.LINE_AA, SHIFT)

    def line(self, path: NDArray[np.floating], width: float, code: str = LINE) -> None:
        """Print a brush line that swells from nothing and thins out again."""
        along = np.gradient(path, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], -1) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-9)
        swell = (
            (0.25 + 0.75 * np.sin(np.linspace(0, np.pi, len(path))))[:, None] * max(width, 1.0 / self.sheet.unit) / 2
        )
        self.fill(np.concatenate([path + normal * swell, (path - normal * swell)[::-1]]), code)


def paint(size: int, seed: int) -> Frame:
    """Paint the picture with a shorter side of `size` pixels."""
    rng = np.random.default_rng(seed)
    sheet = Sheet.of(size, 1.34)
    fine = sheet.finer(2)
    work = Print(fine, _sky(rng, fine))
    _distance(work)
    for row, (level, waves) in enumerate(ROWS):
        _water(rng, work, level, row)
        for wave in waves:
            _wave(rng, work, wave)
        if row == 2:
            _boat(work, 0.905, 0.795, 0.135)
    return _washi(rng, sheet, sheet.shrink(work.image.astype(np.float32) / 255))


def _sky(rng: np.random.Generator, sheet: Sheet) -> Field:
    """Wipe the sky's gradations by hand (bokashi), with a pale sun and drifting bands of mist."""
    x, y = sheet.grid()
    hand = 0.015 * noise(rng, sheet, 0.4, 2, stretch=4)
    sky = ramp(
        y + hand,
        [(0, "#2d5f8e"), (0.07, "#6f9db0"), (0.20, "#d5d9c4"), (0.36, PAPER), (0.50, "#f0cfa6"), (0.60, "#e6a884")],
    )
    r = np.hypot(x - 1.045, y - 0.255)
    sky = lay(sky, rgb("#f3c468")[0], smoothstep(0.0865, 0.0850, r) * (0.55 + 0.45 * smoothstep(0.32, 0.18, y)))
    for cy, left, right, thick in [
        (0.318, 0.86, 1.30, 0.011),
        (0.352, 0.96, 1.5, 0.007),
        (0.135, -0.1, 0.34, 0.012),
        (0.172, -0.1, 0.22, 0.007),
        (0.470, 0.70, 1.5, 0.010),
    ]:
        edge = thick * np.sqrt(np.clip(1 - (2 * (x - left) / (right - left) - 1) ** 8, 0, 1))
        sky = lay(sky, rgb("#f7eed8")[0], smoothstep(0.0, 0.0015, edge - np.abs(y - cy)) * 0.92)
    return sky


def _distance(work: Print) -> None:
    """Set islands on the horizon and gulls over them."""
    for points, code in (
        (
            [
                (0.62, 0.61),
                (0.70, 0.575),
                (0.76, 0.555),
                (0.84, 0.500),
                (0.87, 0.487),
                (0.91, 0.505),
                (0.98, 0.565),
                (1.08, 0.61),
            ],
            "#9fb3bb",
        ),
        (
            [(0.94, 0.61), (1.02, 0.575), (1.10, 0.560), (1.18, 0.525), (1.24, 0.540), (1.36, 0.575), (1.36, 0.61)],
            "#6d8fa6",
        ),
    ):
        coast = spline(points, 90)
        work.fill(np.concatenate([coast, [(coast[-1, 0], 0.66), (coast[0, 0], 0.66)]]), code)
        work.line(coast, 0.0026)
        for k in range(1, 6):
            work.line(coast[8 * k : -6 * k] + np.array([0.0, 0.011 * k]), 0.0012, "#56788f")
    for gx, gy, s in [
        (0.150, 0.300, 0.034),
        (0.245, 0.245, 0.025),
        (0.085, 0.245, 0.019),
        (1.205, 0.120, 0.022),
        (1.270, 0.160, 0.016),
    ]:
        for side, lift in ((-1, 0.55), (1, 0.35)):
            wing = spline([(gx, gy), (gx + side * s * 0.55, gy - s * lift), (gx + side * s * 1.15, gy - s * 0.12)], 20)
            under = spline(
                [
                    (gx, gy + s * 0.14),
                    (gx + side * s * 0.55, gy - s * lift * 0.45),
                    (gx + side * s * 1.15, gy - s * 0.12),
                ],
                20,
            )
            work.fill(np.concatenate([wing, under[::-1]]), FOAM)
            work.line(wing, 0.0030)
            work.line(under, 0.0016)


def _water(rng: np.random.Generator, work: Print, level: float, row: int) -> None:
    """Print the water of one row: a wiped gradation with swell lines running across."""
    width, _ = work.sheet.extent
    x = np.linspace(-0.05, width + 0.05, 240)
    phase = rng.uniform(0, 6)
    near = row / (len(ROWS) - 1)

    def swell(depth: float) -> NDArray[np.float64]:
        y = level + depth + (0.004 + 0.012 * near) * np.sin(x * (15 - 8 * near) + phase + depth * 12)
        return np.stack([x, y + (0.002 + 0.003 * near) * np.sin(x * 31 + phase * 3)], -1)

    shades = (MIST, PALE, MIDDLE, PRUSSIAN, DEEP)
    bands = [
        (0.0, shades[min(4, 1 + row // 2)]),
        (0.024, shades[min(4, 2 + row // 2)]),
        (0.060, PRUSSIAN),
        (0.100, DEEP),
    ]
    for depth, code in bands:
        top = swell(depth * (0.4 + near))
        work.fill(np.concatenate([top, [(width + 0.05, 1.2), (-0.05, 1.2)]]), code)
        work.line(top, 0.0016 + 0.0012 * near)
    for k in range(26):
        path = swell((0.008 + 0.0085 * k) * (0.4 + near))
        start, span = rng.integers(0, 180), rng.integers(25, 75)
        work.line(path[start : start + span], 0.0012 + 0.0016 * near, (PALE, MIST, LINE, MIDDLE)[k % 4])


def _wave(rng: np.random.Generator, work: Print, wave: Wave) -> None:
    """Print one wave: its bands, its key lines, then the foam along the lip."""
    outer, inner = wave.place(OUTER), wave.place(INNER)
    fan = [outer + (inner - outer) * t for t in np.linspace(0, 1, len(BANDS) + 1) ** 1.15]
    foot = [(inner[0, 0], wave.y + wave.height * 0.12), (outer[0, 0], wave.y + wave.height * 0.12)]
    work.fill(np.concatenate([outer, inner[::-1], foot]), PRUSSIAN)
    for code, above, below in zip(BANDS, fan[:-1], fan[1:], strict=True):
        work.fill(np.concatenate([above, below[::-1]]), code)
    weight = 0.0010 + 0.0042 * wave.height
    for k, path in enumerate(fan[1:-1]):
        work.line(path, weight * 0.75)
        if wave.height > 0.09:  # hairlines inside the bands
            for t in np.linspace(0, 1, 3 + round(wave.height * 13))[1:-1]:
                hair = path + (fan[k + 2] - path) * t
                start, end = sorted(rng.integers(4, 136, 2))
                work.line(
                    hair[start : end + 4], weight * rng.uniform(0.25, 0.55), (MIST, LINE, PALE, LINE)[rng.integers(4)]
                )
    _hollow(rng, work, wave, inner, weight)
    work.line(outer, weight * 1.2)
    work.line(inner, weight * 1.2)
    _foam(rng, work, wave, outer, inner, weight)


def _hollow(rng: np.random.Generator, work: Print, wave: Wave, inner: NDArray[np.float64], weight: float) -> None:
    """Streak the hollow's floor with lines of drawn-out foam."""
    for k in range(7):
        offset = np.array([0.05 + 0.02 * k, 0.010 + 0.026 * k]) * wave.height
        path = inner[0 : 40 - 4 * k] + offset * (1, 1)
        work.line(path, weight * (1.5 if k % 2 else 0.9), (FOAM, PALE, MIST)[k % 3])
    for t in rng.random(int(22 * wave.foam)):
        at = inner[int(t * 44)] + rng.normal(0, 0.018, 2) * wave.height + (0, 0.03 * wave.height)
        work.disc(at, wave.height * 0.006 * rng.uniform(0.5, 1.4), FOAM)


def _foam(
    rng: np.random.Generator,
    work: Print,
    wave: Wave,
    outer: NDArray[np.float64],
    inner: NDArray[np.float64],
    weight: float,
) -> None:
    """Break the lip into foam: scallops along the crest, claws reaching down, spray flying ahead."""
    size = wave.height
    crest = outer[62:]
    back = inner[96:][::-1]
    scallops: list[tuple[NDArray[np.float64], float]] = []
    for t in np.linspace(0, 1, int(46 * wave.foam)):
        at = crest[int(t * (len(crest) - 1))]
        scallops.append((at + rng.normal(0, 0.010, 2) * size, size * (0.014 + 0.032 * t) * rng.uniform(0.7, 1.25)))
    claws = [
        _claw(rng, crest[int(t * (len(crest) - 1))], size * (0.05 + 0.12 * t), 1.15 - 0.75 * t)
        for t in np.linspace(0.22, 1, int(25 * wave.foam))
    ]
    claws += [
        _claw(rng, back[int(t * (len(back) - 1))], size * (0.15 - 0.095 * t), 1.35 + 0.5 * t)
        for t in np.linspace(0, 0.95, int(15 * wave.foam))
    ]
    for path, thick in claws:
        scallops += [(p, thick * (1.0 - 0.55 * k / (len(path) - 1))) for k, p in enumerate(path)]
        tip, reach = path[-1], thick * 1.5
        scallops += [(tip + reach * np.array([np.cos(a), np.sin(a)]), thick * 0.44) for a in rng.uniform(-0.6, 2.8, 3)]
    for at, radius in scallops:  # all outlines first, then all fills: the foam closes to one mass
        work.disc(at, radius + weight * 0.95, LINE)
    for at, radius in scallops:
        work.disc(at, radius, FOAM)
    for at, radius in scallops[:: 2 if size > 0.2 else 3]:
        arc = np.linspace(0.3, 2.2, 12)
        path = at + radius * 0.62 * np.stack([np.cos(arc), np.sin(arc)], -1)
        work.line(path, weight * 0.55, "#6f9db8")
    for _ in range(int(150 * wave.foam)):
        t, throw = rng.random(), rng.gamma(1.5, 0.060)
        at = crest[int((0.35 + 0.65 * t) * (len(crest) - 1))] + size * np.array(
            [throw * rng.uniform(0.3, 1.5), -throw * rng.normal(0.15, 0.7)]
        )
        radius = size * 0.0058 * rng.uniform(0.35, 1.5)
        work.disc(at, radius + weight * 0.28, LINE)
        work.disc(at, radius, FOAM)


def _claw(
    rng: np.random.Generator, root: NDArray[np.float64], length: float, heading: float
) -> tuple[NDArray[np.float64], float]:
    """Return one claw of foam: a path that curls under, and its thickness at the root."""
    length = length * rng.uniform(0.55, 1.2)
    turns = heading + rng.normal(0, 0.22) + np.linspace(-0.5, 1.15, 7)
    steps = np.stack([np.cos(turns), np.sin(turns)], -1) * length / 7
    return root + np.cumsum(steps, axis=0), length * 0.17


def _boat(work: Print, x: float, y: float, size: float) -> None:
    """Set a small boat with an ochre sail into the trough."""

    def at(*points: tuple[float, float]) -> NDArray[np.float64]:
        tilt = np.array([[0.985, -0.174], [0.174, 0.985]])
        return np.asarray(np.array(points) @ tilt.T * size + (x, y))

    sail = np.concatenate(
        [
            at(*spline([(-0.05, -0.22), (-0.33, -0.55), (-0.30, -1.05)], 20)),
            at(*spline([(0.34, -0.98), (0.30, -0.6), (0.36, -0.20)], 20)),
        ]
    )
    work.fill(sail, "#e3b56c")
    for k in range(1, 6):
        t = k / 6
        work.line(sail[:20] + (sail[20:][::-1] - sail[:20]) * t, 0.0018, "#a8713c")
    work.line(np.concatenate([sail, sail[:1]]), 0.0034)
    work.line(at((0.02, -1.16), (0.02, -0.6), (0.02, -0.1)), 0.0045)
    hull = at(
        *spline([(-0.72, -0.26), (-0.45, -0.02), (0.0, 0.09), (0.48, 0.02), (0.86, -0.30)], 40),
        *spline([(0.86, -0.30), (0.4, -0.14), (-0.3, -0.10), (-0.72, -0.26)], 30),
    )
    work.fill(hull, "#b8643f")
    work.line(hull, 0.0032)
    work.line(at(*spline([(-0.62, -0.17), (0.0, -0.02), (0.72, -0.19)], 30)), 0.0026, "#f0cfa6")
    for px in (-0.34, -0.16, 0.44):
        work.disc(at((px, -0.22))[0], size * 0.062, LINE)
        work.disc(at((px, -0.22))[0], size * 0.042, "#f0cfa6")


def _washi(rng: np.random.Generator, sheet: Sheet, picture: Field) -> Frame:
    """Press the print into washi: wood grain in the flats, fibres in the paper, a soft margin."""
    x, y = sheet.grid()
    grain = np.sin((y + 0.02 * np.sin(3 * x) + 0.02 * noise(rng, sheet, 0.35, 3, stretch=3)) * 330)
    goma = noise(rng, sheet, 0.0045, 2) + 0.3 * noise(rng, sheet, 0.06, 3)
    paper = rgb(PAPER)[0]
    depth = 1 - picture.mean(axis=-1)
    lifted = np.clip(0.045 * grain + 0.055 * goma, -0.14, 0.22) * smoothstep(0.1, 0.6, depth)
    picture = lay(picture, paper, np.clip(lifted + 0.05, 0, 0.3))
    fibres = np.zeros((sheet.height, sheet.width), np.uint8)
    for fx, fy, turn, bend, shade in rng.random((900, 5)):
        heading = turn * 2 * np.pi + (bend - 0.5) * np.linspace(0, 3, 9)
        path = (
            np.cumsum(np.stack([np.cos(heading), np.sin(heading)], -1) * 0.0055, axis=0)
            + np.array([fx, fy]) * sheet.extent
        )
        cv2.polylines(fibres, [sheet.points(path)], False, 90 + 140 * shade, 1, cv2.LINE_AA, SHIFT)
    thread = cv2.GaussianBlur(fibres.astype(np.float32) / 255, (0, 0), 0.6)
    picture = lay(picture, rgb("#fff8e4")[0], thread * 0.16)
    lit, _ = relief(
        thread * 1.3 + 0.35 * noise(rng, sheet, 0.006, 3) - 0.9 * cv2.GaussianBlur(depth, (0, 0), 1.0), 0.45
    )
    return finish(picture * (0.72 + 0.28 * lit[..., None]) * (1 + 0.012 * noise(rng, sheet, 0.3, 2))[..., None])
