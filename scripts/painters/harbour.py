"""Pointillism: a harbour at noon, in tens of thousands of dots of nearly pure pigment that mix only in the eye."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .brush import scatter
from .sheet import SHIFT, Field, Frame, Sheet, finish, lay, noise, ramp, relief, rgb, smoothstep, spline, weave

HORIZON, QUAY = 0.475, 0.86
PIGMENTS = rgb(
    "#fffaf0",  # lead white, warm
    "#fff0a8",
    "#ffd23a",
    "#f9a12e",
    "#f0692f",
    "#d8392f",
    "#f2a9a8",
    "#e26f94",
    "#9a5fb0",
    "#5a4bb0",
    "#2b3f9e",
    "#2f74c8",
    "#6bb4e6",
    "#b5e0ee",
    "#37b3a8",
    "#1f7f5c",
    "#63ad3f",
    "#b6cf4a",
    "#c9945a",
    "#23285a",
)


@dataclass(frozen=True, slots=True)
class Dots:
    """One layer of dots: the radius in units, how many, and whether they crowd where there is detail."""

    radius: float
    count: int
    fine: bool
    purity: float  # 1: pigments straight from the tube, 0: the local colour


def paint(size: int, seed: int) -> Frame:
    """Paint the picture with a shorter side of `size` pixels."""
    rng = np.random.default_rng(seed)
    sheet = Sheet.of(size, 1.3)
    subject, detail, slant = _scene(rng, sheet)
    layers = np.zeros((sheet.height, sheet.width, 4), np.uint8)
    layers[..., :3] = finish(lay(subject, rgb("#efe3c8")[0], 0.62))
    for dots in (
        Dots(0.0066, 15000, fine=False, purity=0.60),
        Dots(0.0047, 26000, fine=False, purity=0.72),
        Dots(0.0033, 34000, fine=True, purity=0.70),
        Dots(0.0023, 36000, fine=True, purity=0.50),
    ):
        _dot_all(rng, sheet, layers, dots, subject, detail, slant)
    height = cv2.GaussianBlur(layers[..., 3].astype(np.float32) / 255, (0, 0), max(0.45, sheet.unit * 0.0009))
    lit, glint = relief(height * 2.5 + weave(sheet, rng, 0.0042) * 0.10, 1.0, gloss=0.25)
    picture = layers[..., :3].astype(np.float32) / 255 * (0.42 + 0.58 * lit[..., None]) + glint[..., None] * 0.3
    return finish(picture)


def _dot_all(
    rng: np.random.Generator,
    sheet: Sheet,
    layers: NDArray[np.uint8],
    dots: Dots,
    subject: Field,
    detail: Field,
    slant: Field,
) -> None:
    """Set one layer of dots, in place: short dabs, along the water and round elsewhere."""
    places = scatter(rng, sheet, dots.count, 0.10 + 0.90 * detail if dots.fine else None)
    at = np.minimum((places * sheet.unit).astype(np.intp), [sheet.width - 1, sheet.height - 1])
    local = subject[at[:, 1], at[:, 0]]
    colours = (_divide(rng, local, dots.purity) * 255).astype(np.float64)
    flat = slant[at[:, 1], at[:, 0]]
    radii = dots.radius * rng.uniform(0.72, 1.2, len(places))
    across = radii * (1 + 0.55 * flat) * sheet.unit * 2**SHIFT
    down = radii * (1 - 0.30 * flat) * rng.uniform(0.85, 1.0, len(places)) * sheet.unit * 2**SHIFT
    angles = rng.normal(0, 1, len(places)) * (60 - 52 * flat)
    thick = rng.uniform(110, 230, len(places))
    for i, (x, y) in enumerate(sheet.points(places).tolist()):
        cv2.ellipse(
            layers,
            (x, y),
            (max(10, round(across[i])), max(10, round(down[i]))),
            float(angles[i]),
            0,
            360,
            (*colours[i].tolist(), float(thick[i])),
            -1,
            cv2.LINE_AA,
            SHIFT,
        )


def _divide(rng: np.random.Generator, local: Field, purity: float) -> Field:
    """Divide local colours (N×3) into pigments that mix back to them in the eye (Chevreul, Seurat).

    Each dot draws a pigment near its over-saturated local colour; one in fourteen draws the complement's neighbour,
    which is what makes the picture shimmer.
    """
    grey = local.mean(axis=1, keepdims=True)
    vivid = np.clip(grey + (local - grey) * 1.45, 0, 1)
    accent = rng.random((len(local), 1)) < 1 / 14
    vivid = np.where(accent, np.clip(grey * 1.08 - (local - grey) * 0.7, 0, 1), vivid)
    distance = ((vivid[:, None, :] - PIGMENTS) ** 2 * np.float32([0.9, 1.3, 0.8])).sum(axis=-1)
    gumbel = rng.gumbel(size=distance.shape)
    chosen = PIGMENTS[np.argmax(-distance / 0.045 + gumbel, axis=1)]
    value = rng.normal(0, 0.035, (len(local), 1))
    return np.asarray(np.clip(local + (chosen - local) * purity + value, 0, 1), np.float32)


def _scene(rng: np.random.Generator, sheet: Sheet) -> tuple[Field, Field, Field]:
    """Return the colours, where the fine dots go, and how far dots lie flat (on water)."""
    x, y = sheet.grid()
    scene = _sky(rng, sheet)
    detail = np.full(x.shape, 0.12, np.float32)
    far = HORIZON - 0.050 * np.exp(-(((x - 1.02) / 0.24) ** 2)) - 0.016 * np.sin(5 * x + 1) - 0.012
    scene = lay(scene, ramp((y - far) / 0.06, [(0, "#a9a3d6"), (0.6, "#8fb0c8"), (1, "#c7c9a0")]), _step(y - far))
    scene, detail = _town(sheet, scene, detail)
    water = smoothstep(HORIZON - 0.002, HORIZON + 0.002, y)
    scene = lay(scene, _water(rng, sheet, _boats(sheet, scene, detail, afloat=False)), water)
    scene = _boats(sheet, scene, detail, afloat=True)
    scene = _quay(rng, sheet, scene, detail)
    scene = _pine(rng, sheet, scene, detail)
    flat = water * (y < QUAY)
    return scene, np.clip(cv2.GaussianBlur(detail, (0, 0), sheet.unit * 0.002), 0, 1), flat.astype(np.float32)


def _step(t: Field) -> Field:
    return smoothstep(-0.0015, 0.0015, t)


def _sky(rng: np.random.Generator, sheet: Sheet) -> Field:
    x, y = sheet.grid()
    sky = ramp(y, [(0, "#3f86d6"), (0.2, "#86c0ea"), (0.36, "#b4dce8"), (0.47, "#ffe0b0")])
    for cx, cy, w, h in [
        (0.66, 0.360, 0.22, 0.060),
        (1.16, 0.215, 0.20, 0.080),
        (0.66, 0.200, 0.15, 0.050),
        (1.22, 0.385, 0.19, 0.040),
        (0.36, 0.345, 0.13, 0.030),
    ]:
        edge = 0.28 * noise(rng, sheet, 0.11, 3)
        body = ((x - cx) / w) ** 2 + (np.maximum(y - cy, (y - cy) * 3.0) / h) ** 2
        cloud = smoothstep(1.1, 0.55, body + edge)
        lit = ramp(
            (y - cy) / h + 0.35 * edge, [(-0.9, "#fffdf2"), (-0.45, "#ffe3c8"), (0.0, "#efb9c4"), (0.4, "#b3a6dc")]
        )
        sky = lay(sky, lit, cloud)
    return sky


def _town(sheet: Sheet, scene: Field, detail: Field) -> tuple[Field, Field]:
    """Build the town on its mole at the left, and the lighthouse on the right headland."""

    def put(code: str, *points: tuple[float, float]) -> None:
        nonlocal scene
        mask = sheet.mask(np.array(points))
        scene = lay(scene, rgb(code)[0], mask)
        detail[:] = np.maximum(detail, mask * 0.8)

    base = HORIZON + 0.014
    walls = ("#ffe9c2", "#f6c7a4", "#fff6e4", "#f4b08a", "#fbdc9a", "#f3c9c4")
    shades = ("#c9a0b4", "#a98cc0", "#c4b2d4", "#b0809c", "#c79a80", "#a891c4")
    rows = [
        (0.395, 0.055, 0.080, 4),
        (0.330, 0.060, 0.130, 1),
        (0.265, 0.066, 0.105, 2),
        (0.452, 0.045, 0.062, 3),
        (0.205, 0.058, 0.150, 5),
        (0.500, 0.052, 0.048, 0),
        (0.150, 0.054, 0.120, 3),
    ]
    put("#efe0c0", (0.0, base), (0.0, base - 0.02), (0.575, base - 0.012), (0.600, base))
    for left, width, height, tint in rows:
        top, side = base - 0.010 - height, left + width * 0.68
        put(walls[tint], (left, base - 0.008), (left, top), (side, top), (side, base - 0.008))
        put(shades[tint], (side, base - 0.008), (side, top), (left + width, top + 0.004), (left + width, base - 0.008))
        put(
            "#e2683f", (left - 0.003, top), (left + width * 0.20, top - 0.020), (side + 0.012, top - 0.018), (side, top)
        )
        put("#a8455c", (side, top), (side + 0.012, top - 0.018), (left + width + 0.003, top + 0.004))
        for k in range(int(height / 0.034)):
            for dx in (0.14, 0.42):
                wx, wy = left + width * dx, top + 0.012 + k * 0.030
                put("#5b6fb8", (wx, wy), (wx + 0.007, wy), (wx + 0.007, wy + 0.013), (wx, wy + 0.013))
    put("#ffeccb", (0.236, 0.33), (0.236, 0.235), (0.262, 0.235), (0.262, 0.33))  # the campanile
    put("#b49bcb", (0.262, 0.33), (0.262, 0.235), (0.275, 0.240), (0.275, 0.33))
    put("#e8743f", (0.232, 0.236), (0.254, 0.195), (0.279, 0.240))
    put("#fff8ea", (1.085, 0.425), (1.090, 0.318), (1.104, 0.318), (1.107, 0.425))  # the lighthouse
    put("#b9a8d8", (1.104, 0.425), (1.104, 0.318), (1.109, 0.318), (1.115, 0.425))
    put("#d8402f", (1.086, 0.318), (1.097, 0.292), (1.112, 0.318))
    put("#d8402f", (1.0885, 0.372), (1.0895, 0.350), (1.1095, 0.350), (1.1110, 0.372))
    return scene, detail


def _boats(sheet: Sheet, scene: Field, detail: Field, *, afloat: bool) -> Field:
    """Set the fleet: afloat, or standing on the horizon for the water to mirror (it folds there)."""
    x, y = sheet.grid()
    fleet = [  # x, waterline, size, the sail's colours from luff to leech, hull
        (0.660, HORIZON + 0.020, 0.10, ("#fff3d6", "#f6d9d0", "#d9b8d8"), "#4a68b4"),
        (1.225, HORIZON + 0.030, 0.13, ("#fff0b0", "#ffd070", "#e88a5c"), "#8a4f9c"),
        (0.530, HORIZON + 0.078, 0.20, ("#ffd070", "#f7973a", "#d4523c"), "#2f6f8e"),
        (0.900, HORIZON + 0.130, 0.40, ("#fffbe8", "#ffe6a4", "#f3a46c"), "#c83a32"),
    ]
    for cx, waterline, s, sail, hull in fleet:
        line = waterline if afloat else HORIZON
        px, py = (x - cx) / s, (y - line) / s
        belly = np.abs(px) * 2.0 + 0.25 * np.cos(py * 3)
        cloth = ramp(belly, [(0.1, sail[2]), (0.38, sail[1]), (0.62, sail[0]), (0.95, sail[1]), (1.2, sail[2])])
        seams = smoothstep(0.035, 0.0, np.abs((py * 5 + px * 0.8) % 1 - 0.5)) * 0.35
        cloth = lay(cloth, rgb("#b183b8")[0], seams)
        main = [*spline([(0.022, -0.98), (0.21, -0.62), (0.40, -0.22), (0.44, -0.14)], 30), (0.02, -0.115)]
        jib = [
            *spline([(-0.018, -0.92), (-0.20, -0.50), (-0.44, -0.11)], 30),
            *spline([(-0.44, -0.11), (-0.22, -0.12), (-0.045, -0.17)], 9),
        ]
        keel = [*spline([(-0.44, -0.10), (-0.32, 0.02), (0.0, 0.045), (0.36, 0.015), (0.48, -0.09)], 40), (0.0, -0.055)]
        gunwale = [(-0.44, -0.10), (0.0, -0.055), (0.48, -0.09), (0.47, -0.062), (0.0, -0.028), (-0.42, -0.074)]
        mast = [(-0.006, -1.03), (0.012, -1.03), (0.014, -0.06), (-0.008, -0.06)]
        mast_paint = rgb("#5a3f6c")[0]
        for shape, paint_ in (
            (main, cloth),
            (jib, cloth),
            (mast, mast_paint),
            (keel, rgb(hull)[0]),
            (gunwale, rgb("#ffe9c2")[0]),
        ):
            mask = sheet.mask(np.array(shape) * s + (cx, line))
            scene = lay(scene, paint_, mask)
            if afloat:
                detail[:] = np.maximum(detail, mask * 0.85)
    return scene


def _water(rng: np.random.Generator, sheet: Sheet, above: Field) -> Field:
    """Return the harbour's water: broken reflections over turquoise, and noon sun in flakes."""
    x, y = sheet.grid()
    depth = np.clip((y - HORIZON) / (1 - HORIZON), 0, 1)
    swell = noise(rng, sheet, 0.035, 3, stretch=5)
    wobble = (0.002 + 0.018 * depth) * (swell + np.sin(170 * y / (0.6 + depth)))
    squeeze = HORIZON - (y - HORIZON) * 0.86 + 0.4 * wobble
    mirrored = cv2.remap(
        above,
        ((x + wobble) * sheet.unit).astype(np.float32),
        (np.clip(squeeze, 0.0, HORIZON - 0.003) * sheet.unit).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    body = ramp(
        depth + 0.05 * swell, [(0, "#86cbdc"), (0.12, "#4cb0cc"), (0.40, "#3492c4"), (0.8, "#2a62ac"), (1, "#2f4a98")]
    )
    water = lay(body, mirrored, 0.62 - 0.22 * depth)
    troughs = smoothstep(0.4, 1.3, noise(rng, sheet, 0.030, 2, stretch=6))
    water = lay(water, rgb("#23489c")[0], troughs * (0.15 + 0.5 * depth))
    flakes = smoothstep(0.9, 1.5, noise(rng, sheet, 0.018, 2, stretch=4)) * np.exp(
        -(((x - 0.80 + 0.2 * depth) / 0.42) ** 2)
    )
    return lay(water, rgb("#fff4c4")[0], flakes * 0.95)


def _quay(rng: np.random.Generator, sheet: Sheet, scene: Field, detail: Field) -> Field:
    """Lay the sunlit quay across the foreground, with the pine's violet shade, joints and two bollards."""
    x, y = sheet.grid()
    edge = QUAY + 0.055 - 0.075 * x / 1.3
    stone = ramp(
        (y - edge) / 0.12 + 0.12 * noise(rng, sheet, 0.05, 3), [(0, "#fff0c6"), (0.5, "#f6cf9a"), (1.2, "#e0a888")]
    )
    shade = smoothstep(-0.2, 0.5, noise(rng, sheet, 0.16, 3, stretch=2) + 1.6 - x * 2.6)
    stone = lay(stone, rgb("#8f7cc0")[0], shade * 0.72)
    joint = np.minimum(np.abs((x + (y - edge) * 0.9) % 0.17 - 0.085), np.abs(y - edge - 0.052) * 1.3)
    stone = lay(stone, rgb("#9a6f94")[0], smoothstep(0.0045, 0.001, joint) * 0.7)
    scene = lay(scene, rgb("#6f5a9a")[0], _step(y - edge + 0.002) * smoothstep(0.05, 0.03, y - edge))
    wall = _step(y - edge)
    lip = smoothstep(0.020, 0.014, np.abs(y - edge))
    scene = lay(scene, stone, wall)
    scene = lay(scene, rgb("#fffbe6")[0], wall * lip * 0.35)
    for bx in (0.62, 1.12):
        by = QUAY + 0.055 - 0.075 * bx / 1.3 + 0.030
        post = spline(
            [
                (-0.020, 0.030),
                (-0.016, -0.03),
                (-0.026, -0.052),
                (0, -0.066),
                (0.026, -0.052),
                (0.016, -0.03),
                (0.020, 0.030),
            ],
            60,
        )
        shadow = np.array([(0.0, 0.028), (0.10, 0.050), (0.11, 0.038), (0.02, 0.008)])
        scene = lay(scene, rgb("#7d6cb8")[0], sheet.mask(shadow + np.array([bx, by])) * 0.8)
        mask = sheet.mask(post + np.array([bx, by]))
        tint = ramp((x - bx) / 0.03, [(-1, "#f08a4c"), (0, "#b8453c"), (1, "#4a3a80")])
        scene = lay(scene, tint, mask)
        detail[:] = np.maximum(detail, mask)
    return scene


def _pine(rng: np.random.Generator, sheet: Sheet, scene: Field, detail: Field) -> Field:
    """Frame the view with an umbrella pine: a leaning trunk at the left, its crown across the top."""
    x, y = sheet.grid()
    spine = spline([(0.085, 1.02), (0.100, 0.80), (0.075, 0.58), (0.110, 0.38), (0.185, 0.20), (0.27, 0.10)], 60)
    limbs = [
        (spine, 0.026, 0.012),
        (spline([(0.080, 0.50), (0.04, 0.36), (-0.02, 0.26)], 30), 0.013, 0.006),
        (spline([(0.150, 0.27), (0.27, 0.21), (0.42, 0.135)], 30), 0.011, 0.004),
    ]
    for path, root, tip in limbs:
        along = np.gradient(path, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], -1) / np.linalg.norm(along, axis=1, keepdims=True)
        width = np.linspace(root, tip, len(path))[:, None]
        mask = sheet.mask(np.concatenate([path + normal * width, (path - normal * width)[::-1]]))
        centre = np.interp(y, path[::-1, 1], path[::-1, 0])
        bark = ramp(
            (x - centre) / root + 0.4 * noise(rng, sheet, 0.03, 2, 0.5),
            [(-1, "#5a3f8a"), (0, "#a0525a"), (1, "#e8904e")],
        )
        scene = lay(scene, bark, mask)
        detail[:] = np.maximum(detail, mask * 0.6)
    for cx, cy, w, h in [
        (0.06, 0.115, 0.20, 0.085),
        (0.34, 0.075, 0.22, 0.075),
        (-0.02, 0.26, 0.12, 0.050),
        (0.49, 0.145, 0.095, 0.034),
        (0.21, 0.03, 0.2, 0.06),
    ]:
        ragged = 0.40 * noise(rng, sheet, 0.045, 3)
        body = ((x - cx) / w) ** 2 + (np.maximum(y - cy, (cy - y) * 0.8) / h) ** 2
        leaf = smoothstep(1.05, 0.75, body + ragged)
        tone = ramp(
            (y - cy) / h + 0.9 * ragged, [(-1.0, "#a9c84a"), (-0.35, "#4f9a48"), (0.2, "#1f6a5a"), (0.8, "#2a3f80")]
        )
        scene = lay(scene, tone, leaf)
        detail[:] = np.maximum(detail, leaf * 0.45)
    return scene
