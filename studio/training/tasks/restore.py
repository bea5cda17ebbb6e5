"""The restoring task: good photos are damaged, and a network learns to give them back."""

import copy
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from math import lcm
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.collapsible import collapse
from models.critic import LessonCritic, SlimCritic
from models.enhancer import DEPTHS
from models.feature_loss import FeatureLoss, calibrated
from models.fidelity import chroma_drift, psnr, ssim
from models.pixels import to_picture
from models.restoration import RestorerFacts, begin_from, build, load_restorer, to_file
from models.restoration_loss import PixelLoss
from models.unet import DynamicUnet
from models.unet_encoders import SLIM, fill_encoder
from models.weight_files import WeightsError, read_tensors
from studio.core.atomic import WriteError
from studio.core.events import Job, Log, Picture, Progress
from studio.core.failures import StudioError
from studio.core.settings import Settings
from studio.core.trained_models import TrainedModel, TrainedModels
from studio.training.data.pictures import opening_pictures
from studio.training.data.sampler import seed_of
from studio.training.emphasis import EmphasisFolder, LearntPicture
from studio.training.run_folder import RunPlan
from studio.training.sample_sheet import sample_sheet
from studio.training.slim import open_slim
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
from studio.training.tasks.restore_crisp import as_begun, crisp_facts, faithful_start
from studio.training.tasks.restore_emphasis import PaintedWeights
from studio.training.tasks.restore_finish import Adversary, ColourWatch
from studio.training.tasks.restore_pairs import opening_own_pairs
from studio.training.tasks.restore_pictures import Damage, DamagedPictures, Square, enlarged_to, whole_squares
from studio.training.tasks.restore_settings import PAIRS, RESTORE, RestorerSettings

if TYPE_CHECKING:
    from studio.training.schedule import StepConfig

__all__ = ["RestoreTask", "open_slim", "open_task"]

