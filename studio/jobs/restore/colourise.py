"""Colour for a photo, guessed and as hinted at; and which colours a place may have."""

import numpy as np

from models.colouring import Looked, Suggestion, colour_in_bands, looked_at, suggestions
from models.colouriser import load_colouriser
from models.weight_files import WeightsError
from studio.core.device import choose_device
from studio.core.events import DeepPicture, Job, Picture, Progress
from studio.core.failures import StudioError
from studio.core.images import LoadedPicture
from studio.core.picture_task import HINTS, PictureRequest
from studio.core.recipes import Recipe, name_in_recipes
from studio.core.restore_settings import RestoreSettings
from studio.core.trained_models import TrainedModel, TrainedModels
from studio.jobs.restore.fill import Retouched

__all__ = ["AUTOMATIC_COLOURISER", "colourise", "palette_of", "uses_colouriser"]

AUTOMATIC_COLOURISER = "atelier-colour"
"""The network that comes along for this."""
_STAGE = "Colouring"


def colourise(
    request: PictureRequest, picture: Picture | DeepPicture, settings: RestoreSettings, recipe: Recipe | None
) -> Job[Retouched]:
    """Colour a photo; its lightness stays.

    Args:
        request: whose hints count.
        picture: its photo in full depth.
        settings: of the job.
        recipe: of a picture that is made again, with the network of then.

    Raises:
        StudioError: the network is not on this computer or cannot be used, or the hints have no alpha channel.

    """
    yield Progress("Loading the network…")
    model = _found(settings.colouriser, recipe)
    yield Progress("Looking at the photo")
    looked = _look(model, picture, _hints_of(request.all(HINTS)))
    made = np.empty((*picture.shape[:2], 3), np.uint16)
    for share in colour_in_bands(picture, looked, made):
        yield Progress(_STAGE, round(100 * share), 100, share)
    return Retouched(made, (model.record(),), {})


def palette_of(
    photo: LoadedPicture, hints: tuple[LoadedPicture, ...], settings: RestoreSettings, across: float, down: float
) -> tuple[Suggestion, ...]:
    """Return which colours a place may have, the likeliest first; raises as `colourise` does.

    Args:
        photo: whose place it is.
        hints: as far as there are any.
        settings: name the network.
        across: of the place, share of the width, 0–1.
        down: share of the height.

    """
    model = _found(settings.colouriser, None)
    return suggestions(_look(model, photo.pixels, _hints_of(hints)), across, down)


def _look(model: TrainedModel, picture: Picture | DeepPicture, hints: Picture | None) -> Looked:
    try:
        network, facts = load_colouriser(model.path)
    except (WeightsError, OSError) as error:
        raise StudioError(str(error), "Choose another network, or get its file again.") from error
    return looked_at(network.to(choose_device().kind), picture, hints, facts.side)


def _found(name: str, recipe: Recipe | None) -> TrainedModel:
    """Return the network that settings name; of a recipe the one of then."""
    shelf = TrainedModels.standard("colouriser")
    if recipe is not None:
        used = name_in_recipes(name or AUTOMATIC_COLOURISER)
        return shelf.find_recorded(used, {record.name: record.sha256 for record in recipe.weights}.get(used, ""))
    if name:
        return shelf.find(name)
    try:
        return shelf.find(AUTOMATIC_COLOURISER)
    except StudioError as error:
        raise StudioError(
            f"The network {AUTOMATIC_COLOURISER} is not on this computer.",
            "Train a Colouriser in the Train panel and choose it here, or install Atelier again.",
        ) from error


def uses_colouriser(settings: RestoreSettings, recipe: Recipe) -> bool:
    """Tell whether a picture was coloured when this recipe was written."""
    used = name_in_recipes(settings.colouriser or AUTOMATIC_COLOURISER)
    return any(record.name == used for record in recipe.weights)


def _hints_of(pictures: tuple[LoadedPicture, ...]) -> Picture | None:
    """Return the hints' pixels, RGBA; None where there are none.

    Raises:
        StudioError: they have no alpha channel.

    """
    for hints in pictures:
        if hints.pixels.shape[2] != 4:
            raise StudioError(
                f"The colour hints “{hints.name}” have no transparency, so every pixel would be one.",
                "Save them as a PNG that is transparent wherever no colour is known.",
            )
        return hints.pixels
    return None
