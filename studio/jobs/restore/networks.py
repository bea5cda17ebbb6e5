"""Which networks restore a photo as the settings ask, opened and put together."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.lean_forms import lean
from models.restoration import FOREIGN, RestorerFacts, load_restorer, mixed
from models.restoration_tiles import Chain
from models.weight_files import WeightsError
from studio.core.checksums import sha256_of
from studio.core.device import choose_device
from studio.core.failures import StudioError
from studio.core.file_names import expanded
from studio.core.inference_format import FORMATS, PLAIN, FormatMemo, InferenceFormat, in_format
from studio.core.recipes import Recipe, WeightsRecord, name_in_recipes
from studio.core.restore_settings import RestoreSettings
from studio.core.trained_models import PARTNER, TrainedModel, TrainedModels
from studio.jobs.restore.choices import CRISP, hears, name_of
from studio.jobs.restore.unfinished import model_so_far
from studio.jobs.unfinished import kept_so_far

__all__ = ["OpenRestorer", "kind_of_restorers", "mends_by_itself", "opened", "with_scale"]

FORMAT = "format"
"""What recipes call, among the versions, the format that the networks computed in."""
_TRIED_AT, _TRIED_AT_ON_GPU = 256, 512
"""Side, px, of the square that formats are compared on; of what is made of it on a processor.

Enhance's many small steps tell half precision apart only there; an enlarger is slow enough with less.
"""
_UNKNOWN_TRIED_AT = 64
"""For other people's networks, of which some take seconds for more."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenRestorer:
    """A network ready to restore.

    Attributes:
        network: a `models.restoration.Restorer`, on the device that computes.
        records: of all that it is made of.
        format: that it computes in.
        remark: what was asked for and cannot be had; "" where all was.

    """

    network: nn.Module
    records: tuple[WeightsRecord, ...]
    format: InferenceFormat
    remark: str = ""


def opened(
    settings: RestoreSettings, strength: float, recipe: Recipe | None = None, *, plain: bool = False
) -> OpenRestorer:
    """Open what the settings ask for: an enhancer, an enlarger, or one behind the other where the latter hears nothing.

    Args:
        settings: of the job.
        strength: what is to be taken away, 0–1; where that is nothing, a photo is enlarged as it is.
        recipe: of a picture that is made again, with the networks of then, in the format of then.
        plain: as it learnt, and in full precision: to compare with.

    Raises:
        StudioError: a network is not on this computer, does something else, or its file cannot be used.

    """
    loader = _Loader(settings, recipe)
    wanted = settings.enlargement
    mends_before = strength > 0 and not loader.hears(wanted)
    parts = [loader.load(1)] if wanted == 1 or mends_before else []
    if wanted > 1:
        parts.append(loader.load(wanted))
    network = parts[0] if len(parts) == 1 else Chain(*parts)
    network = network.to(choose_device().kind)
    if plain:
        return OpenRestorer(network, tuple(loader.records), PLAIN)
    network = lean(network)
    if recipe is None:
        format = _best_format(network, loader.kinds)
    else:
        format = InferenceFormat.from_text(recipe.versions.get(FORMAT, ""))
    return OpenRestorer(in_format(network, format), tuple(loader.records), format, loader.remark)


def mends_by_itself(settings: RestoreSettings, recipe: Recipe | None = None) -> bool:
    """Tell whether "automatic" takes noise and JPEG away: with the networks that come along, and with one that is told.

    Another that the settings name enlarges a photo as it is: it may have learnt to mend in its own way.

    Raises:
        StudioError: it is not on this computer, or does something else.

    """
    scale = settings.enlargement
    return scale == 1 or not settings.model or _Loader(settings, recipe).hears(scale)


def with_scale(settings: RestoreSettings, width: int, height: int, recipe: Recipe | None = None) -> RestoreSettings:
    """Return settings that ask for a scale where they ask for a size of a photo of so many pixels.

    Raises:
        StudioError: the network that they name is not on this computer, or does something else.

    """
    return settings.for_photo(width, height, _Loader(settings, recipe).own_scale)


