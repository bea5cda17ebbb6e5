"""What a generator makes: pictures of seeds, ways between them, the nearest to a picture, directions."""

from typing import Any

import torch
from torch import Tensor

from models.directions import Directions, components_of_features, components_of_styles, factors_of_weights, moved
from models.gan import Generator
from models.latent import eased, latents_of, less_typical, mean_style, pictures_of, walk
from models.pixels import to_picture
from models.projection import ProjectionSettings
from studio.core.controls import Controls
from studio.core.device import choose_device
from studio.core.dreams import (
    DirectionsFound,
    DirectionsTask,
    Dream,
    GenerateTask,
    InterpolateTask,
    Projected,
    ProjectTask,
    recipe_of,
)
from studio.core.events import Job, Picture, Preview, Progress
from studio.core.failures import StudioError
from studio.core.images import load_picture
from studio.core.trained_models import TrainedModel, TrainedModels
from studio.jobs.generators import generator_in, opened_generator
from studio.jobs.picture_search import PictureSearch

__all__ = ["find_directions", "generate", "interpolate", "open_generator", "project"]

_SHOWN_EVERY = 10
_ENDS = 7
"""So many pictures show a direction from one end to the other."""


def generate(task: GenerateTask, controls: Controls[Any]) -> Job[tuple[Dream, ...]]:
    """Make a picture of every seed; asked to finish, it returns what it has.

    Each is made alone, so that no other seed can change a bit of it.

    Raises:
        StudioError: there is no such generator.

    """
    yield Progress("Loading the generator")
    generator, model = open_generator(task.model)
    record, mean = model.record(), mean_style(generator)
    dreams: list[Dream] = []
    for number, seed in enumerate(task.seeds):
        yield Progress("Dreaming", number, len(task.seeds))
        if controls.finishing:
            break
        w = less_typical(_mapped(generator, (seed,)), mean, task.typical)
        dreams.append(Dream(seed, to_picture(pictures_of(generator, w)), recipe_of((seed,), task.typical, record)))
    return tuple(dreams)


def interpolate(task: InterpolateTask, controls: Controls[Any]) -> Job[tuple[Picture, ...]]:
    """Return the frames of a way through some seeds; asked to finish, those that there are.

    Raises:
        StudioError: there is no such generator.

    """
    yield Progress("Loading the generator")
    generator, _ = open_generator(task.model)
    easing = eased if task.soft else float
    if task.curve == "slerp":  # along arcs, z stays as long as points of a normal distribution are
        z = walk(latents_of(task.seeds, generator.latent), task.frames, closed=task.loop, easing=easing)
        with torch.no_grad():
            w = generator.map(z.to(_device_of(generator)))
    else:
        points = _mapped(generator, task.seeds)
        w = walk(points, task.frames, closed=task.loop, curve=task.curve, easing=easing)
    w, frames = less_typical(w, mean_style(generator), task.typical), list[Picture]()
    for number in range(len(w)):
        yield Progress("Walking", number, len(w))
        if controls.finishing:
            break
        frames.append(to_picture(pictures_of(generator, w[number : number + 1])))
    return tuple(frames)


def project(task: ProjectTask, controls: Controls[Any]) -> Job[tuple[Projected, ...]]:
    """Look for pictures; asked to finish, it returns those that were found.

    Raises:
        StudioError: there is no such generator, or something is no picture.

    """
    yield Progress("Loading the generator")
    opened = opened_generator(task.model)
    generator, search = opened.network, PictureSearch(opened)
    settings = ProjectionSettings(steps=task.steps, prior=task.prior)
    found: list[Projected] = []
    for path in task.pictures:
        best, square = None, search.square_of(load_picture(path).pixels)
        for step, best in enumerate(search.nearest(square, settings)):
            if controls.finishing:
                return tuple(found)
            yield Progress(f"Looking for {path.name}", step, task.steps)
            if step % _SHOWN_EVERY == 0:
                yield Preview(to_picture(pictures_of(generator, best.w)), step, path.name)
        assert best is not None, "it looks for a step at least"
        found.append(Projected(path, to_picture(square), to_picture(pictures_of(generator, best.w)), best.similarity))
    return tuple(found)


def find_directions(task: DirectionsTask, controls: Controls[Any]) -> Job[DirectionsFound]:
    """Find directions, and show what each does to one picture.

    Raises:
        StudioError: there is no such generator, or it has no such stage.

    """
    yield Progress("Loading the generator")
    generator, _ = open_generator(task.model)
    yield Progress("Looking for directions")
    found = _directions(generator, task)
    w, rows = generator.by_stage(_mapped(generator, (task.seed,))), list[Picture]()
    for number in range(len(found)):
        yield Progress("Showing what they do", number, len(found))
        if controls.finishing:
            break
        ends = torch.linspace(-task.reach, task.reach, _ENDS)
        along = torch.cat([moved(w, found.vectors[number : number + 1], end[None]) for end in ends])
        rows.append(to_picture(torch.cat(list(pictures_of(generator, along)), dim=2)[None]))
    return DirectionsFound(tuple(found.shares.tolist()), tuple(rows))


def _directions(generator: Generator, task: DirectionsTask) -> Directions:
    match task.method:
        case "styles":
            return components_of_styles(generator, task.count)
        case "weights":
            return factors_of_weights(generator, task.count)
        case "features":
            if not 0 <= task.stage < generator.stages:
                raise StudioError(
                    f"This generator has no stage {task.stage}.", f"Choose one of 0 to {generator.stages - 1}."
                )
            return components_of_features(generator, task.stage, task.count)


def open_generator(name: str) -> tuple[Generator, TrainedModel]:
    """Return the generator called `name`, on the device: a name on the shelf, a file, or the folder of a run.

    Raises:
        StudioError: there is none.

    """
    model = TrainedModels.standard("generator").find(name)
    generator, _ = generator_in(model.path)
    return generator.to(choose_device().kind), model


def _device_of(generator: Generator) -> torch.device:
    return next(generator.parameters()).device


@torch.no_grad()
def _mapped(generator: Generator, seeds: tuple[int, ...]) -> Tensor:
    return generator.map(latents_of(seeds, generator.latent).to(_device_of(generator)))
