"""What a classifier mixes up, as one picture: the table of confusions, and beside it its worst mistakes."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont
from torch import Tensor

from studio.core.events import Picture

__all__ = ["Mistake", "answer_sheet"]

_BACK, _FIELD, _TEXT, _MUTED = (29, 29, 29), (44, 44, 44), (226, 226, 226), (150, 150, 150)
_RIGHT, _WRONG, _SAID = (46, 104, 160), (160, 62, 46), (236, 140, 120)
_MARGIN, _GAP = 24, 12
_SIDE = 520
"""Of the table, px."""
_ROWS = 3
"""Of mistakes; the pictures are as large as that leaves room for."""
_TEXT_SIZE, _SMALL = 15, 13
_HEAD, _LINE = _MARGIN + 2 * _TEXT_SIZE, _SMALL + 4
_MOST_NUMBERS = 16
"""With more classes than this the table's numbers could not be read, and are left out."""
_MOST_NAMES = 40


@dataclass(frozen=True, slots=True, eq=False)
class Mistake:
    """A picture, what it is, what the classifier said, and how sure it was of that (0–1)."""

    picture: Picture
    truth: str
    said: str
    sureness: float


def answer_sheet(confusion: Tensor, names: Sequence[str], mistakes: Sequence[Mistake], *, across: int = 4) -> Picture:
    """Draw the sheet.

    Args:
        confusion: C×C counts; row: what it is, column: what was said.
        names: of the C classes.
        mistakes: the worst first.
        across: mistakes in a row.

    Returns:
        A picture of three rows of mistakes; those for which there is no room are left out.

    """
    names_width = _names_width(names)
    left = _MARGIN + names_width + _GAP
    height = _HEAD + (_TEXT_SIZE if _fit_upright(names) else names_width) + _GAP + _SIDE + _MARGIN
    tile = (height - _HEAD - _MARGIN + _GAP) // _ROWS - _GAP - 2 * _LINE
    width = left + _SIDE + 2 * _MARGIN + across * (tile + _GAP) - _GAP + _MARGIN
    sheet = Image.new("RGB", (width, height), _BACK)
    top = height - _MARGIN - _SIDE
    _draw_table(sheet, confusion, names, left, top)
    _draw_mistakes(sheet, mistakes, left + _SIDE + 2 * _MARGIN, across, tile)
    return np.asarray(sheet)


def _draw_table(sheet: Image.Image, confusion: Tensor, names: Sequence[str], left: int, top: int) -> None:
    draw = ImageDraw.Draw(sheet)
    right = int(confusion.diagonal().sum())
    heading = f"{right} of {int(confusion.sum())} right"
    draw.text((_MARGIN, _MARGIN), heading, _TEXT, _font(_TEXT_SIZE + 3))
    legend = "row: what it is, column: what was said"
    draw.text((left + _SIDE, _MARGIN + _TEXT_SIZE + 3), legend, _MUTED, _font(_SMALL), anchor="rs")
    counts = _in_at_most(_SIDE, confusion.numpy().astype(np.float64))
    shades = _shades(counts)
    if len(names) > _MOST_NAMES:  # too many to be drawn apart
        table = cv2.resize(shades, (_SIDE, _SIDE), interpolation=cv2.INTER_NEAREST)
        sheet.paste(Image.fromarray(table.astype(np.uint8)), (left, top))
        return
    edges = [round(_SIDE * i / len(names)) for i in range(len(names) + 1)]
    for row, column in np.ndindex(*counts.shape):
        box = (left + edges[column], top + edges[row], left + edges[column + 1] - 2, top + edges[row + 1] - 2)
        draw.rectangle(box, tuple(shades[row, column].tolist()))
        if len(names) <= _MOST_NUMBERS and counts[row, column]:
            middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
            draw.text(middle, f"{int(counts[row, column])}", _TEXT, _font(_SMALL), anchor="mm")
    _name_the_lines(sheet, names, edges, left, top)


