"""How well are holes filled, and damage found? `python benchmarks/restore.py --retouch` prints it.

Holes are those of issue 12: 5 % scratches of 1–3 px, 8 % strokes of 12–25 px, three squares of 64 px, in the middle
256 px of pictures; PSNR counts all colours in the hole, LPIPS (SqueezeNet) the whole picture. Damage is that of
`models/degradation_damage.py`, one kind at a time on a whole picture; what is found is compared with its own mask.
"""

from collections.abc import Callable, Iterator, Sequence
from time import thread_time
from typing import Any, TypeAlias

import cv2
import numpy as np
import torch
from lpips import lpips
from numpy.typing import NDArray

from models.degradation_damage import Cracks, Dust, Scratches, Tears
from models.degradation_overlays import CutOuts, Watermark
from models.degradations import DegradationRecipe, degrade
from models.hole_filling import Filler, fill_holes
from models.holes import scratch_holes, square_holes, stroke_holes
from models.inpainter import membrane
from models.scratch_detector import DAMAGE, WRITING
from studio.core.events import finish
from studio.core.failures import StudioError
from studio.jobs.restore.retouch_networks import open_detector, open_filler
from studio.jobs.restore.scratches import found_damage
from studio.training.tasks.scratches import intersection_over_union

__all__ = ["retouching_report"]

Bytes: TypeAlias = NDArray[np.uint8]
Fill: TypeAlias = Callable[[Bytes, Bytes], Bytes]
SIDE, HIDDEN = 256, 64
TELEA_RADIUS = 5
HOLES: dict[str, Callable[[np.random.Generator], Bytes]] = {
    "5 % scratches": lambda random: scratch_holes(SIDE, SIDE, 0.05, random),
    "8 % strokes of 12–25 px": lambda random: stroke_holes(SIDE, SIDE, 0.08, random),
    "three squares of 64 px": lambda random: square_holes(SIDE, SIDE, 3, 64, random),
}
FOUND = {
    "thin scratches": (DAMAGE, Scratches(count=(3, 8), width=(1.0, 2.5)), 0.6),
    "cracks": (DAMAGE, Cracks(width=(3.0, 10.0)), 0.7),
    "holes": (DAMAGE, CutOuts(size=(0.06, 0.2), tone="white"), 0.7),
    "tears": (DAMAGE, Tears(), 0.7),
    "dust": (DAMAGE, Dust(size=(1.5, 3.0)), None),
    "watermarks": (WRITING, Watermark(), None),
}
"""Title → kind, damage, and the intersection over union that is owed."""


def retouching_report(
    sets: dict[str, list[Bytes]], judge: torch.nn.Module, *, filler: str = "", detector: str = ""
) -> list[str]:
    """Return both tables as lines of markdown.

    Args:
        sets: pictures by what they are.
        judge: of LPIPS.
        filler: a network that fills holes; "" the one that comes along, or the membrane alone.
        detector: one that finds damage; "" the one that comes along.

    """
    return [*_filling(sets, judge, filler), "", *_finding(sets, detector)]


def _filling(sets: dict[str, list[Bytes]], judge: torch.nn.Module, name: str) -> list[str]:
    lines = []
    for title, cut in HOLES.items():
        lines += ["", f"**{title}**", "", f"| | {' | '.join(sets)} | seconds |", "|---" * (len(sets) + 2) + "|"]
        for words, fill in _fillers(name):
            cells, begun, count = [], thread_time(), 0
            for pictures in sets.values():
                scores = [_score(fill, picture, cut(np.random.default_rng(n)), judge)
                          for n, picture in enumerate(_middles(pictures))]  # fmt: skip
                count += len(scores)
                cells.append(" / ".join(f"{np.mean(each):.{digits}f}" for each, digits in zip(
                    zip(*scores, strict=True), (2, 4), strict=True)))  # fmt: skip
            lines.append(f"| {words} | {' | '.join(cells)} | {(thread_time() - begun) / max(1, count):.2f} |")
    return lines


def _fillers(name: str) -> Iterator[tuple[str, Fill]]:
    yield "OpenCV, Telea", lambda given, hole: cv2.inpaint(given, hole, TELEA_RADIUS, cv2.INPAINT_TELEA)
    yield "OpenCV, Navier–Stokes", lambda given, hole: cv2.inpaint(given, hole, TELEA_RADIUS, cv2.INPAINT_NS)
    yield "membrane and patches", _by(membrane)
    opened = open_filler(name, None)
    if opened.records:
        yield f"**Fill** ({opened.records[0].name})", _by(opened.filler)


def _by(filler: Filler) -> Fill:
    def fill(given: Bytes, hole: Bytes) -> Bytes:
        work = fill_holes(given, hole, filler)
        while True:
            try:
                next(work)
            except StopIteration as end:
                return np.asarray(np.rint(end.value / 257.0), np.uint8)

    return fill


def _middles(pictures: Sequence[Bytes]) -> Iterator[Bytes]:
    for picture in pictures:
        top, left = ((length - SIDE) // 2 for length in picture.shape[:2])
        if min(top, left) >= 0:
            yield np.ascontiguousarray(picture[top : top + SIDE, left : left + SIDE])


def _score(fill: Fill, picture: Bytes, hole: Bytes, judge: torch.nn.Module) -> tuple[float, float]:
    """Return PSNR in the hole, dB, and LPIPS."""
    given = picture.copy()
    given[hole > 0] = 0
    made = fill(given, hole)
    error = np.square(made.astype(float) - picture)[hole > 0].mean()
    return 10 * np.log10(255**2 / max(error, 1e-6)), lpips(judge, _floats(made), _floats(picture))


def _finding(sets: dict[str, list[Bytes]], name: str) -> list[str]:
    try:
        detector = open_detector(name, None)
    except StudioError as error:
        return [str(error)]
    lines = [f"| found by {detector.records[0].name}: IoU | {' | '.join(sets)} | owed |"]
    lines.append("|---" * (len(sets) + 2) + "|")
    for title, (kind, damage, owed) in FOUND.items():
        cells = []
        for pictures in sets.values():
            found, truth = [], []
            for number, picture in enumerate(pictures):
                made = degrade(picture, DegradationRecipe(steps=(damage,)), number)
                truth.append(made.mask >= HIDDEN)
                found.append(finish(found_damage(made.picture, detector, 0.5, kind)) > 0)
            cells.append(f"{intersection_over_union(found, truth):.2f}")
        lines.append(f"| {title} | {' | '.join(cells)} | {owed or ''} |")
    return lines


def _floats(picture: Any) -> torch.Tensor:
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255.0
