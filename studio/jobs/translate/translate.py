"""The translate job: a picture at its full size, in one piece, strip by strip; or what is drawn."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.cyclegan import Translator
from models.pixels import to_deep_picture, to_picture
from models.translation import TranslatorFacts
from studio.core.compositing import result_of
from studio.core.controls import Controls
from studio.core.cost import Cost, available_memory
from studio.core.device import choose_device
from studio.core.drawing import laid_over, paper_of
from studio.core.events import DeepPicture, Job, Picture, Preview, Progress
from studio.core.failures import StudioError, is_out_of_memory
from studio.core.images import LoadedPicture, full_depth
from studio.core.masking import fitted_mask, keep_photo, where_photo_stays
from studio.core.memory import keeping_pages
from studio.core.picture_task import AGAIN, SKETCH, PictureRequest, PictureResult
from studio.core.picture_tasks import TRANSLATE
from studio.core.recipes import NETWORK
from studio.core.resizing import fit_within, to_8_bits
from studio.core.translate_settings import TranslateSettings
from studio.jobs.picture_recipes import RecipeWriter, ReplayControls
from studio.jobs.translate.networks import find_pair, open_way, size_for_drawings, translated

__all__ = ["as_tensor", "translate"]

LOADING = "Loading the pair…"
GLANCE, LARGE = 384, 800
"""Longer side, px, of what is shown first of a picture that is larger than the other."""
_BYTES_PER_PIXEL = 64
"""Of the picture, before and after, and of what is composed of it."""
_BYTES_PER_CHANNEL = 5
"""At full size: two maps with 16 bits a number, and their strips."""
PUSH = 2.0
"""Another go begins with what the first one changed, so many times as strong."""


def translate(request: PictureRequest, controls: Controls[TranslateSettings]) -> Job[PictureResult]:
    """Translate `request.photo` from one world to the other, in the depth of its file; or what is drawn over it.

    Where a mask asks for another go, the picture with what was changed so far, exaggerated, is translated once more
    (`PUSH`), and laid over as strongly as the mask says.

    Raises:
        StudioError: no pair is chosen or it cannot be had, it has not learnt this way, or the memory does not suffice.

    """
    settings = controls.settings
    recipe = controls.recipe if isinstance(controls, ReplayControls) else None
    yield Progress(LOADING)
    model = find_pair(settings, recipe)
    network, facts = open_way(model, settings.direction, settings.code)
    record = model.record()
    picture = _drawing(request, settings, facts) if settings.draws else full_depth(request.photo)
    _check_memory(picture, network)
    if max(picture.shape[:2]) > LARGE:
        small = as_tensor(fit_within(to_8_bits(picture[..., :3]), GLANCE))
        glance = yield from translated(network, small)
        yield Preview(to_picture(glance), 0, draft=True)
    try:
        with keeping_pages():
            made = yield from _made(network, picture, () if settings.draws else request.all(AGAIN))
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise StudioError(
            "There is not enough memory for this picture.", "Make it smaller, or close programs."
        ) from error
    if not settings.draws:
        keep_photo(made, picture, where_photo_stays(request, made.shape[1], made.shape[0]))
    if recipe is None:
        made_by = {NETWORK: f"{model.label}, {' → '.join(_worlds(facts, settings))}"}
        recipe = RecipeWriter(TRANSLATE, request, settings, record, versions=made_by).write(settings)
    return result_of(request, made, settings, recipe)


def _worlds(facts: TranslatorFacts, settings: TranslateSettings) -> tuple[str, ...]:
    worlds = facts.a or "A", facts.b or "B"
    return worlds if settings.direction == "AtoB" else worlds[::-1]


def _drawing(request: PictureRequest, settings: TranslateSettings, facts: TranslatorFacts) -> Picture:
    """Return the drawing; its first layer lies on top."""
    paper = paper_of(request.photo.pixels, settings.photo_below, size_for_drawings(settings, facts))
    return laid_over(paper, [_rgba(layer.pixels) for layer in reversed(request.all(SKETCH))])


def _rgba(layer: Picture) -> NDArray[np.uint8]:
    if layer.shape[2] == 4:
        return layer
    return np.dstack([layer, np.full((*layer.shape[:2], 1), 255, np.uint8)])


def _made(network: Translator, picture: Picture | DeepPicture, again: Sequence[LoadedPicture]) -> Job[DeepPicture]:
    before = as_tensor(picture)
    after = yield from translated(network, before)
    for mask in again:
        pushed = (before + PUSH * (after - before)).clamp_(0.0, 1.0)
        more = yield from translated(network, pushed, "Another go")
        share = torch.from_numpy(fitted_mask(mask.pixels, picture.shape[1], picture.shape[0])).to(before.device)
        after = after + (more - after) * (share / 255.0)
    return to_deep_picture(after)


def as_tensor(picture: Picture | DeepPicture) -> Tensor:
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
