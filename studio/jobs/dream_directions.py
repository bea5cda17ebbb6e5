"""Directions of a generator: found by weights or pictures, learnt from marked ones, kept, put into files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from models.directions import Directions, between, components_of_features, components_of_styles, factors_of_weights
from models.weight_files import read_tensors
from models.weight_headers import safetensors_metadata
from studio.core.atomic import write_file
from studio.core.controls import Controls
from studio.core.dream_settings import DreamSettings, packed
from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.core.named_directions import (
    HEADER,
    Direction,
    directions_in_header,
    read_directions,
    to_json,
)
from studio.core.trained_models import TrainedModels
from studio.jobs.dream_picture import generator_for, styles_of
from studio.jobs.dream_tasks import BookTask, FindTask, LearnTask, WriteTask

__all__ = ["find_directions_of", "learn_direction", "list_directions", "open_directions", "write_directions"]


def find_directions_of(task: FindTask, controls: Controls[Any]) -> Job[tuple[Direction, ...]]:
    """Find directions, the one that changes most first.

    Raises:
        StudioError: the generator cannot be had.

    """
    yield Progress("Looking for directions")
    network = generator_for(task.settings).network
    count = min(task.count, network.style)
    match task.method:
        case "styles":
            found, word = components_of_styles(network, count), "Change"
        case "weights":
            found, word = factors_of_weights(network, count), "Weights"
        case "features":
            found = components_of_features(network, min(task.stage, network.stages - 1), count)
            word = f"Stage {task.stage + 1}, change"
    return tuple(_named(found, word))


def _named(found: Directions, word: str) -> Sequence[Direction]:
    vectors, shares = found.vectors.float().cpu().numpy(), found.shares.clamp(0.0, 1.0).tolist()
    return [
        Direction(name=f"{word} {number}", vector=packed(vector), share=share)
        for number, (vector, share) in enumerate(zip(vectors, shares, strict=True), 1)
    ]


def learn_direction(task: LearnTask, controls: Controls[Any]) -> Job[Direction]:
    """Return the direction from one group to the other: between their means.

    Raises:
        StudioError: a group is empty, they are of different generators, or they lie in the same place.

    """
    yield Progress("Learning a direction")
    if not task.without or not task.having:
        raise StudioError("One group is empty.", "Mark some pictures with − and some with +.")
    if len({settings.names() for settings in (*task.without, *task.having)}) > 1:
        raise StudioError("The marked pictures are of different generators.", "Mark pictures of one.")
    generator = generator_for(task.without[0])

    def means(group: Sequence[DreamSettings]) -> Tensor:
        return torch.cat([styles_of(generator, settings).mean(dim=1) for settings in group])

    vector = between(means(task.without), means(task.having))[0]
    if float(vector.norm()) < 1e-6:
        raise StudioError("The two groups do not differ.", "Mark other pictures.")
    return Direction(name=task.name, vector=packed(vector.float().cpu().numpy()))


def list_directions(task: BookTask, controls: Controls[Any]) -> Job[tuple[Direction, ...]]:
    """Return the directions of a generator: one's own, then those that its file brings along.

    Raises:
        StudioError: they could not be kept.

    """
    yield Progress("Reading the directions")
    if task.keep is not None:
        task.book.keep(task.generator, task.keep)
    own = task.book.of(task.generator)
    names = {direction.name for direction in own}
    try:
        facts = TrainedModels.standard("generator").find(task.generator).facts
    except StudioError:  # whoever works with it is told
        return own
    return (*own, *(one for one in directions_in_header(facts, task.generator) if one.name not in names))


def open_directions(path: Path, controls: Controls[Any]) -> Job[tuple[Direction, ...]]:
    """Read a file of directions; a generator's file is one as well.

    Raises:
        StudioError: it holds none.

    """
    yield Progress(f"Reading {path.name}")
    if path.suffix.lower() == ".safetensors":
        found = directions_in_header(TrainedModels.standard("generator").find(str(path)).facts, path.name)
        if not found:
            raise StudioError(f"“{path.name}” brings no directions along.", "Choose another file.")
        return found
    return read_directions(path)


def write_directions(task: WriteTask, controls: Controls[Any]) -> Job[Path]:
    """Write directions for others.

    Raises:
        StudioError: the place does not take them, or the generator cannot be had.

    """
    yield Progress(f"Saving {task.path.name}")
    told = to_json(task.directions, task.generator)
    if task.path.suffix.lower() == ".safetensors":
        model = TrainedModels.standard("generator").find(task.generator)
        header = dict(safetensors_metadata(model.path)) | {HEADER: told.decode()}
        told = save(read_tensors(model.path), header)
    write_file(task.path, told)
    return task.path
