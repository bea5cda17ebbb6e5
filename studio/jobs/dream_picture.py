"""The dream job: one picture out of a place on the pad, and what is done to it on the way; small ones by the dozen."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from models.directions import moved
from models.gan import Listener
from models.latent import Bend, bent, latents_of, less_typical, mixed_styles, slerp
from models.pixels import to_deep_picture, to_picture
from studio.core.controls import Controls
from studio.core.dream_settings import DreamSettings, corners_of, place_of, unpacked
from studio.core.events import Job, Picture, Progress
from studio.core.failures import StudioError
from studio.core.inference_format import InferenceFormat
from studio.core.picture_task import PictureRequest, PictureResult
from studio.core.picture_tasks import DREAM
from studio.jobs.dream_tasks import GeneratorFound, SketchesTask
from studio.jobs.generators import NothingKeptError, OpenGenerator, blended_generator, opened_generator
from studio.jobs.picture_recipes import RecipeWriter, ReplayControls

__all__ = ["dream", "generator_for", "listener_for", "look_at_generator", "sketch", "styles_of"]

FORMAT = "generator format"
"""What recipes call, among the versions, the format that a generator computed in."""
_AT_ONCE = 5
"""So many sketches are made at once: another job waits no longer than for these."""


def dream(request: PictureRequest, controls: Controls[DreamSettings]) -> Job[PictureResult]:
    """Make a picture up.

    Raises:
        StudioError: no generator is chosen or it cannot be had, or what is held is of another one.

    """
    settings = controls.settings
    recipe = controls.recipe if isinstance(controls, ReplayControls) else None
    yield Progress("Dreaming")
    then, format = None, None
    if recipe is not None:
        then = {record.name: record.sha256 for record in recipe.weights}
        format = InferenceFormat.from_text(recipe.versions.get(FORMAT, ""))
    generator = generator_for(settings, then, format)
    made = to_deep_picture(generator.pictures(styles_of(generator, settings), listener_for(settings)))
    if recipe is None:
        versions = {FORMAT: str(generator.format)}
        recipe = RecipeWriter(DREAM, request, settings, *generator.records, versions=versions).write(settings)
    return PictureResult(made, made, recipe)


def sketch(task: SketchesTask, controls: Controls[Any]) -> Job[tuple[Picture, ...]]:
    """Make small pictures of many settings, H×W×3 each, in their order; a few at a time.

    Raises:
        StudioError: as `dream`.

    """
    made: list[Picture] = []
    for first in range(0, len(task.settings), _AT_ONCE):
        yield Progress("Sketching", first, len(task.settings))
        some = task.settings[first : first + _AT_ONCE]
        made += _sketched(some)
    return tuple(made)


def _sketched(some: Sequence[DreamSettings]) -> list[Picture]:
    """Make those together that are made and bent by the same."""
    alike: dict[object, list[int]] = {}
    for number, settings in enumerate(some):
        alike.setdefault((settings.names(), settings.share, settings.bends), []).append(number)
    found: dict[int, Picture] = {}
    for numbers in alike.values():
        first = some[numbers[0]]
        generator = generator_for(first)
        w = torch.cat([styles_of(generator, some[number]) for number in numbers])
        pictures = generator.pictures(w, listener_for(first))
        found |= {number: to_picture(pictures[place : place + 1]) for place, number in enumerate(numbers)}
    return [found[number] for number in range(len(some))]


def look_at_generator(name: str, controls: Controls[Any]) -> Job[GeneratorFound | None]:
    """Open a generator, so that it is at hand, and tell what it is; None where a run has kept nothing of it yet.

    Raises:
        StudioError: it cannot be had.

    """
    yield Progress("Loading the generator")
    try:
        opened = opened_generator(name)
    except NothingKeptError:
        return None
    network = opened.network
    return GeneratorFound(
        network.size, network.styles, network.stages, network.style, opened.facts.steps, opened.make,
        opened.records[0].sha256, opened.ancestors,
    )  # fmt: skip


def generator_for(
    settings: DreamSettings, then: Mapping[str, str] | None = None, format: InferenceFormat | None = None
) -> OpenGenerator:
    """Return what makes the pictures: one generator, or two in one.

    Args:
        settings: name them.
        then: see `opened_generator`.
        format: likewise.

    Raises:
        StudioError: one cannot be had, or the two do not go together.

    """
    generator = opened_generator(settings.model, then, format)
    if settings.second:
        return blended_generator(generator, opened_generator(settings.second, then, format), settings.share)
    return generator


@torch.no_grad()
def styles_of(generator: OpenGenerator, settings: DreamSettings) -> Tensor:
    """Return w, 1×styles×style, of what is set: all but bending.

    Raises:
        StudioError: a held point or a direction is of another generator.

    """
    network = generator.network
    w = _less_typical(generator, _base(generator, settings), settings)
    shares = settings.mixture.shares[: network.styles]
    if any(shares):
        other = _less_typical(generator, _at(generator, *place_of(settings.other)), settings)
        w = mixed_styles(w, other, (*shares, *(0.0,) * (network.styles - len(shares))))
    for move in settings.moves.along:
        vector = torch.from_numpy(unpacked(move.vector)).to(w)
        if len(vector) != network.style:
            raise StudioError(
                f"The direction “{move.name}” is of another generator.", "Set it to 0, or choose its generator."
            )
        after = network.styles if move.after < 0 else min(move.after, network.styles)
        w = moved(w, vector[None], w.new_tensor([move.amount]), (min(move.first, after), after))
    return w


def _less_typical(generator: OpenGenerator, w: Tensor, settings: DreamSettings) -> Tensor:
    return less_typical(w, generator.mean, settings.typical)


def _base(generator: OpenGenerator, settings: DreamSettings) -> Tensor:
    if not settings.held.w:
        return _at(generator, settings.across, settings.down)
    network = generator.network
    w = torch.from_numpy(unpacked(settings.held.w)).to(generator.device)
    if len(w) != network.styles * network.style:
        raise StudioError("The point that is held is of another generator.", "Let it go, or choose its generator.")
    return w.view(1, network.styles, network.style)


def _at(generator: OpenGenerator, across: float, down: float) -> Tensor:
    """Return w, 1×styles×style, at a place of the pad: between seeds along arcs of z, as long as points are there."""
    network = generator.network
    return network.by_stage(network.map(latent_at(network.latent, across, down).to(generator.device)))


def latent_at(size: int, across: float, down: float) -> Tensor:
    """Return z, 1×size, at a place of the pad."""
    seeds, right, below = corners_of(across, down)
    if not right and not below:
        return latents_of(seeds[:1], size)
    z = latents_of(seeds, size)
    return slerp(slerp(z[0:1], z[1:2], right), slerp(z[2:3], z[3:4], right), below)


def listener_for(settings: DreamSettings) -> Listener | None:
    """Return what bends the features on their way, if anything."""
    return bent(Bend(**bend.model_dump()) for bend in settings.bends.stages) if settings.bends.stages else None
