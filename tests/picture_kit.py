"""A picture task of a few lines, and its panel: brightening, at once and without a network."""

import numpy as np

from studio.core.compositing import result_of
from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.core.picture_task import CONTENT, InputSlot, PictureRequest, PictureResult, PictureTask
from studio.core.samples import sample_photos
from studio.core.settings import Settings, setting
from studio.jobs.picture_recipes import RecipeWriter
from studio.ui.picture.panel import PicturePanel


class BrightenSettings(Settings):
    """How bright."""

    stops: float = setting(0.0, label="Exposure", help="Brighter or darker.", term="EV", low=-3.0, high=3.0, step=0.1)


BRIGHTEN = PictureTask(
    name="brighten",
    title="Brighten",
    verb="Brighten",
    icon="tune",
    tooltip="Make a photo brighter",
    settings_at="picture_kit:BrightenSettings",
    job="picture_kit:brighten",
    inputs=(InputSlot(CONTENT, "Photo", "the photo", samples=sample_photos),),
    at_once=True,
    done="brightened",
)


def brighten(request: PictureRequest, controls: Controls[BrightenSettings]) -> Job[PictureResult]:
    """Multiply every value by 2^stops; black is refused, as jobs refuse what cannot be done."""
    settings = controls.settings
    yield Progress("Brightening")
    if settings.stops == -3.0:
        raise StudioError("That is too dark.", "Brighten it.")
    layer = brightened(request.photo.pixels, settings.stops)
    return result_of(request, layer, settings, RecipeWriter(BRIGHTEN, request, settings).write(settings))


def brightened(pixels: np.ndarray, stops: float) -> np.ndarray:
    """Return 8-bit pixels as 16-bit ones, times 2^stops."""
    return np.clip(pixels * (257.0 * 2.0**stops) + 0.5, 0, 65535).astype(np.uint16)


class BrightenPanel(PicturePanel):
    """All that a panel of it needs."""

    task = BRIGHTEN
    result_title = "Brightened"
