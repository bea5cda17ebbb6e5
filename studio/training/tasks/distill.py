"""The distillation task: a slim network learns to see what its teachers see (FitNets, Romero et al. 2015).

It begins well: every convolution and every head is a least-squares fit to the teachers, or it goes on from a network
that was taught before. Then all layers learn together. A few pictures of every step are being *painted* by the pupil
itself, one stroke at a time, towards the style of other crops. What a style optimisation finds, a network's blind spots
above all, is thus shown to the teachers, who say what is there. The exported network has its heads folded in.
"""

import copy
import hashlib
import json
from collections.abc import Generator, Mapping
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from models.backbones import Backbone, load_backbone
from models.distillation import fold_heads, gradient_error, lesson_errors, unfold_heads
from models.layerwise_fit import fit_layerwise
from models.pixels import to_picture
from models.slim import SLIM_WIDTHS, TAPS, SlimNetwork, Widths
from models.teachers import Teachers
from models.weight_files import WeightsError
from studio.core.atomic import write_file
from studio.core.events import Job, Picture, Progress
from studio.core.failures import StudioError
from studio.core.settings import Settings
from studio.core.weights import ResolvedWeights, resolve_backbone
from studio.training.data.augment import centred
from studio.training.data.pictures import opening_pictures
from studio.training.data.variation import Variation
from studio.training.run_folder import RunPlan
from studio.training.task import Batch, ExportedModel, Objective, Objectives, OptimiserRule, TaskContext, TrainingTask
from studio.training.tasks.distill_card import distill_card
from studio.training.tasks.distill_pictures import STROKES, Crops, ImagePool, Pupil, chance_of, sized
from studio.training.tasks.distill_settings import DISTILL, DistillSettings

if TYPE_CHECKING:
    from studio.training.schedule import StepConfig

__all__ = ["DistillTask", "open_task", "opening_distillation"]

_CACHE_ROOM = 4
"""Pictures are kept so much larger than they are looked at, so that close views stay sharp."""
_AT_ONCE = 4
"""So many pictures are measured on together."""
_SHOWN = 6
"""So many pictures are painted for a sample."""


