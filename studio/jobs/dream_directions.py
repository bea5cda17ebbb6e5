"""Directions of a generator: found by its weights or its pictures, or learnt from marked ones."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from models.directions import (
    Directions,
    as_long_as_usual,
    between,
    components_of_features,
    components_of_styles,
    factors_of_weights,
)
from studio.core.controls import Controls
from studio.core.dream_settings import DreamSettings, packed
from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.core.named_directions import Direction
from studio.jobs.dream_picture import generator_for, styles_of
from studio.jobs.dream_tasks import FindTask, LearnTask

__all__ = ["find_directions_of", "learn_direction"]


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
    """Return the direction from one group to the other: between their means, and as long as found ones are.

    Between groups that differ much lie several deviations: in such lengths the sliders would lead out of all that the
    generator knows.

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
    usual = as_long_as_usual(generator.network, vector[None])[0]
    return Direction(name=task.name, vector=packed(usual.float().cpu().numpy()))
