"""The restoring task: good photos are damaged, and a network learns to give them back."""

import copy
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from models.backbones import Backbone, load_backbone
from models.collapsible import collapse
from models.feature_loss import FeatureLoss, calibrated
from models.fidelity import psnr, ssim
from models.pixels import to_picture
from models.restoration import RestorerFacts, begin_from, build, load_restorer, to_file
from models.restoration_loss import PixelLoss
from models.unet import DynamicUnet
from models.unet_encoders import SLIM, fill_encoder
from models.weight_files import WeightsError, read_tensors
from studio.core.events import Job, Log, Picture, Progress
from studio.core.failures import StudioError
from studio.core.settings import Settings
from studio.core.trained_models import TrainedModels
from studio.core.weights import resolve_backbone
from studio.training.data.pictures import opening_pictures
from studio.training.data.sampler import seed_of
from studio.training.run_folder import RunPlan
from studio.training.sample_sheet import sample_sheet
from studio.training.task import (
    Batch,
    ExportedModel,
    LayerGroup,
    Objective,
    Objectives,
    OptimiserRule,
    TaskContext,
    TrainingTask,
)  # fmt: skip
from studio.training.tasks.restore_card import restore_card
from studio.training.tasks.restore_pairs import opening_own_pairs
from studio.training.tasks.restore_pictures import Damage, DamagedPictures, Square, enlarged_to, whole_squares
from studio.training.tasks.restore_settings import GRADED, PAIRS, RESTORE, RestorerSettings

if TYPE_CHECKING:
    from studio.training.schedule import StepConfig

__all__ = ["RestoreTask", "open_task"]

_CACHED_SIDE = 1536
"""Shorter side at which photos are kept: larger ones are reduced, which only makes them sharper."""
_MEASURED_SIDE = 256
_SHOWN, _SHOWN_SIDE = 4, 192
_CALIBRATED_ON, _CALIBRATED_SIDE = 8, 128
"""So many squares, of so many pixels, the look is calibrated on."""


