"""The inpaint task: holes are cut into photos, and a network learns to fill them."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from models.critic import SlimCritic
from models.feature_loss import FeatureLoss, calibrated
from models.holes import any_hole, scratch_holes, square_holes, stroke_holes
from models.inpainter import WIDTHS, Inpainter, membrane
from models.network_files import NetworkFacts, load_network, scaled_widths, to_file
from models.pixels import to_picture
from models.weight_files import WeightsError
from models.weight_headers import INPAINTER
from studio.core.events import Job, Picture, Progress
from studio.core.failures import StudioError
from studio.core.settings import Settings
from studio.core.trained_models import TrainedModels
from studio.training.data.pictures import PictureExamples, opening_pictures
from studio.training.data.sampler import seed_of
from studio.training.run_folder import RunPlan
from studio.training.sample_sheet import sample_sheet
from studio.training.slim import open_slim
from studio.training.task import Batch, ExportedModel, Objective, Objectives, OptimiserRule, TaskContext, TrainingTask
from studio.training.tasks.card import facts_table
from studio.training.tasks.inpaint_settings import INPAINT, InpaintSettings
from studio.training.tasks.restore_finish import Adversary
from studio.training.tasks.restore_pictures import part_of

if TYPE_CHECKING:
    from studio.training.schedule import StepConfig

__all__ = ["Holed", "HoledPictures", "InpaintTask", "hole_psnr", "open_task"]

_CACHED_SIDE, _MEASURED_SIDE = 1536, 256
_SHOWN, _SHOWN_SIDE = 4, 192
_CALIBRATED_ON, _CALIBRATED_SIDE = 8, 128
_MEASURED = 24
"""So many kept photos tell one check from the next: there are three kinds of hole for each."""
_HEADS_WIDTH = 64
HOLE_KINDS = "scratches", "strokes", "squares"


class Holed(NamedTuple):
    """A part of a photo, 1×3×S×S, 0–1, and its hole, 1×1×S×S, 1 where it is gone."""

    photo: Tensor
    hole: Tensor


@dataclass(frozen=True, slots=True)
class HoledPictures(PictureExamples):
    """Parts of photos with holes.

    Args:
        from_afar: whether some photos are reduced first.

    """

    from_afar: bool = True

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return a part, 3×S×S, 0–1, and its hole, 1×S×S, 0 or 1."""
        cut, _ = part_of(self.pictures[self.chosen[index]], size, generator, from_afar=self.from_afar)
        cut = torch.rot90(cut[:3], int(torch.randint(4, (), generator=generator)), (1, 2))
        hole = any_hole(size, int(torch.randint(2**62, (), generator=generator)))
        return cut.to(torch.float32).div_(255.0).contiguous(), _as_plane(hole)


def _as_plane(hole: Any) -> Tensor:
    return torch.from_numpy(hole > 0).to(torch.float32)[None]


