"""The distillation task: atelier-slim learns to see what its teachers see (FitNets, Romero et al. 2015).

It begins well: every convolution and every head is a least-squares fit to the teachers. Then all layers learn together.
A few pictures of every step are being *painted* by the pupil itself, one stroke at a time, towards the style of other
crops. What a style optimisation finds, a network's blind spots above all, is thus shown to the teachers, who say what
is there. The exported network has its heads folded in.
"""

import copy
import hashlib
import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.distillation import Heads, fold_heads, lesson_errors, style_gap, tap_widths
from models.layerwise_fit import fit_layerwise
from models.pixels import to_picture
from models.slim import SLIM_WIDTHS, TAPS, SlimNetwork, Widths
from models.teachers import AlignedSqueezeNet, Lesson, NormalisedVgg19, Teachers
from models.weight_files import WeightsError
from studio.core.atomic import write_file
from studio.core.events import Job, Picture, Progress
from studio.core.failures import StudioError
from studio.core.settings import Settings
from studio.training.data.augment import centred, uniform
from studio.training.data.pictures import PictureExamples, opening_pictures
from studio.training.data.sampler import seed_of
from studio.training.data.thread_map import mapped
from studio.training.data.variation import Variation
from studio.training.run_folder import RunPlan
from studio.training.task import Batch, ExportedModel, Objective, Objectives, OptimiserRule, TaskContext, TrainingTask
from studio.training.tasks.distill_settings import DISTILL, DistillSettings

if TYPE_CHECKING:
    from studio.training.schedule import StepConfig

__all__ = ["Crops", "DistillTask", "ImagePool", "Pupil", "open_task", "opening_distillation"]

_CACHE_ROOM = 4
"""Pictures are kept so much larger than they are looked at, so that close views stay sharp."""
_STROKES = 40
"""After so many a picture in the making is replaced."""
_AT_ONCE = 4
"""So many pictures are measured on together."""


class Pupil(nn.Module):
    """The network, and the heads that translate what it sees into what its teachers see: what learns, as one."""

    def __init__(self, widths: Widths, lessons: Sequence[Lesson]) -> None:
        super().__init__()
        self.widths = widths
        self.network = SlimNetwork(widths, readouts=False)
        self.heads = Heads(lessons, tap_widths(widths, TAPS))

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """N×3×H×W, 0–1 → features by tap."""
        seen: dict[str, Tensor] = self.network(pictures)
        return seen


