"""The generator task: pictures like those of a folder, made up (Goodfellow et al. 2014, and what came of it).

Of every step's batches a critic learns to tell pictures from what is made; then the generator learns to be taken for
real. The numbers of that contest say nothing about quality: what is made is compared, as a set, with pictures that
neither has seen (KID).
"""

import math
from collections.abc import Generator as Steps
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from models.diff_augment import AUGMENTATIONS, diff_augment
from models.gan import Generator
from models.gan_losses import LAMBDA, LOSSES, clamp_weights, gradient_penalty, squared_gradient
from models.generator_files import GeneratorFacts, to_file
from models.latent import latents_of, pictures_of
from models.pixels import to_picture
from models.projected_critic import ProjectedCritic
from models.sphere_autoencoder import Autoencoder, GivingBack, evenness, mixed_with_noise, on_sphere
from studio.core.events import Job, Picture, Progress
from studio.core.failures import StudioError
from studio.core.settings import Settings
from studio.core.style_settings import DEFAULT_BACKBONE
from studio.training.data.pictures import PictureExamples, opening_pictures
from studio.training.run_folder import RunPlan
from studio.training.slim import open_slim
from studio.training.task import (
    Batch,
    ExportedModel,
    NextBatch,
    Objective,
    Objectives,
    OptimiserRule,
    TaskContext,
    TrainingTask,
    Trial,
    Trials,
    Update,
)
from studio.training.tasks.gan_card import gan_card
from studio.training.tasks.gan_judge import Judge
from studio.training.tasks.gan_networks import critic_for, generator_for, looking, with_encoder
from studio.training.tasks.gan_settings import GAN, GanSettings, calms_for
from studio.training.tasks.gan_trials import CALM, COLLAPSED, choose_calm

if TYPE_CHECKING:
    from studio.training.schedule import StepConfig

__all__ = ["GanTask", "open_task"]

_COLUMNS, _ROWS = 8, 6
_CALIBRATED = 64
"""About so many pictures tell a critic how large features are."""
_BETAS = {
    "wgan": None, "wgan-gp": (None, 0.9), "dcgan": (None, 0.999),
    "few-pictures": (None, 0.99), "fine-tune": (None, 0.99),
}  # fmt: skip
"""Adam's, by course; β₁ is the phase's momentum. The others' β₂ rises from 0.9 to 0.99 (Huang et al. 2024)."""
_EVEN = 0.1
"""What even codes count beside giving back."""
_SURE, _ADAPTS_OVER = 0.6, 100_000
"""How sure of real pictures a critic may be, and over how many pictures augmentation rises from 0 to 1 (ADA)."""
_VARIED = 0.3
"""A generator that was once so varied, as a share of the real pictures, and is no more (`COLLAPSED`)."""
_GIVEN_BACK = (
    "The generator's curve shows how well it gives pictures back: the critic rests while rates are tried. What it "
    "learns from the critic is not measured; phases with the critic keep their proportion to the rate that you take."
)