class RestoreTask(TrainingTask):
    """One restorer in training.

    Args:
        network: on the device.
        facts: what it is.
        photos: what it learns from.
        kept: what it is measured on; may be empty.
        looks: what it shows.
        settings: of the run.
        look: compares what pictures look like; None nothing does.

    """

    shown = "restorer"

    def __init__(
        self,
        network: nn.Module,
        facts: RestorerFacts,
        photos: DamagedPictures,
        kept: list[Square],
        looks: list[Square],
        settings: RestorerSettings,
        look: FeatureLoss | None = None,
    ) -> None:
        self.networks: Mapping[str, nn.Module] = {"restorer": network}
        self.examples = photos
        self.best = ("psnr", "max") if kept else None
        self._facts, self._kept, self._looks, self._settings = facts, kept, looks, settings
        self._device = next(network.parameters()).device
        self._loss, self._look = loss_of(settings), look
        self._steps = 0
        self._measured: dict[str, float] = {}

    # -- learning ----------------------------------------------------------------------------------------------------

    def objectives(self, batch: Batch, config: "StepConfig") -> Objectives:
        """Restore the damaged pictures, and compare."""
        given, wanted, strength = batch
        made = self.networks["restorer"](given, strength)
        yield None
        terms = dict(self._loss(made, wanted))
        if self._look is not None:
            yield None
            weight = self._settings.feature_weight
            terms |= {name: weight * term for name, term in self._look(made, wanted).items()}
        self._steps = config.step + 1
        yield Objective("restorer", sum(terms.values(), 0.0 * made.sum()), {n: t.detach() for n, t in terms.items()})

    def optimiser(self, network: str) -> OptimiserRule:
        """Adam as the lesson has it, for its U-Net."""
        return OptimiserRule(betas=(None, 0.99)) if self._facts.network == "unet" else OptimiserRule()

    def layer_groups(self, network: str) -> Sequence[LayerGroup]:
        """Of a U-Net the encoder, which rests and learns at a rate of its own, and all that is built upon it."""
        groups = super().layer_groups(network)
        if self._facts.network != "unet":
            return groups
        encoder = [weight for name, weights in groups for weight in weights if name == "encoder"]
        decoder = [weight for name, weights in groups for weight in weights if name != "encoder"]
        return [("encoder", encoder), ("decoder", decoder)]

    def refresh_statistics(self, shown: nn.Module, batch: Batch) -> Generator[None, None, None]:  # noqa: D102
        shown(batch[0], batch[2])
        yield

    def adopt(self, settings: Settings) -> None:  # noqa: D102
        assert isinstance(settings, RestorerSettings)
        self._settings, self._loss = settings, loss_of(settings)

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {"steps": self._steps, "measured": dict(self._measured)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:  # noqa: D102
        self._steps, self._measured = int(state["steps"]), dict(state["measured"])

    # -- being measured ----------------------------------------------------------------------------------------------

    def validate(self, shown: nn.Module) -> Generator[None, None, dict[str, float]]:
        """Measure luma's "psnr" (dB) and "ssim" on what is kept, and how much better that is than what was given."""
        sums = dict.fromkeys(("psnr", "ssim", "gain"), 0.0) if self._kept else {}
        for given, wanted, strength in self._kept:
            made = self._restored(shown, given, strength)
            yield
            border = self._facts.scale
            reached, plain = (psnr(x, wanted, border=border) for x in (made.cpu(), enlarged_to(wanted, given)))
            found = {"psnr": reached, "ssim": ssim(made.cpu(), wanted), "gain": reached - plain}
            for name, value in found.items():
                sums[name] += float(value) / len(self._kept)
            yield
        self._measured = sums
        return sums

    def sample(self, shown: nn.Module) -> Generator[None, None, Picture | None]:
        """Show a few squares: what is given, what it makes of that, and what is wanted."""
        rows: dict[str, list[Tensor]] = {"Given": [], "Restored": [], "Wanted": []}
        for given, wanted, strength in self._looks:
            made = self._restored(shown, given, strength).cpu()
            for row, picture in zip(rows.values(), (enlarged_to(wanted, given), made, wanted), strict=True):
                row.append(picture)
            yield
        return sample_sheet({name: to_picture(torch.cat(row, dim=3)) for name, row in rows.items()})

    def _restored(self, shown: nn.Module, given: Tensor, strength: float) -> Tensor:
        made: Tensor = shown(given.to(self._device), torch.tensor([strength], device=self._device))
        return made.float()

    # -- being kept --------------------------------------------------------------------------------------------------

    def export(self, shown: nn.Module) -> ExportedModel:
        """Return the collapsed network in half precision, and how well it does."""
        facts = RestorerFacts(
            self._facts.network, self._facts.shape, self._facts.damage, self._facts.finish, self._steps,
            about={"settings": self._settings.model_dump_json()},
        )  # fmt: skip
        plain = collapse(copy.deepcopy(shown))
        card = restore_card(facts, self._settings, photos=len(self.examples), measured=self._measured)
        return ExportedModel(to_file(plain), facts.to_metadata(), card)


def open_task(plan: RunPlan, place: TaskContext) -> Job[RestoreTask]:
    """Read the photos, and draw the first weights, or take those that it shall begin with.

    Raises:
        StudioError: something cannot be read, or is no network to begin with.

    """
    settings = RestorerSettings.model_validate(dict(plan.settings))
    facts = facts_of(settings)
    (slot,) = RESTORE.data
    whole = facts.network == "unet"
    photos: DamagedPictures
    if settings.damage == PAIRS:
        photos, kept = yield from opening_own_pairs(
            slot, plan.data, settings, place, scale=facts.scale, side=_CACHED_SIDE, held_back=settings.held_back,
            whole=whole,
        )  # fmt: skip
    else:
        found, kept = yield from opening_pictures(
            slot, plan.data, settings, place, side=_CACHED_SIDE, held_back=settings.held_back
        )
        damage = Damage(facts.scale, settings.damage_recipe, settings.is_graded)
        photos = DamagedPictures(
            found.pictures, found.chosen, found.variation, damage, settings.from_afar, settings.turned, whole
        )
    network = yield from _untrained(facts, settings, place.seed)
    if settings.start:
        yield Progress("Loading the network to begin with")
        _begin(network, settings.start)
    # channels last: up to twice as fast on a processor, and no less exact
    network.to(place.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    looks = (kept or photos.chosen)[:_SHOWN]
    look = None
    if settings.feature_weight:
        yield Progress("Loading the network that looks")
        look = calibrated(_slim().to(place.device), _pairs(photos, (kept or photos.chosen)[:_CALIBRATED_ON], place))
    return RestoreTask(
        network, facts, photos,
        whole_squares(photos, kept, _MEASURED_SIDE, place.seed), whole_squares(photos, looks, _SHOWN_SIDE, place.seed),
        settings, look,
    )  # fmt: skip


def _untrained(facts: RestorerFacts, settings: RestorerSettings, seed: int) -> Job[nn.Module]:
    """Return a new network; of a U-Net the encoder is trained already, where there are weights for it.

    Raises:
        StudioError: there is no such encoder, or the file has another's weights.

    """
    try:
        network = build(facts)
        if not isinstance(network, DynamicUnet):
            network.initialise(torch.Generator().manual_seed(seed_of("weights", seed) % 2**63))  # type: ignore[operator]
            return network
        yield Progress("Loading the encoder")
        if settings.encoder == SLIM:
            network.encoder.load_state_dict(_slim().features.state_dict())
        elif settings.encoder_file:
            fill_encoder(settings.encoder, network.encoder, read_tensors(Path(settings.encoder_file).expanduser()))
        else:
            yield Log(f"{settings.encoder} begins untrained: no file with its weights is named.", "warning")
    except (ValueError, OSError) as error:
        raise StudioError(str(error), "Choose another encoder, or the file that belongs to it.") from error
    return network


def _slim() -> Backbone:
    """Return the network that comes along."""
    weights = resolve_backbone(SLIM)
    assert weights.path is not None
    return load_backbone(weights.path, weights.architecture)


def _pairs(photos: DamagedPictures, numbers: Sequence[int], place: TaskContext) -> Iterator[tuple[Tensor, Tensor]]:
    """Return what is given, at the size of what is wanted, and that, of a few photos."""
    for given, wanted, _ in whole_squares(photos, tuple(numbers), _CALIBRATED_SIDE, place.seed):
        yield enlarged_to(wanted, given).to(place.device), wanted.to(place.device)


def facts_of(settings: RestorerSettings) -> RestorerFacts:
    """Return which network the settings ask for."""
    shape: dict[str, Any] = {"width": settings.width} if settings.width and settings.network != "unet" else {}
    if settings.network == "unet":
        shape["encoder"] = settings.encoder
    if settings.network == "enlarger":
        shape["scale"] = int(settings.scale)
    damage = GRADED if settings.is_graded else settings.damage_recipe.name if settings.damage_recipe else ""
    damage = PAIRS if settings.damage == PAIRS else damage
    return RestorerFacts(settings.network, shape, damage)


def loss_of(settings: RestorerSettings) -> PixelLoss:
    """Translate the sliders into the loss."""
    return PixelLoss(settings.charbonnier_weight, settings.mse_weight, settings.ssim_weight)


def _begin(network: nn.Module, start: str) -> None:
    """Take over what the network to begin with has in common.

    Raises:
        StudioError: that is nothing.

    """
    model = TrainedModels.standard("restorer").find(start)
    try:
        trained, _ = load_restorer(Path(model.path))
    except (WeightsError, OSError) as error:
        raise StudioError(str(error), "Begin with another network, or with none.") from error
    if not begin_from(network, trained):
        raise StudioError(
            f"{model.label} has nothing in common with the network that shall learn.",
            "Begin with one of the same kind and width, or with none.",
        )
