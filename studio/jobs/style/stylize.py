"""The style job: paints a photo in the manner of one or more paintings while the artist steers."""

import math

import torch
from torch import Tensor

from models.backbones import Backbone, WeightsError, load_backbone, untrained_backbone
from models.painting_init import fitted
from models.pixels import to_deep_picture, to_picture, to_tensor
from studio.core.compositing import result_of
from studio.core.controls import Controls
from studio.core.cost import PaceMemo
from studio.core.device import choose_device
from studio.core.events import Job, Log, Progress
from studio.core.failures import StudioError
from studio.core.inference_format import in_format
from studio.core.picture_task import PictureRequest, PictureResult
from studio.core.picture_tasks import STYLIZE
from studio.core.recipes import Recipe, WeightsRecord
from studio.core.style_settings import StyleSettings
from studio.core.trained_models import TrainedModel, TrainedModels
from studio.core.weights import UNTRAINED, ResolvedWeights, resolve_backbone, resolve_recorded
from studio.jobs.picture_recipes import RecipeWriter, ReplayControls
from studio.jobs.style.arithmetic import Arithmetic, arithmetic_of, format_of_backbone, recorded
from studio.jobs.style.fast_stylize import fast_stylize, open_fast_style, paint_as_recorded, recorded_style
from studio.jobs.style.inputs import StyleInputs, starts_instantly
from studio.jobs.style.multiscale import MultiscaleOptimisation
from studio.jobs.style.scales import FEWEST
from studio.jobs.style.steering import LiveSteering, ReplayedSteering, Steering

LOADING = "Loading the network…"


def stylize(request: PictureRequest, controls: Controls[StyleSettings]) -> Job[PictureResult]:
    """Paint the photo in the manner of `request.all("style")` (Gatys et al. 2016).

    Given `ReplayControls`, the picture of their recipe is made again, on the CPU bit by bit.

    Raises:
        StudioError: the network cannot be had, the request lacks a painting, or the photo is too narrow at this size.

    """
    if isinstance(controls, ReplayControls):
        return (yield from _replay(request, controls))
    settings = controls.settings
    _check(request, settings)
    if settings.method == "instant":
        return (yield from fast_stylize(request, controls))
    yield Progress(LOADING)
    weights = resolve_backbone(settings.backbone)
    backbone = open_backbone(weights, settings)
    if not weights.trained:
        yield Log(f"{weights.label}: its weights are random, so expect texture rather than brush strokes.", "warning")
    steering = LiveSteering(controls, settings)
    style = TrainedModels.standard("fast_style").find(settings.fast_style) if starts_instantly(settings) else None
    records = (weights_record(weights),) if style is None else (weights_record(weights), style.record())
    arithmetic = Arithmetic(format=format_of_backbone(backbone))
    writer = RecipeWriter(STYLIZE, request, settings, *records, versions=recorded(request.history, arithmetic))
    optimisation = MultiscaleOptimisation(
        _inputs(request, settings, in_format(backbone, arithmetic.format), style),
        settings,
        steering,
        lambda newest, at: writer.write(newest, steering.record, stopped_at=at),
        equilibrated=arithmetic.equilibrated,
    )
    yield from optimisation.paint(None if request.branch is None else to_tensor(request.branch))
    _learn_pace(request, settings, steering)
    newest = steering.pinned(controls.settings)
    assert optimisation.painting is not None
    recipe = writer.write(newest, steering.record)
    return result_of(request, to_deep_picture(optimisation.painting), newest, recipe, finished=not optimisation.stopped)


def _learn_pace(request: PictureRequest, settings: StyleSettings, steering: LiveSteering) -> None:
    """Remember how long the evaluations took, for what the next painting will cost."""
    photo = request.photo
    areas = {side: math.prod(fitted(photo.height, photo.width, side)) for side in steering.pace}
    pace = {areas[side]: seconds for side, seconds in steering.pace.items()}
    PaceMemo.standard().learn(settings.backbone, choose_device(), pace)


def _replay(request: PictureRequest, controls: ReplayControls[StyleSettings]) -> Job[PictureResult]:
    """Make the picture of a recipe again: every segment of its chain, one after the other."""
    recipe = controls.recipe
    frame = None if request.branch is None else to_tensor(request.branch)
    painting: Tensor | None = None
    stopped = False
    for segment, arithmetic in zip(controls.segments, arithmetic_of(recipe), strict=True):
        _check(request, segment.settings)
        if painting is not None:
            frame = to_tensor(to_picture(painting))
        if segment.settings.method == "instant":
            painting, stopped = (yield from paint_as_recorded(request, segment.settings, recipe)), False
            continue
        yield Progress(LOADING)
        name = _name_then(segment.settings.backbone, recipe)
        record = next((record for record in recipe.weights if record.name == name), WeightsRecord(name=name))
        weights = resolve_recorded(name, record.sha256)
        if (weights.sha256, weights.trained) != (record.sha256, record.trained):
            yield Log(f"{weights.label} is not the network this picture was made with; it will differ.", "warning")
        style = recorded_style(segment.settings, recipe) if starts_instantly(segment.settings) else None
        steering: Steering = ReplayedSteering(segment.settings, segment.steps)
        backbone = in_format(open_backbone(weights, segment.settings), arithmetic.format)
        optimisation = MultiscaleOptimisation(
            _inputs(request, segment.settings, backbone, style),
            segment.settings,
            steering,
            lambda _newest, _at: recipe,
            equilibrated=arithmetic.equilibrated,
        )
        yield from optimisation.paint(frame)
        painting, stopped = optimisation.painting, optimisation.stopped
    assert painting is not None
    return result_of(request, to_deep_picture(painting), controls.settings, recipe, finished=not stopped)


def _name_then(backbone: str, recipe: Recipe) -> str:
    """Return what to call the network so that it is as it was: random weights, even if trained ones have come since."""
    names = {record.name for record in recipe.weights}
    untrained = backbone + UNTRAINED
    return untrained if untrained in names and backbone not in names else backbone


def open_backbone(weights: ResolvedWeights, settings: StyleSettings) -> Backbone:
    """Build the network that `weights` name, with random weights where there are none.

    Raises:
        StudioError: the file cannot be used.

    """
    try:
        if weights.path is None:
            return untrained_backbone(weights.architecture, seed=settings.seed, pooling=settings.pooling)
        return load_backbone(weights.path, weights.architecture, pooling=settings.pooling)
    except WeightsError as error:
        raise StudioError(str(error), "Choose another weights file, or download it again.") from error


def weights_record(weights: ResolvedWeights) -> WeightsRecord:
    """Return what the recipe says of the network."""
    return WeightsRecord(name=weights.name, sha256=weights.sha256, trained=weights.trained)


def _check(request: PictureRequest, settings: StyleSettings) -> None:
    if not request.all("style") and settings.mode != "reconstruct" and settings.method != "instant":
        raise StudioError("There is no painting to learn from.", "Add a painting.")
    height, width = request.photo.pixels.shape[:2]
    height, width = fitted(height, width, settings.size)
    if min(height, width) < FEWEST:
        left, side = min((height, "height"), (width, "width"))
        pixels = "1 pixel of {} is" if left == 1 else f"{left} pixels of {{}} are"
        raise StudioError(f"Only {pixels.format(side)} left at this size.", "Choose a larger size, or crop the photo.")


def _inputs(
    request: PictureRequest, settings: StyleSettings, backbone: Backbone, style: TrainedModel | None
) -> StyleInputs:
    device = torch.device(choose_device().kind)
    return StyleInputs(
        request, settings, backbone.to(device), device, None if style is None else open_fast_style(style)
    )