class InpaintTask(TrainingTask):
    """One network that fills holes in training.

    Args:
        network: on the device.
        facts: what it is.
        photos: what it learns from.
        kept: what it is measured on, by kind of hole; may be empty.
        looks: what it shows.
        settings: of the run.
        look: compares what pictures look like; None nothing does.
        critic: learns to tell its results from photos; None nothing does.

    """

    shown = "inpainter"

    def __init__(
        self, network: Inpainter, facts: NetworkFacts, photos: HoledPictures, kept: Mapping[str, list[Holed]],
        looks: list[Holed], settings: InpaintSettings, look: FeatureLoss | None = None,
        critic: nn.Module | None = None,
    ) -> None:  # fmt: skip
        self.networks: Mapping[str, nn.Module] = {"inpainter": network} | ({"critic": critic} if critic else {})
        self.examples = photos
        self.best = ("psnr", "max") if any(kept.values()) else None
        self._facts, self._kept, self._looks, self._settings, self._look = facts, kept, looks, settings, look
        self._adversary = Adversary(critic) if critic is not None else None
        self._device = next(network.parameters()).device
        self._steps = 0
        self._measured: dict[str, float] = {}

    def objectives(self, batch: Batch, config: "StepConfig") -> Objectives:
        """Fill the holes and compare; a critic learns right behind it."""
        self._steps = config.step + 1
        photos, holes = batch
        made: Tensor = self.networks["inpainter"](photos, holes)
        yield None
        inside = holes.expand_as(made)
        apart = ((made - photos).abs() * inside).sum() / inside.sum().clamp_min(1.0)
        terms = {"pixels": self._settings.pixel_weight * apart}
        if self._look is not None:
            for name, term in self._look(made, photos).items():
                if name != "pixels":
                    terms[name] = self._settings.feature_weight * term
            yield None
        if self._adversary is not None:
            terms["critic"] = self._settings.critic_weight * self._adversary.loss(made)
            yield None
        loss, made = sum(terms.values(), 0.0 * made.sum()), made.detach()
        yield Objective("inpainter", loss, {name: term.detach() for name, term in terms.items()})
        if self._adversary is not None:
            yield from self._adversary.learning(photos, made, 0.0)

    def optimiser(self, network: str) -> OptimiserRule:
        """Adam; a critic learns as fast as what it judges."""
        return OptimiserRule(betas=(None, 0.99), contends=True) if network == "critic" else OptimiserRule()

    def adopt(self, settings: Settings) -> None:  # noqa: D102
        assert isinstance(settings, InpaintSettings)
        self._settings = settings

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        state: dict[str, Any] = {"steps": self._steps, "measured": dict(self._measured)}
        return state | ({"adversary": self._adversary.state_dict()} if self._adversary is not None else {})

    def load_state_dict(self, state: Mapping[str, Any]) -> None:  # noqa: D102
        self._steps, self._measured = int(state["steps"]), dict(state["measured"])
        if self._adversary is not None:
            self._adversary.load_state_dict(state["adversary"])

    def validate(self, shown: nn.Module) -> Generator[None, None, dict[str, float]]:
        """Measure the PSNR in the holes, in dB, of each kind, and how much more that is than the membrane's."""
        found: dict[str, float] = {}
        for kind, cases in self._kept.items():
            gains, reached = [], []
            for photo, hole in cases:
                made = shown(photo.to(self._device), hole.to(self._device)).cpu()
                reached.append(hole_psnr(made, photo, hole))
                gains.append(reached[-1] - hole_psnr(membrane(photo, hole), photo, hole))
                yield
            if cases:
                found |= {f"psnr_{kind}": float(np.mean(reached)), f"gain_{kind}": float(np.mean(gains))}
        if found:
            found["psnr"] = float(np.mean([value for name, value in found.items() if name.startswith("psnr_")]))
        self._measured = found
        return found

    def sample(self, shown: nn.Module) -> Generator[None, None, Picture | None]:
        """Show a few parts: with their holes, filled as smoothly as can be, filled by the network, and as they were."""
        rows: dict[str, list[Tensor]] = {"Given": [], "Membrane": [], "Filled": [], "Photo": []}
        for photo, hole in self._looks:
            made = shown(photo.to(self._device), hole.to(self._device)).float().cpu()
            pictures = (photo * (1 - hole), membrane(photo, hole), made, photo)
            for row, picture in zip(rows.values(), pictures, strict=True):
                row.append(picture.clamp(0.0, 1.0))
            yield
        return sample_sheet({name: to_picture(torch.cat(row, dim=3)) for name, row in rows.items() if row})

    def export(self, shown: nn.Module) -> ExportedModel:  # noqa: D102
        about = {"settings": self._settings.to_metadata()}
        facts = NetworkFacts(INPAINTER, self._facts.shape, self._steps, about)
        return ExportedModel(to_file(shown), facts.to_metadata(), self._card())

    def _card(self) -> str:
        settings = self._settings
        rows = [
            ("network", "a U-Net that corrects the smoothest filling, dilated at its bottom; half precision"),
            ("input", "N×3×H×W, sRGB, 0–1, and N×1×H×W, 1 in the holes; best at most 384 px a side"),
            ("learnt from", f"{len(self.examples)} photos, {self._steps:,} steps of {settings.batch} squares of "
             f"{settings.size} px with scratches, strokes or squares cut out; course “{settings.course}”"),
        ]  # fmt: skip
        if self._measured:
            words = "; ".join(
                f"{kind} {self._measured[f'psnr_{kind}']:.2f} dB ({self._measured[f'gain_{kind}']:+.2f})"
                for kind in HOLE_KINDS
                if f"psnr_{kind}" in self._measured
            )
            rows.append(("in the holes of photos it did not learn from", f"{words}; in brackets beyond the membrane"))
        return f"# Fills holes\n\n{facts_table(rows)}\n\nWhose the photos are decides who may use it.\n"