@dataclass(frozen=True, slots=True)
class Dreams(PictureExamples):
    """Pictures, and with each the numbers out of which another one is made."""

    latent: int = 64

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return a view, 3×S×S, 0–1, and z."""
        (view,) = PictureExamples.draw(self, index, generator, size)
        return view, torch.randn(self.latent, generator=generator)


class GanTask(TrainingTask):
    """One generator in training.

    Args:
        generator: on the device.
        critic: likewise.
        facts: what the generator is.
        pictures: what it learns from.
        judge: what it is measured by.
        settings: of the run.
        giving_back: tells how far what is given back is from what was given, for a generator that learns with an
            encoder.

    """

    shown = "generator"

    def __init__(
        self, generator: Generator | Autoencoder, critic: nn.Module, facts: GeneratorFacts, pictures: Dreams,
        judge: Judge, settings: GanSettings, giving_back: GivingBack | None = None,
    ) -> None:  # fmt: skip
        self.networks: Mapping[str, nn.Module] = {"generator": generator, "critic": critic}
        self._goodness = giving_back
        self.examples = pictures
        self._facts, self._judge, self._settings = facts, judge, settings
        self._device = next(generator.parameters()).device
        self._loss = LOSSES["wasserstein" if settings.loss in ("wgan", "wgan-gp") else settings.loss]
        self.best = ("kid", "min") if judge else None
        self._strength = 0.0
        self._varied = 0.0
        self._steps = 0
        self._measured: dict[str, float] = {}

    # -- learning ----------------------------------------------------------------------------------------------------

    def objectives(self, batch: Batch, config: "StepConfig") -> Objectives:
        """Teach the critic from every batch of the step, then the generator from the last one."""
        strength = self._strength_at(config)
        if self._goodness is not None:
            yield from self._giving_back(batch, config, strength)
            self._steps = config.step + 1
            return
        for number in range(config.batches):
            if number:
                batch = yield NextBatch()
            if config.trains("critic"):
                yield from self._judging(batch, config, number, strength)
        self._steps = config.step + 1
        if config.trains("generator"):
            yield from self._dreaming(batch, strength)

    def _judging(self, batch: Batch, config: "StepConfig", number: int, strength: float) -> Objectives:
        """Teach the critic one batch."""
        critic, settings = self.networks["critic"], self._settings
        real, z = batch[0] * 2.0 - 1.0, batch[1]
        with torch.no_grad():
            made = self.networks["generator"](z)
        yield None
        turn = config.step * config.batches + number
        calmed = settings.calm > 0 and turn % settings.penalty_every == 0
        if calmed:
            real.requires_grad_()
            made.requires_grad_()
        said_real = critic(_varied(real, strength))
        yield None
        said_made = critic(_varied(made, strength))
        yield None
        loss = self._loss.critic(said_real, said_made)
        terms = {"real": said_real.mean(), "made": said_made.mean()}
        if settings.augment == "adaptive":
            terms["sure"] = said_real.sign().mean()
        if self._loss.is_distance:
            terms["distance"] = -loss
        if settings.augment != "none":
            terms["varied"] = loss.new_tensor(strength)
        if calmed:
            gamma = settings.calm * (0.55 + 0.45 * math.cos(math.pi * config.step / config.total_steps))
            penalty = squared_gradient(said_real, real) + squared_gradient(said_made, made)
            terms["penalty"] = penalty
            loss = loss + settings.penalty_every * gamma / 2 * penalty
        if settings.loss == "wgan-gp":
            terms["penalty"] = gradient_penalty(critic, real, made, torch.rand(len(real), device=self._device))
            loss = loss + LAMBDA * terms["penalty"]
        told = {name: term.detach() for name, term in terms.items()}
        del said_real, said_made, terms, real, made
        before = self._strength  # each micro-batch assigns the same
        update: Update = yield Objective("critic", loss, told)
        if settings.loss == "wgan":
            clamp_weights(critic)
        if settings.augment == "adaptive":
            step = math.copysign(config.batch / _ADAPTS_OVER, update.terms["sure"] - _SURE)
            self._strength = min(max(before + step, 0.0), settings.augment_most)

    def _dreaming(self, batch: Batch, strength: float) -> Objectives:
        """Teach the generator: what it makes out of the batch's numbers shall be taken for real."""
        count = max(1, round(len(batch[1]) * self._settings.generator_share))
        critic = self.networks["critic"]
        made = self.networks["generator"](batch[1][:count])
        yield None
        said = critic(_varied(made, strength))
        del made
        yield None
        said_real = said
        if self._loss.pairs:
            with torch.no_grad():
                said_real = critic(_varied(batch[0][:count] * 2.0 - 1.0, strength))
            yield None
        yield Objective("generator", self._loss.generator(said, said_real))

    def _giving_back(self, batch: Batch, config: "StepConfig", strength: float) -> Objectives:
        """Teach both from the same pictures: made of codes that are mixed with noise, up to noise alone.

        So what is made has to be taken for real everywhere, and to be what was encoded the more of that is left. As
        long as the critic rests, in the first phases, only the second.
        """
        both, critic, goodness = self.networks["generator"], self.networks["critic"], self._goodness
        assert isinstance(both, Autoencoder)
        assert goodness is not None
        for number in range(config.batches):
            if number:
                batch = yield NextBatch()
            real = batch[0] * 2.0 - 1.0
            codes = both.encode(real)
            angles = torch.rand(len(codes), device=codes.device) * (math.pi / 2.0)
            made = both.generator(mixed_with_noise(codes, on_sphere(batch[1]), angles))
            yield None
            if config.trains("critic"):
                said_real, said_made = critic(_varied(real, strength)), critic(_varied(made.detach(), strength))
                yield None
                told = {"real": said_real.mean().detach(), "made": said_made.mean().detach()}
                yield Objective("critic", self._loss.critic(said_real, said_made), told)
        if not config.trains("generator"):
            return
        terms = {f"back.{name}": term for name, term in goodness(made, real, angles.cos().square()).items()}
        yield None
        terms["even"] = evenness(codes)
        loss = terms["back.pixels"] + terms["back.features"] + _EVEN * terms["even"]
        if config.trains("critic"):
            said = critic(_varied(made, strength))
            yield None
            terms["taken"] = self._loss.generator(said, said)
            loss = self._settings.reconstruction * loss + terms["taken"]
        told = {name: term.detach() for name, term in terms.items()}
        del made, codes, terms
        yield Objective("generator", loss, told)

    def _strength_at(self, config: "StepConfig") -> float:
        """Return how often the critic is shown what is varied."""
        most = self._settings.augment_most
        match self._settings.augment:
            case "none":
                return 0.0
            case "always":
                return most
            case "rising":
                return most * (1.0 - math.cos(math.pi * config.step / config.total_steps)) / 2.0
            case "adaptive":
                return self._strength

    def optimiser(self, network: str) -> OptimiserRule:  # noqa: D102
        return OptimiserRule(betas=_BETAS.get(self._settings.course, _rising_betas), contends=network == "critic")

    def refresh_statistics(self, shown: nn.Module, batch: Batch) -> Steps[None, None, None]:  # noqa: D102
        _dreamer(shown)(batch[1])
        yield

    def adopt(self, settings: Settings) -> None:  # noqa: D102
        assert isinstance(settings, GanSettings)
        self._settings = settings

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {
            "steps": self._steps, "measured": dict(self._measured), "strength": self._strength, "varied": self._varied,
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:  # noqa: D102
        self._steps, self._measured = int(state["steps"]), dict(state["measured"])
        self._strength, self._varied = float(state["strength"]), float(state["varied"])

    # -- before it begins --------------------------------------------------------------------------------------------

    def trials(self, steps: int) -> Trials | None:  # noqa: D102
        count, each = self._settings.tries(steps)
        return Trials("gamma", CALM, calms_for(self._settings.size), each) if count else None

    def choose(self, tried: Sequence[Trial]) -> tuple[float, str]:  # noqa: D102
        return choose_calm(tried, pairs=self._loss.pairs)

    @property
    def rate_note(self) -> str:
        """What the generator's loss is, where it gives pictures back: while it is tried, no critic has a say."""
        return _GIVEN_BACK if self._settings.reconstruction else ""

    # -- being measured ----------------------------------------------------------------------------------------------

    def validate(self, shown: nn.Module) -> Steps[None, None, dict[str, float]]:
        """Measure how far what it makes is from what is kept, "kid", and how varied it is, "spread".

        Beside them stand "kid_real", the distance of pictures that were learnt from, and its "kid_noise"; and what the
        mirror shows (`models.mirror`): "precision", "recall", "copies", "twins".
        """
        if not self._judge:
            return {}
        self._measured = yield from self._judge.measure(_dreamer(shown))
        return self._measured

    def alarm(self, values: Mapping[str, float]) -> str:
        """End a run whose pictures have become one and the same, or none at all; nothing less is certain."""
        if not math.isfinite(values["kid"]):
            return "What it makes are no pictures any more: some of its numbers are infinite."
        if self._varied >= _VARIED and values["spread"] < COLLAPSED:
            return "All its pictures have become alike."
        self._varied = max(self._varied, values["spread"])
        return ""

    def remark(self, values: Mapping[str, float]) -> str:  # noqa: D102
        return self._judge.remark(values)

    def sample(self, shown: nn.Module) -> Steps[None, None, Picture | None]:
        """Show what it makes of the first seeds: those that `atelier generate --seeds 0-47` shows."""
        generator = _dreamer(shown)
        rows: list[Tensor] = []
        for row in range(_ROWS):
            z = latents_of(range(row * _COLUMNS, (row + 1) * _COLUMNS), generator.latent).to(self._device)
            rows.append(torch.cat(list(pictures_of(generator, generator.map(z)).float()), dim=2))
            yield
        return to_picture(torch.cat(rows, dim=1)[None])

    # -- being kept --------------------------------------------------------------------------------------------------

    def export(self, shown: nn.Module) -> ExportedModel:
        """Return the weights in half precision, and how well they do."""
        facts = GeneratorFacts(
            self._facts.network, self._facts.shape, self._facts.size, self._steps,
            about={**self._facts.about, "settings": self._settings.to_metadata()},
        )  # fmt: skip
        card = gan_card(
            facts, self._settings, pictures=len(self.examples), kept=len(self._judge), measured=self._measured,
            judged_as_taught=self._judge.taught, tried=self.tried,
        )  # fmt: skip
        return ExportedModel(to_file(_dreamer(shown)), facts.to_metadata(), card)


def _dreamer(shown: nn.Module) -> Generator:
    """Return the generator, which may have learnt with an encoder."""
    generator = shown.generator if isinstance(shown, Autoencoder) else shown
    assert isinstance(generator, Generator)
    return generator


def _rising_betas(config: "StepConfig") -> tuple[float | None, float]:
    progress = config.step / config.total_steps
    return None, 0.945 - 0.045 * math.cos(math.pi * progress)


def _varied(pictures: Tensor, strength: float) -> Tensor:
    """Vary some of N×3×S×S pictures, −1…1, each with the probability `strength`."""
    if not strength:
        return pictures
    changed = diff_augment((pictures + 1.0) / 2.0, AUGMENTATIONS) * 2.0 - 1.0
    if strength >= 1.0:
        return changed
    chosen = torch.rand(len(pictures), 1, 1, 1, device=pictures.device) < strength
    return torch.where(chosen, changed, pictures)


# -- opening -----------------------------------------------------------------------------------------------------------


def open_task(plan: RunPlan, place: TaskContext) -> Job[GanTask]:
    """Read the pictures, and draw the first weights, or take those that it shall begin with.

    Raises:
        StudioError: something cannot be read, or is no generator to begin with.

    """
    settings = GanSettings.model_validate(dict(plan.settings))
    size = settings.size
    if any(phase.size not in (None, size) for phase in plan.schedule.phases):
        raise StudioError(
            "A generator learns pictures of one size; the schedule asks for others in one of its phases.",
            f"Take the phases' own sizes out of the schedule: all learn at {size} px.",
        )
    (slot,) = GAN.data
    found, kept = yield from opening_pictures(
        slot, plan.data, settings, place, side=2 * size, held_back=settings.held_back
    )
    yield Progress("Making the networks")
    generator, facts = generator_for(settings, place)
    pictures = Dreams(found.pictures, found.chosen, found.variation, generator.latent)
    critic = critic_for(settings, place)
    some = found.chosen[:: max(1, len(found.chosen) // _CALIBRATED)]
    giving_back: GivingBack | None = None
    learner: Generator | Autoencoder = generator
    if isinstance(critic, ProjectedCritic) or settings.reconstruction:
        real = found.squares(some, size).to(place.device) * 2.0 - 1.0
        if isinstance(critic, ProjectedCritic):
            critic.calibrate(real)
        if settings.reconstruction:
            learner = with_encoder(generator, place)
            giving_back = GivingBack(open_slim().to(place.device), real)
    for network in (learner, critic):  # channels last: up to twice as fast on a processor
        network.to(place.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    yield Progress("Loading the network that judges")
    backbone, name = looking(settings.judge)
    judge = Judge(
        backbone.to(place.device), found, kept, size, place.seed,
        taught=settings.critic == "trained" and name == DEFAULT_BACKBONE,
    )  # fmt: skip
    return GanTask(learner, critic, facts, pictures, judge, settings, giving_back)
