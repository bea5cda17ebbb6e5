"""Paints a photo at once, with a network that has learnt one painting by heart, and follows the Strength slider."""

from collections.abc import Callable
from copy import deepcopy
from time import perf_counter

import torch
from torch import Tensor

from models.fast_style import FastStyleNetwork
from models.fast_style_files import load_fast_style
from models.fast_style_strips import laid_over, paint_in_strips
from models.painting_init import fitted, resize
from models.pixels import to_deep_picture, to_picture, to_tensor
from models.weight_files import WeightsError
from studio.core.compositing import result_of
from studio.core.controls import Controls
from studio.core.cost import PaceMemo
from studio.core.device import choose_device
from studio.core.events import Job, Preview, Progress, finish
from studio.core.failures import StudioError
from studio.core.inference_format import FormatMemo, InferenceFormat, in_format
from studio.core.picture_task import CONTENT, PictureRequest, PictureResult
from studio.core.picture_tasks import STYLIZE
from studio.core.recipes import Recipe
from studio.core.resizing import fit_within
from studio.core.style_settings import StyleSettings
from studio.core.trained_models import TrainedModel, TrainedModels
from studio.jobs.picture_recipes import RecipeWriter
from studio.jobs.style.cost import INSTANT
from studio.jobs.style.steering import INSTANT as INSTANT_SETTINGS

__all__ = ["fast_stylize", "format_of_fast_styles", "kind_of_fast_style", "open_fast_style", "paint_as_recorded"]

LOADING = "Loading the fast style…"
GLANCE = 384
"""Longer side at which a large photo is shown first: that takes a moment even on a slow machine."""
LARGE = 800
"""From this longer side on there is a first glance."""
FORMAT = "format"
"""What recipes call, among the versions, the format that a fast style painted in; those of version 0.1 name none."""
_TRIED_AT = {"cpu": 64}
"""Side of the square, px, on which formats are compared: some milliseconds of one core; a graphics card needs more."""


def fast_stylize(request: PictureRequest, controls: Controls[StyleSettings]) -> Job[PictureResult]:
    """Paint the photo with the fast style that the settings name (Johnson et al. 2016).

    While it works it follows `strength`: what was painted before is laid over the photo in that strength at once, as a
    draft, and painted anew. Whatever else changes needs another start.

    Raises:
        StudioError: the fast style cannot be had, or is damaged.

    """
    settings = controls.settings
    request = PictureRequest({CONTENT: (request.photo,)})  # a fast style knows its painting, and starts from nothing
    yield Progress(LOADING)
    style = TrainedModels.standard("fast_style").find(settings.fast_style)
    network = open_fast_style(style)
    chosen = format_of_fast_styles(network)
    in_format(network, chosen)
    record, versions = style.record(), {FORMAT: str(chosen)}

    def made_with(strength: float) -> StyleSettings:
        """Return what it is painted with: what is steered besides is for the job that comes next, also `method`."""
        newest = {name: getattr(controls.settings, name) for name in INSTANT_SETTINGS}
        return settings.model_copy(update={**newest, "strength": strength})

    photo = _photo(request, settings)
    if max(photo.shape[2:]) >= LARGE:
        yield from _glance(network, photo, controls)
    painted: Tensor | None = None
    strength, renders = -1.0, 0
    while painted is None or strength != controls.settings.strength:
        if painted is not None:
            draft = laid_over(photo, painted, controls.settings.strength)
            yield Preview(to_picture(draft), renders, draft=True)
        strength = controls.settings.strength
        began = perf_counter()
        newer = yield from _painted(network, photo, strength, controls)
        if newer is None:
            strength = -1.0  # the slider was faster: nothing is painted in this strength
        else:
            seconds = {int(photo.shape[2] * photo.shape[3]): perf_counter() - began}
            PaceMemo.standard().learn(INSTANT, choose_device(), seconds if renders == 0 else {})
            painted, renders = newer, renders + 1
    picture = laid_over(photo, painted, strength)
    made = made_with(strength)
    recipe = RecipeWriter(STYLIZE, request, made, record, versions=versions).write(made)
    yield Preview(to_picture(picture), renders, recipe=recipe)
    return result_of(request, to_deep_picture(picture), made, recipe)


