"""Flow-field brush strokes: a comet over a lake village, thick paint laid along the currents of the night."""

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from .brush import Brush, Paint, scatter
from .sheet import Field, Frame, Sheet, finish, lay, noise, ramp, relief, rgb, smoothstep, spline, weave

SHORE, BANK = 0.655, 0.845
HEAD = (0.955, 0.205)
TAIL = spline([HEAD, (0.80, 0.165), (0.62, 0.165), (0.42, 0.215), (0.20, 0.325), (-0.06, 0.50)], 80)
STARS = [  # x, y, radius of the halo
    (0.125, 0.115, 0.038),
    (0.345, 0.060, 0.020),
    (0.560, 0.075, 0.027),
    (0.765, 0.040, 0.016),
    (1.190, 0.080, 0.034),
    (1.085, 0.370, 0.021),
    (0.810, 0.395, 0.017),
    (0.560, 0.335, 0.025),
    (0.050, 0.275, 0.018),
]
HOUSES = [  # x of the left wall, width, height of the wall, lit windows
    (0.300, 0.050, 0.034, 1),
    (0.362, 0.062, 0.040, 2),
    (0.428, 0.050, 0.050, 1),
    (0.482, 0.066, 0.040, 2),
    (0.592, 0.052, 0.052, 1),
    (0.650, 0.074, 0.038, 3),
    (0.732, 0.050, 0.046, 1),
    (0.800, 0.060, 0.036, 2),
]
SKY, LAKE, BANK_SIDE, WALL, ROOF, WINDOW = 0, 4, 5, 6, 7, 8  # regions; 1, 2 and 3 are the hills


def paint(size: int, seed: int) -> Frame:
    """Paint the picture with a shorter side of `size` pixels."""
    rng = np.random.default_rng(seed)
    sheet = Sheet.of(size, 1.28)
    subject, regions, detail = _scene(rng, sheet)
    angle = _currents(rng, sheet, regions)
    work = Paint(sheet, lay(subject * 0.55, rgb("#1a1c3c")[0], 0.35))
    layers = [
        (Brush(0.026, 0.15, 0.045, 0.020), 2600, None),
        (Brush(0.016, 0.11, 0.060, 0.028), 6500, None),
        (Brush(0.0105, 0.075, 0.060, 0.030), 9500, 0.35 + 0.65 * detail),
        (Brush(0.0062, 0.040, 0.045, 0.025, load=1.15), 15000, 0.08 + 0.92 * detail),
    ]
    for brush, count, density in layers:
        work.stroke_all(rng, brush, scatter(rng, sheet, count, density), subject, angle, regions)
    village = (regions >= WALL).astype(np.float32)
    touch = Brush(0.0048, 0.020, 0.05, 0.03, load=1.2)
    work.stroke_all(rng, touch, scatter(rng, sheet, 60000, village), subject, angle, regions)
    return finish(_varnish(rng, sheet, work))


def _varnish(rng: np.random.Generator, sheet: Sheet, work: Paint) -> Field:
    """Light the paint's ridges and let the canvas show faintly."""
    height = work.thickness * 5.5 * (sheet.unit / 960) ** 0.5 + weave(sheet, rng, 0.0045) * 0.22
    lit, glint = relief(cv2.GaussianBlur(height, (0, 0), 0.6), 1.0, gloss=0.5)
    return work.colour * (0.28 + 0.72 * lit[..., None]) + glint[..., None] * rgb("#fff4dc")[0] * 0.45


def _hill(x: Field, which: int) -> Field:
    """Return the height (y) of the crest of the far, middle and near hills at `x`."""
    crests = (
        0.545
        - 0.085 * np.exp(-(((x - 0.16) / 0.17) ** 2))
        - 0.06 * np.exp(-(((x - 0.98) / 0.13) ** 2))
        - 0.02 * np.sin(9 * x),
        0.585
        - 0.060 * np.exp(-(((x + 0.02) / 0.20) ** 2))
        - 0.085 * np.exp(-(((x - 1.24) / 0.19) ** 2))
        - 0.012 * np.sin(8 * x),
        0.632 - 0.030 * np.cos(4.2 * x + 0.5) - 0.006 * np.sin(13 * x),
    )
    return np.asarray(crests[which], np.float32)


