"""Holes of a photo, filled: those that are given, or that were found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic

import cv2
import numpy as np
from numpy.typing import NDArray

from models.hole_filling import fill_holes
from studio.core.events import DeepPicture, Job, Log, Picture, Preview, Progress
from studio.core.failures import StudioError
from studio.core.images import LoadedPicture
from studio.core.picture_task import HOLE, PictureRequest
from studio.core.recipes import Recipe, WeightsRecord
from studio.core.resizing import fit_within, to_8_bits
from studio.core.restore_settings import RestoreSettings
from studio.jobs.restore.retouch_networks import AUTOMATIC_FILLER, open_filler

__all__ = ["Retouched", "fill", "filled", "given_hole", "grown"]

_STAGE = "Filling"
_SHOWN_SIDE = 4096
"""Longer side, px, of what is shown meanwhile."""
_BETWEEN_PREVIEWS_S, _SHOWN_IN_PASSING = 0.5, 6_000_000
_RIM, _PER_SIDE = 1, 1 / 1000
"""By how much a hole that was found is larger than what was found: so many px and this share of the shorter side."""
_WIDE, _NEAR = 4, 4
"""Damage that is somewhere so many px wide throws a shadow, and its holes are a pixel larger, as are all pieces within
so many rims of one another: a flaking crack is found in pieces. On 16 photos LPIPS of mended cracks .050 without, .035
with that, of tears .022 and .018; thin scratches have no shadow (a pixel more everywhere: .019 in place of .017).
"""


@dataclass(frozen=True, slots=True, eq=False)
class Retouched:
    """What came of it: `layer`, H×W×3, what it was made with, and, by role, masks that were found on the way."""

    layer: DeepPicture
    records: tuple[WeightsRecord, ...]
    versions: Mapping[str, str]
    found: Mapping[str, Picture] = field(default_factory=dict)


def fill(
    request: PictureRequest, picture: Picture | DeepPicture, settings: RestoreSettings, recipe: Recipe | None
) -> Job[Retouched]:
    """Fill the holes that the request names; elsewhere the photo stays, bit for bit.

    Args:
        request: whose holes are meant.
        picture: its photo in full depth.
        settings: of the job.
        recipe: of a picture that is made again, with the network of then.

    Raises:
        StudioError: there is no hole, or the network that the settings name cannot be had.

    """
    hole = given_hole(request.all(HOLE), *picture.shape[1::-1])
    if hole is None or not hole.any():
        raise StudioError(
            "There is no hole to fill.",
            "Paint over what is to go, or name a picture that is white there (command line: --mask).",
        )
    return (yield from filled(picture, hole, settings, recipe))


def filled(
    picture: Picture | DeepPicture, hole: NDArray[np.uint8], settings: RestoreSettings, recipe: Recipe | None
) -> Job[Retouched]:
    """Fill what is not 0 in `hole`, H×W, as far as it says; raises as `fill` does."""
    if hole.all():
        raise StudioError(
            "The hole is all of the picture: there is nothing that it could be filled from.",
            "Paint over nothing but what is to go.",
        )
    yield Progress("Loading the network…")
    opened = open_filler(settings.inpainter, recipe)
    if not opened.records and recipe is None:
        yield Log(f"The network {AUTOMATIC_FILLER} is not on this computer: holes are filled without it.", "warning")
    told = -np.inf
    pause = _BETWEEN_PREVIEWS_S * max(1.0, 3 * picture.shape[0] * picture.shape[1] / _SHOWN_IN_PASSING)
    work = fill_holes(picture, hole, opened.filler, settings.seed + settings.proposal)
    step = 0
    while True:
        try:
            _, share, made = next(work)
        except StopIteration as end:
            layer: DeepPicture = end.value
            break
        step += 1
        if monotonic() - told > pause:
            yield Preview(np.ascontiguousarray(fit_within(to_8_bits(made), _SHOWN_SIDE)), step, _STAGE, draft=True)
            told = monotonic()
        yield Progress(_STAGE, round(100 * share), 100, share)
    return Retouched(layer, opened.records, opened.versions)


def given_hole(pictures: tuple[LoadedPicture, ...], width: int, height: int) -> NDArray[np.uint8] | None:
    """Return the holes that pictures show in white, together, at this size: H×W; None where there is no picture."""
    hole: NDArray[np.uint8] | None = None
    for picture in pictures:
        grey = cv2.cvtColor(np.ascontiguousarray(picture.pixels[..., :3]), cv2.COLOR_RGB2GRAY)
        if grey.shape != (height, width):
            grey = cv2.resize(grey, (width, height), interpolation=cv2.INTER_LINEAR)
        hole = np.asarray(grey, np.uint8) if hole is None else np.maximum(hole, grey)
    return hole


def grown(hole: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a hole that was found as it is filled: with the rim that damage leaves around it."""
    rim = _RIM + round(_PER_SIDE * min(hole.shape))
    together = np.ones((2 * _NEAR * rim + 1,) * 2, np.uint8)
    count, labels = cv2.connectedComponents(cv2.dilate((hole > 0).astype(np.uint8), together), connectivity=8)
    torn = np.zeros(count, np.bool_)
    torn[labels[cv2.erode(hole, np.ones((_WIDE, _WIDE), np.uint8)) > 0]] = True
    return np.maximum(_dilated(hole, rim), _dilated(np.where(torn[labels], hole, 0).astype(np.uint8), rim + 1))


def _dilated(hole: NDArray[np.uint8], by: int) -> NDArray[np.uint8]:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1))
    return np.asarray(cv2.dilate(hole, disc), np.uint8)