class Crops(PictureExamples):
    """Crops of photos and paintings, estranged as pictures in the making are."""

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return one crop, 3×S×S, 0–1."""
        (crop,) = super().draw(index, generator, size)
        return (_estranged(crop, generator),)

    def batch(self, count: int, size: int, *seed: int | str) -> Tensor:
        """Return `count` crops, N×3×S×S, that depend on the seed alone."""
        chance = _generator(*seed)
        order = torch.randint(len(self), (count,), generator=chance).tolist()
        return torch.stack([self.draw(index, chance, size)[0] for index in order])


def _estranged(crop: Tensor, generator: torch.Generator) -> Tensor:
    """Turn a crop, swap or invert its colours, bend its tones, add fine or coarse noise, blur: each now and then."""
    crop = torch.rot90(crop, int(torch.randint(4, (), generator=generator)), (1, 2))
    if uniform(generator) < 0.15:
        crop = crop[torch.randperm(3, generator=generator)]
    if uniform(generator) < 0.3:
        crop = crop ** uniform(generator, 0.6, 1.7)
    if uniform(generator) < 0.03:
        crop = 1 - crop
    if uniform(generator) < 0.15:
        side, grain = crop.shape[-1], 2 ** int(torch.randint(3, (), generator=generator))
        noise = torch.randn(1, 3, side // grain, side // grain, generator=generator)
        crop = crop + _sized(noise, side)[0] * uniform(generator, 0.01, 0.2)
    elif uniform(generator) < 0.05:
        crop = F.avg_pool2d(F.pad(crop, (2, 2, 2, 2), mode="reflect"), 5, 1)
    return crop.clamp(0, 1)


@dataclass(slots=True)
class ImagePool:
    """Pictures that the pupil is painting, each towards the style of a crop; `ages` count the strokes so far."""

    pictures: Tensor
    styles: Tensor
    ages: Tensor
    turn: int = 0

    def advance(self, count: int, pupil: Pupil, fresh: Tensor) -> Tensor:
        """Give the next `count` pictures one stroke each, put crops out of `fresh` where a life is over; return them.

        Chance comes from torch's own generator.
        """
        chosen = [(self.turn + offset) % len(self.pictures) for offset in range(count)]
        self.turn = (self.turn + count) % len(self.pictures)
        fresh = _sized(fresh, self.pictures.shape[-1])
        for index in chosen:
            if self.ages[index] >= _STROKES:
                picture, style = torch.randint(len(fresh), (2,)).tolist()
                self.pictures[index], self.styles[index], self.ages[index] = fresh[picture], fresh[style].flip(2), 0
                if torch.rand(()) < 0.2:
                    self.pictures[index] = torch.rand(self.pictures[index].shape)
        with torch.no_grad():
            wanted = pupil(self.styles[chosen])
        painted = self.pictures[chosen].requires_grad_()
        (gradient,) = torch.autograd.grad(style_gap(pupil.heads, pupil(painted), wanted), painted)
        size = gradient.square().mean((1, 2, 3), keepdim=True).sqrt().clamp_min(1e-12)
        stroke = (0.03 * (1 - self.ages[chosen].float() / _STROKES) + 0.003).view(-1, 1, 1, 1)
        painted = (painted.detach() - stroke * (gradient / size).clamp(-4, 4)).clamp(0, 1)
        self.pictures[chosen] = painted
        self.ages[chosen] += 1
        return painted


class DistillTask(TrainingTask):
    """One pupil in training.

    Args:
        pupil: on the device, fitted.
        teachers: on the device.
        crops: what it learns from.
        kept: what it is measured on, N×3×S×S; may be empty.
        settings: of the run.

    """

    shown = "pupil"
    judged_by = frozenset({"gram_weight"})

    def __init__(
        self, pupil: Pupil, teachers: Teachers, crops: Crops, kept: Tensor, settings: DistillSettings
    ) -> None:  # fmt: skip
        self.networks: Mapping[str, nn.Module] = {"pupil": pupil}
        self.examples = crops
        self.best = ("loss", "min") if len(kept) else None
        self._teachers, self._kept, self._settings = teachers, kept, settings
        self._steps = 0
        count, device = 8 * max(1, settings.painted), kept.device
        seed, size = settings.seed, settings.size
        pictures, styles = (crops.batch(count, size, which, seed).to(device) for which in ("pool", "styles"))
        ages = torch.randint(_STROKES, (count,), generator=_generator("ages", settings.seed))
        self.pool = ImagePool(pictures, styles, ages.to(device))

    def objectives(self, batch: Batch, config: "StepConfig") -> Objectives:
        """Ask both what they see; the pupil learns from how far it is off, in features and in Gram matrices."""
        (crops,) = batch
        pupil = self.networks["pupil"]
        assert isinstance(pupil, Pupil)
        if self._settings.painted:
            painted = self.pool.advance(self._settings.painted, pupil, crops)
            crops = torch.cat([crops, _sized(painted, crops.shape[-1])])
            yield None
        wanted = self._teachers(crops)
        yield None
        features, grams = lesson_errors(pupil.heads, pupil(crops), wanted)
        feature_loss, gram_loss = self._weighted(features), self._weighted(grams)
        self._steps = config.step + 1
        terms = {"features": feature_loss.detach(), "grams": gram_loss.detach()}
        yield Objective("pupil", feature_loss + self._settings.gram_weight * gram_loss, terms)

    def _weighted(self, errors: Mapping[str, Tensor]) -> Tensor:
        return torch.stack([lesson.weight * errors[lesson.layer] for lesson in self._teachers.lessons]).sum()

    def optimiser(self, network: str) -> OptimiserRule:  # noqa: D102
        return OptimiserRule(betas=(None, 0.99))

    def adopt(self, settings: Settings) -> None:  # noqa: D102
        assert isinstance(settings, DistillSettings)
        self._settings = settings

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {"steps": self._steps, "pool": asdict(self.pool)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:  # noqa: D102
        self._steps = int(state["steps"])
        device, pool = self._kept.device, state["pool"]
        tensors = {name: pool[name].to(device) for name in ("pictures", "styles", "ages")}
        self.pool = ImagePool(**tensors, turn=int(pool["turn"]))

    def validate(self, shown: nn.Module) -> Generator[None, None, dict[str, float]]:
        """Measure the relative errors by teacher's layer, and their weighted "loss", on what is kept."""
        assert isinstance(shown, Pupil)
        sums: dict[str, float] = {}
        for first in range(0, len(self._kept), _AT_ONCE):
            crops = self._kept[first : first + _AT_ONCE]
            wanted = self._teachers(crops)
            yield
            features, grams = lesson_errors(shown.heads, shown(crops), wanted)
            found = {f"features {layer}": error for layer, error in features.items()}
            found |= {f"grams {layer}": error for layer, error in grams.items()}
            found["loss"] = self._weighted(features) + self._settings.gram_weight * self._weighted(grams)
            for name, error in found.items():
                sums[name] = sums.get(name, 0.0) + float(error) * len(crops) / len(self._kept)
            yield
        return sums

    def sample(self, shown: nn.Module) -> Generator[None, None, Picture | None]:
        """Show what it is painting, above the styles."""
        yield
        rows = [torch.cat(list(each[:8]), dim=2) for each in (self.pool.pictures, self.pool.styles)]
        return to_picture(torch.cat(rows, dim=1)[None])

    def export(self, shown: nn.Module) -> ExportedModel:
        """Fold the heads in, in half precision."""
        pupil = copy.deepcopy(shown).cpu()
        assert isinstance(pupil, Pupil)
        folded = fold_heads(pupil.network, pupil.heads, pupil.widths)
        metadata = {
            "architecture": "atelier-slim", "widths": json.dumps(pupil.widths), "taps": json.dumps(TAPS),
            "steps": str(self._steps), "licence": "Apache-2.0", "settings": self._settings.model_dump_json(),
        }  # fmt: skip
        tensors = {name: value.half().contiguous() for name, value in folded.state_dict().items()}
        card = f"# A slim network\n\nDistilled from VGG-19 and SqueezeNet 1.1 in {self._steps:,} steps.\n"
        return ExportedModel(tensors, metadata, card)


