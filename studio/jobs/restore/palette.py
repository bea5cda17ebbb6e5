"""Which colours a place of a photo may have, as the colouriser sees it: what a hand chooses hints from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.images import LoadedPicture
from studio.core.restore_settings import RestoreSettings

if TYPE_CHECKING:
    from models.colouring import Suggestion

__all__ = ["Palette", "PaletteTask", "suggest_palette"]

Palette: TypeAlias = "tuple[Suggestion, ...]"


@dataclass(frozen=True, slots=True, eq=False)
class PaletteTask:
    """A place of a photo, in shares of its width and height, 0–1; `hints` as far as there are any."""

    photo: LoadedPicture
    across: float
    down: float
    hints: tuple[LoadedPicture, ...] = ()


def suggest_palette(task: PaletteTask, controls: Controls[RestoreSettings]) -> Job[Palette]:
    """Say which colours a place may have, the likeliest first, with the network of the controls' settings.

    Raises:
        StudioError: as `colourise`.

    """
    yield Progress("Looking for colours")
    from studio.jobs.restore.colourise import palette_of  # imports torch

    yield Progress("Looking for colours")
    return palette_of(task.photo, task.hints, controls.settings, task.across, task.down)
