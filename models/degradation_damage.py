"""What happens to a photo of paper: dust, scratches, stains, creases, folds, cracks and tears.

Sizes are those in a picture with a short side of 500, and grow with it. What hides the picture goes into the mask.
"""

import math
from typing import ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from models.degradation_plate import Plate
from models.degradation_steps import Chance, Degradation, Plane, Span, chance_of, span
from models.textures import Line, blurred, clouds, drawn_lines, smoothstep, wandering

__all__ = ["Cracks", "Creases", "Dust", "Folds", "Scratches", "Stains", "Tears"]


def _count(low: float, high: float, most: float, help: str) -> Span:
    ends: Span = span(low, high, label="How many", help=help, least=0.0, most=most, step=1)
    return ends


class Dust(Degradation):
    """Specks and hairs: mostly light, as dust keeps the light from paper and film; some dark."""

    title: ClassVar[str] = "Dust"
    help: ClassVar[str] = "Specks and hairs that lay on the print or the glass."

    kind: Literal["dust"] = "dust"
    specks: Span = _count(15, 120, 1000, "Specks in a picture.")
    hairs: Span = span(0, 5, label="Hairs", help="Fibres in a picture.", least=0.0, most=60.0, step=1)
    size: Span = span(
        0.7, 1.6, label="Size", help="Of a usual speck; a few are several times larger.",
        least=0.3, most=8.0, unit="px", step=0.1)  # fmt: skip
    dark: float = chance_of(0.2, label="Dark", help="How often a picture's dust is dark instead of light.")

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Draw everything into one plane, and lay it over the picture."""
        specks, hairs = chance.whole("specks", self.specks), chance.whole("hairs", self.hairs)
        size, dark = chance.between("size", self.size) * plate.unit, chance.happens(self.dark, "dark")
        width, height = plate.size
        sheet = np.zeros((height, width), np.uint8)
        for x, y, share, ink in chance.random.random((specks, 4)):
            radius = size * min(4.0, (1.0 - share) ** -0.3) * 0.5  # few large ones: a power law
            shade = round(255 * (0.4 + 0.5 * ink) * min(1.0, 2.0 * radius))
            for aside, down, wide, high, turn in chance.random.random((1 if radius < 1.0 else 3, 5)):
                middle = (x * width + (aside - 0.5) * radius, y * height + (down - 0.5) * radius)
                axes = (radius * (0.5 + 0.7 * wide), radius * (0.3 + 0.5 * high))
                cv2.ellipse(sheet, _fixed(*middle), _fixed(*axes), 360.0 * turn, 0.0, 360.0, shade, -1, cv2.LINE_AA, 4)
        fibres = [_hair(width, height, size, chance) for _ in range(hairs)]
        cover = np.maximum(sheet.astype(np.float32) * np.float32(1 / 255), 0.8 * drawn_lines(height, width, fibres))
        plate.cover((0.10, 0.09, 0.08) if dark else (0.95, 0.94, 0.91), cover)


def _fixed(x: float, y: float) -> tuple[int, int]:
    """Return coordinates in sixteenths of a pixel, as OpenCV takes them."""
    return round(16 * x), round(16 * y)


def _hair(width: int, height: int, size: float, chance: Chance) -> tuple[Line, NDArray[np.float64]]:
    """Return a curl: a direction that turns more and more one way, then the other."""
    points = 24
    x, y, turn, length, thickness = chance.random.random(5)
    bends = (turn - 0.5) * 0.2 + 0.1 * np.cumsum(chance.random.standard_normal(points))
    angles = 14.0 * math.pi * x + np.cumsum(bends)
    step = size * (12.0 + 45.0 * length) / points
    path = np.cumsum(np.stack([np.cos(angles), np.sin(angles)], axis=1) * step, axis=0)
    return path + np.array([x * width, y * height]), np.full(points, size * (0.45 + 0.4 * thickness))


class Scratches(Degradation):
    """Long lines, nearly straight, that come and go: the layer is scraped off to the paper."""

    title: ClassVar[str] = "Scratches"
    help: ClassVar[str] = "Long thin lines, where something was drawn across the print."

    kind: Literal["scratches"] = "scratches"
    count: Span = _count(1, 8, 100, "Scratches in a picture.")
    width: Span = span(
        0.5, 1.5, label="Width", help="Of a scratch.", least=0.2, most=10.0, unit="px", step=0.1)  # fmt: skip
    dark: float = chance_of(0.15, label="Dark", help="How often they are dark instead of light.")

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Draw them, mostly side by side in one direction."""
        count, dark = chance.whole("count", self.count), chance.happens(self.dark, "dark")
        width = chance.between("width", self.width) * plate.unit
        across, down = plate.size
        way = 2.0 * math.pi * chance.random.random()
        strokes = []
        for _ in range(count):
            x, y, length, aside = chance.random.random(4)
            angle = way + (aside - 0.5) * 0.5
            reach = (0.1 + 0.8 * length**2) * math.hypot(across, down) / 2
            middle, arm = np.array([x * across, y * down]), reach * np.array([math.cos(angle), math.sin(angle)])
            line = wandering(tuple(middle - arm), tuple(middle + arm), 0.008, chance, spacing=6.0)
            strokes.append((line, width * _coming_and_going(len(line), chance)))
        cover = drawn_lines(down, across, strokes)
        plate.cover((0.12, 0.11, 0.10) if dark else (0.94, 0.92, 0.88), 0.9 * cover)


