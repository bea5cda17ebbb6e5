"""What a gallery of dreams asks for: seeds that are like a picture, and variations of it."""

from typing import Any

import torch

from models.latent import latents_of
from studio.core.controls import Controls
from studio.core.dream_settings import DreamSettings
from studio.core.events import Job, Progress
from studio.jobs.dream_picture import generator_for, styles_of
from studio.jobs.dream_tasks import NearestTask, VariationsTask

__all__ = ["nearest_seeds", "variations"]

_AT_ONCE = 500


def nearest_seeds(task: NearestTask, controls: Controls[Any]) -> Job[tuple[int, ...]]:
    """Return the seeds whose w lie nearest to a picture's, the nearest first.

    Raises:
        StudioError: the generator cannot be had.

    """
    generator = generator_for(task.settings)
    network = generator.network
    wanted = styles_of(generator, task.settings).flatten(1)  # 1×(styles·style)
    far = []
    for first in range(0, task.among, _AT_ONCE):
        yield Progress("Looking for what is like it", first, task.among)
        seeds = range(first, min(first + _AT_ONCE, task.among))
        with torch.no_grad():
            w = network.by_stage(network.map(latents_of(seeds, network.latent).to(generator.device)))
        w = generator.mean + task.settings.typical * (w - generator.mean)
        far.append((w.flatten(1) - wanted).square().mean(dim=1))
    order = torch.cat(far).argsort(stable=True)[: task.count]
    return tuple(order.tolist())


def variations(task: VariationsTask, controls: Controls[Any]) -> Job[tuple[DreamSettings, ...]]:
    """Return settings that hold points near a picture's: each some way towards what another seed differs by.

    Raises:
        StudioError: the generator cannot be had.

    """
    yield Progress("Varying")
    generator = generator_for(task.settings)
    network, w = generator.network, styles_of(generator, task.settings)
    chance = torch.Generator().manual_seed(task.chance)
    z = torch.randn(task.count, network.latent, generator=chance).to(generator.device)
    with torch.no_grad():
        others = network.by_stage(network.map(z)) - generator.mean
    base = task.settings.held.name or f"Seed {task.settings.seed}"
    name = base.removeprefix("Like ") if base.startswith("Like ") else base
    points = (w + task.far * others).float().cpu().numpy()
    return tuple(task.settings.holding(point, f"Like {name}") for point in points)
