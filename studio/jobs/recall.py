"""Brings a saved picture back: what it shows, its settings, and the pictures that it was made from."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.core.blending import Blending
from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.core.images import load_picture
from studio.core.library import Library
from studio.core.picture_task import CONTENT, PAINTED, PictureTask, is_unseen
from studio.core.picture_tasks import picture_task_named
from studio.core.recipes import Recipe
from studio.core.settings import Settings, describe
from studio.core.trained_models import TrainedModels
from studio.core.weights import resolve_recorded
from studio.jobs.files import OpenedPicture, prepare_opened
from studio.jobs.masks.files import prepare_mask
from studio.jobs.picture_recipes import settings_of
from studio.jobs.unfinished import kept_so_far


@dataclass(frozen=True, slots=True, eq=False)
class RecallTask:
    """A picture with a recipe, and where its inputs may be: the library, and folders to search besides."""

    shown: OpenedPicture
    library: Library
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RecalledPicture:
    """Everything that the panel of `task` showed when the picture was saved; `inputs` by role.

    `missing` names the pictures that are nowhere to be found any more: the rest is there, the settings above all.
    """

    task: PictureTask
    shown: OpenedPicture
    inputs: Mapping[str, tuple[OpenedPicture, ...]]
    settings: Settings
    recipe: Recipe
    missing: tuple[str, ...] = ()

    @property
    def has_photo(self) -> bool:
        """Whether there is the photo that the result is laid over, where there is to be one."""
        return bool(self.inputs.get(CONTENT)) or not self.task.has_photo

    @property
    def remark(self) -> str:
        """What is missing, and what to do; "" where nothing is."""
        if not self.missing:
            return ""
        names = " and ".join(f"“{name}”" for name in self.missing)
        verb = "is" if len(self.missing) == 1 else "are"
        how = "The settings are back" if self.has_photo else "The settings are back, and the picture is your photo"
        return (
            f"{names}, from which this was made, {verb} not in the library. {how}; to have all, put it beside the file."
        )

    @property
    def shows_layer(self) -> bool:
        """True if compositing was neutral: the file then holds what the job made."""
        return not isinstance(self.settings, Blending) or self.settings.is_neutral

    @property
    def step(self) -> int:
        """The evaluation of its last segment at which the picture was reached."""
        return step_reached(self.recipe, self.settings)


def step_reached(recipe: Recipe, settings: Settings) -> int:
    """Return the evaluation of a recipe's last segment at which its picture was reached."""
    branches = [number for number, step in enumerate(recipe.steering) if step.action == "branch"]
    last_segment = recipe.steering[branches[-1] + 1 :] if branches else recipe.steering
    return max((step.at for step in last_segment), default=getattr(settings, "steps", 0))


def recall(task: RecallTask, controls: Controls[Any]) -> Job[RecalledPicture]:
    """Load the inputs that the recipe of `task.shown` names, as far as they are to be found.

    Raises:
        StudioError: the recipe is of a task that this version does not know, or names no photo; the photo of a task
            that is done at once is nowhere to be found.

    """
    recipe = task.shown.picture.recipe
    kind = None if recipe is None else picture_task_named(recipe.task)
    if recipe is None or kind is None:
        raise StudioError("This picture carries no painting recipe.", "It opens as a plain photo.")
    try:
        settings = with_networks_here(settings_of(recipe), recipe)
    except StudioError as error:
        raise StudioError(error.cause, "It opens as a plain photo; update Atelier to go on with it.") from error
    loaded: dict[str, tuple[OpenedPicture, ...]] = {slot.role: () for slot in kind.inputs}
    missing: list[str] = []
    for number, wanted in enumerate(recipe.inputs):
        yield Progress(f"Opening {wanted.name}", number, len(recipe.inputs))
        path = task.library.find_input(wanted.sha256, wanted.name, task.folders)
        if path is None:
            if kind.at_once:  # whose result must not go through the same settings again
                raise StudioError(
                    f"The picture “{wanted.name}”, from which this was made, is not in the library.",
                    "It opens as a plain photo; to go on with it, put that picture beside it and drop it again.",
                )
            missing.append(wanted.name)
            continue
        picture = load_picture(path)
        is_mask = wanted.role in PAINTED or is_unseen(wanted.role)
        opened = (
            prepare_mask(replace(picture, name=wanted.name)) if is_mask else prepare_opened(picture, name=wanted.name)
        )
        loaded[wanted.role] = (*loaded.get(wanted.role, ()), opened)
    named = [wanted.role for wanted in recipe.inputs]
    for slot in kind.inputs:
        if named.count(slot.role) < slot.least:
            raise StudioError(f"This picture's recipe names no {slot.title.lower()}.", "It opens as a plain photo.")
    return RecalledPicture(kind, task.shown, loaded, settings, recipe, tuple(missing))


def with_networks_here(settings: Settings, recipe: Recipe) -> Settings:
    """Call the networks what they are called on this computer: a recipe tells no paths, but what is in the files."""
    known = {record.name: record.sha256 for record in recipe.weights if record.sha256}
    so_far = {name: kept_so_far(name, sha256) for name, sha256 in known.items()}
    changes = {}
    for info in describe(type(settings)):
        name = getattr(settings, info.name)
        if not info.offers:
            continue
        if (reached := so_far.get(name)) is not None:  # what a run had reached that has gone on since, or ended
            changes[info.name] = str(reached.path)
            continue
        with suppress(StudioError):  # it is gone, as whoever works with it is told
            if info.offers != "backbone":
                models = TrainedModels.standard(info.offers)  # it may be one that was only chosen, and not used
                changes[info.name] = (
                    models.find_recorded(name, known[name]) if name in known else models.find(name)
                ).name
            elif name in known and (found := resolve_recorded(name, known[name])).sha256 == known[name]:
                changes[info.name] = found.name
    return settings.model_copy(update=changes)