def paint_as_recorded(request: PictureRequest, settings: StyleSettings, recipe: Recipe) -> Job[Tensor]:
    """Make again what a recipe says was painted with a fast style: 1×3×H×W, 0–1.

    Raises:
        StudioError: the fast style is not on this computer.

    """
    yield Progress(LOADING)
    recorded = recipe.versions.get(FORMAT)
    network = in_format(open_fast_style(recorded_style(settings, recipe)), InferenceFormat.from_text(recorded or ""))
    photo = _photo(request, settings)
    painted = yield from _painted(network, photo, settings.strength, None, welford=recorded is None)
    assert painted is not None
    return laid_over(photo, painted, settings.strength)


def recorded_style(settings: StyleSettings, recipe: Recipe) -> TrainedModel:
    """Find the fast style that a recipe was made with."""
    sha256 = next((record.sha256 for record in recipe.weights if record.name == settings.fast_style), "")
    return TrainedModels.standard("fast_style").find_recorded(settings.fast_style, sha256)


def open_fast_style(style: TrainedModel) -> FastStyleNetwork:
    """Load a network onto the device that computes.

    Raises:
        StudioError: its file cannot be used.

    """
    try:
        network, _ = load_fast_style(style.path)
    except (WeightsError, OSError) as error:
        raise StudioError(str(error), "Choose another fast style, or get its file again.") from error
    return network.to(choose_device().kind)


def format_of_fast_styles(network: FastStyleNetwork) -> InferenceFormat:
    """Return the format that is best here for networks as wide as this one; where it is not known yet, it is tried."""
    device = next(network.parameters()).device
    chance = torch.Generator().manual_seed(0)
    side = _TRIED_AT.get(device.type, 512)
    photo = torch.rand(1, 3, side, side, generator=chance).to(device)

    def prepare(format: InferenceFormat) -> Callable[[], Tensor]:
        copy = in_format(deepcopy(network), format)
        copy.body = copy.body[:1]  # the others are like it
        return lambda: finish(paint_in_strips(copy, photo, 1.0))

    return FormatMemo.standard().choose(kind_of_fast_style(network), prepare)


def kind_of_fast_style(network: FastStyleNetwork) -> str:
    """Return what such networks are called where their format is kept."""
    return f"fast styles of width {network.width:g}"


def _photo(request: PictureRequest, settings: StyleSettings) -> Tensor:
    """Return the photo at the size of the result, 1×3×H×W on the device."""
    height, width = request.photo.pixels.shape[:2]
    height, width = fitted(height, width, settings.size)
    photo = to_tensor(fit_within(request.photo.pixels, settings.size))
    return resize(photo, height, width).to(choose_device().kind)


def _glance(network: FastStyleNetwork, photo: Tensor, controls: Controls[StyleSettings]) -> Job[None]:
    """Show a small version while the large one is made."""
    small = resize(photo, *fitted(int(photo.shape[2]), int(photo.shape[3]), GLANCE))
    painted = yield from _painted(network, small, controls.settings.strength, controls)
    if painted is not None:
        yield Preview(to_picture(laid_over(small, painted, controls.settings.strength)), 0, draft=True)


def _painted(
    network: FastStyleNetwork, photo: Tensor, strength: float, controls: Controls[StyleSettings] | None, *,
    welford: bool = False,
) -> Job[Tensor | None]:  # fmt: skip
    """Paint strip by strip; None where the slider has moved on in the meantime."""
    height, width = photo.shape[2:]
    stage = f"Painting at once · {max(height, width)} px"
    steps = paint_in_strips(network, photo, strength, welford=welford)
    try:
        while True:
            share = next(steps)
            yield Progress(stage, round(100 * share), 100, share)
            if controls is not None and controls.settings.strength != strength and not controls.finishing:
                return None
    except StopIteration as end:
        painted: Tensor = end.value
        return painted
    finally:
        steps.close()
