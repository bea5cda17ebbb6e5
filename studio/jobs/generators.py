"""Generators kept at hand while one plays with them: opened once, mixed where two are asked for."""

import json
import os
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from time import monotonic

import torch
from torch import Tensor

from models.gan import Generator, Listener
from models.generator_files import ANCESTORS, GeneratorFacts, load_generator
from models.latent import mean_style, pictures_of
from models.weight_files import WeightsError
from studio.core.checksums import unreadable
from studio.core.device import choose_device
from studio.core.failures import StudioError
from studio.core.inference_format import PLAIN, FormatMemo, InferenceFormat
from studio.core.recipes import WeightsRecord, name_in_recipes
from studio.core.trained_models import TrainedModel, TrainedModels
from studio.jobs.unfinished import kept_so_far
from studio.jobs.unfinished_generators import model_so_far
from studio.training.run_folder import RunFolder

__all__ = ["NothingKeptError", "OpenGenerator", "blended_generator", "generator_in", "opened_generator"]

_SMALL = 200_000
"""A network with fewer weights takes a moment in any format."""
_TRIED_WITH = 9
"""Pictures that formats are compared on: one is too little to tell, and the pad, where the time goes, shows 25."""
_LOOKED_AT_S = 2.0
"""How long a file or a run is taken for what it was."""


