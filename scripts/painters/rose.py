"""Stained glass: a rose window, mouth-blown panes between cames of lead, lit from behind."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from .sheet import Field, Frame, Sheet, finish, lay, noise, relief, rgb, smoothstep

CENTRE = (0.5, 0.5)
FOLD = 12
COBALT, ULTRAMARINE, RUBY, GOLD, AMBER = "#1f4fd0", "#182c94", "#cf1533", "#ffc636", "#f58a1f"
EMERALD, TURQUOISE, VIOLET, ROSE, PEARL, LEAF = "#0f9a5c", "#2cb8d6", "#6d2aa0", "#f07fa4", "#fff1c4", "#8ac53e"


@dataclass(slots=True)
class Window:
    """The cartoon of a window: which pane each pixel belongs to, the panes' tints, and the strong bars."""

    panes: NDArray[np.int32]
    bars: NDArray[np.int32]
    tints: list[NDArray[np.float32]] = field(default_factory=list)

    def glaze(
        self,
        where: NDArray[np.bool_],
        pieces: NDArray[np.integer],
        *palette: str,
        bar: bool = True,
        loose: bool = False,
    ) -> None:
        """Cut new panes `pieces` (an index per pixel) inside `where`; tints go round the palette.

        Args:
            where: the pixels to cut.
            pieces: the index of the piece; neighbours of other index are parted by lead.
            palette: colour codes.
            bar: whether the outline of `where` is a strong bar rather than thin lead.
            loose: mix the tints instead of going round, for cells whose numbers run in rows.

        """
        indices, local = np.unique(pieces[where], return_inverse=True)
        first = len(self.tints)
        self.panes[where] = first + local
        self.tints.extend(
            rgb(palette[(int(i) * 2654435761 % 2**32 >> 16 if loose else int(i)) % len(palette)])[0] for i in indices
        )
        if bar:
            self.bars[where] = first + 1


def paint(size: int, seed: int) -> Frame:
    """Paint the picture with a shorter side of `size` pixels."""
    rng = np.random.default_rng(seed)
    sheet = Sheet.of(size, 1.0)
    fine = sheet.finer(2)
    window = _cartoon(rng, fine)
    to_lead, to_bar = _distance(window.panes, fine), _distance(window.bars, fine)
    glass = _glass(rng, fine, window, to_lead)
    light = sheet.shrink(_leaded(rng, fine, glass, to_lead, to_bar))
    halo = 0.16 * cv2.GaussianBlur(light, (0, 0), sheet.unit * 0.012) + 0.10 * cv2.GaussianBlur(
        light, (0, 0), sheet.unit * 0.05
    )
    return finish(1 - (1 - np.clip(light, 0, 1)) * (1 - np.clip(halo, 0, 1)))