def hole_psnr(made: Tensor, wanted: Tensor, hole: Tensor) -> float:
    """Return 10 log₁₀(1 ÷ mean squared error) over all colours in the hole, in dB; made is cut off at 0 and 1.

    Pictures N×3×H×W, 0–1; the hole N×1×H×W, 1 in it.
    """
    inside = hole.expand_as(wanted) > 0
    error = (made.float().clamp(0.0, 1.0) - wanted)[inside].square().mean()
    return float(-10.0 * torch.log10(error.clamp_min(1e-10)))


def open_task(plan: RunPlan, place: TaskContext) -> Job[InpaintTask]:
    """Read the photos, and draw the first weights, or take those that it shall begin with.

    Raises:
        StudioError: something cannot be read, or is no network to begin with.

    """
    settings = InpaintSettings.model_validate(dict(plan.settings))
    (slot,) = INPAINT.data
    found, kept = yield from opening_pictures(
        slot, plan.data, settings, place, side=_CACHED_SIDE, held_back=settings.held_back
    )
    photos = HoledPictures(found.pictures, found.chosen, found.variation, settings.from_afar)
    facts = NetworkFacts(INPAINTER, scaled_widths(WIDTHS, settings.width))
    network = Inpainter(**facts.shape)
    network.initialise(torch.Generator().manual_seed(seed_of("weights", place.seed) % 2**63))
    if settings.start:
        yield Progress("Loading the network to begin with")
        network, facts = _begun(settings.start)
    # channels last: up to twice as fast on a processor, and no less exact
    network.to(place.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    look = None
    if settings.feature_weight:
        yield Progress("Loading the network that looks")
        pairs = _pairs(photos, (kept or photos.chosen)[:_CALIBRATED_ON], place)
        look = calibrated(open_slim().to(place.device), pairs)
    critic = None
    if settings.critic_weight:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of("critic", place.seed) % 2**63)
            critic = SlimCritic(open_slim().to(place.device), width=_HEADS_WIDTH).to(place.device)
    measured = {kind: _cases(photos, kept[:_MEASURED], kind, _MEASURED_SIDE, place.seed) for kind in HOLE_KINDS}
    looks = [
        case
        for number, kind in zip((kept or photos.chosen)[:_SHOWN], (*HOLE_KINDS, "strokes"), strict=False)
        for case in _cases(photos, (number,), kind, _SHOWN_SIDE, place.seed)
    ]
    return InpaintTask(network, facts, photos, measured, looks, settings, look, critic)


def _begun(name: str) -> tuple[Inpainter, NetworkFacts]:
    """Return the network to begin with, ready to learn.

    Raises:
        StudioError: there is none.

    """
    model = TrainedModels.standard(INPAINTER).find(name)
    try:
        network, facts = load_network(model.path, INPAINTER, Inpainter)
    except (WeightsError, OSError) as error:
        raise StudioError(str(error), "Begin with another network, or with none.") from error
    assert isinstance(network, Inpainter)
    return network.requires_grad_(True), facts


def _cases(photos: HoledPictures, numbers: Sequence[int], kind: str, size: int, seed: int) -> list[Holed]:
    """Cut holes of a kind into the middles of some photos: 5 % scratches, 8 % strokes, three squares, always alike."""
    cases = []
    for place, number in enumerate(numbers):
        pixels = photos.pictures[number]
        side = min(size, *pixels.shape[:2])
        top, left = ((length - side) // 2 for length in pixels.shape[:2])
        part = torch.from_numpy(np.array(pixels[top : top + side, left : left + side, :3])).permute(2, 0, 1)
        random = np.random.default_rng([seed, place, HOLE_KINDS.index(kind)])
        match kind:
            case "scratches":
                hole = scratch_holes(side, side, 0.05, random)
            case "strokes":
                hole = stroke_holes(side, side, 0.08, random)
            case _:
                hole = square_holes(side, side, 3, side // 4, random)
        cases.append(Holed(part[None].to(torch.float32).div_(255.0), _as_plane(hole)[None]))
    return cases


def _pairs(photos: HoledPictures, numbers: Sequence[int], place: TaskContext) -> Iterator[tuple[Tensor, Tensor]]:
    """Return the smoothest filling, and the photo, of a few."""
    for photo, hole in _cases(photos, numbers, "strokes", _CALIBRATED_SIDE, place.seed):
        yield membrane(photo, hole).to(place.device), photo.to(place.device)