class NothingKeptError(StudioError):
    """A run is learning that has written no checkpoint so far: one waits for it."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenGenerator:
    """A generator on the device, in eval mode.

    Args:
        network: knows w, in full precision.
        painter: makes pictures: the same network in the format that is fastest here.
        format: that one.
        facts: what its file tells.
        mean: the most typical w, 1×style.
        records: what a recipe says of it; two where two were mixed.
        ancestors: checksums of the files that it began as, the nearest first.
        file: where it lies; None where two were mixed.

    """

    network: Generator
    painter: Generator
    format: InferenceFormat
    facts: GeneratorFacts
    mean: Tensor
    records: tuple[WeightsRecord, ...]
    ancestors: tuple[str, ...] = ()
    file: Path | None = None

    @property
    def make(self) -> str:
        """What it is built like: two of one make can be blended."""
        return json.dumps([self.facts.network, self.facts.shape], sort_keys=True)

    def pictures(self, w: Tensor, listen: Listener | None = None) -> Tensor:
        """Return pictures, N×3×S×S, 0–1, of w: see `models.latent.pictures_of`."""
        return pictures_of(self.painter, w.to(getattr(torch, self.format.dtype)), listen)

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.mean.device


def opened_generator(
    name: str, then: Mapping[str, str] | None = None, format: InferenceFormat | None = None
) -> OpenGenerator:
    """Return a generator; one that was asked for lately is still at hand.

    Args:
        name: on the shelf, a file, or the folder of a run.
        then: of a picture that is made again: the checksums by the names that its recipe has for networks.
        format: in which it makes pictures; None: what is fastest here.

    Raises:
        NothingKeptError: it is a run without a checkpoint.
        StudioError: there is none, or it cannot be read.

    """
    if not name:
        raise StudioError("No generator is chosen.", "Train one, or name its file or run: --model.")
    model = _found(name, then)
    try:
        status = model.path.stat()
    except OSError as error:
        raise unreadable(model.path, error) from error
    network, facts, mean = _loaded(model.path, status.st_size, status.st_mtime_ns, choose_device().kind)
    ancestors = tuple(one for one in model.facts.get(ANCESTORS, "").split(",") if one)
    chosen = format or _format_of(network, facts)
    painter = _painter(network, chosen)
    return OpenGenerator(network, painter, chosen, facts, mean, (model.record(),), ancestors, model.path)


def blended_generator(one: OpenGenerator, other: OpenGenerator, share: float) -> OpenGenerator:
    """Return a generator whose weights lie between those of two, at `share` of the way to the other.

    Of two that learnt on from one, what lies between them makes pictures as well (Wang et al. 2019, "Deep Network
    Interpolation"); of two strangers hardly.

    Raises:
        StudioError: they are not of the same make.

    """
    if one.make != other.make:
        raise StudioError(
            "These two generators are not of the same make.",
            "Choose one of the same size and layers: best one that learnt on from the other.",
        )
    if share in (0.0, 1.0):
        return replace(other if share else one, records=(*one.records, *other.records), file=None)
    network, mean = _between(one.network, other.network, share)
    painter = _painter(network, one.format)
    records = (*one.records, *other.records)
    return replace(one, network=network, painter=painter, mean=mean, records=records, file=None)


def _found(name: str, then: Mapping[str, str] | None) -> TrainedModel:
    if then is not None:
        sha256 = then.get(name_in_recipes(name), "")
        kept = kept_so_far(name_in_recipes(name), sha256)
        return kept or TrainedModels.standard("generator").find_recorded(name, sha256)
    if os.sep in name:  # a file or a folder: it may be another one by now
        return _at(Path(name), int(monotonic() / _LOOKED_AT_S))
    known = _on_shelf(name, os.environ.get("ATELIER_HOME", ""))
    if not known.path.exists():
        _on_shelf.cache_clear()
        known = _on_shelf(name, os.environ.get("ATELIER_HOME", ""))
    return known


@lru_cache(maxsize=4)
def _at(path: Path, _now: int) -> TrainedModel:
    """Look at a file, or at a run: what it has reached where it goes on. Not for every picture: that takes a while."""
    model = model_so_far(path)
    if model is None and RunFolder(path).checkpoints.is_dir() and not RunFolder(path).model_file.exists():
        raise NothingKeptError(f"“{path.name}” has kept nothing yet that could dream.", "Try again once it has.")
    return model or TrainedModels.standard("generator").find(str(path))


@lru_cache(maxsize=8)
def _on_shelf(name: str, home: str) -> TrainedModel:
    """Look a name up: to look through the shelf takes longer than to make a picture."""
    return TrainedModels.standard("generator").find(name)


@lru_cache(maxsize=3)
def _loaded(path: Path, size: int, changed: int, device: str) -> tuple[Generator, GeneratorFacts, Tensor]:
    """Load a file as it is: `size` and `changed` make another file of it once it has been replaced."""
    network, facts = generator_in(path)
    network = network.to(device)
    with torch.no_grad():
        return network, facts, mean_style(network)


def generator_in(path: Path) -> tuple[Generator, GeneratorFacts]:
    """Return the generator in a file, on the CPU, and what it is.

    Raises:
        StudioError: it holds none, or cannot be read.

    """
    try:
        return load_generator(path)
    except WeightsError as error:
        raise StudioError(str(error), "Choose a generator that was trained with Atelier.") from error
    except OSError as error:
        raise unreadable(path, error) from error


def _format_of(network: Generator, facts: GeneratorFacts) -> InferenceFormat:
    """Return the format that is fastest here; where it is not known yet, it is tried. Of small networks nothing is."""
    count = sum(weight.numel() for weight in network.parameters())
    if count < _SMALL:
        return PLAIN
    w = torch.zeros(_TRIED_WITH, network.style, device=next(network.parameters()).device)

    def prepare(format: InferenceFormat) -> Callable[[], Tensor]:
        copy = _painter(network, format)
        return lambda: pictures_of(copy, w.to(getattr(torch, format.dtype)))

    kind = f"generators of {network.size} px, {facts.network}, {count} weights, {_TRIED_WITH} at once"
    return FormatMemo.standard().choose(kind, prepare)


@lru_cache(maxsize=4)
def _painter(network: Generator, format: InferenceFormat) -> Generator:
    if format == PLAIN:
        return network
    layout = torch.channels_last if format.channels_last else torch.contiguous_format
    made: Generator = deepcopy(network).to(dtype=getattr(torch, format.dtype), memory_format=layout)  # type: ignore[call-overload]
    return made


@lru_cache(maxsize=1)
def _between(one: Generator, other: Generator, share: float) -> tuple[Generator, Tensor]:
    weights, others = one.state_dict(), other.state_dict()
    mixed = {
        name: torch.lerp(value, others[name], share) if value.is_floating_point() else value
        for name, value in weights.items()
    }
    network = deepcopy(one)
    network.load_state_dict(mixed)
    with torch.no_grad():
        return network, mean_style(network)
