"""A generator before the mirror: its pictures beside the nearest that it learnt from, and what no gallery shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from models.backbones import Backbone
from models.gan import Generator
from models.kernel_distance import KernelDistance
from models.latent import latents_of, pictures_of
from models.likeness import pooled_features
from models.mirror import Mirror, Reflection, shares_at_the_ends
from models.pixels import to_picture
from studio.core.controls import Controls
from studio.core.dreams import CheckTask, Mirrored
from studio.core.events import Job, Picture, Progress
from studio.core.failures import StudioError
from studio.core.file_names import expanded
from studio.core.style_settings import DEFAULT_BACKBONE
from studio.core.user_folders import UserFolders
from studio.jobs.generators import opened_generator
from studio.training.data.pictures import PictureExamples, opening_pictures
from studio.training.run_folder import RunFolder
from studio.training.schedule import DATA
from studio.training.task import TaskContext
from studio.training.tasks.gan_networks import looking
from studio.training.tasks.gan_settings import GAN, GanSettings

__all__ = ["check_generator"]

_AT_ONCE = 32
_LEAST = 20
"""So few pictures that were kept say nothing."""
_SHOWN = 24
"""So many pictures stand beside their neighbours."""
_ASKED = 10
"""So many real and so many made pictures are asked about."""


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    examples: PictureExamples
    kept: tuple[int, ...]


def check_generator(task: CheckTask, controls: Controls[Any]) -> Job[Mirrored]:
    """Hold a generator before the mirror.

    Raises:
        StudioError: there is no such generator, nobody knows what it learnt from, or that is too little.

    """
    yield Progress("Loading the generator")
    generator = opened_generator(task.model)
    network, device = generator.network, generator.device
    data = yield from _data_of(task, network.size, device)
    if len(data.kept) < _LEAST:
        raise StudioError(
            f"Only {len(data.kept)} pictures are kept for checking.", f"Give {4 * _LEAST} pictures at least."
        )
    backbone, _ = looking(DEFAULT_BACKBONE)
    backbone.to(device)
    unseen = data.examples.squares(data.kept, network.size)
    real = yield from _seen(backbone, unseen, "Looking at new pictures")
    learnt = yield from _seen_of_cache(backbone, data, network.size)
    made = yield from _made(network, task.seeds, device)
    features = yield from _seen(backbone, made, "Looking at its own")
    mirror, distance = Mirror(learnt, real), KernelDistance(real, learnt[: len(real)])
    found = mirror.of(features)
    suspects = found.distances.argsort()[:_SHOWN].tolist()
    pairs = [
        (
            to_picture(made[number][None]),
            to_picture(data.examples.squares((data.examples.chosen[int(found.neighbours[number])],), network.size)),
        )
        for number in suspects
    ]  # fmt: skip
    return Mirrored(
        len(made), tuple(task.seeds[number] for number in suspects), tuple(pairs), _told(found, distance, features),
        _told(mirror.of_real(), distance, None), found.different, _mixed(unseen, made),
        dict(shares_at_the_ends(unseen, made)),
    )  # fmt: skip


def _mixed(unseen: Tensor, made: Tensor) -> tuple[tuple[Picture, bool], ...]:
    """Return some of both in an order of chance, other ones each time: a quiz."""
    some = [
        (to_picture(pictures[number][None]), real)
        for pictures, real in ((unseen, True), (made, False))
        for number in torch.randperm(len(pictures))[:_ASKED].tolist()
    ]
    return tuple(some[place] for place in torch.randperm(len(some)).tolist())


def _told(found: Reflection, distance: KernelDistance, features: Tensor | None) -> dict[str, float]:
    if features is not None:
        return {"kid": distance.to(features), **found.told}
    told = {name: value for name, value in found.told.items() if name != "copies"}  # what was learnt is no copy
    return {"kid": distance.of_real, **told}


def _data_of(task: CheckTask, size: int, device: torch.device) -> Job[_Data]:
    """Return what it learnt from, and what it did not, divided as its run divides them."""
    settings, data = GanSettings(size=size, workers=0), {DATA: tuple(str(path) for path in task.data)}
    folder = expanded(task.model)
    if folder.is_dir() and not task.data:
        plan = RunFolder(folder).read_plan()
        settings, data = GanSettings.model_validate(dict(plan.settings)), dict(plan.data)
    if not any(data.values()):
        raise StudioError(
            "Nobody knows what this generator learnt from.", "Name its run as the model, or its pictures: --data DIR."
        )
    (slot,) = GAN.data
    place = TaskContext(device, UserFolders.standard().cache / "training", settings.seed)
    found, kept = yield from opening_pictures(slot, data, settings, place, side=2 * size, held_back=settings.held_back)
    return _Data(found, kept)


def _seen(backbone: Backbone, pictures: Tensor, stage: str) -> Job[Tensor]:
    device = next(backbone.parameters()).device
    parts: list[Tensor] = []
    for first in range(0, len(pictures), _AT_ONCE):
        yield Progress(stage, first, len(pictures))
        with torch.no_grad():
            parts.append(pooled_features(backbone, pictures[first : first + _AT_ONCE].to(device).float()))
    return torch.cat(parts)


def _seen_of_cache(backbone: Backbone, data: _Data, size: int) -> Job[Tensor]:
    """Look at all that it learnt from, a few at a time: they need not fit into the memory."""
    chosen, parts = data.examples.chosen, list[Tensor]()
    for first in range(0, len(chosen), _AT_ONCE):
        yield Progress("Looking at what it learnt from", first, len(chosen))
        some = data.examples.squares(chosen[first : first + _AT_ONCE], size)
        with torch.no_grad():
            parts.append(pooled_features(backbone, some.to(next(backbone.parameters()).device).float()))
    return torch.cat(parts)


def _made(network: Generator, seeds: Sequence[int], device: torch.device) -> Job[Tensor]:
    parts: list[Tensor] = []
    for first in range(0, len(seeds), _AT_ONCE):
        yield Progress("Dreaming", first, len(seeds))
        z = latents_of(seeds[first : first + _AT_ONCE], network.latent)
        with torch.no_grad():
            parts.append(pictures_of(network, network.map(z.to(device))).cpu())
    return torch.cat(parts)
