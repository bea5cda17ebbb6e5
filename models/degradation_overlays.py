"""What people put on pictures: a name across them, a date in the corner, a black block where something was."""

import math
from functools import cache
from typing import ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from pydantic import Field

from models.degradation_plate import Plate, resampled
from models.degradation_steps import Chance, Degradation, Plane, Span, chance_of, span
from models.textures import blurred

__all__ = ["CutOuts", "DateStamp", "QualityNumber", "Watermark"]

_WORDS = (
    "SAMPLE", "PROOF", "PREVIEW", "(c) Studio", "do not copy", "stock photo", "ARCHIVE", "www.example.com",
    "COPY", "draft", "Foto Weber", "collection no. 217", "property of the museum", "not for sale",
)  # fmt: skip
"""Letters that Pillow's own font has: ASCII."""


class QualityNumber(Degradation):
    """Lesson 7's crappify (fast.ai 2019, lesson7-superres-gan): a JPEG whose quality is written on it, in white.

    The number stands at a random point of the upper left quarter, in the small bitmap font that Pillow had then.
    """

    title: ClassVar[str] = "JPEG with its quality on it"
    help: ClassVar[str] = "The lesson's damage: a small file, and its quality written on it."

    kind: Literal["quality_number"] = "quality_number"
    quality: Span = span(
        10, 70, label="Quality", help="As a program's “quality”: below 30 blocks show.",
        least=1, most=100, step=1)  # fmt: skip

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Write the number, then save."""
        quality = chance.whole("quality", self.quality)
        width, height = plate.size
        x, y = chance.whole("x", (0, width // 2)), chance.whole("y", (0, height // 2))
        picture = Image.fromarray(plate.to_bytes())
        ink = Image.new("L", picture.size, 0)
        ImageDraw.Draw(ink).text((x, y), str(quality), fill=255, font=_bitmap_font())
        plate.cover((1.0, 1.0, 1.0), np.asarray(ink, np.float32) / 255.0)
        plate.save_as_jpeg(quality)


@cache
def _bitmap_font() -> ImageFont.ImageFont:
    """Return Pillow's font of 2019, which takes milliseconds to unpack."""
    return ImageFont.load_default_imagefont()


class Watermark(Degradation):
    """A word, once across the picture or all over it, half transparent; white, or white with a dark rim."""

    title: ClassVar[str] = "Watermark"
    help: ClassVar[str] = "A word across the picture, once or all over it."

    kind: Literal["watermark"] = "watermark"
    opacity: Span = span(
        0.25, 0.9, label="Opacity", help="How much it hides.", least=0.0, most=1.0, step=0.05)  # fmt: skip
    size: Span = span(
        0.05, 0.2, label="Size", help="Height of the letters, as a share of the short side.",
        least=0.02, most=0.6, step=0.01)  # fmt: skip
    angle: Span = span(-40, 40, label="Angle", help="How it leans.", least=-90, most=90, unit="°", step=1)
    tiled: float = chance_of(0.5, label="All over", help="How often it is repeated over the whole picture.")
    dark: float = chance_of(0.2, label="Dark", help="How often it is dark instead of light.")
    outlined: float = chance_of(0.3, label="Outline", help="How often the letters have a rim of the other tone.")

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Write on a sheet, turn it, lay it over."""
        tiled, dark = chance.happens(self.tiled, "tiled"), chance.happens(self.dark, "dark")
        outlined, word = chance.happens(self.outlined, "outlined"), chance.one_of("word", _WORDS)
        opacity, angle = chance.between("opacity", self.opacity), chance.between("angle", self.angle)
        size = max(6.0, chance.between("size", self.size) * min(plate.size))
        x, y = chance.random.random(2)
        width, height = plate.size
        rim = max(1, round(size / 18)) if outlined else 0
        letters, outline = written(word, size, rim)
        place = _tiling if tiled else _once
        lettered = place(letters, width, height, angle, x, y)
        ink, other = ((0.06, 0.06, 0.07), (0.97, 0.97, 0.97)) if dark else ((0.97, 0.97, 0.97), (0.06, 0.06, 0.07))
        if rim:
            around = place(outline, width, height, angle, x, y)
            plate.cover(other, np.clip(around - lettered, 0.0, 1.0) * np.float32(opacity))
        plate.cover(ink, lettered * np.float32(opacity))


def written(word: str, size: float, rim: int = 0) -> tuple[Plane, Plane]:
    """Return a word, and the same with a rim of so many pixels around every letter: H×W each, 0–1."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(word, stroke_width=rim)
    planes = []
    for stroke in (0, rim):
        sheet = Image.new("L", (max(1, math.ceil(right - left)), max(1, math.ceil(bottom - top))), 0)
        ImageDraw.Draw(sheet).text((-left, -top), word, fill=255, font=font, stroke_width=stroke)
        planes.append(np.asarray(sheet, np.float32) / np.float32(255))
    return planes[0], planes[1]


