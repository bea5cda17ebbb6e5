"""What a network can, as rows of pictures with their names beside them."""

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from studio.core.events import Picture

__all__ = ["sample_sheet"]

_BACK, _TEXT = (29, 29, 29), (226, 226, 226)
_SMALLEST, _LARGEST, _SHARE = 11, 17, 0.08
"""Size of the names, px: this share of a row's height."""
_GAP = 4
_SMALL = 96
"""Rows that are lower, px, are enlarged by a whole number: a view that enlarges the sheet would blur its words."""


def sample_sheet(rows: Mapping[str, Picture]) -> Picture:
    """Put rows of one width one below the other, each behind its name."""
    times = max(1, _SMALL // min(len(row) for row in rows.values()))
    rows = {name: row.repeat(times, axis=0).repeat(times, axis=1) for name, row in rows.items()}
    least = min(len(row) for row in rows.values())
    font = ImageFont.load_default(min(max(round(_SHARE * least), _SMALLEST), _LARGEST))
    margin = font.getlength("m")
    left = round(max(map(font.getlength, rows)) + 2 * margin)
    width = max(row.shape[1] for row in rows.values())
    height = sum(len(row) + _GAP for row in rows.values()) - _GAP
    sheet = Image.new("RGB", (left + width, height), _BACK)
    draw, top = ImageDraw.Draw(sheet), 0
    for name, row in rows.items():
        sheet.paste(Image.fromarray(row), (left, top))
        draw.text((left - margin, top + len(row) / 2), name, _TEXT, font, anchor="rm")
        top += len(row) + _GAP
    return np.asarray(sheet)