class DistillTask(TrainingTask):
    """One pupil in training.

    Args:
        pupil: on the device, fitted.
        teachers: on the device.
        crops: what it learns from.
        kept: what it is measured on, N×3×S×S; may be empty.
        settings: of the run.
        taught_by: the teachers' checksums by name.

    """

    shown = "pupil"
    judged_by = frozenset({"gram_weight"})

    def __init__(
        self, pupil: Pupil, teachers: Teachers, crops: Crops, kept: Tensor, settings: DistillSettings,
        taught_by: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.networks: Mapping[str, nn.Module] = {"pupil": pupil}
        self.examples = crops
        self.best = ("loss", "min") if len(kept) else None
        self._teachers, self._kept, self._settings = teachers, kept, settings
        self._taught_by = dict(taught_by or {})
        self._chances = torch.tensor([lesson.weight for lesson in teachers.lessons])
        self._steps = 0
        self._measured: dict[str, float] = {}
        count, device = 8 * max(1, settings.painted), kept.device
        seed, size = settings.seed, settings.size
        pictures, styles = (crops.batch(count, size, which, seed).to(device) for which in ("pool", "styles"))
        ages = torch.randint(STROKES, (count,), generator=chance_of("ages", settings.seed))
        self.pool = ImagePool(pictures, styles, ages.to(device))
        looked_at = kept[:_SHOWN] if len(kept) else crops.batch(_SHOWN, size, "shown", seed).to(device)
        self._looks = looked_at, crops.batch(len(looked_at), size, "shown styles", seed).to(device)

    def objectives(self, batch: Batch, config: "StepConfig") -> Objectives:
        """Ask both what they see; the pupil learns from how far it is off, in features, Gram matrices and gradients."""
        crops, lots = batch
        pupil, settings = self.networks["pupil"], self._settings
        assert isinstance(pupil, Pupil)
        if painted := int((lots + settings.painted / config.batch).floor().sum()):
            crops = torch.cat([crops, sized(self.pool.advance(painted, pupil, crops), crops.shape[-1])])
            yield None
        crops = crops.requires_grad_(settings.gradient_weight > 0)
        wanted = self._teachers(crops)
        yield None
        seen = pupil(crops)
        features, grams = lesson_errors(pupil.heads, seen, {layer: told.detach() for layer, told in wanted.items()})
        terms = {"features": self._weighted(features), "grams": self._weighted(grams)}
        loss = terms["features"] + settings.gram_weight * terms["grams"]
        if settings.gradient_weight:
            yield None
            lesson = int(torch.multinomial(self._chances, 1))
            terms["gradients"] = gradient_error(pupil.heads, lesson, crops, seen, wanted)
            loss = loss + settings.gradient_weight * terms["gradients"]
        self._steps = config.step + 1
        yield Objective("pupil", loss, {name: term.detach() for name, term in terms.items()})

    def _weighted(self, errors: Mapping[str, Tensor]) -> Tensor:
        return torch.stack([lesson.weight * errors[lesson.layer] for lesson in self._teachers.lessons]).sum()

    def optimiser(self, network: str) -> OptimiserRule:  # noqa: D102
        return OptimiserRule(betas=(None, 0.99))

    def adopt(self, settings: Settings) -> None:  # noqa: D102
        assert isinstance(settings, DistillSettings)
        self._settings = settings

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {"steps": self._steps, "pool": asdict(self.pool), "measured": self._measured}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:  # noqa: D102
        self._steps, self._measured = int(state["steps"]), dict(state.get("measured", {}))
        device, pool = self._kept.device, state["pool"]
        tensors = {name: pool[name].to(device) for name in ("pictures", "styles", "ages")}
        self.pool = ImagePool(**tensors, turn=int(pool["turn"]))

    def validate(self, shown: nn.Module) -> Generator[None, None, dict[str, float]]:
        """Measure the errors by teacher's layer, and their weighted "loss", on what is kept."""
        assert isinstance(shown, Pupil)
        sums: dict[str, float] = {}
        for kept in torch.split(self._kept, _AT_ONCE):
            crops = kept.clone().requires_grad_()
            with torch.enable_grad():
                wanted = self._teachers(crops)
            yield
            with torch.enable_grad():
                seen = shown(crops)
            errors = dict(zip(("features", "grams"), lesson_errors(shown.heads, seen, wanted), strict=True))
            yield
            loss = self._weighted(errors["features"]) + self._settings.gram_weight * self._weighted(errors["grams"])
            if self._settings.gradient_weight:
                errors["gradients"] = {}
                for index, lesson in enumerate(self._teachers.lessons):
                    with torch.enable_grad():
                        error = gradient_error(shown.heads, index, crops, seen, wanted)
                    errors["gradients"][lesson.layer] = error.detach()
                    yield
                mean = self._weighted(errors["gradients"]) / self._chances.sum()
                loss = loss + self._settings.gradient_weight * mean
            found = {f"{what} {layer}": error for what, layers in errors.items() for layer, error in layers.items()}
            for name, error in {**found, "loss": loss}.items():
                sums[name] = sums.get(name, 0.0) + float(error) * len(crops) / len(self._kept)
        self._measured = sums
        return sums

    def sample(self, shown: nn.Module) -> Generator[None, None, Picture | None]:
        """Show what it paints of the same pictures every time: these, painted, and the styles."""
        assert isinstance(shown, Pupil)
        pictures, styles = self._looks
        painted = pictures
        for age in range(0, STROKES, 2):
            painted = shown.painted(painted, styles, torch.full((len(styles),), age, device=styles.device))
            yield
        rows = [torch.cat(list(each), dim=2) for each in (pictures, painted, styles)]
        return to_picture(torch.cat(rows, dim=1)[None])

    def export(self, shown: nn.Module) -> ExportedModel:
        """Fold the heads in, in half precision."""
        pupil = copy.deepcopy(shown).cpu()
        assert isinstance(pupil, Pupil)
        folded = fold_heads(pupil.network, pupil.heads)
        metadata = {
            "architecture": "atelier-slim", "widths": json.dumps(folded.widths), "taps": json.dumps(TAPS),
            "steps": str(self._steps), "licence": "Apache-2.0", "settings": self._settings.to_metadata(),
            "teachers": json.dumps(self._taught_by),
        }  # fmt: skip
        card = distill_card(
            self._taught_by, self._teachers.lessons, self._settings, pictures=len(self.examples), steps=self._steps,
            kept=len(self._kept), measured=self._measured,
        )  # fmt: skip
        tensors = {name: value.half().contiguous() for name, value in folded.state_dict().items()}
        return ExportedModel(tensors, metadata, card)


def open_task(plan: RunPlan, place: TaskContext) -> Job[DistillTask]:
    """Read the teachers, then see `opening_distillation`.

    Raises:
        StudioError: a teacher is not here, or its file is no network that looks at pictures; or they leave out a scale.

    """
    settings = DistillSettings.model_validate(dict(plan.settings))
    # version 0.1 named the teachers' files among the inputs
    names = [plan.inputs.get("vgg19", settings.teacher), plan.inputs.get("squeezenet", settings.second_teacher)]
    backbones: dict[str, Backbone] = {}
    checksums: dict[str, str] = {}
    for name in filter(None, names):
        yield Progress("Loading the teachers")
        weights = resolve_backbone(name)
        backbones[weights.name], checksums[weights.name] = _loaded(weights), weights.sha256
    teachers = Teachers(backbones)
    if teachers.missing:
        raise StudioError(
            f"The teachers do not see all sizes of things: nobody teaches {', '.join(teachers.missing)}.",
            "Choose a second teacher that looks at pictures in five sizes, such as SqueezeNet 1.1.",
        )
    return (yield from opening_distillation(plan, place, teachers, taught_by=checksums))


def _loaded(weights: ResolvedWeights) -> Backbone:
    if weights.path is None:
        raise StudioError(f"The weights of {weights.label} are random: they teach nothing.",
                          "Choose a teacher whose weights are here, or download them in the Models panel.")  # fmt: skip
    try:
        return load_backbone(weights.path, weights.architecture)
    except (WeightsError, OSError) as error:
        raise StudioError(f"{weights.label} cannot be read ({error}).", "Choose another, or get it again.") from error


def opening_distillation(
    plan: RunPlan,
    place: TaskContext,
    teachers: Teachers,
    widths: Widths = SLIM_WIDTHS,
    taught_by: Mapping[str, str] | None = None,
) -> Job[DistillTask]:
    """Read the pictures, and begin with a pupil of these widths, or find it begun already.

    Raises:
        StudioError: there are no pictures that can be read, or what it shall begin with is no such network.

    """
    settings = DistillSettings.model_validate(dict(plan.settings))
    (slot,) = DISTILL.data
    side = settings.size * _CACHE_ROOM
    found, kept = yield from opening_pictures(slot, plan.data, settings, place, side=side, held_back=settings.held_back)
    pictures = found.pictures
    crops, pupil = Crops(pictures, found.chosen, settings), Pupil(widths, teachers.lessons)
    yield from _beginning(pupil, teachers, crops, settings, place.cache / "fits")
    measured = torch.empty(len(kept), 3, settings.size, settings.size)
    for row, index in zip(measured, kept, strict=True):
        row.copy_(centred(pictures[index], settings.size))
    # channels last: half as fast again on a processor, and no less exact
    for network in (pupil, teachers):
        network.to(place.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return DistillTask(pupil, teachers, crops, measured.to(place.device), settings, taught_by)


def _beginning(
    pupil: Pupil, teachers: Teachers, crops: Crops, settings: DistillSettings, folder: Path
) -> Job[None]:  # fmt: skip
    """Fit the pupil to its teachers, which takes minutes; a run that goes on finds it done."""
    start = resolve_backbone(settings.start) if settings.start else None
    decides = settings.model_dump_json(include={"seed", "size", "fit_batches", *Variation.model_fields})
    known = f"{crops.fingerprint} {pupil.network.widths} {decides} {start.sha256 if start else ''}"
    digest = hashlib.sha256(known.encode())
    for tensor in teachers.state_dict().values():
        digest.update(tensor.numpy().tobytes())
    file = folder / f"{digest.hexdigest()[:32]}.safetensors"
    if not file.exists():
        for _ in _fit(pupil, teachers, crops, settings, start):
            yield Progress("Fitting every layer to the teachers")
        folder.mkdir(parents=True, exist_ok=True)
        write_file(file, save({name: tensor.contiguous() for name, tensor in pupil.state_dict().items()}))
    pupil.load_state_dict(load_file(file))


def _fit(
    pupil: Pupil, teachers: Teachers, crops: Crops, settings: DistillSettings, start: ResolvedWeights | None
) -> Generator[None, None, None]:  # fmt: skip
    size, seed, drawn = settings.size, settings.seed, count()
    if start is not None:
        folded = SlimNetwork(pupil.network.widths)
        try:
            folded.features.load_state_dict(_loaded(start).features.state_dict())
        except RuntimeError as error:
            raise StudioError(f"{start.label} is no slim network.", "Begin with one, or with none.") from error
        pupil.network = unfold_heads(folded)
    else:
        chance = chance_of("weights", seed)
        pupil.network.initialise(chance)
        yield from fit_layerwise(
            pupil.network, teachers, lambda: crops.batch(8, size, "fit", seed, next(drawn)), chance,
            batches=settings.fit_batches,
        )  # fmt: skip
    yield
    with torch.no_grad():
        sample = crops.batch(48, size, "heads", seed)
        pupil.heads.fit(pupil(sample), teachers(sample))
