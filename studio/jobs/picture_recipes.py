"""The recipe of a picture: how a job writes down what it did, and how a chain of branches is taken apart again.

A picture made in one go has an empty record. Moves of the sliders, sketches and the stop are written down with the
evaluation at which they happened. Where an earlier frame was gone on from, the record of how that frame came to be
stands first, ended by a "branch" step that holds what was set differently from there on; evaluations then count anew.
"""

import hashlib
import math
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Generic, Literal, TypeVar

import cv2
from pydantic import BaseModel, ConfigDict, Field

from studio import __version__
from studio.core.controls import Controls
from studio.core.failures import StudioError
from studio.core.picture_task import PictureRequest, PictureTask
from studio.core.picture_tasks import picture_task_named
from studio.core.recipes import InputRecord, Recipe, SteeringStep, WeightsRecord, name_in_recipes
from studio.core.settings import Settings, describe

AT_ITS_END = 2**31 - 1
"""A branch from a picture that was finished: wherever its segment ends."""

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, slots=True)
class Segment(Generic[S]):
    """One run of the job in a chain of branches: the settings it started with, and its part of the record."""

    settings: S
    steps: tuple[SteeringStep, ...]


class ReplayControls(Controls[S]):
    """Controls that hold a recipe instead of a hand: a job that can be steered makes its picture again, step by step.

    To a job that cannot be steered they are controls that nobody moves.

    Raises:
        StudioError: this version does not know the recipe's task, or cannot read its settings.

    """

    def __init__(self, recipe: Recipe) -> None:
        settings, self.segments = settings_of(recipe), segments_of(recipe)
        super().__init__(settings)  # type: ignore[arg-type]  # a recipe's task decides what S is
        self.recipe = recipe


class SketchChanges(BaseModel):
    """What a "sketch" step says: the size that was sketched at, and for how many evaluations."""

    model_config = ConfigDict(frozen=True, strict=True)

    side: int = Field(ge=1)
    evaluations: int = Field(ge=0)


def task_of(recipe: Recipe) -> PictureTask:
    """Return what a recipe was made by.

    Raises:
        StudioError: this version does not know it.

    """
    task = picture_task_named(recipe.task)
    if task is None:
        raise StudioError(f"This recipe is of the task “{recipe.task}”.", "Update Atelier: this version cannot do it.")
    return task


def settings_of(recipe: Recipe) -> Settings:
    """Return the newest settings that a recipe names.

    Raises:
        StudioError: this version does not know the recipe's task, or cannot read its settings.

    """
    with _readable():
        return task_of(recipe).settings.model_validate(recipe.settings)


def segments_of(recipe: Recipe) -> tuple[Segment[Any], ...]:
    """Take a chain of branches apart: its segments in order.

    Every step is tried first: what cannot be followed is to be told before hours have been painted.

    Raises:
        StudioError: a step cannot be followed.

    """
    with _readable():
        return _segments_of(recipe)


def _segments_of(recipe: Recipe) -> tuple[Segment[Any], ...]:
    started = reached = task_of(recipe).settings.model_validate(recipe.initial or recipe.settings)
    segments: list[Segment[Any]] = []
    steps: list[SteeringStep] = []
    for step in recipe.steering:
        _check(step, started)
        reached = _moved(reached, step)
        steps.append(step)
        if step.action == "branch":
            segments.append(Segment(started, tuple(steps)))
            started, steps = reached, []
    return (*segments, Segment(started, tuple(steps)))


def _check(step: SteeringStep, started: Settings) -> None:
    if step.at < 0:
        raise ValueError(f"there is no evaluation {step.at}")
    size = getattr(started, "size", math.inf)
    if step.action == "sketch" and SketchChanges.model_validate(step.changes).side > size:
        raise ValueError("a sketch is smaller than its painting")


@contextmanager
def _readable() -> Iterator[None]:
    """Tell in the user's words what only the checks of the settings know."""
    try:
        yield
    except ValueError as error:
        raise StudioError(
            "The recipe's settings cannot be read; another version of Atelier may have made it.",
            "Update Atelier, or set the panel by hand.",
        ) from error