class _Loader:
    """Loads networks by what they do, and remembers what was used."""

    def __init__(self, settings: RestoreSettings, recipe: Recipe | None) -> None:
        self._settings, self._shelf = settings, TrainedModels.standard("restorer")
        self._then = {record.name: record.sha256 for record in recipe.weights} if recipe is not None else {}
        self.records: list[WeightsRecord] = []
        self.kinds: list[RestorerFacts] = []
        self.remark = ""

    def load(self, scale: int) -> nn.Module:
        """Return a network that enlarges so many times; 1 is an enhancer. It is as crisp as the settings say."""
        own = self._own(scale)
        model = own or self._coming_along(name_of(scale))
        network, facts = self._read(model)
        self.kinds.append(facts)
        if self._settings.crisp:
            comes_along = own is None or own.name == name_of(scale)
            crisp = self._coming_along(name_of(scale) + CRISP) if comes_along else self._crisp_of(model)
            if crisp is None:
                self.remark = f"{model.label} has no crisp partner: it is used as it is."
            else:
                network = mixed(network, self._read(crisp)[0], self._settings.crisp)
        return network

    def hears(self, scale: int) -> bool:
        """Tell whether the network for a scale is told how much there is to take away."""
        return hears(self._own(scale) or self._coming_along(name_of(scale)))

    def _crisp_of(self, own: TrainedModel) -> TrainedModel | None:
        """Return the crisp partner of a network that the settings name; of a recipe the one of then."""
        if not self._then:
            return self._shelf.crisp_of(own)
        others = (self._shelf.find_recorded(*record) for record in self._then.items())
        return next((model for model in others if model.facts.get(PARTNER) == sha256_of(own.path)), None)

    @property
    def own_scale(self) -> int:
        """How many times the network that the settings name enlarges; 1 where they name none."""
        return _facts_of(self._find(self._settings.model)).scale if self._settings.model else 1

    def _own(self, scale: int) -> TrainedModel | None:
        """Return the network that the settings name, if it is for this.

        Raises:
            StudioError: there is none, or it enlarges otherwise.

        """
        name = self._settings.model
        if not name:
            return None
        model = self._find(name)
        does = _facts_of(model).scale
        if does not in (1, self._settings.enlargement):
            what = (
                "keeps the size" if self._settings.enlargement == 1 else f"enlarges {self._settings.enlargement}-fold"
            )
            raise StudioError(
                f"{model.label} enlarges {does}-fold, and what is asked for {what}.",
                f"Choose Enlarge {does} ×, or another network.",
            )
        return model if does == scale else None

    def _coming_along(self, name: str) -> TrainedModel:
        try:
            return self._find(name)
        except StudioError as error:
            raise StudioError(
                f"The network {name} is not on this computer.",
                "Choose a network of your own, or install Atelier again.",
            ) from error

    def _find(self, name: str) -> TrainedModel:
        if not self._then and (folder := expanded(name)).is_dir() and (so_far := model_so_far(folder)):
            return so_far
        if not self._then:
            return self._shelf.find(name)
        sha256 = self._then.get(name_in_recipes(name), "")
        return kept_so_far(name, sha256) or self._shelf.find_recorded(name, sha256)

    def _read(self, model: TrainedModel) -> tuple[nn.Module, RestorerFacts]:
        try:
            network, facts = load_restorer(model.path, _facts_of(model))
        except (WeightsError, OSError) as error:
            raise StudioError(str(error), "Choose another network, or get its file again.") from error
        self.records.append(model.record())
        return network, facts


def _facts_of(model: TrainedModel) -> RestorerFacts:
    try:
        return RestorerFacts.from_metadata(model.facts, model.path.name)
    except WeightsError as error:
        raise StudioError(str(error), "Choose another network.") from error


def _best_format(network: nn.Module, kinds: Sequence[RestorerFacts]) -> InferenceFormat:
    """Return the format that is best here for such networks; where it is not known yet, all are tried.

    Other people's have full precision from end to end: their last layer makes the picture itself, not what is added to
    it, and half precision has 8 bits.
    """
    formats = FORMATS if all(kind.network != FOREIGN for kind in kinds) else FORMATS[:2]
    device = next(network.parameters()).device
    side = _tried_at(kinds)
    picture = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0)).to(device)
    full = torch.ones(1, device=device)

    def prepare(format: InferenceFormat) -> Callable[[], Tensor]:
        copy = in_format(deepcopy(network), format)

        def passing() -> Tensor:
            with torch.no_grad():
                made: Tensor = copy(picture, full)
            return made

        return passing

    return FormatMemo.standard().choose(kind_of_restorers(*kinds), prepare, formats)


def kind_of_restorers(*facts: RestorerFacts) -> str:
    """Return what such networks are called where their format is kept."""
    shapes = (f"{one.network} {' '.join(f'{name} {value}' for name, value in one.shape.items())}" for one in facts)
    return f"restorers: {', '.join(shape.strip() for shape in shapes)} at {_tried_at(facts)} px"


def _tried_at(kinds: Sequence[RestorerFacts]) -> int:
    """Return the side, px, of the square that such networks are tried on."""
    if choose_device().kind != "cpu":
        return _TRIED_AT_ON_GPU
    return min(_UNKNOWN_TRIED_AT if kind.network == FOREIGN else _TRIED_AT // kind.scale for kind in kinds)
