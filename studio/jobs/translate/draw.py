"""A drawing painted while the hand draws: small, and with a network that stays open; nothing of it is kept.

Free of torch until something is painted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from studio.core.controls import Controls
from studio.core.drawing import laid_over, paper_of
from studio.core.events import Job, Picture, Progress
from studio.core.file_names import expanded
from studio.core.frames import Frame, prepare_frame
from studio.core.resizing import fit_within, resize
from studio.core.translate_settings import TranslateSettings

if TYPE_CHECKING:
    from models.cyclegan import Translator
    from models.translation import TranslatorFacts

__all__ = ["LARGEST_DRAFT", "DrawTask", "ResidentPair", "Sheet", "SheetTask", "paint_drawing", "prepare_sheet"]

LARGEST_DRAFT = 256
"""Longer side, px, of what is painted while the hand draws; larger ones follow when it rests."""


@dataclass(frozen=True, slots=True, eq=False)
class SheetTask:
    """What is drawn on, and what is drawn so far.

    Args:
        photo: what shows below the drawing.
        shows: how much of it shows, 0–1.
        width: in which is drawn, px.
        height: likewise.
        layers: from below, H×W×4 each.

    """

    photo: Picture
    shows: float
    width: int
    height: int
    layers: Sequence[NDArray[np.uint8]] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """Paper of the size that is drawn in, the drawing on it, H×W×3 each, and the frame that shows it."""

    paper: Picture
    drawing: Picture
    frame: Frame


def prepare_sheet(task: SheetTask, controls: Controls[Any]) -> Job[Sheet]:
    """Lay the layers over the paper."""
    yield Progress("Preparing the sheet")
    paper = paper_of(task.photo, task.shows, max(task.width, task.height))
    paper = np.ascontiguousarray(resize(paper, task.width, task.height))
    yield Progress("Preparing the sheet")
    drawing = laid_over(paper, task.layers)
    return Sheet(paper, drawing, prepare_frame(drawing))


class ResidentPair:
    """One way of a pair that stays open from stroke to stroke; of a run that learns, until it has learnt more."""

    def __init__(self) -> None:
        self._key: tuple[str, str, int, int] = ("", "", 0, 0)
        self._open: tuple[Translator, TranslatorFacts] | None = None

    def opened(self, settings: TranslateSettings) -> "tuple[Translator, TranslatorFacts]":
        """Return the network that the settings ask for; raises as `networks.find_pair` and `open_way` do."""
        from studio.jobs.translate.networks import find_pair, open_way
        from studio.jobs.unfinished import newest_step

        folder = expanded(settings.model)
        key = settings.model, settings.direction, settings.code, newest_step(folder) if folder.is_dir() else 0
        if self._open is None or key != self._key:
            self._open = open_way(find_pair(settings), settings.direction, settings.code)
            self._key = key
        return self._open


@dataclass(frozen=True, slots=True, eq=False)
class DrawTask:
    """A drawing, and what paints it.

    Args:
        pair: the network.
        drawing: H×W×3. It is read as it is at that moment, while a hand goes on drawing: where a stroke is read in its
            middle, the next draft has all of it.

    """

    pair: ResidentPair
    drawing: Picture


def paint_drawing(task: DrawTask, controls: Controls[TranslateSettings]) -> Job[Frame]:
    """Paint a drawing as it is now.

    Raises:
        StudioError: the pair cannot be had, or knows the other way only.

    """
    yield Progress("Painting what you draw")
    import torch

    from models.pixels import to_picture
    from studio.jobs.translate.networks import size_for_drawings
    from studio.jobs.translate.translate import as_tensor

    settings = controls.settings
    network, facts = task.pair.opened(settings)
    side = min(size_for_drawings(settings, facts), LARGEST_DRAFT)
    with torch.inference_mode():
        return prepare_frame(to_picture(network(as_tensor(fit_within(task.drawing, side)))))