def _coming_and_going(
    points: int, chance: Chance, missing: float = 0.35, *, tapers: bool = True
) -> NDArray[np.float64]:
    """Return N factors of a width that wanders around 1, falls to 0 here and there, and tapers at both ends."""
    coarse = chance.random.standard_normal(max(3, points // 20))
    wander = np.interp(np.linspace(0, len(coarse) - 1, points), np.arange(len(coarse)), coarse)
    fine = 0.1 * chance.random.standard_normal(points)
    ends = (
        1.0 if not tapers else np.minimum(1.0, 8.0 * np.minimum(np.linspace(0, 1, points), np.linspace(1, 0, points)))
    )
    return np.asarray(np.clip(1.0 + 0.7 * wander + fine - missing, 0.0, 1.6) * ends)


class Stains(Degradation):
    """Tide marks of what dried there, with a dark rim, and the small brown spots of mould (foxing)."""

    title: ClassVar[str] = "Stains"
    help: ClassVar[str] = "Dried splashes with dark rims, and brown spots of mould."

    kind: Literal["stains"] = "stains"
    count: Span = _count(1, 4, 30, "Splashes in a picture.")
    size: Span = span(
        0.1, 0.45, label="Size", help="Of a splash, as a share of the short side.",
        least=0.02, most=1.5, step=0.02)  # fmt: skip
    strength: Span = span(
        0.1, 0.4, label="Strength", help="How dark they are.", least=0.0, most=1.0, step=0.05)  # fmt: skip
    foxing: float = chance_of(0.4, label="Mould", help="How often there are small brown spots as well.")

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Multiply the picture by the colour of tea where it was wet, most at the rim."""
        count, strength = chance.whole("count", self.count), chance.between("strength", self.strength)
        foxing = chance.happens(self.foxing, "foxing")
        size = chance.between("size", self.size)
        width, height = plate.size
        side = min(width, height)
        ragged = clouds(height, width, max(4.0, side / 4), chance, octaves=5, roughness=0.55)
        patchy = 1.0 + 0.3 * clouds(height, width, max(4.0, side / 8), chance, octaves=3)
        tea = np.zeros((height, width), np.float32)
        for x, y, share, soft, dark in chance.random.random((count, 5)):
            radius = max(1.0, side * size * (0.4 + 0.6 * share) / 2)
            distance = _distance_from(x * width, y * height, width, height) * np.float32(1.0 / radius) + 0.27 * ragged
            inside = smoothstep(-distance, -1.0 - 0.05 - 0.3 * soft, -1.0 + 0.05)
            rim = inside * smoothstep(distance, 0.5 + 0.3 * soft, 1.0)
            wet = (inside * np.float32(0.22) + rim * np.float32(0.55 * (1.0 - 0.6 * soft))) * patchy
            tea += wet * np.float32(0.5 + dark) * (1.0 - 0.6 * np.minimum(tea, 1.0))
        if foxing:
            spots = clouds(height, width, max(3.0, side / 45), chance, octaves=2, roughness=0.6)
            where = clouds(height, width, max(4.0, side / 2), chance, octaves=2)
            tea += 0.7 * smoothstep(spots + 0.5 * where, 2.1, 3.3)
        light = 1.0 - np.minimum(strength * tea, 0.9)[..., None] * np.array([0.45, 0.75, 1.0], np.float32)
        plate.colours *= light


def _distance_from(x: float, y: float, width: int, height: int) -> Plane:
    across, down = (
        np.arange(width, dtype=np.float32) - np.float32(x),
        np.arange(height, dtype=np.float32) - np.float32(y),
    )
    return np.sqrt(across[None, :] ** 2 + down[:, None] ** 2)


class Creases(Degradation):
    """Where the paper was bent: a fine relief, lit from one side, and crumbs of the layer gone along it."""

    title: ClassVar[str] = "Creases"
    help: ClassVar[str] = "Bent paper: fine lines in relief, crumbs of the layer missing."

    kind: Literal["creases"] = "creases"
    count: Span = _count(1, 6, 60, "Creases in a picture.")
    depth: Span = span(
        0.04, 0.16, label="Depth", help="How strong the relief is.", least=0.0, most=1.0, step=0.05)  # fmt: skip
    broken: Span = span(
        0.1, 0.7, label="Broken", help="How much of the layer is gone along them.",
        least=0.0, most=1.0, step=0.05)  # fmt: skip

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Light the relief, then expose the paper."""
        count, depth = chance.whole("count", self.count), chance.between("depth", self.depth)
        broken = chance.between("broken", self.broken)
        width, height = plate.size
        bends, gaps = [], []
        for x, y, angle, length in chance.random.random((count, 4)):
            reach = (0.08 + 0.4 * length) * min(width, height)
            arm = reach * np.array([math.cos(2 * math.pi * angle), math.sin(2 * math.pi * angle)])
            middle = np.array([x * width, y * height])
            line = wandering(tuple(middle - arm), tuple(middle + arm), 0.06, chance, spacing=4.0 * plate.unit)
            bends.append((line, 0.9 * plate.unit * _coming_and_going(len(line), chance, missing=0.0)))
            gaps.append((line, 1.1 * plate.unit * _coming_and_going(len(line), chance, missing=1.4 - 1.2 * broken)))
        _emboss(plate, drawn_lines(height, width, bends), depth, 0.7)
        plate.expose(_crumbled(drawn_lines(height, width, gaps), plate))


class Folds(Degradation):
    """Folded once or twice: a straight line from edge to edge, each half in its own light, the ridge worn white."""

    title: ClassVar[str] = "Folds"
    help: ClassVar[str] = "Folded in half: a worn line from edge to edge."

    kind: Literal["folds"] = "folds"
    count: Span = _count(1, 2, 6, "Folds in a picture.")
    shading: Span = span(
        0.05, 0.25, label="Light", help="How differently both sides of a fold are lit.",
        least=0.0, most=1.0, step=0.05)  # fmt: skip
    worn: Span = span(
        0.2, 0.9, label="Worn", help="How much of the ridge is worn off.", least=0.0, most=1.0, step=0.05)  # fmt: skip

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Shade both sides of each line, then wear its ridge."""
        count, shading = chance.whole("count", self.count), chance.between("shading", self.shading)
        worn, upright = chance.between("worn", self.worn), chance.happens(0.5, "upright")
        width, height = plate.size
        for number in range(count):
            place, slant, side = chance.random.random(3)
            begin, end = _across(width, height, 0.3 + 0.4 * place, 0.12 * (slant - 0.5), (number % 2 == 0) == upright)
            along = (end - begin) / max(1.0, float(np.hypot(*(end - begin))))
            x, y = np.arange(width, dtype=np.float32) - begin[0], np.arange(height, dtype=np.float32) - begin[1]
            distance = np.add.outer(y * along[0], -x * along[1]).astype(np.float32)
            reach = np.float32(0.07 * min(width, height) + 1.0)
            light = np.exp(-np.abs(distance) / reach) * np.sign(distance) * (1.0 if side < 0.5 else -1.0)
            plate.shade(np.float32(0.8 * shading) * light)
            line = wandering(tuple(begin), tuple(end), 0.004, chance, spacing=4.0 * plate.unit)
            ridge = 2.2 * plate.unit * _coming_and_going(len(line), chance, missing=1.1 - 1.1 * worn, tapers=False)
            _emboss(plate, drawn_lines(height, width, [(line, np.full(len(line), 1.5 * plate.unit))]), shading, 1.2)
            plate.expose(_crumbled(drawn_lines(height, width, [(line, ridge)]), plate))


def _across(
    width: int, height: int, place: float, slant: float, upright: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both ends of a line across the whole picture."""
    if upright:
        return np.array([(place - slant) * width, 0.0]), np.array([(place + slant) * width, float(height)])
    return np.array([0.0, (place - slant) * height]), np.array([float(width), (place + slant) * height])


class Cracks(Degradation):
    """Large cracks that branch: the layer has split to the paper and flaked off beside."""

    title: ClassVar[str] = "Cracks"
    help: ClassVar[str] = "Large branching cracks; flakes of the layer have come off."

    kind: Literal["cracks"] = "cracks"
    count: Span = _count(1, 3, 20, "Cracks in a picture, each with its branches.")
    width: Span = span(
        1.5, 5.0, label="Width", help="Of a crack where it is widest.",
        least=0.5, most=30.0, unit="px", step=0.5)  # fmt: skip
    branches: Span = span(1, 6, label="Branches", help="Of each crack.", least=0.0, most=20.0, step=1)
    flakes: Span = span(
        0.1, 0.6, label="Flakes", help="How much has come off beside them.",
        least=0.0, most=1.0, step=0.05)  # fmt: skip

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Let them grow from edge to edge, tapering; expose the paper there."""
        count, breadth = chance.whole("count", self.count), chance.between("width", self.width) * plate.unit
        branches, flakes = chance.whole("branches", self.branches), chance.between("flakes", self.flakes)
        width, height = plate.size
        strokes = [
            stroke for _ in range(count) for stroke in _crack(width, height, breadth, branches, plate.unit, chance)
        ]
        cracks = drawn_lines(height, width, strokes)
        loss = _crumbled(cracks, plate)
        if flakes:
            near = blurred(cracks, 1.0 + 7.0 * plate.unit)
            near *= np.float32(1.0 / max(float(near.max()), 1e-6))
            loss = np.maximum(loss, smoothstep(plate.grit + 3.2 * near * flakes, 2.6, 2.8) * smoothstep(near, 0.1, 0.3))
        plate.expose(loss)


def _crack(
    width: int, height: int, breadth: float, branches: int, unit: float, chance: Chance
) -> list[tuple[Line, NDArray[np.float64]]]:
    """Return a crack and its branches: it begins at an edge, runs through the picture, and thins out."""
    edge, place, aim, reach = chance.random.random(4)
    start = _on_the_edge(edge, place, width, height)
    middle = np.array([width, height]) * (0.25 + 0.5 * chance.random.random(2))
    end = start + (middle - start) * (0.7 + 1.4 * reach) + (aim - 0.5) * 0.3 * min(width, height)
    trunk = wandering(tuple(start), tuple(end), 0.13, chance, spacing=3.0 * unit)
    taper = np.linspace(1.0, 0.15, len(trunk))
    strokes = [(trunk, breadth * taper * (0.55 + 0.45 * _coming_and_going(len(trunk), chance, missing=0.0)))]
    for at, turn, length in chance.random.random((branches, 3)):
        root = int((0.1 + 0.8 * at) * (len(trunk) - 1))
        ahead = trunk[min(len(trunk) - 1, root + 8)] - trunk[root]
        way = math.atan2(ahead[1], ahead[0]) + (0.5 + 0.7 * turn) * (1 if (turn * 1000) % 2 < 1 else -1)
        arm = (0.08 + 0.3 * length) * min(width, height) * np.array([math.cos(way), math.sin(way)])
        twig = wandering(tuple(trunk[root]), tuple(trunk[root] + arm), 0.16, chance, spacing=3.0 * unit)
        strokes.append((twig, 0.6 * breadth * taper[root] * np.linspace(1.0, 0.1, len(twig))))
    return strokes


def _on_the_edge(edge: float, place: float, width: int, height: int) -> NDArray[np.float64]:
    """Return a point on the picture's border: `edge` chooses which side, `place` where on it."""
    sides = (
        (place * width, 0.0),
        (place * width, float(height)),
        (0.0, place * height),
        (float(width), place * height),
    )
    return np.array(sides[min(3, int(4 * edge))])


class Tears(Degradation):
    """Torn from the edge, or a corner gone: the paper's white core shows, and behind it the scanner's lid."""

    title: ClassVar[str] = "Tears"
    help: ClassVar[str] = "Torn at the edge, or a corner missing."

    kind: Literal["tears"] = "tears"
    count: Span = _count(1, 2, 10, "Tears in a picture.")
    length: Span = span(
        0.15, 0.5, label="Length", help="Of a tear, as a share of the short side.",
        least=0.02, most=1.0, step=0.02)  # fmt: skip
    gap: Span = span(
        0.01, 0.06, label="Gap", help="How far it gapes at the edge, as a share of the short side.",
        least=0.0, most=0.5, step=0.01)  # fmt: skip
    corner: float = chance_of(0.35, label="Corner gone", help="How often one of them is a missing corner.")

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Cut the shapes out, leave a rim of white fibres, and show what lies behind."""
        count, corner = chance.whole("count", self.count), chance.happens(self.corner, "corner")
        length, gap = chance.between("length", self.length), chance.between("gap", self.gap)
        black_lid = chance.happens(0.4, "black_lid")
        width, height = plate.size
        hole = np.zeros((height, width), np.uint8)
        for number in range(count):
            cut = _missing_corner if corner and number == 0 else _torn_edge
            shape = cut(width, height, length, gap, plate.unit, chance)
            cv2.fillPoly(hole, [np.rint(shape * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        gone = hole.astype(np.float32) * np.float32(1 / 255)
        # the layer tears further than the paper, more here than there
        spread = blurred(gone, 0.6 + 3.0 * plate.unit)
        core = np.maximum(
            gone, smoothstep(spread + np.float32(0.1) * plate.grit * smoothstep(spread, 0.02, 0.2), 0.16, 0.28)
        )
        plate.expose(core)
        plate.cover((0.03, 0.03, 0.035) if black_lid else (0.985, 0.985, 0.98), gone)


def _torn_edge(width: int, height: int, length: float, gap: float, unit: float, chance: Chance) -> Line:
    """Return a wedge: a wandering line inwards, and back beside it, further and further off."""
    edge, place, aim = chance.random.random(3)
    start = _on_the_edge(edge, 0.12 + 0.76 * place, width, height)
    inwards = np.array([width, height]) / 2 - start
    way = math.atan2(inwards[1], inwards[0]) + (aim - 0.5) * 1.0
    arm = length * min(width, height) * np.array([math.cos(way), math.sin(way)])
    outside = start - 0.1 * arm
    lip = wandering(tuple(outside), tuple(start + arm), 0.09, chance, spacing=3.0 * unit)
    opening = np.linspace(1.0, 0.0, len(lip))[:, None] ** 0.8 * gap * min(width, height)
    aside = np.array([-arm[1], arm[0]]) / max(1e-6, float(np.hypot(*arm)))
    return np.concatenate([lip, (lip + opening * aside)[::-1]])


def _missing_corner(width: int, height: int, length: float, gap: float, unit: float, chance: Chance) -> Line:
    """Return a corner of the picture, cut off by a wandering line."""
    which, first, second = chance.random.random(3)
    x, y = (0.0, float(width))[int(2 * which)], (0.0, float(height))[int(4 * which) % 2]
    reach = (0.35 + 0.5 * length) * 0.6 * min(width, height)
    on_x = np.array([x + (0.5 + 0.5 * first) * reach * (1 if x == 0 else -1), y])
    on_y = np.array([x, y + (0.5 + 0.5 * second) * reach * (1 if y == 0 else -1)])
    line = wandering(tuple(on_x), tuple(on_y), 0.08, chance, spacing=3.0 * unit)
    outside = np.array([x + (x - width / 2) * 0.2, y + (y - height / 2) * 0.2])
    return np.concatenate([[[on_x[0], outside[1]]], line, [[outside[0], on_y[1]]], [outside]])


# -- what they have in common ------------------------------------------------------------------------------------------


def _crumbled(lines: Plane, plate: Plate) -> Plane:
    """Make the edges of lines ragged, as a brittle layer breaks."""
    soft = blurred(lines, max(0.4, 0.6 * plate.unit))
    return smoothstep(soft * (1.0 + np.float32(0.5) * plate.grit), 0.22, 0.6)


def _emboss(plate: Plate, lines: Plane, depth: float, distance: float) -> None:
    """Light a relief from above left: one side of each line brighter, the other darker."""
    soft = blurred(lines, max(0.5, distance * plate.unit))
    slope = cv2.Sobel(soft, cv2.CV_32F, 1, 0, ksize=3) + cv2.Sobel(soft, cv2.CV_32F, 0, 1, ksize=3)
    plate.shade(np.clip(slope * np.float32(depth * max(1.0, plate.unit)), -0.3, 0.25))