_CACHED_SIDE = 1536
"""Shorter side at which photos are kept: larger ones are reduced, which only makes them sharper."""
_MEASURED_SIDE = 256
_SHOWN, _SHOWN_SIDE = 4, 192
_DISTANCE, _DRIFT = "feature_distance", "colour_drift"
"""What a finish is judged by, as its curves are called."""
_CALIBRATED_ON, _CALIBRATED_SIDE = 8, 128
"""So many squares, of so many pixels, the look is calibrated on."""
_LESSON_WIDTH, _HEADS_WIDTH = 128, 64
_GRID = 8
"""Pixels a side that lie in one of the maps that a look listens to most."""
_ASKED = 24
"""So many kept photos tell one check of a finish from the next; it is checked often."""


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
        critic: what learns to tell its results from photos; None nothing does.
        painted: where errors count more; None nowhere.

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
        critic: nn.Module | None = None,
        painted: PaintedWeights | None = None,
    ) -> None:
        self.networks: Mapping[str, nn.Module] = {"restorer": network} | ({"critic": critic} if critic else {})
        self.examples = photos
        self._facts, self._kept, self._looks, self._settings = facts, kept, looks, settings
        self._device = next(network.parameters()).device
        self._loss, self._look = loss_of(settings), look
        self._painted = painted or PaintedWeights(None, ())
        self._adversary = Adversary(critic) if critic is not None else None
        self._watch = ColourWatch()
        self._enter(finishing=False)
        self._steps = 0
        self._measured: dict[str, float] = {}
        self._before = self._made_before(network) if settings.course == "crisp" else []
        self.best_note = "The best of the finish" if settings.is_finish else ""

    def _enter(self, *, finishing: bool) -> None:
        """Judge by pixels until a critic has its say, and from then on by what pictures look like."""
        self._finishing = finishing
        if finishing or not self._settings.is_finish:
            self.best = ((_DISTANCE, "min") if finishing else ("psnr", "max")) if self._kept else None
        else:
            self.best = None

    # -- learning ----------------------------------------------------------------------------------------------------

    def objectives(self, batch: Batch, config: "StepConfig") -> Objectives:
        """Restore the damaged pictures, and compare; with a critic it learns, too, or takes turns with it."""
        restores, critic = config.trains("restorer"), self._adversary if config.trains("critic") else None
        self._enter(finishing=restores and self._settings.is_finish and (critic is not None or not self._adversary))
        self._steps = config.step + 1
        if critic is None:
            yield from self._restoring(batch, None)
        elif not restores:
            if not critic.ready:  # what is left of a critic's own phase would only make it too strong
                yield from self._judging(batch, critic)
        elif not (threshold := self._settings.critic_threshold):
            made = yield from self._restoring(batch, critic)
            wanted, made = self._shifted(batch[1], made)
            yield from critic.learning(wanted, made, threshold)
        elif critic.is_restorers_turn(config.progress):
            yield from self._restoring(batch, critic)
            critic.restorer_has_learnt()
        else:
            yield from self._judging(batch, critic)

    def _restoring(self, batch: Batch, critic: Adversary | None) -> Generator[Any, Any, Tensor]:
        """Teach the restorer one batch; returns what it made of it, N×3×H×W."""
        given, wanted, strength, places = batch
        made: Tensor = self.networks["restorer"](given, strength)
        yield None
        painted = self._painted.of(places, wanted.shape[-1], self._settings.painted_weight)
        terms = dict(self._loss(made, wanted, 1.0 if painted is None else painted))
        if self._look is not None and (weight := self._settings.feature_weight):
            yield None
            for name, term in self._look(*self._shifted(made, wanted, painted)).items():
                share = self._settings.texture if name.startswith("gram") else 1.0
                if share:
                    terms[name] = weight * share * term
        if critic is not None:
            yield None
            terms["critic"] = self._settings.critic_weight * critic.loss(*self._shifted(made))
        loss, made = sum(terms.values(), 0.0 * made.sum()), made.detach()
        yield Objective("restorer", loss, {n: t.detach() for n, t in terms.items()})
        return made

    def _judging(self, batch: Batch, critic: Adversary) -> Objectives:
        """Teach the critic one batch."""
        given, wanted, strength, _ = batch
        with torch.no_grad():
            made = self.networks["restorer"](given, strength)
        yield None
        wanted, made = self._shifted(wanted, made)
        yield from critic.learning(wanted, made, self._settings.critic_threshold)

    def _shifted(self, *pictures: Tensor | None) -> list[Any]:
        """Move N×C×H×W by some pixels, others at each step, mirroring what lies beside them; the size stays.

        Networks that look halve their maps, from the same corner always, and an enlarger's pixels always lie alike in
        their fours and sixteens: together they make a grid. An enlarger ×4 had painted it over everything in 200 steps.
        """
        down, across = divmod(37 * self._steps % _GRID**2, _GRID)  # every place once in _GRID² steps
        return [
            None if one is None
            else F.pad(one, (across, 0, down, 0), mode="reflect")[..., : one.shape[2], : one.shape[3]]
            for one in pictures
        ]  # fmt: skip

    def optimiser(self, network: str) -> OptimiserRule:
        """Adam as the lesson has it, for its U-Net and wherever there is a critic, which learns five times as fast."""
        if network == "critic":
            # of a small network's finish the restorer keeps its momentum; the lesson's GAN phases have none
            betas = None if self._settings.course == "critic" else 0.0, 0.99
            return OptimiserRule(5.0, betas, layer_rates=False, contends=True)
        return (
            OptimiserRule(betas=(None, 0.99)) if self._facts.network == "unet" or self._adversary else OptimiserRule()
        )

    def layer_groups(self, network: str) -> Sequence[LayerGroup]:
        """Of a U-Net the encoder, which rests and learns at a rate of its own, and all that is built upon it."""
        groups = super().layer_groups(network)
        if self._facts.network != "unet" or network == "critic":
            return groups
        encoder = [weight for name, weights in groups for weight in weights if name == "encoder"]
        decoder = [weight for name, weights in groups for weight in weights if name != "encoder"]
        return [("encoder", encoder), ("decoder", decoder)]

    def refresh_statistics(self, shown: nn.Module, batch: Batch) -> Generator[None, None, None]:  # noqa: D102
        shown(batch[0], batch[2])
        yield

    def adopt(self, settings: Settings) -> None:  # noqa: D102
        assert isinstance(settings, RestorerSettings)
        self._settings, self._loss = as_begun(settings, self._facts), loss_of(settings)
        self._painted.adopt(settings.emphasis)

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        state: dict[str, Any] = {"steps": self._steps, "measured": dict(self._measured)}
        if self._settings.is_finish:
            state |= {"finishing": self._finishing, "least drift": self._watch.least}
        return state | ({"adversary": self._adversary.state_dict()} if self._adversary is not None else {})

    def load_state_dict(self, state: Mapping[str, Any]) -> None:  # noqa: D102
        self._steps, self._measured = int(state["steps"]), dict(state["measured"])
        if self._settings.is_finish:
            self._watch.least = state["least drift"]
            self._enter(finishing=state["finishing"])
        if self._adversary is not None:
            self._adversary.load_state_dict(state["adversary"])

    # -- being measured ----------------------------------------------------------------------------------------------

    def validate(self, shown: nn.Module) -> Generator[None, None, dict[str, float]]:
        """Measure luma's "psnr" (dB) and "ssim" on what is kept, and how much better that is than what was given.

        Of a finish also how far features are from those of the photos, and by how many levels of 255 colours are off.
        """
        names = ("psnr", "ssim", "gain", *((_DISTANCE, _DRIFT) if self._settings.is_finish else ()))
        sums = dict.fromkeys(names, 0.0) if self._kept else {}
        for given, wanted, strength in self._kept:
            made = self._restored(shown, given, strength)
            yield
            border = self._facts.scale
            reached, plain = (psnr(x, wanted, border=border) for x in (made.cpu(), enlarged_to(wanted, given)))
            found = {"psnr": reached, "ssim": ssim(made.cpu(), wanted), "gain": reached - plain}
            if _DISTANCE in sums and self._look is not None:
                seen = self._look(*(x.to(self._device) for x in (made, wanted)))
                found[_DISTANCE] = sum((seen[name] for name in seen if name.startswith("features")), torch.zeros(()))
                found[_DRIFT] = chroma_drift(made.cpu(), wanted)
            for name, value in found.items():
                sums[name] += float(value) / len(self._kept)
            yield
        self._measured = sums
        return sums

    def alarm(self, values: Mapping[str, float]) -> str:
        """End a finish whose colours drift."""
        return self._watch.alarm(values[_DRIFT]) if self._finishing else ""

    def sample(self, shown: nn.Module) -> Generator[None, None, Picture | None]:
        """Show a few squares: what is given, what it makes of that (and made before its finish), what is wanted."""
        rows: dict[str, list[Tensor]] = {"Given": [], "Before": self._before, "Restored": [], "Wanted": []}
        for given, wanted, strength in self._looks:
            made = self._restored(shown, given, strength).cpu()
            for name, picture in (("Given", enlarged_to(wanted, given)), ("Restored", made), ("Wanted", wanted)):
                rows[name].append(picture)
            yield
        return sample_sheet({name: to_picture(torch.cat(row, dim=3)) for name, row in rows.items() if row})

    @torch.no_grad()
    def _made_before(self, network: nn.Module) -> list[Tensor]:
        """Return what the network that a finish begins with makes of what is shown."""
        return [self._restored(network, given, strength).cpu() for given, _, strength in self._looks]

    def _restored(self, shown: nn.Module, given: Tensor, strength: float) -> Tensor:
        made: Tensor = shown(given.to(self._device), torch.tensor([strength], device=self._device))
        return made.float()

    # -- being kept --------------------------------------------------------------------------------------------------

    def export(self, shown: nn.Module) -> ExportedModel:
        """Return the collapsed network in half precision, and how well it does."""
        facts = RestorerFacts(
            self._facts.network, self._facts.shape, self._facts.damage, self._facts.finish, self._steps,
            about={**self._facts.about, "settings": self._settings.to_metadata()},
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
    settings = as_begun(settings, facts)
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
        _begin(network, TrainedModels.standard("restorer").find(settings.start))
    # channels last: up to twice as fast on a processor, and no less exact
    network.to(place.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    looks = (kept or photos.chosen)[:_SHOWN]
    look = None
    if settings.feature_weight or settings.is_finish:
        yield Progress("Loading the network that looks")
        look = calibrated(open_slim().to(place.device), _pairs(photos, (kept or photos.chosen)[:_CALIBRATED_ON], place))
    return RestoreTask(
        network, facts, photos,
        whole_squares(photos, kept[:_ASKED] if settings.is_finish else kept, _MEASURED_SIDE, place.seed),
        whole_squares(photos, looks, _SHOWN_SIDE, place.seed),
        settings, look, _critic(settings, place) if settings.has_critic else None,
        _painted(photos, settings, place),
    )  # fmt: skip


def _painted(photos: DamagedPictures, settings: RestorerSettings, place: TaskContext) -> PaintedWeights:
    """Return what is painted over the photos, and note in the run's folder which there are to be painted on."""
    pictures = photos.pictures
    if place.run is not None:
        learnt = [LearntPicture(pictures.files[number], pictures.content_of(number)) for number in photos.chosen]
        with suppress(WriteError, OSError):  # a run is worth more than what could be painted
            EmphasisFolder(place.run).list_pictures(learnt)
    painted = PaintedWeights(place.run, [pictures.content_of(number) for number in range(len(pictures))])
    painted.adopt(settings.emphasis)
    return painted


def _critic(settings: RestorerSettings, place: TaskContext) -> nn.Module:
    """Return an untrained critic."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("critic", place.seed) % 2**63)
        if settings.critic == "lesson":
            critic: nn.Module = LessonCritic(settings.critic_width or _LESSON_WIDTH)
        else:
            critic = SlimCritic(open_slim().to(place.device), width=settings.critic_width or _HEADS_WIDTH)
    critic.to(place.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return critic


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
            network.encoder.load_state_dict(open_slim().features.state_dict())
        elif settings.encoder_file:
            fill_encoder(settings.encoder, network.encoder, read_tensors(Path(settings.encoder_file).expanduser()))
        else:
            yield Log(f"{settings.encoder} begins untrained: no file with its weights is named.", "warning")
    except (ValueError, OSError) as error:
        raise StudioError(str(error), "Choose another encoder, or the file that belongs to it.") from error
    return network


def _pairs(photos: DamagedPictures, numbers: Sequence[int], place: TaskContext) -> Iterator[tuple[Tensor, Tensor]]:
    """Return what is given, at the size of what is wanted, and that, of a few photos."""
    for given, wanted, _ in whole_squares(photos, tuple(numbers), _CALIBRATED_SIDE, place.seed):
        yield enlarged_to(wanted, given).to(place.device), wanted.to(place.device)


def facts_of(settings: RestorerSettings) -> RestorerFacts:
    """Return which network the settings ask for; a crisp finish's is built like the one that it begins with.

    Raises:
        StudioError: a crisp finish begins with nothing, or with something that is none.

    """
    if settings.course == "crisp":
        return crisp_facts(*faithful_start(settings), settings)
    shape: dict[str, Any] = {"width": settings.width} if settings.width and settings.network != "unet" else {}
    if settings.network == "unet":
        shape["encoder"] = settings.encoder
    if settings.network == "enlarger":
        shape["scale"] = int(settings.scale)
        if settings.is_graded:
            shape["conditioned"] = True
    if settings.network == "enhancer":
        shape |= DEPTHS  # so that a file can be read when others are built deeper
    finish = "crisp" if settings.feature_weight or settings.has_critic else "faithful"
    return RestorerFacts(settings.network, shape, settings.damage_name, finish)


def loss_of(settings: RestorerSettings) -> PixelLoss:
    """Translate the sliders into the loss."""
    period = lcm(_GRID, int(settings.scale)) if settings.network == "enlarger" else _GRID
    return PixelLoss(
        settings.charbonnier_weight, settings.mse_weight, settings.ssim_weight,
        settings.coarse_weight, settings.grid_weight, period,
    )  # fmt: skip


def _begin(network: nn.Module, model: TrainedModel) -> None:
    """Take over what the network to begin with has in common.

    Raises:
        StudioError: that is nothing.

    """
    try:
        trained, _ = load_restorer(Path(model.path))
    except (WeightsError, OSError) as error:
        raise StudioError(str(error), "Begin with another network, or with none.") from error
    if not begin_from(network, trained):
        raise StudioError(
            f"{model.label} has nothing in common with the network that shall learn.",
            "Begin with one of the same kind and width, or with none.",
        )
