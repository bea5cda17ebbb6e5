"""Finds places in a photo: what is of one colour, what stands out of its surroundings, people, faces."""

from dataclasses import dataclass
from functools import partial
from itertools import product
from math import ceil, exp
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.controls import Controls
from studio.core.events import Job, Picture, Progress
from studio.core.failures import StudioError
from studio.core.known_networks import packaged_weights
from studio.core.resizing import fit_within
from studio.jobs.masks.edges import fitted_to_edges

__all__ = ["CutOut", "FindTask", "Wand", "cut_out", "find_faces", "find_people", "wand"]

Mask: TypeAlias = NDArray[np.uint8]
"""H×W, 0–255: how much of each place is meant."""

Face: TypeAlias = tuple[float, float, float, float, float]
"""How certain it is, 0–1, its middle from left and top, its width and its height."""

PEOPLE, FACES = "select-people", "select-faces"
"""The networks, by their names in the manifest."""

_CUT_OUT_SIDE, _ROUNDS = 720, 5
_SURE, _UNSURE = 0.012, 0.05
"""Of the longer side: as far inside what is painted it is surely meant, and as far around it may be."""
_LEVELS = (1, 2, 4)
"""Into so many windows a side the photo is divided, one after the other, to find faces of every size."""
_OVERLAP = 0.35
_FACE_SIDE, _STRIDES = 128, ((16, 2), (8, 6))
_CERTAIN, _SAME_FACE = 0.75, 0.3
_LEAST = 0.02
"""Of a photo, below which nobody is in it."""


@dataclass(frozen=True, slots=True, eq=False)
class FindTask:
    """A photo, H×W×3 or 4, and width and height of the mask that is asked for."""

    photo: Picture
    width: int
    height: int


@dataclass(frozen=True, slots=True, eq=False)
class Wand(FindTask):
    """What is like the spot at these shares of width and height; `tolerance` in levels of 255, touching it or not."""

    across: float
    down: float
    tolerance: int
    touching: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class CutOut(FindTask):
    """What stands out within a rectangle (left, top, right, bottom; shares), or about where a mask is painted."""

    rectangle: tuple[float, float, float, float] | None = None
    painted: Mask | None = None


def wand(task: Wand, controls: Controls[Any]) -> Job[Mask]:
    """Return what has the colour of one spot, to within a tolerance: a flood fill, with soft steps at its edge."""
    yield Progress("Looking for this colour")
    photo = cv2.resize(np.ascontiguousarray(task.photo[..., :3]), (task.width, task.height))
    x, y = min(int(task.across * task.width), task.width - 1), min(int(task.down * task.height), task.height - 1)
    if task.touching:
        found = np.zeros((task.height + 2, task.width + 2), np.uint8)
        flags = 4 | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY | (255 << 8)
        cv2.floodFill(photo, found, (x, y), 0, (task.tolerance,) * 3, (task.tolerance,) * 3, flags)
        inside = found[1:-1, 1:-1]
    else:
        colour = photo[y, x].astype(int)
        low, high = (np.clip(colour + sign * task.tolerance, 0, 255) for sign in (-1, 1))
        inside = np.asarray(cv2.inRange(photo, low, high), np.uint8)
    yield Progress("Looking for this colour")
    return np.asarray(cv2.GaussianBlur(inside, (3, 3), 0), np.uint8)


def cut_out(task: CutOut, controls: Controls[Any]) -> Job[Mask]:
    """Return what stands out, by GrabCut (Rother et al. 2004) in a small version, brought to the photo's edges.

    Raises:
        StudioError: there is nothing to go by, or nothing stands out.

    """
    small = np.ascontiguousarray(fit_within(np.ascontiguousarray(task.photo[..., :3]), _CUT_OUT_SIDE)[..., ::-1])
    height, width = small.shape[:2]
    marks = _marks(task, width, height)
    sure = (marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)
    if not sure.any() or sure.all():
        raise StudioError(
            "There is nothing to tell apart.", "Leave some of the photo outside: draw the rectangle, or paint, smaller."
        )
    cv2.setRNGSeed(0)  # the same question, the same answer
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    for number in range(_ROUNDS):
        yield Progress("Finding what stands out", number, _ROUNDS)
        mode = cv2.GC_INIT_WITH_MASK if number == 0 else cv2.GC_EVAL
        cv2.grabCut(small, marks, None, background, foreground, 1, mode)  # type: ignore[call-overload]
    found = ((marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)).astype(np.float32)
    if not found.any():
        raise StudioError("Nothing stands out there.", "Draw the rectangle closer around it, or paint it by hand.")
    return fitted_to_edges(found, task.photo, task.width, task.height)


def _marks(task: CutOut, width: int, height: int) -> NDArray[np.uint8]:
    """Return what GrabCut is told of every pixel."""
    marks = np.full((height, width), cv2.GC_BGD, np.uint8)
    if task.rectangle is not None:
        left, top, right, bottom = (
            round(min(max(share, 0.0), 1.0) * length)
            for share, length in zip(task.rectangle, (width, height) * 2, strict=True)
        )
        marks[top:bottom, left:right] = cv2.GC_PR_FGD
    elif task.painted is not None:
        painted = (cv2.resize(task.painted, (width, height), interpolation=cv2.INTER_AREA) > 127).astype(np.uint8)
        side = max(width, height)
        marks[cv2.dilate(painted, _disc(_UNSURE * side)) > 0] = cv2.GC_PR_BGD
        marks[painted > 0] = cv2.GC_PR_FGD
        marks[cv2.erode(painted, _disc(_SURE * side)) > 0] = cv2.GC_FGD
    return marks


