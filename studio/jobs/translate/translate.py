"""The translate job: a picture at its full size, in one piece, strip by strip."""

from math import sqrt
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.cyclegan import Translator
from models.pixels import to_deep_picture, to_picture
from models.style_code import code_of
from models.translation import WAYS, load_translator
from models.translation_strips import translate_in_strips
from models.weight_files import WeightsError
from studio.core.compositing import result_of
from studio.core.controls import Controls
from studio.core.cost import Cost, available_memory
from studio.core.device import choose_device
from studio.core.events import DeepPicture, Job, Picture, Preview, Progress
from studio.core.failures import StudioError, is_out_of_memory
from studio.core.images import full_depth
from studio.core.memory import keeping_pages
from studio.core.picture_task import PictureRequest, PictureResult
from studio.core.picture_tasks import TRANSLATE
from studio.core.recipes import name_in_recipes
from studio.core.resizing import fit_within, to_8_bits
from studio.core.trained_models import TrainedModel, TrainedModels
from studio.core.translate_settings import TranslateSettings
from studio.jobs.picture_recipes import RecipeWriter, ReplayControls

__all__ = ["translate"]

LOADING = "Loading the pair…"
GLANCE, LARGE = 384, 800
"""Longer side, px, of what is shown first of a picture that is larger than the other."""
_BYTES_PER_PIXEL = 64
"""Of the picture, before and after, and of what is composed of it."""
_BYTES_PER_CHANNEL = 5
"""At full size: two maps with 16 bits a number, and their strips."""


def translate(request: PictureRequest, controls: Controls[TranslateSettings]) -> Job[PictureResult]:
    """Translate `request.photo` from one world to the other, in the depth of its file.

    Raises:
        StudioError: no pair is chosen or it cannot be had, it has not learnt this way, or the memory does not suffice.

    """
    settings, photo = controls.settings, request.photo
    recipe = controls.recipe if isinstance(controls, ReplayControls) else None
    yield Progress(LOADING)
    then = {record.name: record.sha256 for record in recipe.weights} if recipe is not None else None
    model = _find(settings, then)
    network = _open(model, settings)
    if network.code_size:
        network.say(code_of(settings.code, network.code_size).to(choose_device().kind))
    record = model.record()
    picture = full_depth(photo)
    _check_memory(picture, network)
    if max(picture.shape[:2]) > LARGE:
        small = _to_tensor(fit_within(to_8_bits(picture[..., :3]), GLANCE))
        glance = yield from _translated(network, small)
        yield Preview(to_picture(glance), 0, draft=True)
    try:
        with keeping_pages():
            made = to_deep_picture((yield from _translated(network, _to_tensor(picture))))
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise StudioError(
            "There is not enough memory for this picture.", "Make it smaller, or close programs."
        ) from error
    if recipe is None:
        recipe = RecipeWriter(TRANSLATE, request, settings, record).write(settings)
    return result_of(request, made, settings, recipe)


def _find(settings: TranslateSettings, then: dict[str, str] | None) -> TrainedModel:
    shelf = TrainedModels.standard("translator")
    if not settings.model:
        raise StudioError("No pair of worlds is chosen.", "Train one, or name its file or run: --model.")
    if then is None:
        return shelf.find(settings.model)
    return shelf.find_recorded(settings.model, then.get(name_in_recipes(settings.model), ""))


def _open(model: TrainedModel, settings: TranslateSettings) -> Translator:
    try:
        network, _ = load_translator(Path(model.path), WAYS[settings.direction])
    except (WeightsError, OSError) as error:
        raise StudioError(str(error), "Choose the other direction, another pair, or get its file again.") from error
    return network.to(choose_device().kind)


def _translated(network: Translator, picture: Tensor) -> Job[Tensor]:
    """Translate 1×3×H×W, 0–1."""
    height, width = picture.shape[2:]
    stage = f"Translating · {max(height, width)} px"
    strips = translate_in_strips(network, picture)
    try:
        while True:
            share = next(strips)
            yield Progress(stage, round(100 * share), 100, share)
    except StopIteration as end:
        made: Tensor = end.value
        return made
    finally:
        strips.close()


def _to_tensor(picture: Picture | DeepPicture) -> Tensor:
    """H×W×3|4, 8 or 16 bits → 1×3×H×W on the device, 0–1."""
    pixels = torch.from_numpy(picture[..., :3].astype(np.float32)).div_(float(np.iinfo(picture.dtype).max))
    return pixels.permute(2, 0, 1)[None].contiguous().to(choose_device().kind)


def _check_memory(picture: Picture | DeepPicture, network: Translator) -> None:
    """Refuse a picture for which there is no room.

    Raises:
        StudioError: there is none.

    """
    height, width = picture.shape[:2]
    channels = next(network.parameters()).shape[0]  # of the first layer
    each = _BYTES_PER_PIXEL + _BYTES_PER_CHANNEL * channels
    cost = Cost(width, height, memory=each * width * height, room=available_memory())
    if not cost.fits:
        raise cost.refusal(int(sqrt(0.8 * (cost.room or 0) / (cost.memory or 1)) * max(width, height)))
