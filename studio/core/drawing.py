"""A drawing: layers of paint over white paper, or over a photo that shows faintly below them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from studio.core.events import Picture
from studio.core.resizing import fit_within, resize

__all__ = ["laid_over", "paper_of"]

_WHITE = 255.0


def paper_of(photo: Picture, shows: float, longer_side: int) -> Picture:
    """Return what is drawn on: white paper with so much of the photo (0–1) on it, no larger than asked for; H×W×3."""
    small = fit_within(photo, longer_side)
    opaque = small[..., 3:].astype(np.float32) / np.float32(255) if small.shape[2] == 4 else np.ones(1, np.float32)
    share = opaque * np.float32(shows)
    faded = _WHITE + (small[..., :3].astype(np.float32) - _WHITE) * share
    return np.asarray(np.rint(faded), np.uint8)


def laid_over(paper: Picture, layers: Sequence[NDArray[np.uint8]]) -> Picture:
    """Return the layers (H×W×4, straight alpha, of any size), from below, over the paper, at its size; H×W×3."""
    height, width = paper.shape[:2]
    drawn = paper.astype(np.float32)
    for layer in layers:
        small = resize(layer, width, height)
        alpha = small[..., 3:].astype(np.float32) / np.float32(255)
        drawn += (small[..., :3] - drawn) * alpha
    return np.asarray(np.rint(drawn), np.uint8)