def _once(letters: Plane, width: int, height: int, angle: float, x: float, y: float) -> Plane:
    """Put a word into the picture, as near to (x, y) as it fits; what is too long is made smaller."""
    turn = math.radians(angle)
    long, high = letters.shape[1], letters.shape[0]
    across = abs(long * math.cos(turn)) + abs(high * math.sin(turn))
    down = abs(long * math.sin(turn)) + abs(high * math.cos(turn))
    scale = min(1.0, 0.96 * width / across, 0.96 * height / down)
    middle = (scale * across / 2 + x * (width - scale * across), scale * down / 2 + y * (height - scale * down))
    return _laid(letters, width, height, angle, scale, middle)


def _tiling(letters: Plane, width: int, height: int, angle: float, x: float, y: float) -> Plane:
    """Repeat a word in staggered rows over the whole picture."""
    high, long = letters.shape
    row = np.pad(letters, ((0, round(1.3 * high)), (0, round(0.35 * long + high))))
    rows = np.concatenate([row, np.roll(row, row.shape[1] // 2, axis=1)])
    reach = math.hypot(width, height)
    sheet = np.tile(rows, (math.ceil(reach / rows.shape[0]) + 1, math.ceil(reach / rows.shape[1]) + 1))
    sheet = np.roll(sheet, (round(y * rows.shape[0]), round(x * rows.shape[1])), axis=(0, 1))
    return _laid(sheet, width, height, angle, 1.0, (width / 2, height / 2))


def _laid(sheet: Plane, width: int, height: int, angle: float, scale: float, middle: tuple[float, float]) -> Plane:
    move = cv2.getRotationMatrix2D((sheet.shape[1] / 2, sheet.shape[0] / 2), -angle, scale)
    move[:, 2] += np.array(middle) - [sheet.shape[1] / 2, sheet.shape[0] / 2]
    if scale < 0.5:  # linear sampling would skip pixels
        smaller = resampled(sheet, max(1, round(sheet.shape[1] * scale)), max(1, round(sheet.shape[0] * scale)), "area")
        return _laid(smaller, width, height, angle, 1.0, middle)
    return np.asarray(cv2.warpAffine(sheet, move, (width, height), flags=cv2.INTER_LINEAR), np.float32)


class DateStamp(Degradation):
    """The date that compact cameras burnt into the corner, orange and glowing."""

    title: ClassVar[str] = "Date in the corner"
    help: ClassVar[str] = "The orange date of a compact camera."

    kind: Literal["date_stamp"] = "date_stamp"
    size: Span = span(
        0.035, 0.06, label="Size", help="Height of the digits, as a share of the short side.",
        least=0.02, most=0.3, step=0.005)  # fmt: skip

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Draw the digits of seven strokes each, with a glow."""
        size = max(5.0, chance.between("size", self.size) * min(plate.size))
        year, month, day = chance.whole("", (78, 109)) % 100, chance.whole("", (1, 12)), chance.whole("", (1, 31))
        words = chance.one_of("words", (f"'{year:02d} {month} {day}", f"{day}. {month}. {year:02d}"))
        width, height = plate.size
        digits = _seven_strokes(words, size)
        x = round(width - digits.shape[1] - 0.06 * min(width, height))
        y = round(height - digits.shape[0] - 0.06 * min(width, height))
        ink = np.zeros((height, width), np.float32)
        inside = ink[max(0, y) : y + digits.shape[0], max(0, x) : x + digits.shape[1]]
        inside[:] = digits[-y if y < 0 else 0 :, -x if x < 0 else 0 :][: inside.shape[0], : inside.shape[1]]
        glow = blurred(ink, max(0.5, 0.16 * size))
        plate.colours += glow[..., None] * np.array([0.55, 0.18, 0.02], np.float32)
        plate.cover((1.0, 0.62, 0.18), ink)
        np.clip(plate.colours, 0.0, 1.0, out=plate.colours)


_STROKES = {
    "top": ((0.0, 0.0), (1.0, 0.0)), "middle": ((0.0, 1.0), (1.0, 1.0)), "bottom": ((0.0, 2.0), (1.0, 2.0)),
    "left": ((0.0, 0.0), (0.0, 1.0)), "right": ((1.0, 0.0), (1.0, 1.0)),
    "low left": ((0.0, 1.0), (0.0, 2.0)), "low right": ((1.0, 1.0), (1.0, 2.0)),
}  # fmt: skip
_MISSING = {
    "0": ("middle",), "1": ("top", "middle", "bottom", "left", "low left"), "2": ("left", "low right"),
    "3": ("left", "low left"), "4": ("top", "bottom", "low left"), "5": ("right", "low left"), "6": ("right",),
    "7": ("middle", "bottom", "left", "low left"), "8": (), "9": ("low left",),
}  # fmt: skip
"""The strokes that a digit does not have."""


def _seven_strokes(words: str, size: float) -> Plane:
    """Return digits, apostrophe, point and space as a calculator shows them: H×W, 0–1."""
    pen = max(1.0, size / 8)
    advance, wide = 0.85 * size, 0.5 * size
    sheet = np.zeros((math.ceil(size + 2 * pen), math.ceil(advance * len(words) + 2 * pen)), np.uint8)

    def at(x: float, y: float) -> tuple[int, int]:
        return round(16 * (x + pen)), round(16 * (y + pen))

    def stroke(begin: tuple[float, float], end: tuple[float, float]) -> None:
        cv2.line(sheet, at(*begin), at(*end), 255, max(1, round(pen)), cv2.LINE_AA, 4)

    for number, sign in enumerate(words):
        left = number * advance
        for name, ((x0, y0), (x1, y1)) in _STROKES.items():
            if sign.isdigit() and name not in _MISSING[sign]:
                stroke((left + x0 * wide, y0 * size / 2), (left + x1 * wide, y1 * size / 2))
        if sign == "'":
            stroke((left + wide, 0.0), (left + 0.7 * wide, 0.3 * size))
        elif sign == ".":
            stroke((left, size), (left, size))
    return np.asarray(sheet, np.float32) / np.float32(255)


class CutOuts(Degradation):
    """Large pieces that are simply gone: blocks, or what a thick brush has wiped away."""

    title: ClassVar[str] = "Cut-outs"
    help: ClassVar[str] = "Large pieces gone: blocks, or strokes of a thick brush."

    kind: Literal["cut_outs"] = "cut_outs"
    count: Span = span(1, 3, label="How many", help="Pieces of a picture.", least=1, most=20, step=1)
    size: Span = span(
        0.2, 0.5, label="Size", help="Of a piece's sides, as a share of the picture's.",
        least=0.02, most=1.0, step=0.02)  # fmt: skip
    brush: float = chance_of(0.3, label="Brush", help="How often it is strokes of a brush instead of a block.")
    tone: Literal["black", "white", "grey", "noise"] = Field(
        default="black", title="Filled with", description="What is there instead."
    )

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Paint the pieces over."""
        count, brushed = chance.whole("count", self.count), chance.happens(self.brush, "brush")
        width, height = plate.size
        hole = np.zeros((height, width), np.uint8)
        for _ in range(count):
            across, down = (chance.between("", self.size) for _ in range(2))
            x, y = chance.random.random(2)
            (_wipe if brushed else _block)(hole, across, down, x, y, chance)
        gone = hole.astype(np.float32) * np.float32(1 / 255)
        tones = {"black": 0.0, "white": 1.0, "grey": 0.5}
        paint = chance.random.random((height, width, 3), np.float32) if self.tone == "noise" else [tones[self.tone]] * 3
        plate.cover(paint, gone)


def _block(hole: NDArray[np.uint8], across: float, down: float, x: float, y: float, chance: Chance) -> None:
    height, width = hole.shape
    wide, high = max(1, round(across * width)), max(1, round(down * height))
    left, top = round(x * (width - wide)), round(y * (height - high))
    hole[top : top + high, left : left + wide] = 255


def _wipe(hole: NDArray[np.uint8], across: float, down: float, x: float, y: float, chance: Chance) -> None:
    """Draw a zigzag of a brush as thick as a quarter of the piece."""
    height, width = hole.shape
    turns = chance.random.random((6, 2))
    corner, reach = (
        np.array([x * width * (1 - across), y * height * (1 - down)]),
        np.array([across * width, down * height]),
    )
    points = np.rint(16 * (corner + turns * reach)).astype(np.int32)
    thick = max(1, round(min(across * width, down * height) / 4))
    cv2.polylines(hole, [points], False, 255, thick, cv2.LINE_AA, 4)