def _distance(labels: NDArray[np.int32], sheet: Sheet) -> Field:
    """Return each pixel's distance to the nearest border between labels, in units."""
    border = np.zeros(labels.shape, bool)
    border[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    border[1:] |= labels[1:] != labels[:-1]
    away = cv2.distanceTransform((~border).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away / sheet.unit, np.float32)


def _nearest(sheet: Sheet, x: Field, y: Field, seeds: NDArray[np.floating]) -> NDArray[np.int32]:
    """Return the index of the nearest seed (the Voronoi cell) at the warped places x, y."""
    plate = np.full((sheet.height, sheet.width), 255, np.uint8)
    at = np.clip((seeds * sheet.unit).astype(int), 0, [sheet.width - 1, sheet.height - 1])
    plate[at[:, 1], at[:, 0]] = 0
    _, cells = cv2.distanceTransformWithLabels(plate, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL)
    column = np.clip((x * sheet.unit).astype(int), 0, sheet.width - 1)
    row = np.clip((y * sheet.unit).astype(int), 0, sheet.height - 1)
    return np.asarray(cells[row, column], np.int32)


def _rosette(rng: np.random.Generator, inner: float, outer: float, count: int) -> NDArray[np.float64]:
    """Return `count` random seeds in half a sector, mirrored and turned round the window."""
    radius, half = rng.uniform(inner, outer, count), rng.uniform(0, np.pi / FOLD, count)
    turns = np.arange(FOLD) * 2 * np.pi / FOLD
    angle = np.concatenate([turns[:, None] + half, turns[:, None] - half], axis=1).ravel()
    r = np.tile(radius, 2 * FOLD)
    return np.stack([CENTRE[0] + r * np.cos(angle), CENTRE[1] + r * np.sin(angle)], axis=-1)


def _cartoon(rng: np.random.Generator, sheet: Sheet) -> Window:
    """Draw the window's design."""
    x, y = sheet.grid()
    x, y = x + noise(rng, sheet, 0.07, 2) * 0.0011, y + noise(rng, sheet, 0.07, 2) * 0.0011  # cut by hand
    r, a = np.hypot(x - CENTRE[0], y - CENTRE[1]), np.arctan2(y - CENTRE[1], x - CENTRE[0])
    sector = np.round(a / (2 * np.pi / FOLD)).astype(int) % FOLD  # sectors centred on the petals' axes
    off = (a + np.pi / FOLD) % (2 * np.pi / FOLD) - np.pi / FOLD
    window = Window(np.zeros(r.shape, np.int32), np.zeros(r.shape, np.int32))
    whole = np.ones(r.shape, bool)
    seeds = rng.random((420, 2))
    window.glaze(
        whole, _nearest(sheet, x, y, seeds), ULTRAMARINE, COBALT, ULTRAMARINE, VIOLET, "#1273b4", "#3a2c9c", loose=True
    )
    _corners(window, sheet, x, y)
    window.glaze(r < 0.487, (a / (2 * np.pi) * 72).astype(int) + 100, RUBY, GOLD, RUBY, AMBER)
    field_ = _nearest(sheet, x, y, _rosette(rng, 0.33, 0.47, 9))
    window.glaze(r < 0.462, field_, ULTRAMARINE, COBALT, "#2440b0", VIOLET, loose=True)
    _roundels(window, x, y, 2 * FOLD, 0.422, 0.0335)
    between = _nearest(sheet, x, y, _rosette(rng, 0.19, 0.40, 8))
    window.glaze(r < 0.372, between, EMERALD, "#0b6f5a", LEAF, "#18928a", loose=True)
    _petals(window, r, off, sector)
    window.glaze(r < 0.188, np.floor((a / (2 * np.pi) + 0.5) * 48).astype(int), PEARL, RUBY, GOLD, RUBY)
    window.glaze(
        r < 0.166, _nearest(sheet, x, y, _rosette(rng, 0.07, 0.16, 3)), COBALT, TURQUOISE, ULTRAMARINE, loose=True
    )
    rays = np.abs(off) * r < 0.030 * np.clip((0.160 - r) / 0.10, 0, 1) ** 0.85
    window.glaze(rays & (r < 0.162), sector * 2 + (off > 0), GOLD, AMBER, "#ffdf7a", "#f26a24", bar=False)
    window.glaze(r < 0.062, np.floor((a / (2 * np.pi) + 0.5) * 8).astype(int), RUBY, "#e8402e", ROSE)
    window.glaze(r < 0.030, np.zeros(r.shape, int), PEARL)
    return window


def _corners(window: Window, sheet: Sheet, x: Field, y: Field) -> None:
    """Set a daisy in each corner of the square."""
    for which, (cx, cy) in enumerate([(0.092, 0.092), (0.908, 0.092), (0.092, 0.908), (0.908, 0.908)]):
        d, angle = np.hypot(x - cx, y - cy), np.arctan2(y - cy, x - cx)
        leaf = np.floor((angle / (2 * np.pi) + 0.5) * 8 + 0.5).astype(int) % 8
        window.glaze(d < 0.074, leaf * 2 + 1, LEAF, EMERALD, TURQUOISE, EMERALD)
        bloom = d < 0.047 + 0.014 * np.cos(8 * angle)
        window.glaze(bloom, leaf + 2 * which, ROSE, PEARL, RUBY, PEARL, bar=False)
        window.glaze(d < 0.020, np.zeros(d.shape, int), GOLD, bar=False)


def _roundels(window: Window, x: Field, y: Field, count: int, orbit: float, radius: float) -> None:
    """Set a ring of roundels, each a quatrefoil in a disc."""
    for k in range(count):
        turn = 2 * np.pi * (k + 0.5) / count
        cx, cy = CENTRE[0] + orbit * np.cos(turn), CENTRE[1] + orbit * np.sin(turn)
        d, angle = np.hypot(x - cx, y - cy), np.arctan2(y - cy, x - cx) - turn
        window.glaze(d < radius, np.full(d.shape, k), TURQUOISE, ROSE)
        quarter = np.floor(angle / (np.pi / 2) + 0.5).astype(int) % 4
        foil = d < radius * (0.60 + 0.22 * np.cos(4 * angle))
        window.glaze(foil, quarter + k, *((PEARL, GOLD) if k % 2 else (RUBY, "#e8402e")), bar=False)
        window.glaze(d < radius * 0.24, np.full(d.shape, k), COBALT, LEAF, bar=False)


def _petals(window: Window, r: Field, off: Field, sector: NDArray[np.integer]) -> None:
    """Set the twelve great petals: a ruby rim, a blue field split along the axis, a golden flame within."""
    across = np.tan(off) * r
    side = (off > 0).astype(int)
    for inset, palette, split in (
        (0.0, (RUBY, "#a80f3c"), 1),
        (0.009, (COBALT, TURQUOISE, "#2f6be0", "#2098c8"), 2),
        (0.022, (AMBER, GOLD, "#f26a24", "#ffd860"), 2),
    ):
        u = np.clip((r - 0.192 - inset * 1.1) / (0.196 - inset * 2.6), 0, 1)
        half = (0.056 - inset * 1.05) * np.clip(np.sin(np.pi * u**0.85), 0, 1) ** 0.75
        level = np.floor(u * 3.2 + np.abs(across) * 9).astype(int) if split == 2 else 0
        window.glaze(np.abs(across) < half, sector * 8 + level * 2 + side * (split - 1), *palette, bar=inset == 0)


def _glass(rng: np.random.Generator, sheet: Sheet, window: Window, to_lead: Field) -> Field:
    """Return the light through the panes: tint, streaks, seeds, the painter's trace lines, the sun behind."""
    x, y = sheet.grid()
    panes = len(window.tints)
    tints = np.array(window.tints, np.float32) * rng.uniform(0.86, 1.22, (panes, 1)).astype(np.float32)
    tints += rng.normal(0, 0.025, (panes, 3)).astype(np.float32)
    light = np.clip(tints, 0.02, 1.15)[window.panes]
    kinds = rng.integers(0, 4, panes)[window.panes]
    streaks = np.choose(
        kinds,
        [
            noise(rng, sheet, 0.012, 3, stretch=5),
            noise(rng, sheet, 0.06, 4, stretch=0.22),
            np.sin(150 * (x + y) + 3.0 * noise(rng, sheet, 0.07, 2)),
            noise(rng, sheet, 0.030, 4),
        ],
    )
    ripple = noise(rng, sheet, 0.008, 2)
    slope = cv2.Sobel(cv2.GaussianBlur(ripple, (0, 0), 1.2), cv2.CV_32F, 1, 1)
    light = light * (1 + 0.20 * np.clip(streaks, -2, 2) + 0.22 * np.clip(slope, -2, 2))[..., None]
    light = lay(light, rgb(PEARL)[0], smoothstep(0.9, 2.2, streaks) * 0.22)
    rim = smoothstep(0.0, 0.016, to_lead)
    trace = smoothstep(0.35, 0.75, np.sin(to_lead * 620)) * smoothstep(0.004, 0.006, to_lead)
    trace *= (to_lead < 0.0125) * (kinds >= 2)
    light = light * (0.55 + 0.45 * rim)[..., None] * (1 - 0.48 * trace)[..., None]
    for bx, by, br in rng.random((1500, 3)):
        at = (int(bx * sheet.unit), int(by * sheet.unit))
        radius = max(1, round((0.0010 + 0.0026 * br**3) * sheet.unit))
        tint = light[min(at[1], sheet.height - 1), min(at[0], sheet.width - 1)]
        cv2.circle(light, at, radius, np.clip(tint * 0.55, 0, 1).tolist(), 1, cv2.LINE_AA)
        cv2.circle(light, at, max(1, radius // 2), np.clip(tint * 1.3 + 0.12, 0, 1).tolist(), -1, cv2.LINE_AA)
    r = np.hypot(x - CENTRE[0], y - 0.44)
    sun = 0.92 + 0.50 * np.exp(-((r / 0.42) ** 2)) + 0.06 * noise(rng, sheet, 0.25, 2)
    return np.asarray(light * sun[..., None], np.float32)


def _leaded(rng: np.random.Generator, sheet: Sheet, glass: Field, to_lead: Field, to_bar: Field) -> Field:
    """Lay the cames over the glass: rounded, dull, with a cold shine on their upper left."""
    width = 0.0021 * (1 + 0.22 * noise(rng, sheet, 0.05, 2))
    lead, bar = np.clip(1 - to_lead / width, 0, 1), np.clip(1 - to_bar / 0.0052, 0, 1)
    height = np.maximum(np.sqrt(lead * (2 - lead)) * 0.0021, np.sqrt(bar * (2 - bar)) * 0.0052) * sheet.unit
    lit, glint = relief(cv2.GaussianBlur(height, (0, 0), 1.0) + noise(rng, sheet, 0.004, 2) * 0.10, 1.0, gloss=1.0)
    metal = rgb("#14151b")[0] * (0.45 + 0.75 * lit[..., None] ** 2) + glint[..., None] * rgb("#8d96ac")[0] * 0.6
    cover = np.maximum(smoothstep(0.0, 0.35, lead), smoothstep(0.0, 0.2, bar))
    return lay(glass, metal, cover)
