"""The recipe of a painting: how a job writes down what it did, and how a chain of branches is taken apart again.

A painting made in one go has an empty record. Moves of the sliders, sketches and the stop are written down with the
evaluation at which they happened. Where an earlier frame was gone on from, the record of how that frame came to be
stands first, ended by a "branch" step that holds what was set differently from there on; evaluations then count anew.
"""

import hashlib
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field

from studio import __version__
from studio.core.controls import Controls
from studio.core.failures import StudioError
from studio.core.fast_styles import fast_style_in_recipes
from studio.core.images import LoadedPicture
from studio.core.picture_task import PictureRequest
from studio.core.recipes import InputRecord, Recipe, SteeringStep, WeightsRecord
from studio.core.style_settings import StyleSettings
from studio.core.weights import name_in_recipes

TASK = "stylize"
AT_ITS_END = 2**31 - 1
"""A branch from a picture that was finished: wherever its sitting ends."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One sitting of a chain: the settings it started with, and its part of the record."""

    settings: StyleSettings
    steps: tuple[SteeringStep, ...]


class ReplayControls(Controls[StyleSettings]):
    """Controls that hold a recipe instead of a hand: `stylize` makes its picture again, step by step.

    Raises:
        StudioError: the recipe is not that of a painting, or no settings of this version can be read from it.

    """

    def __init__(self, recipe: Recipe) -> None:
        if recipe.task != TASK:
            raise StudioError(f"This recipe is of the task “{recipe.task}”.", "Replay it with its own command.")
        with _readable():
            super().__init__(StyleSettings.model_validate(recipe.settings))
        self.segments = segments_of(recipe)
        self.recipe = recipe


class SketchChanges(BaseModel):
    """What a "sketch" step says: the size that was sketched at, and for how many evaluations."""

    model_config = ConfigDict(frozen=True, strict=True)

    side: int = Field(ge=1)
    evaluations: int = Field(ge=0)


def segments_of(recipe: Recipe) -> tuple[Segment, ...]:
    """Take a chain of branches apart: one segment for every sitting, in order.

    Every step is tried first: what cannot be followed is to be told before hours have been painted.

    Raises:
        StudioError: a step cannot be followed.

    """
    with _readable():
        return _segments_of(recipe)


def _segments_of(recipe: Recipe) -> tuple[Segment, ...]:
    started = reached = StyleSettings.model_validate(recipe.initial or recipe.settings)
    segments: list[Segment] = []
    steps: list[SteeringStep] = []
    for step in recipe.steering:
        _check(step, started)
        reached = _moved(reached, step)
        steps.append(step)
        if step.action == "branch":
            segments.append(Segment(started, tuple(steps)))
            started, steps = reached, []
    return (*segments, Segment(started, tuple(steps)))


def _check(step: SteeringStep, started: StyleSettings) -> None:
    if step.at < 0:
        raise ValueError(f"there is no evaluation {step.at}")
    if step.action == "sketch" and SketchChanges.model_validate(step.changes).side > started.size:
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


def _moved(settings: StyleSettings, *steps: SteeringStep) -> StyleSettings:
    changes: dict[str, Any] = {}
    for step in steps:
        if step.action in {"settings", "branch"}:
            changes |= step.changes
    return StyleSettings.model_validate({**settings.model_dump(), **changes})


class RecipeWriter:
    """Writes the recipe of one job; cheap enough to be asked for every frame.

    Args:
        request: what goes in, and what is gone on from.
        settings: those the job started with.
        weights: the networks.
        versions: what else could change a pixel, such as the format that a network computed in.

    """

    def __init__(
        self, request: PictureRequest, settings: StyleSettings, *weights: WeightsRecord,
        versions: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self._inputs = _inputs(request)
        self._before = _chain_up_to_branch(request.history, settings) if request.history else ()
        self._initial = (request.history.initial or request.history.settings) if request.history else _told(settings)
        known = request.history.weights if request.history else ()
        self._weights = (*known, *(record for record in weights if record not in known))
        then = request.history.versions if request.history else {}
        self._versions = then | _versions() | dict(versions or {})

    def write(self, settings: StyleSettings, record: tuple[SteeringStep, ...], stopped_at: int | None = None) -> Recipe:
        """Return the recipe of what has been reached.

        Args:
            settings: the newest.
            record: what was done in this job.
            stopped_at: for a frame on the way: the evaluation after which it was there.

        """
        steering = (*self._before, *record)
        if stopped_at is not None and not (record and record[-1].action == "stop"):
            steering = (*steering, SteeringStep(at=stopped_at, action="stop"))
        newest = _told(settings)
        return Recipe(
            task=TASK,
            settings=newest,
            inputs=self._inputs,
            weights=self._weights,
            seed=settings.seed,
            initial=None if self._initial == newest else self._initial,
            steering=steering,
            versions=self._versions,
        )


def _chain_up_to_branch(history: Recipe, settings: StyleSettings) -> tuple[SteeringStep, ...]:
    """Return the record of how the frame came to be, ended by the branch into `settings`."""
    steps = history.steering
    at = AT_ITS_END
    if steps and steps[-1].action == "stop":
        steps, at = steps[:-1], steps[-1].at
    segments = segments_of(history)
    reached = _moved(segments[-1].settings, *segments[-1].steps).model_dump()
    changes = {name: value for name, value in _told(settings, "python").items() if value != reached[name]}
    return (*steps, SteeringStep(at=at, action="branch", changes=changes))


def _told(settings: StyleSettings, mode: Literal["json", "python"] = "json") -> dict[str, Any]:
    """Return the settings as a recipe tells them to strangers."""
    names = {
        "backbone": name_in_recipes(settings.backbone),
        "fast_style": fast_style_in_recipes(settings.fast_style),
    }
    return settings.model_dump(mode=mode) | names


def _inputs(request: PictureRequest) -> tuple[InputRecord, ...]:
    def record(role: str, picture: LoadedPicture) -> InputRecord:
        return InputRecord(role=role, name=picture.name, sha256=picture.sha256)

    inputs = [record(role, picture) for role, pictures in request.inputs.items() for picture in pictures]
    if request.branch is not None and request.history is None:
        digest = hashlib.sha256(request.branch.tobytes()).hexdigest()
        inputs.append(InputRecord(role="branch", name="frame", sha256=digest))
    return tuple(inputs)


def _versions() -> dict[str, str]:
    """Everything that could change a pixel."""
    return {
        "atelier": __version__,
        "torch": version("torch"),
        "python": platform.python_version(),
        "threads": str(torch.get_num_threads()),
    }