def _bank(x: Field) -> Field:
    return np.asarray(BANK + 0.075 * np.sin(2.3 * x - 0.35) - 0.012 * np.sin(9 * x), np.float32)


def _tail(x: Field, y: Field) -> tuple[Field, Field]:
    """Return each pixel's distance to the comet's tail (signed) and how far along it lies, 0 at the head to 1."""
    best = np.full(x.shape, np.inf, np.float32)
    signed, along = np.zeros_like(best), np.zeros_like(best)
    for i, ((ax, ay), (bx, by)) in enumerate(pairwise(TAIL)):
        ux, uy = bx - ax, by - ay
        t = np.clip(((x - ax) * ux + (y - ay) * uy) / (ux * ux + uy * uy), 0, 1)
        dx, dy = x - ax - t * ux, y - ay - t * uy
        d = np.hypot(dx, dy)
        nearer = d < best
        best = np.where(nearer, d, best)
        signed = np.where(nearer, np.sign(ux * dy - uy * dx) * d, signed)
        along = np.where(nearer, (i + t) / (len(TAIL) - 1), along)
    return signed.astype(np.float32), along.astype(np.float32)


def _currents(rng: np.random.Generator, sheet: Sheet, regions: NDArray[np.integer]) -> Field:
    """Return the direction of the brush: along the level lines of one stream function per region."""
    x, y = sheet.grid()
    sky = y + 0.050 * noise(rng, sheet, 0.45, 2, stretch=1.6)
    for cx, cy, radius, turn in [(0.24, 0.20, 0.14, 0.20), (1.10, 0.50, 0.15, 0.10), (0.70, 0.46, 0.10, -0.10)]:
        sky += turn * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * (radius * 0.6) ** 2))
    distance, along = _tail(x, y)
    near_tail = np.exp(-((distance / (0.075 + 0.11 * along)) ** 2)) * smoothstep(1.0, 0.85, along)
    sky = (
        sky * (1 - near_tail) + np.abs(distance) * near_tail
    )  # unsigned: the lines bend round the head like a bow wave
    whirl = np.zeros_like(x)
    for sx, sy, radius in STARS:
        r = np.hypot(x - sx, y - sy)
        ring = smoothstep(radius * 3.4, radius * 1.2, r)
        sky = sky * (1 - ring) + r * 2.5 * ring
        whirl += ring * 0.45  # strokes spiral outwards instead of closing into a target
    land = y - np.where(regions == 1, _hill(x, 0), np.where(regions == 2, _hill(x, 1), _hill(x, 2)))
    land += 0.020 * noise(rng, sheet, 0.16, 2)
    lake = y + 0.006 * np.sin(26 * x + 60 * y) + 0.004 * noise(rng, sheet, 0.1, 2, stretch=2)
    bank = x - 0.30 * (y - BANK) * np.sin(7 * x) + 0.016 * noise(rng, sheet, 0.25, 2)
    stream = np.select(
        [regions == SKY, regions < LAKE, regions == LAKE, regions == BANK_SIDE], [sky, land, lake, bank], x
    )
    stream = cv2.GaussianBlur(stream.astype(np.float32), (0, 0), sheet.unit * 0.003)
    angle = np.arctan2(-cv2.Sobel(stream, cv2.CV_32F, 1, 0), cv2.Sobel(stream, cv2.CV_32F, 0, 1))
    angle = np.select([regions == ROOF, regions >= WALL], [np.float32(-0.95), np.float32(np.pi / 2)], angle)
    return np.asarray(angle + whirl * (regions == SKY), np.float32)


