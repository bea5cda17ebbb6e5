"""Which networks find damage and fill holes here, opened in the format that is fastest."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn

from models.hole_filling import Filler
from models.inpainter import Inpainter, membrane
from models.network_files import NetworkFacts, load_network
from models.scratch_detector import ScratchDetector
from models.weight_files import WeightsError
from models.weight_headers import INPAINTER, SCRATCH_DETECTOR
from studio.core.device import choose_device
from studio.core.failures import StudioError
from studio.core.inference_format import FormatMemo, InferenceFormat, in_format
from studio.core.recipes import Recipe, WeightsRecord, name_in_recipes
from studio.core.restore_settings import AUTOMATIC_DETECTOR
from studio.core.trained_models import TrainedModel, TrainedModels

__all__ = ["AUTOMATIC_FILLER", "OpenFiller", "OpenNetwork", "open_detector", "open_filler"]

AUTOMATIC_FILLER = "atelier-fill"
"""The network that comes along."""
_FORMAT = "format of {}"
"""What recipes call, among the versions, the format that such a network computed in."""
_TRIED_AT = {"cpu": 64}
"""Side of the square, px, on which formats are compared; a graphics card needs more."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenNetwork:
    """A network on the device that computes, and what a recipe says of it."""

    network: nn.Module
    records: tuple[WeightsRecord, ...]
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class OpenFiller:
    """What fills holes: a network, or the membrane; and what a recipe says of it."""

    filler: Filler
    records: tuple[WeightsRecord, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)


def open_detector(name: str, recipe: Recipe | None) -> OpenNetwork:
    """Open the network that finds damage and writing: the one called `name`, "" the one that comes along.

    Args:
        name: as settings call it.
        recipe: of a picture that is made again, with the network of then, in the format of then.

    Raises:
        StudioError: it is not on this computer, or cannot be used.

    """
    model = _found(SCRATCH_DETECTOR, name, AUTOMATIC_DETECTOR, recipe)
    if model is None:
        raise StudioError(
            f"The network {AUTOMATIC_DETECTOR}, which finds scratches, is not on this computer.",
            "Paint over what is to go and use Fill, train a scratch detector in the Train panel, or install Atelier "
            "again.",
        )  # fmt: skip
    return _opened(model, SCRATCH_DETECTOR, ScratchDetector, recipe, lambda network, picture, hole: network(picture))


def open_filler(name: str, recipe: Recipe | None) -> OpenFiller:
    """Open what fills holes: the network called `name`, "" the one that comes along; without it, the membrane.

    Args:
        name: as settings call it.
        recipe: of a picture that is made again, with the network of then, in the format of then.

    Raises:
        StudioError: the one that is named is not on this computer, or cannot be used.

    """
    model = _found(INPAINTER, name, AUTOMATIC_FILLER, recipe)
    if model is None:
        return OpenFiller(membrane)
    found = _opened(model, INPAINTER, Inpainter, recipe, lambda network, picture, hole: network(picture, hole))
    device = choose_device().kind

    def fill(pictures: Tensor, holes: Tensor) -> Tensor:
        made: Tensor = found.network(pictures.to(device), holes.to(device))
        return made

    return OpenFiller(fill, found.records, found.versions)


def _found(task: str, name: str, automatic: str, recipe: Recipe | None) -> TrainedModel | None:
    """Return the network that is asked for; None where none is named and the one that comes along is not here.

    Raises:
        StudioError: one that is named is not on this computer.

    """
    shelf = TrainedModels.standard(task)
    if recipe is not None:
        used = name_in_recipes(name or automatic)
        then = {record.name: record.sha256 for record in recipe.weights}
        return shelf.find_recorded(used, then[used]) if used in then else None
    if name:
        return shelf.find(name)
    return next((model for model in shelf.all() if model.name == automatic), None)


def _opened(
    model: TrainedModel, task: str, make: Callable[..., nn.Module], recipe: Recipe | None,
    tried: Callable[[nn.Module, Tensor, Tensor], Tensor],
) -> OpenNetwork:  # fmt: skip
    try:
        network, facts = load_network(model.path, task, make)
    except (WeightsError, OSError) as error:
        raise StudioError(str(error), "Choose another network, or get its file again.") from error
    network = network.to(choose_device().kind)
    key = _FORMAT.format(task.replace("_", " "))
    if recipe is None:
        format = _best_format(network, facts, tried)
    else:
        format = InferenceFormat.from_text(recipe.versions.get(key, ""))
    return OpenNetwork(in_format(network, format), (model.record(),), {key: str(format)})


def _best_format(
    network: nn.Module, facts: NetworkFacts, tried: Callable[[nn.Module, Tensor, Tensor], Tensor]
) -> InferenceFormat:
    """Return the format that is best here for such a network; where it is not known yet, all are tried."""
    device = next(network.parameters()).device
    side = _TRIED_AT.get(device.type, 512)
    picture = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0)).to(device)
    hole = torch.zeros(1, 1, side, side, device=device)
    hole[..., side // 4 : side // 2, side // 4 : side // 2] = 1.0

    def prepare(format: InferenceFormat) -> Callable[[], Tensor]:
        return torch.inference_mode()(partial(tried, in_format(deepcopy(network), format), picture, hole))

    shape = " ".join(f"{name} {value}" for name, value in facts.shape.items())
    return FormatMemo.standard().choose(f"{facts.task}: {shape}", prepare)