def _in_at_most(rows: int, counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add neighbours up where there are more classes than pixels."""
    starts = np.unique(np.arange(rows) * len(counts) // rows)
    summed: NDArray[np.float64] = np.add.reduceat(np.add.reduceat(counts, starts, axis=0), starts, axis=1)
    return summed


def _shades(counts: NDArray[np.float64]) -> Picture:
    """Return C×C colours: the larger its share of the row, the stronger; right answers lie on the diagonal."""
    shares = counts / np.maximum(1.0, counts.sum(axis=1, keepdims=True))
    strong = np.where(np.eye(len(counts), dtype=bool)[..., None], _RIGHT, _WRONG)
    shades: Picture = np.round(_FIELD + (strong - np.array(_FIELD)) * np.sqrt(shares)[..., None]).astype(np.uint8)
    return shades


def _name_the_lines(sheet: Image.Image, names: Sequence[str], edges: Sequence[int], left: int, top: int) -> None:
    draw, font = ImageDraw.Draw(sheet), _font(min(_TEXT_SIZE, max(9, _SIDE // len(names))))
    upright = _fit_upright(names)
    for index, name in enumerate(names):
        middle = (edges[index] + edges[index + 1]) // 2 - 1
        draw.text((left - _GAP, top + middle), _short(name, font), _TEXT, font, anchor="rm")
        if upright:
            draw.text((left + middle, top - 6), name, _TEXT, font, anchor="ms")
        else:
            _draw_turned(sheet, _short(name, font), font, left + middle, top - 6)


def _draw_turned(sheet: Image.Image, text: str, font: FreeTypeFont, middle: int, bottom: int) -> None:
    """Write upwards, centred on `middle`, from `bottom`."""
    x0, y0, x1, y1 = font.getbbox(text)
    strip = Image.new("L", (int(x1 - x0) + 2, int(y1 - y0) + 2))
    ImageDraw.Draw(strip).text((-x0 + 1, -y0 + 1), text, 255, font)
    turned = strip.rotate(90, expand=True)
    sheet.paste(_TEXT, (middle - turned.width // 2, bottom - turned.height), turned)


def _draw_mistakes(sheet: Image.Image, mistakes: Sequence[Mistake], left: int, across: int, tile: int) -> None:
    draw, font = ImageDraw.Draw(sheet), _font(_SMALL)
    title = "worst mistakes" if mistakes else "no mistakes"
    draw.text((left, _MARGIN), title, _MUTED, _font(_TEXT_SIZE))
    for place, mistake in enumerate(mistakes[: _ROWS * across]):
        x, y = left + (place % across) * (tile + _GAP), _HEAD + (place // across) * (tile + 2 * _LINE + _GAP)
        sheet.paste(_framed(mistake.picture, tile), (x, y))
        draw.text((x, y + tile + 3), _short(f"is {mistake.truth}", font, tile), _TEXT, font)
        percent = f", {100 * mistake.sureness:.0f} %"
        said = "said " + _short(mistake.said, font, tile - int(font.getlength(f"said {percent}")))
        draw.text((x, y + tile + 3 + _LINE), said + percent, _SAID, font)


def _framed(picture: Picture, side: int) -> Image.Image:
    """Fit a picture into a tile; small ones in whole pixels, so that nothing is invented."""
    height, width = picture.shape[:2]
    factor = side / max(height, width)
    method = cv2.INTER_AREA if factor < 1 else (cv2.INTER_NEAREST if factor >= 3 else cv2.INTER_CUBIC)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    tile = Image.new("RGB", (side, side), _FIELD)
    shown = Image.fromarray(cv2.resize(np.ascontiguousarray(picture), size, interpolation=method).astype(np.uint8))
    tile.paste(shown, ((side - size[0]) // 2, (side - size[1]) // 2))
    return tile


def _fit_upright(names: Sequence[str]) -> bool:
    """Tell whether the columns are wide enough for their names."""
    return _longest(names, _font(_TEXT_SIZE)) <= _SIDE // len(names) - 4


def _names_width(names: Sequence[str]) -> int:
    return min(140, max(40, int(_longest(names, _font(_TEXT_SIZE))) + 2)) if len(names) <= _MOST_NAMES else 0


def _longest(names: Sequence[str], font: FreeTypeFont) -> float:
    return max(font.getlength(name) for name in names)


def _short(text: str, font: FreeTypeFont, width: int = 140) -> str:
    """Shorten a text to `width` px; it loses its middle, as names often differ at the end."""
    short, kept = text, len(text)
    while font.getlength(short) > width and kept > 2:
        kept -= 1
        short = f"{text[: kept // 2]}…{text[len(text) - (kept + 1) // 2 :]}"
    return short


def _font(size: int) -> FreeTypeFont:
    font = ImageFont.load_default(size)  # it comes with Pillow, so that a sheet looks the same everywhere
    assert isinstance(font, FreeTypeFont)
    return font
