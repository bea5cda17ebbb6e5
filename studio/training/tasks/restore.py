"""The restoring task: good photos are damaged, and a network learns to give them back."""

import copy
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.collapsible import collapse
from models.fidelity import psnr, ssim
from models.pixels import to_picture
from models.restoration import RestorerFacts, begin_from, build, load_restorer, to_file
from models.restoration_loss import PixelLoss
from models.weight_files import WeightsError
from studio.core.events import Job, Picture, Progress
from studio.core.failures import StudioError
from studio.core.settings import Settings
from studio.core.trained_models import TrainedModels
from studio.training.data.pictures import opening_pictures
from studio.training.data.sampler import seed_of
from studio.training.run_folder import RunPlan
from studio.training.sample_sheet import sample_sheet
from studio.training.task import Batch, ExportedModel, Objective, Objectives, TaskContext, TrainingTask
from studio.training.tasks.restore_card import restore_card
from studio.training.tasks.restore_pictures import Damage, DamagedPictures, Square, whole_squares
from studio.training.tasks.restore_settings import GRADED, RESTORE, RestorerSettings

if TYPE_CHECKING:
    from studio.training.schedule import StepConfig

__all__ = ["RestoreTask", "open_task"]

_CACHED_SIDE = 1536
"""Shorter side at which photos are kept: larger ones are reduced, which only makes them sharper."""
_MEASURED_SIDE = 256
_SHOWN, _SHOWN_SIDE = 4, 192


class RestoreTask(TrainingTask):
    """One restorer in training.

    Args:
        network: on the device.
        facts: what it is.
        photos: what it learns from.
        kept: what it is measured on; may be empty.
        looks: what it shows.
        settings: of the run.

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
    ) -> None:
        self.networks: Mapping[str, nn.Module] = {"restorer": network}
        self.examples = photos
        self.best = ("psnr", "max") if kept else None
        self._facts, self._kept, self._looks, self._settings = facts, kept, looks, settings
        self._device = next(network.parameters()).device
        self._loss = loss_of(settings)
        self._steps = 0
        self._measured: dict[str, float] = {}

    # -- learning ----------------------------------------------------------------------------------------------------

    def objectives(self, batch: Batch, config: "StepConfig") -> Objectives:
        """Restore the damaged pictures, and compare."""
        given, wanted, strength = batch
        made = self.networks["restorer"](given, strength)
        yield None
        terms = self._loss(made, wanted)
        self._steps = config.step + 1
        yield Objective("restorer", torch.stack(list(terms.values())).sum(), {n: t.detach() for n, t in terms.items()})

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
            reached, plain = (psnr(x, wanted, border=border) for x in (made.cpu(), self._enlarged(given)))
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
            for row, picture in zip(rows.values(), (self._enlarged(given), made, wanted), strict=True):
                row.append(picture)
            yield
        return sample_sheet({name: to_picture(torch.cat(row, dim=3)) for name, row in rows.items()})

    def _restored(self, shown: nn.Module, given: Tensor, strength: float) -> Tensor:
        made: Tensor = shown(given.to(self._device), torch.tensor([strength], device=self._device))
        return made.float()

    def _enlarged(self, given: Tensor) -> Tensor:
        """Return what was given at the size of what is wanted."""
        if self._facts.scale == 1:
            return given
        return F.interpolate(given, scale_factor=self._facts.scale, mode="bicubic", antialias=True)

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
    found, kept = yield from opening_pictures(
        slot, plan.data, settings, place, side=_CACHED_SIDE, held_back=settings.held_back
    )
    damage = Damage(facts.scale, settings.damage_recipe, settings.is_graded)
    photos = DamagedPictures(found.pictures, found.chosen, found.variation, damage, settings.from_afar, settings.turned)
    network = build(facts)
    network.initialise(torch.Generator().manual_seed(seed_of("weights", place.seed) % 2**63))  # type: ignore[operator]
    if settings.start:
        yield Progress("Loading the network to begin with")
        _begin(network, settings.start)
    # channels last: up to twice as fast on a processor, and no less exact
    network.to(place.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    looks = (kept or photos.chosen)[:_SHOWN]
    return RestoreTask(
        network, facts, photos,
        whole_squares(photos, kept, _MEASURED_SIDE, place.seed), whole_squares(photos, looks, _SHOWN_SIDE, place.seed),
        settings,
    )  # fmt: skip


def facts_of(settings: RestorerSettings) -> RestorerFacts:
    """Return which network the settings ask for."""
    shape: dict[str, Any] = {"width": settings.width} if settings.width else {}
    if settings.network == "enlarger":
        shape["scale"] = int(settings.scale)
    damage = GRADED if settings.is_graded else settings.damage_recipe.name if settings.damage_recipe else ""
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
