"""Which network translates as the settings ask: found, and opened."""

from pathlib import Path

from torch import Tensor

from models.cyclegan import Translator
from models.style_code import code_of
from models.translation import WAYS, TranslatorFacts, load_translator
from models.translation_strips import translate_in_strips
from models.weight_files import WeightsError
from studio.core.device import choose_device
from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.core.file_names import expanded
from studio.core.recipes import Recipe, name_in_recipes
from studio.core.trained_models import TrainedModel, TrainedModels
from studio.core.translate_settings import TranslateSettings
from studio.jobs.translate.unfinished import model_so_far
from studio.jobs.unfinished import kept_so_far

__all__ = ["find_pair", "open_way", "size_for_drawings", "translated"]

_DRAWN_AT = 256
"""Where a file does not say at which size it learnt: that of the papers' networks."""


def find_pair(settings: TranslateSettings, recipe: Recipe | None = None) -> TrainedModel:
    """Return the pair that the settings name: of a run that still learns what it has reached.

    Args:
        settings: of the job.
        recipe: of a picture that is made again, with the pair of then.

    Raises:
        StudioError: none is named, or it is not on this computer.

    """
    name = settings.model
    if not name:
        raise StudioError(
            "No pair of worlds is chosen.",
            "Choose one, train one in the Train panel, or name its file or run: --model.",
        )
    shelf = TrainedModels.standard("translator")
    if recipe is not None:
        then = next((record.sha256 for record in recipe.weights if record.name == name_in_recipes(name)), "")
        return kept_so_far(name, then) or shelf.find_recorded(name, then)
    folder = expanded(name)
    return (model_so_far(folder) if folder.is_dir() else None) or shelf.find(name)


def open_way(model: TrainedModel, direction: str, code: int = 0) -> tuple[Translator, TranslatorFacts]:
    """Open one way of a pair, on the device that computes; of one that knows many answers, it gives that of `code`.

    Raises:
        StudioError: it has not learnt this way, or its file cannot be used.

    """
    try:
        network, facts = load_translator(Path(model.path), WAYS[direction])
    except (WeightsError, OSError) as error:
        raise StudioError(str(error), "Choose the other direction, another pair, or get its file again.") from error
    device = choose_device().kind
    if network.code_size:
        network.say(code_of(code, network.code_size).to(device))
    return network.to(device), facts


def size_for_drawings(settings: TranslateSettings, facts: TranslatorFacts) -> int:
    """Return the longer side, px, in which a drawing is painted."""
    return settings.drawn_at or facts.size or _DRAWN_AT


def translated(
    network: Translator, picture: Tensor, stage: str = "", part: tuple[float, float] = (0.0, 1.0)
) -> Job[Tensor]:
    """Translate 1×3×H×W, 0–1, in strips; of a longer job that is the `part` from where to where, shares of it."""
    stage = stage or f"Translating · {max(picture.shape[2:])} px"
    begin, end = part
    strips = translate_in_strips(network, picture)
    try:
        while True:
            share = next(strips)
            yield Progress(stage, round(100 * share), 100, begin + (end - begin) * share)
    except StopIteration as over:
        made: Tensor = over.value
        return made
    finally:
        strips.close()