def _sky(rng: np.random.Generator, sheet: Sheet) -> tuple[Field, Field]:
    """Return the sky's colours and where its detail is."""
    x, y = sheet.grid()
    sky = ramp(
        y + 0.045 * noise(rng, sheet, 0.30, 3, stretch=2.2),
        [
            (0.0, "#131c5c"),
            (0.16, "#1d3b92"),
            (0.30, "#2b62b4"),
            (0.42, "#3f8fb8"),
            (0.52, "#86bfae"),
            (0.60, "#e3d79a"),
        ],
    )
    bands = np.sin(42 * (y + 0.050 * noise(rng, sheet, 0.45, 2, stretch=1.6)) + 3 * noise(rng, sheet, 0.3, 2))
    sky = sky * (1 + 0.16 * bands[..., None])
    clouds = smoothstep(0.2, 1.4, noise(rng, sheet, 0.26, 3, stretch=2.8)) * smoothstep(0.18, 0.42, y)
    sky = lay(sky, rgb("#b9d3cf")[0], clouds * 0.55)
    detail = np.zeros_like(x)
    distance, along = _tail(x, y)
    width = 0.016 + 0.105 * along
    glow = np.exp(-((distance / width) ** 2)) * smoothstep(1.0, 0.55, along)
    threads = 0.72 + 0.28 * np.sin(distance / width * 9 + 2 * np.sin(along * 9))
    tail = ramp(along, [(0, "#fff6c4"), (0.15, "#fbd25a"), (0.40, "#f0a23c"), (0.62, "#d98b5e"), (1, "#7fb0a8")])
    sky = lay(sky, tail, np.clip(glow * threads * 1.15, 0, 1))
    detail += glow * 0.5
    for sx, sy, radius in STARS:
        r = np.hypot(x - sx, y - sy) / radius
        rings = 0.82 + 0.18 * np.cos(r * 4.4 + 3 * np.arctan2(y - sy, x - sx))
        halo = ramp(r, [(0, "#fffbe0"), (0.5, "#ffe98c"), (1.0, "#f7c84a"), (1.7, "#a9c98a"), (2.8, "#3c84b4")])
        sky = lay(sky, halo, np.clip(smoothstep(2.9, 0.4, r) * rings * 1.1, 0, 1))
        detail += smoothstep(2.2, 1.2, r)
    r = np.hypot(x - HEAD[0], y - HEAD[1]) / 0.052
    coma = ramp(r, [(0, "#fffef0"), (0.7, "#fff0a0"), (1.2, "#fbd25a"), (2.0, "#7fc0b0")])
    return lay(sky, coma, smoothstep(2.2, 0.5, r)), detail + smoothstep(1.6, 0.9, r)


def _scene(rng: np.random.Generator, sheet: Sheet) -> tuple[Field, NDArray[np.uint8], Field]:
    """Return the colours to paint, the regions strokes stay in, and where fine strokes go."""
    x, y = sheet.grid()
    scene, detail = _sky(rng, sheet)
    regions = np.zeros(x.shape, np.uint8)
    shades = [
        [(0, "#6f86b4"), (0.7, "#4d62a0"), (1.2, "#6a8fb0")],
        [(0, "#3a7a86"), (0.5, "#275a7c"), (1, "#2f4a80")],
        [(0, "#4c8a4a"), (0.35, "#24605a"), (1, "#17294f")],
    ]
    for which, stops in enumerate(shades):
        depth = (y - _hill(x, which)) / 0.09 + 0.30 * noise(rng, sheet, 0.10, 3)
        hill = y > _hill(x, which)
        regions[hill] = which + 1
        scene = lay(scene, ramp(depth, stops), hill.astype(np.float32))
        rim = np.exp(-(((y - _hill(x, which)) / 0.006) ** 2)) * hill
        scene = lay(scene, rgb("#9fc3a0")[0], rim.astype(np.float32) * 0.55)
    _houses(sheet, scene, regions, detail)
    scene = _lake(rng, sheet, scene, regions, detail)
    return _foreground(rng, sheet, scene, regions, detail), regions, np.clip(detail, 0, 1)


