"""Which networks a generator's training asks for: new ones, one to be taught further, and those that look."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from models.backbones import Backbone, load_backbone
from models.gan import DcganCritic, Generator, ResidualCritic, stage_widths
from models.generator_files import ANCESTORS, GeneratorFacts, build_generator, load_generator
from models.projected_critic import ProjectedCritic
from models.sphere_autoencoder import Autoencoder
from models.weight_files import WeightsError
from models.weight_headers import FIRST_SEED
from studio.core.checksums import sha256_of, unreadable
from studio.core.failures import StudioError
from studio.core.recipes import name_in_recipes
from studio.core.style_settings import DEFAULT_BACKBONE
from studio.core.trained_models import TrainedModel
from studio.core.weights import resolve_backbone
from studio.training.data.sampler import seed_of
from studio.training.task import TaskContext
from studio.training.tasks.gan_settings import GanSettings, begins_as

__all__ = ["critic_for", "facts_for", "generator_for", "looking", "with_encoder"]

_ANCESTORS = 16
"""So many are told at most."""


def generator_for(settings: GanSettings, place: TaskContext) -> tuple[Generator, GeneratorFacts]:
    """Return a new generator, or the one to be taught further.

    Raises:
        StudioError: there is none such.

    """
    if settings.start or settings.course == "fine-tune":
        return _begun(settings)
    facts = _facts_of(settings)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("weights", place.seed) % 2**63)
        return build_generator(facts), facts


def facts_for(settings: GanSettings) -> GeneratorFacts:
    """Return what the file of such a run's network tells, before it has learnt anything.

    Raises:
        StudioError: there is none to be taught further.

    """
    return _begun(settings)[1] if settings.start or settings.course == "fine-tune" else _facts_of(settings)


def _facts_of(settings: GanSettings) -> GeneratorFacts:
    if settings.network == "dcgan":
        shape: dict[str, Any] = {
            "size": settings.size, "latent": settings.latent, "width": _lesson_width(settings), "extra": 1,
            "upsampling": settings.upsampling, "norm": settings.norm,
        }  # fmt: skip
    else:
        shape = {
            "widths": list(stage_widths(settings.size, settings.width / 100)), "latent": settings.latent,
            "style": settings.style, "blocks": settings.blocks, "norm": settings.norm,
        }  # fmt: skip
    return GeneratorFacts(settings.network, shape, settings.size)


def _lesson_width(settings: GanSettings) -> int:
    return max(4, round(64 * settings.width / 100))


def _begun(settings: GanSettings) -> tuple[Generator, GeneratorFacts]:
    model = begins_as(settings)
    if model is None:
        raise StudioError(
            f"There is no generator to be taught further that makes pictures of {settings.size} px.",
            "Choose another course, or a generator: train one first, or name its file or run: --start FILE.",
        )
    try:
        generator, facts = load_generator(model.path)
    except WeightsError as error:
        raise StudioError(str(error), "Begin with another generator, or with none.") from error
    except OSError as error:
        raise unreadable(model.path, error) from error
    if facts.size != settings.size:
        raise StudioError(
            f"{model.label} makes pictures of {facts.size} px, not of {settings.size}.",
            f"Set the picture size to {facts.size} px, or begin with another generator.",
        )
    about = {ANCESTORS: _ancestors_with(model)}
    if FIRST_SEED in model.facts:  # the same seed is its picture, leaning towards what is learnt now
        about[FIRST_SEED] = model.facts[FIRST_SEED]
    return generator.train().requires_grad_(), replace(facts, about=about)


def _ancestors_with(model: TrainedModel) -> str:
    """Return the checksums of what a network begins with, and of what that began with, the nearest first."""
    before = [one for one in model.facts.get(ANCESTORS, "").split(",") if one]
    return ",".join([sha256_of(model.path), *before][:_ANCESTORS])


def with_encoder(generator: Generator, place: TaskContext) -> Autoencoder:
    """Return the generator together with an untrained encoder."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("encoder", place.seed) % 2**63)
        return Autoencoder(generator)


def critic_for(settings: GanSettings, place: TaskContext) -> nn.Module:
    """Return an untrained critic."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("critic", place.seed) % 2**63)
        match settings.critic:
            case "residual":
                return ResidualCritic(stage_widths(settings.size, settings.width / 100), settings.blocks)
            case "dcgan":
                return DcganCritic(settings.size, _lesson_width(settings), 1, settings.critic_norm, settings.critic_end)
            case "trained":
                backbone, _ = looking(DEFAULT_BACKBONE)
                return ProjectedCritic(backbone.to(place.device), settings.size)


def looking(name: str) -> tuple[Backbone, str]:
    """Return a trained network, and what it is called.

    Raises:
        StudioError: there is none of that name.

    """
    weights = resolve_backbone(name)
    if weights.path is None:
        raise StudioError(f"The weights of {weights.label} are random: nothing can be compared through them.",
                          "Choose a network whose weights are here.")  # fmt: skip
    try:
        return load_backbone(Path(weights.path), weights.architecture), name_in_recipes(weights.name)
    except WeightsError as error:
        raise StudioError(str(error), "Choose another network, or get its file again.") from error