def open_task(plan: RunPlan, place: TaskContext) -> Job[DistillTask]:
    """Read the teachers, then see `opening_distillation`.

    Raises:
        StudioError: a teacher is not named, or its file is another network's.

    """
    yield Progress("Loading the teachers")
    vgg, squeezenet = NormalisedVgg19(), AlignedSqueezeNet()
    try:
        for slot, load in zip(DISTILL.inputs, (vgg.load, squeezenet.load), strict=True):
            load(Path(plan.inputs.get(slot.role, slot.role)))
    except (WeightsError, OSError, KeyError, RuntimeError) as error:
        raise StudioError(f"{slot.title} cannot be read ({error}).", slot.help) from error
    return (yield from opening_distillation(plan, place, Teachers(vgg, squeezenet)))


def opening_distillation(
    plan: RunPlan, place: TaskContext, teachers: Teachers, widths: Widths = SLIM_WIDTHS
) -> Job[DistillTask]:
    """Read the pictures, and fit a pupil of these widths to its teachers, or find it fitted already.

    Raises:
        StudioError: there are no pictures that can be read.

    """
    settings = DistillSettings.model_validate(dict(plan.settings))
    (slot,) = DISTILL.data
    side = settings.size * _CACHE_ROOM
    found, kept = yield from opening_pictures(slot, plan.data, settings, place, side=side, held_back=settings.held_back)
    pictures = found.pictures
    crops, pupil = Crops(pictures, found.chosen, settings), Pupil(widths, teachers.lessons)
    yield from _fitting(pupil, teachers, crops, settings, place.cache / "fits")
    measured = torch.empty(len(kept), 3, settings.size, settings.size)
    for row, index in zip(measured, kept, strict=True):
        row.copy_(centred(pictures[index], settings.size))
    return DistillTask(pupil.to(place.device), teachers.to(place.device), crops, measured.to(place.device), settings)


def _fitting(
    pupil: Pupil, teachers: Teachers, crops: Crops, settings: DistillSettings, folder: Path
) -> Job[None]:  # fmt: skip
    """Fit every convolution and every head to the teachers, which takes minutes; a run that goes on finds it done."""
    decides = settings.model_dump_json(include={"seed", "size", "fit_batches", *Variation.model_fields})
    digest = hashlib.sha256(f"{crops.fingerprint} {pupil.widths} {decides}".encode())
    for tensor in teachers.state_dict().values():
        digest.update(tensor.numpy().tobytes())
    file = folder / f"{digest.hexdigest()[:32]}.safetensors"
    if not file.exists():
        for fitted in mapped(lambda _: _fit(pupil, teachers, crops, settings), [None], threads=1):
            if fitted is None:
                yield Progress("Fitting every layer to the teachers")
        folder.mkdir(parents=True, exist_ok=True)
        write_file(file, save({name: tensor.contiguous() for name, tensor in pupil.state_dict().items()}))
    pupil.load_state_dict(load_file(file))


def _fit(pupil: Pupil, teachers: Teachers, crops: Crops, settings: DistillSettings) -> bool:
    size, seed, drawn = settings.size, settings.seed, count()
    chance = _generator("weights", seed)
    pupil.network.initialise(chance)
    fit_layerwise(
        pupil.network, teachers, lambda: crops.batch(8, size, "fit", seed, next(drawn)), chance,
        batches=settings.fit_batches,
    )  # fmt: skip
    sample = crops.batch(48, size, "heads", seed)
    with torch.no_grad():
        pupil.heads.fit(pupil(sample), teachers(sample))
    return True


def _generator(*seed: int | str) -> torch.Generator:
    return torch.Generator().manual_seed(seed_of(*seed) % 2**63)


def _sized(pictures: Tensor, side: int) -> Tensor:
    """N×3×S×S → N×3×side×side."""
    if pictures.shape[-1] == side:
        return pictures
    return F.interpolate(pictures, size=(side, side), mode="bilinear")