def _houses(sheet: Sheet, scene: Field, regions: NDArray[np.uint8], detail: Field) -> None:
    """Set the village on the shore, in place: walls in night blue, warm roofs, lit windows and a church."""

    def put(code: str, region: int, *points: tuple[float, float]) -> None:
        mask = sheet.mask(np.array(points))
        scene[:] = lay(scene, rgb(code)[0], mask)
        regions[mask > 0.5] = region
        detail[:] = np.maximum(detail, mask)

    def block(code: str, region: int, left: float, right: float, bottom: float, top: float) -> None:
        put(code, region, (left, bottom), (left, top), (right, top), (right, bottom))

    base = SHORE - 0.004
    block("#3a4a86", WALL, 0.550, 0.586, base, base - 0.105)
    put("#c9583a", ROOF, (0.544, base - 0.105), (0.568, base - 0.205), (0.592, base - 0.105))
    block("#ffe27a", WINDOW, 0.563, 0.573, base - 0.060, base - 0.085)
    roofs = ("#e0703c", "#c24c3c", "#ec9448", "#b05a74")
    for i, (left, width, wall, windows) in enumerate(HOUSES):
        block(("#5a6ca8", "#46588e", "#7080b0")[i % 3], WALL, left, left + width, base, base - wall)
        eave, ridge = base - wall + 0.002, base - wall - width * 0.52
        put(roofs[i % 4], ROOF, (left - 0.006, eave), (left + width / 2, ridge), (left + width + 0.006, eave))
        for k in range(windows):
            at = left + width * (k + 0.5) / windows
            block("#ffdb5e", WINDOW, at - 0.0058, at + 0.0058, base - wall * 0.24, base - wall * 0.70)


def _lake(rng: np.random.Generator, sheet: Sheet, scene: Field, regions: NDArray[np.uint8], detail: Field) -> Field:
    """Mirror the upper half, squeezed and broken by ripples; window light runs down towards us."""
    x, y = sheet.grid()
    lake = (y > SHORE) & (y < _bank(x))
    ripple = 0.010 * np.sin(150 * y + 4 * np.sin(9 * x)) + 0.006 * noise(rng, sheet, 0.03, 2, stretch=4)
    source = SHORE - (y - SHORE) * 2.6 + 0.4 * ripple
    mirrored = cv2.remap(
        scene,
        ((x + ripple) * sheet.unit).astype(np.float32),
        (np.clip(source, 0.01, SHORE - 0.01) * sheet.unit).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    water = lay(mirrored * 0.92, rgb("#1d4f96")[0], 0.36)
    dashes = smoothstep(0.15, 0.9, np.sin(190 * (y + 0.004 * np.sin(30 * x))) + 0.7 * noise(rng, sheet, 0.03, 2, 4))
    for left, width, _, windows in HOUSES:
        spread = 0.006 + 0.055 * (y - SHORE)
        column = np.exp(-(((x - left - width / 2) / spread) ** 2)) * smoothstep(0.19, 0.0, y - SHORE)
        water = lay(water, rgb("#ffc94d")[0], np.clip(column * dashes * (0.75 + 0.2 * windows), 0, 1))
    path = np.exp(-(((x - HEAD[0]) / (0.03 + 0.25 * (y - SHORE))) ** 2)) * dashes
    water = lay(water, rgb("#ffe9a0")[0], np.clip(path, 0, 1))
    regions[lake] = LAKE
    detail += np.where(lake, 0.22 + 0.5 * path, 0)
    return lay(scene, water, lake.astype(np.float32))


def _foreground(
    rng: np.random.Generator, sheet: Sheet, scene: Field, regions: NDArray[np.uint8], detail: Field
) -> Field:
    """Grow the near bank: warm grasses over violet shadow, poppies among them."""
    x, y = sheet.grid()
    bank = y >= _bank(x)
    depth = y - _bank(x)
    grass = ramp(
        depth * 6 + 0.28 * noise(rng, sheet, 0.05, 3),
        [(0, "#e8b64a"), (0.25, "#b98a35"), (0.5, "#6c7c3a"), (0.8, "#2f5a4c"), (1.1, "#2b2f63")],
    )
    blades = smoothstep(0.55, 1.3, noise(rng, sheet, 0.012, 1, stretch=0.22))
    grass = lay(grass, rgb("#f2cf6b")[0], blades * smoothstep(0.16, 0.0, depth) * 0.8)
    for px, py in rng.random((90, 2)) * (sheet.extent[0], 0.16) + (0, 0.80):
        dot = smoothstep(0.0085, 0.004, np.hypot(x - px, (y - py) * 1.3))
        grass = lay(grass, rgb("#e4502e", "#f08a3c")[int(px * 1000) % 2], dot)
        detail += dot * bank * 0.8
    regions[bank] = BANK_SIDE
    detail += np.where(bank, 0.25, 0)
    return lay(scene, grass, bank.astype(np.float32))
