"""Brings a saved painting back: the picture, the settings, and the pictures that it was made from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.core.images import load_picture
from studio.core.library import Library
from studio.core.recipes import Recipe
from studio.core.style_settings import StyleSettings
from studio.jobs.files import OpenedPicture, prepare_opened


@dataclass(frozen=True, slots=True, eq=False)
class RecallTask:
    """A picture with a recipe, and where its inputs may be: the library, and folders to search besides."""

    shown: OpenedPicture
    library: Library
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RecalledPainting:
    """Everything that the Style panel showed when the picture was saved."""

    shown: OpenedPicture
    photo: OpenedPicture
    paintings: tuple[OpenedPicture, ...]
    settings: StyleSettings
    recipe: Recipe

    @property
    def shows_plain_painting(self) -> bool:
        """True if compositing was neutral: the file then holds the painting itself."""
        return self.settings.is_neutral

    @property
    def step(self) -> int:
        """The evaluation of its last sitting at which the picture was reached."""
        steering = self.recipe.steering
        branches = [number for number, step in enumerate(steering) if step.action == "branch"]
        last_sitting = steering[branches[-1] + 1 :] if branches else steering
        return max((step.at for step in last_sitting), default=self.settings.steps)


def recall(task: RecallTask, controls: Controls[Any]) -> Job[RecalledPainting]:
    """Load the inputs that the recipe of `task.shown` names.

    Raises:
        StudioError: the recipe is of another task, or an input is nowhere to be found.

    """
    recipe = task.shown.picture.recipe
    if recipe is None or recipe.task != "stylize":
        raise StudioError("This picture carries no painting recipe.", "It opens as a plain photo.")
    settings = _settings_of(recipe)
    loaded: dict[str, list[OpenedPicture]] = {"content": [], "style": []}
    for number, wanted in enumerate(recipe.inputs):
        yield Progress(f"Opening {wanted.name}", number, len(recipe.inputs))
        path = task.library.find_input(wanted.sha256, wanted.name, task.folders)
        if path is None:
            raise StudioError(
                f"The picture “{wanted.name}”, from which this was made, is not in the library.",
                "It opens as a plain photo; to have its painting back, put that picture beside it and drop it again.",
            )
        loaded.setdefault(wanted.role, []).append(prepare_opened(load_picture(path), name=wanted.name))
    if not loaded["content"]:
        raise StudioError("This picture's recipe names no photo.", "It opens as a plain photo.")
    return RecalledPainting(task.shown, loaded["content"][0], tuple(loaded["style"]), settings, recipe)


def _settings_of(recipe: Recipe) -> StyleSettings:
    try:
        return StyleSettings.model_validate(recipe.settings)
    except ValueError as error:
        raise StudioError(
            "The recipe's settings cannot be read; another version of Atelier may have made it.",
            "It opens as a plain photo; update Atelier to have its painting back.",
        ) from error