def _moved(settings: Settings, *steps: SteeringStep) -> Settings:
    changes: dict[str, Any] = {}
    for step in steps:
        if step.action in {"settings", "branch"}:
            changes |= step.changes
    return type(settings).model_validate({**settings.model_dump(), **changes})


class RecipeWriter:
    """Writes the recipe of one job; cheap enough to be asked for every frame.

    Args:
        task: what is done.
        request: what goes in, and what is gone on from.
        settings: those the job started with.
        weights: the networks.
        versions: what else could change a pixel, such as the format that a network computed in.

    """

    def __init__(
        self, task: PictureTask, request: PictureRequest, settings: Settings, *weights: WeightsRecord,
        versions: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self._task = task.name
        self._inputs = _inputs(request)
        self._before = _chain_up_to_branch(request.history, settings) if request.history else ()
        self._initial = (request.history.initial or request.history.settings) if request.history else told(settings)
        known = request.history.weights if request.history else ()
        self._weights = (*known, *(record for record in weights if record not in known))
        then = request.history.versions if request.history else {}
        self._versions = then | _versions() | dict(versions or {})

    def write(
        self, settings: Settings, record: tuple[SteeringStep, ...] = (), stopped_at: int | None = None,
        drawn: tuple[dict[str, Any], ...] = (),
    ) -> Recipe:  # fmt: skip
        """Return the recipe of what has been reached.

        Args:
            settings: the newest.
            record: what was done in this job.
            stopped_at: for a frame on the way: the evaluation after which it was there.
            drawn: what chance decided.

        """
        steering = (*self._before, *record)
        if stopped_at is not None and not (record and record[-1].action == "stop"):
            steering = (*steering, SteeringStep(at=stopped_at, action="stop"))
        newest = told(settings)
        return Recipe(
            task=self._task,
            settings=newest,
            inputs=self._inputs,
            weights=self._weights,
            seed=getattr(settings, "seed", 0),
            initial=None if self._initial == newest else self._initial,
            steering=steering,
            versions=self._versions,
            drawn=drawn,
        )


def with_inputs(recipe: Recipe, request: PictureRequest) -> Recipe:
    """Return the recipe of the same work with other pictures."""
    return recipe.model_copy(update={"inputs": _inputs(request)})


def _chain_up_to_branch(history: Recipe, settings: Settings) -> tuple[SteeringStep, ...]:
    """Return the record of how the frame came to be, ended by the branch into `settings`."""
    steps = history.steering
    at = AT_ITS_END
    if steps and steps[-1].action == "stop":
        steps, at = steps[:-1], steps[-1].at
    segments = segments_of(history)
    reached = _moved(segments[-1].settings, *segments[-1].steps).model_dump()
    changes = {name: value for name, value in told(settings, "python").items() if value != reached[name]}
    return (*steps, SteeringStep(at=at, action="branch", changes=changes))


def told(settings: Settings, mode: Literal["json", "python"] = "json") -> dict[str, Any]:
    """Return the settings as a recipe tells them to strangers: of a network's file only its name."""
    networks = [info.name for info in describe(type(settings)) if info.offers]
    return settings.model_dump(mode=mode) | {name: name_in_recipes(getattr(settings, name)) for name in networks}


def _inputs(request: PictureRequest) -> tuple[InputRecord, ...]:
    inputs = [
        InputRecord(role=role, name=picture.name, sha256=picture.sha256)
        for role, pictures in request.inputs.items()
        for picture in pictures
    ]
    if request.branch is not None and request.history is None:
        digest = hashlib.sha256(request.branch.tobytes()).hexdigest()
        inputs.append(InputRecord(role="branch", name="frame", sha256=digest))
    return tuple(inputs)


def _versions() -> dict[str, str]:
    """Everything that could change a pixel; torch where the job works with it."""
    versions = {"atelier": __version__, "python": platform.python_version(), "opencv": cv2.__version__}
    torch = sys.modules.get("torch")
    if torch is not None:
        versions |= {"torch": version("torch"), "threads": str(torch.get_num_threads())}
    return versions