def _disc(radius: float) -> NDArray[np.uint8]:
    side = 2 * ceil(radius) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


# -- people ------------------------------------------------------------------------------------------------------------


def find_people(task: FindTask, controls: Controls[Any]) -> Job[Mask]:
    """Return where people are (MediaPipe's selfie segmentation), brought to the photo's edges.

    Raises:
        StudioError: there is nobody.

    """
    yield Progress("Looking for people")
    network = _opened(PEOPLE)
    blob = cv2.dnn.blobFromImage(np.ascontiguousarray(task.photo[..., :3]), 1 / 255, (256, 256))
    network.setInput(blob)
    found = np.asarray(network.forward()[0, 0], np.float32)
    yield Progress("Looking for people")
    if (found > 0.5).mean() < _LEAST:
        raise StudioError("Nobody is to be seen in this photo.", "Paint the mask by hand, or cut out from a rectangle.")
    return fitted_to_edges(found, task.photo, task.width, task.height)


def find_faces(task: FindTask, controls: Controls[Any]) -> Job[Mask]:
    """Return where faces are (MediaPipe's BlazeFace, Bazarevsky et al. 2019), as soft ovals.

    The network sees 128 px: large faces are found in the whole photo, small ones in windows of it.

    Raises:
        StudioError: there is none.

    """
    photo = np.ascontiguousarray(fit_within(np.ascontiguousarray(task.photo[..., :3]), 4 * 4 * _FACE_SIDE))
    network, faces = _opened(FACES), list[Face]()
    windows = list(_windows(photo.shape[1], photo.shape[0]))
    for number, (left, top, side) in enumerate(windows):
        yield Progress("Looking for faces", number, len(windows))
        faces += [
            (score, left + x * side, top + y * side, width * side, height * side)
            for score, x, y, width, height in _faces_in(network, photo[top : top + side, left : left + side], side)
        ]
    if not (kept := _distinct(faces)):
        raise StudioError("There is no face to be found in this photo.", "Paint the mask by hand.")
    mask = np.zeros((task.height, task.width), np.uint8)
    share = task.width / photo.shape[1]
    for _, x, y, width, height in kept:  # the box ends at the brows: an oval reaches over forehead and chin
        centre, axes = (round(x * share), round((y - 0.12 * height) * share)), (width * 0.6, height * 0.75)
        size = tuple(max(1, round(axis * share)) for axis in axes)
        cv2.ellipse(mask, centre, size, 0, 0, 360, 255, -1, cv2.LINE_AA)
    typical = float(np.median([face[3] for face in kept])) * share
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(1.0, typical / 24)), np.uint8)


def _windows(width: int, height: int) -> Any:
    """Yield squares over a photo, from left and top: all of it first, then smaller ones that overlap."""
    longest = max(width, height)
    yield 0, 0, longest
    for parts in _LEVELS[1:]:
        side = min(min(width, height), ceil(longest / parts * (1 + _OVERLAP)))
        if side >= 2 * _FACE_SIDE or parts == _LEVELS[1]:
            yield from ((x, y, side) for y, x in product(*map(partial(_starts, side), (height, width))))


def _starts(side: int, length: int) -> list[int]:
    count = max(1, ceil((length - side) / (side * (1 - _OVERLAP))) + 1)
    return [round(at) for at in np.linspace(0, max(0, length - side), count)]


def _faces_in(network: Any, part: Picture, side: int) -> Any:
    """Yield score, centre, width and height of the faces in a square, as shares of its side."""
    square = np.zeros((side, side, 3), np.uint8)
    square[: part.shape[0], : part.shape[1]] = part
    network.setInput(cv2.dnn.blobFromImage(square, 1 / 127.5, (_FACE_SIDE, _FACE_SIDE), (127.5,) * 3))
    boxes, scores = network.forward(("regressors", "classificators"))
    for place in np.flatnonzero(scores[0, :, 0] > np.log(_CERTAIN / (1 - _CERTAIN))):
        x, y, width, height = boxes[0, place, :4] / _FACE_SIDE
        anchor_x, anchor_y = _ANCHORS[place]
        yield 1 / (1 + exp(-float(scores[0, place, 0]))), anchor_x + x, anchor_y + y, width, height


def _distinct(faces: list[Face]) -> list[Face]:
    """Return each face once, the most certain of its boxes."""
    kept: list[Face] = []
    for face in sorted(faces, reverse=True):
        if all(_overlap(face, other) < _SAME_FACE for other in kept):
            kept.append(face)
    return kept


def _overlap(one: Face, other: Face) -> float:
    """Return what two boxes share, of the smaller one."""
    common = 1.0
    for centre, length in ((1, 3), (2, 4)):
        end = min(box[centre] + box[length] / 2 for box in (one, other))
        start = max(box[centre] - box[length] / 2 for box in (one, other))
        common *= max(0.0, end - start)
    return common / max(1e-9, min(box[3] * box[4] for box in (one, other)))


_ANCHORS = [
    ((x + 0.5) / cells, (y + 0.5) / cells)
    for cells, each in _STRIDES for y in range(cells) for x in range(cells) for _ in range(each)
]  # fmt: skip


def _opened(name: str) -> Any:
    packaged = packaged_weights()
    file = next(network.file for network in packaged.manifest.networks if network.name == name)
    return cv2.dnn.readNetFromTFLite(str(packaged.folder / file), cv2.dnn.ENGINE_CLASSIC)
