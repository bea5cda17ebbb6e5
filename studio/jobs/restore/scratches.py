"""What hides a photo, found by a network: scratches, dust, cracks and holes, or writing laid over it."""

from math import ceil, exp, log2
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from models.restoration_tiles import restore_in_tiles
from models.scratch_detector import DAMAGE, KINDS, WRITING
from studio.core.events import DeepPicture, Job, Log, Picture, Progress
from studio.core.picture_task import HOLE, PictureRequest
from studio.core.recipes import Recipe
from studio.core.restore_settings import RestoreSettings
from studio.jobs.restore.fill import Retouched, filled, given_hole, grown
from studio.jobs.restore.retouch_networks import OpenNetwork, open_detector

__all__ = ["found_damage", "scratches", "threshold_of"]

_SIDE = 512
"""Of a tile, px."""
_ALSO_HALVED, _WIDE = 350, 3
"""Shorter side, px, from which on a photo is looked at in half the size as well, and so on: the detector learnt from
parts of 256 px, and does not know a hole when it sees the middle of it alone. From a smaller size only what is so many
px wide there is taken: what is thin is found at full size, and its edges are finer there. On photos of 800 px of IoU
tears have .25 without, .90 with that, holes .35 and .81.
"""
_HOLE, _GAP = 16, 8
"""How wide a large hole is, and the gaps that are closed between its middle, seen from afar, and its rim, seen near by;
px of the smaller size. A splinter of black that is left at the rim is what a missing corner would be filled from.
"""
Likely: TypeAlias = NDArray[np.uint16]
"""H×W: how likely each pixel is hidden, 0–65535."""
_STEEPNESS = 8.0


def scratches(
    request: PictureRequest, picture: Picture | DeepPicture, settings: RestoreSettings, recipe: Recipe | None
) -> Job[Retouched]:
    """Find what hides a photo, damage or (mode "text") writing, and fill it; holes that are given stand in its place.

    Args:
        request: whose holes are meant.
        picture: its photo in full depth.
        settings: of the job.
        recipe: of a picture that is made again, with the networks of then.

    Raises:
        StudioError: a network cannot be had.

    """
    kind = WRITING if settings.mode == "text" else DAMAGE
    given = given_hole(request.all(HOLE), *picture.shape[1::-1])
    if given is not None:
        return (yield from filled(picture, grown(given) if kind == DAMAGE else given, settings, recipe))
    yield Progress("Loading the network…")
    detector = open_detector(settings.scratch_detector, recipe)
    hole = yield from found_damage(picture, detector, settings.sensitivity, kind)
    share = 100.0 * float((hole > 0).mean())
    yield Log(f"Found {kind} in {share:.2g} % of the picture." if share else f"Found no {kind}.")
    made = yield from filled(picture, grown(hole), settings, recipe)
    return Retouched(
        made.layer, (*detector.records, *made.records), {**detector.versions, **made.versions},
        {HOLE: np.dstack([hole] * 3)},
    )  # fmt: skip


def found_damage(
    picture: Picture | DeepPicture, detector: OpenNetwork, sensitivity: float, kind: str = DAMAGE
) -> Job[NDArray[np.uint8]]:
    """Return where a picture is hidden, H×W: 255 where that is likelier than the threshold.

    Args:
        picture: H×W×3|4.
        detector: looks.
        sensitivity: 0–1.
        kind: "damage" or "writing".

    """
    stage = f"Looking for {kind}"
    height, width = picture.shape[:2]
    likely: Likely = np.zeros((height, width), np.uint16)
    looked: Any = picture
    count = 1 + max(0, ceil(log2(min(height, width) / _ALSO_HALVED)))
    for number in range(count):
        if number:
            looked = cv2.resize(looked[..., :3], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        seen = np.empty((*looked.shape[:2], len(KINDS)), np.uint16)
        for _, share in restore_in_tiles(detector.network, looked, 1.0, side=_SIDE, made=seen):
            done = (number + share) / count
            yield Progress(stage, round(100 * done), 100, done)
        plane = np.ascontiguousarray(seen[..., KINDS.index(kind)])
        if not number:
            likely = plane
            continue
        likely = np.maximum(likely, _enlarged(_no_thinner(plane, _WIDE), width, height))
        likely = _without_gaps(likely, _enlarged(_no_thinner(plane, _HOLE), width, height), _GAP << number)
    return np.where(likely >= 65535.0 * threshold_of(sensitivity), 255, 0).astype(np.uint8)


def _no_thinner(likely: Likely, width: int) -> Likely:
    return np.asarray(cv2.morphologyEx(likely, cv2.MORPH_OPEN, np.ones((width, width), np.uint8)), np.uint16)


def _enlarged(likely: Likely, width: int, height: int) -> Likely:
    return np.asarray(cv2.resize(likely, (width, height), interpolation=cv2.INTER_LINEAR), np.uint16)


def _without_gaps(likely: Likely, holes: Likely, gap: int) -> Likely:
    """Close the gaps, up to so many px across, between large holes, as seen from afar, and what was seen of rims."""
    closed = cv2.morphologyEx(likely, cv2.MORPH_CLOSE, np.ones((gap + 1, gap + 1), np.uint8))
    near = cv2.dilate(holes, np.ones((2 * gap + 1, 2 * gap + 1), np.uint8))
    return np.asarray(np.maximum(likely, np.minimum(closed, near)), np.uint16)


def threshold_of(sensitivity: float) -> float:
    """Return how likely it must be that a pixel is hidden: ½ for ½; .98 for 0; .02 for 1 (even steps of log odds)."""
    return 1.0 / (1.0 + exp(_STEEPNESS * (sensitivity - 0.5)))
