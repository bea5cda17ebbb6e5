"""Does a fast style leave plain ground plain? Tones of pages with a logo, and combs and nets, on pages and photos.

A page's tone is kept when the median luma of its ground is within 26 of 255 of what it was, where that is a tone that
the painting knows: between the 2nd and the 98th percentile of its luma over squares of 8 px (`models.plain_ground`),
so that white is asked to be as white as the lightest areas of the painting, and no whiter. It is even when nineteen of
twenty of its pixels are within 26 of that median: what hangs round the logo's edges shows here. A comb is a peak of the
spectrum at 2, 4 or 8 px along rows or columns, a net one from 2 to 16 px in any direction; asked is that none stands
out more than 1.5 × as far as in the picture that was painted over.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from picture_measures import NET_PERIODS, PERIODS, luma, net, peaks

from models.pixels import to_picture, to_tensor
from models.plain_ground import tones_of
from studio.core.events import Picture

__all__ = ["Ground", "ground_of", "page", "table_of_ground"]

PAGES = {"white": 255, "grey": 128, "black": 0}
ASKED_OF_TONES, ASKED_OF_COMBS = 26.0, 1.5


@dataclass(frozen=True, slots=True)
class Ground:
    """What was measured of one fast style.

    Attributes:
        tones: by page: the median luma of its ground, and what was asked, 0–255.
        uneven: by page: how far from that median nineteen of twenty of its pixels are at most.
        combs: the greatest peak ÷ the picture's before, by period and in any direction: on pages, on photos.

    """

    tones: Mapping[str, tuple[float, float]]
    uneven: Mapping[str, float]
    combs: tuple[tuple[float, ...], tuple[float, ...]]


def page(tone: int, height: int = 288, width: int = 384) -> Picture:
    """Return a sheet of one tone with a square over a disc, as logos are: sharp, and without antialiasing."""
    sheet = np.full((height, width, 3), tone, np.uint8)
    cv2.circle(sheet, (width // 2, height // 2), height // 5, (200, 30, 40), -1, cv2.LINE_8)
    side, top = height // 6, height // 7
    sheet[top : top + side, (width - side) // 2 : (width + side) // 2] = (30, 60, 160)
    return sheet


@torch.no_grad()
def ground_of(
    paint: Callable[[torch.Tensor], torch.Tensor], painting: torch.Tensor, photos: Sequence[Picture]
) -> Ground:
    """Paint pages and photos, and measure.

    Args:
        paint: 1×3×H×W → 1×3×H×W, at full strength.
        painting: 1×3×h×w, at the size at which it was learnt.
        photos: H×W×3.

    """
    low, high = (255.0 * tone for tone in tones_of(painting))
    tones, uneven, on_pages = {}, {}, []
    for name, tone in PAGES.items():
        sheet = page(tone)
        painted = to_picture(paint(to_tensor(sheet)))
        ground = luma(painted)[(sheet == tone).all(axis=2)]
        tones[name] = float(np.median(ground)), float(np.clip(tone, low, high))
        uneven[name] = float(np.quantile(np.abs(ground - tones[name][0]), 0.95))
        on_pages.append(risen(painted, sheet))
    on_photos = [risen(to_picture(paint(to_tensor(photo))), photo) for photo in photos]
    return Ground(tones, uneven, (tuple(np.max(on_pages, axis=0).tolist()), tuple(np.max(on_photos, axis=0).tolist())))


def risen(painted: Picture, photo: Picture) -> np.ndarray:
    """How much further each peak stands out than before; what did not stand out counts as even."""
    here, before = (np.append(peaks(picture), net(picture)) for picture in (painted, photo))
    return np.asarray(here / np.maximum(1.0, before))


def table_of_ground(measured: Mapping[str, Ground]) -> list[str]:
    """Return the tables of all fast styles, with ✓ and ✗."""
    lines = ["", "## Plain ground", "",
             "Median luma of the ground of a white, a grey and a black page with a logo on it, 0–255, painted in full;",
             "in brackets what it was, within the tones that the painting knows: white as white as its lightest areas.",
             f"Asked: within {ASKED_OF_TONES:g}. After ±, how far nineteen of twenty of its pixels are from that at",
             f"most; asked: {ASKED_OF_TONES:g}.", "",
             "| fast style | " + " | ".join(PAGES) + " |", "|---|" + "---|" * len(PAGES)]  # fmt: skip
    for label, ground in measured.items():
        cells = [
            f"{got:.0f} ({asked:.0f}) {mark(abs(got - asked) <= ASKED_OF_TONES)} "
            f"± {ground.uneven[name]:.0f} {mark(ground.uneven[name] <= ASKED_OF_TONES)}"
            for name, (got, asked) in ground.tones.items()
        ]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    shortest, longest = NET_PERIODS
    lines += ["", "How far peaks of the spectrum stand out at the periods of combs, and in any direction, ÷ the",
              f"picture's before, the worst; asked: at most {ASKED_OF_COMBS}.", "",
              "| fast style | on | " + " | ".join(f"{period} px" for period in PERIODS)
              + f" | {shortest}–{longest} px in any direction |",
              "|---|---|" + "---|" * (len(PERIODS) + 1)]  # fmt: skip
    for label, ground in measured.items():
        for kind, values in zip(("pages", "photos"), ground.combs, strict=True):
            cells = [f"{value:.2f} {mark(value <= ASKED_OF_COMBS)}" for value in values]
            lines.append(f"| {label} | {kind} | " + " | ".join(cells) + " |")
    return lines


def mark(right: bool) -> str:
    """✓ or ✗."""
    return "✓" if right else "✗"
