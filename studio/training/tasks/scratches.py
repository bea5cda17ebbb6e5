"""The scratches task: photos are damaged on purpose, and a network learns where."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.network_files import NetworkFacts, scaled_widths, to_file
from models.scratch_detector import KINDS, WIDTHS, ScratchDetector, found_loss
from models.scratching import scratched
from models.weight_headers import SCRATCH_DETECTOR
from studio.core.events import Job, Picture
from studio.core.settings import Settings
from studio.training.data.pictures import PictureExamples, opening_pictures
from studio.training.data.sampler import seed_of
from studio.training.run_folder import RunPlan
from studio.training.sample_sheet import sample_sheet
from studio.training.task import Batch, ExportedModel, Objective, Objectives, TaskContext, TrainingTask
from studio.training.tasks.card import facts_table
from studio.training.tasks.restore_pictures import part_of
from studio.training.tasks.scratches_settings import SCRATCHES, ScratchesSettings

if TYPE_CHECKING:
    from studio.training.schedule import StepConfig

__all__ = ["ScratchedPictures", "ScratchesTask", "intersection_over_union", "open_task"]

_CACHED_SIDE, _MEASURED_SIDE = 1536, 320
_SHOWN, _SHOWN_SIDE = 4, 192


class Case(NamedTuple):
    """A damaged part of a photo, 1×3×S×S, 0–1, and where it is hidden, 1×K×S×S, 0 or 1."""

    given: Tensor
    truth: Tensor


@dataclass(frozen=True, slots=True)
class ScratchedPictures(PictureExamples):
    """Parts of photos with damage drawn on them.

    Args:
        from_afar: whether some photos are reduced first.

    """

    from_afar: bool = True

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return what is given, 3×S×S, 0–1, and where it is hidden, K×S×S, 0 or 1."""
        cut, _ = part_of(self.pictures[self.chosen[index]], size, generator, from_afar=self.from_afar)
        cut = torch.rot90(cut, int(torch.randint(4, (), generator=generator)), (1, 2))
        case = case_of(cut, int(torch.randint(2**62, (), generator=generator)))
        return case.given[0], case.truth[0]


def case_of(part: Tensor, seed: int) -> Case:
    """Damage a part of a photo, 3×S×S, uint8."""
    made = scratched(np.ascontiguousarray(part[:3].permute(1, 2, 0).numpy()), seed)
    given = torch.from_numpy(made.picture).permute(2, 0, 1).to(torch.float32).div_(255.0)
    truth = torch.from_numpy(np.stack([made.damage, made.writing])).to(torch.float32)
    return Case(given[None].contiguous(), truth[None])


class ScratchesTask(TrainingTask):
    """One scratch detector in training.

    Args:
        network: on the device.
        facts: what it is.
        photos: what it learns from.
        kept: what it is measured on; may be empty.
        looks: what it shows.
        settings: of the run.

    """

    shown = "detector"

    def __init__(
        self, network: ScratchDetector, facts: NetworkFacts, photos: ScratchedPictures, kept: list[Case],
        looks: list[Case], settings: ScratchesSettings,
    ) -> None:  # fmt: skip
        self.networks: Mapping[str, nn.Module] = {"detector": network}
        self.examples = photos
        self.best = ("iou_damage", "max") if kept else None
        self._facts, self._kept, self._looks, self._settings = facts, kept, looks, settings
        self._device = next(network.parameters()).device
        self._steps = 0
        self._measured: dict[str, float] = {}

    def objectives(self, batch: Batch, config: "StepConfig") -> Objectives:  # noqa: D102
        self._steps = config.step + 1
        given, truth = batch
        logits = self.networks["detector"].logits(given)  # type: ignore[operator]
        yield None
        terms = found_loss(logits, truth, bce=self._settings.bce_weight, dice=self._settings.dice_weight)
        yield Objective("detector", sum(terms.values(), 0.0 * logits.sum()), {n: t.detach() for n, t in terms.items()})

    def adopt(self, settings: Settings) -> None:  # noqa: D102
        assert isinstance(settings, ScratchesSettings)
        self._settings = settings

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {"steps": self._steps, "measured": dict(self._measured)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:  # noqa: D102
        self._steps, self._measured = int(state["steps"]), dict(state["measured"])

    def validate(self, shown: nn.Module) -> Generator[None, None, dict[str, float]]:
        """Measure the intersection over union of what is found and what is there, over all kept photos together."""
        if not self._kept:
            return {}
        found, truth = [], []
        for case in self._kept:
            found.append((shown(case.given.to(self._device)) > 0.5).cpu().numpy()[0])
            truth.append(case.truth.numpy()[0] > 0.5)
            yield
        self._measured = {
            f"iou_{kind}": intersection_over_union([each[place] for each in found], [each[place] for each in truth])
            for place, kind in enumerate(KINDS)
        }
        return self._measured

    def sample(self, shown: nn.Module) -> Generator[None, None, Picture | None]:
        """Show a few parts: what is given, what is found (damage red, writing blue), and what is there."""
        rows: dict[str, list[NDArray[np.uint8]]] = {"Given": [], "Found": [], "There": []}
        for given, truth in self._looks:
            found = shown(given.to(self._device)).float().cpu()
            rows["Given"].append(_bytes(given))
            rows["Found"].append(_bytes(_coloured(given, found)))
            rows["There"].append(_bytes(_coloured(given, truth)))
            yield
        return sample_sheet({name: np.concatenate(row, axis=1) for name, row in rows.items()}) if self._looks else None

    def export(self, shown: nn.Module) -> ExportedModel:  # noqa: D102
        about = {"settings": self._settings.to_metadata()}
        facts = NetworkFacts(SCRATCH_DETECTOR, self._facts.shape, self._steps, about)
        return ExportedModel(to_file(shown), facts.to_metadata(), self._card())

    def _card(self) -> str:
        settings = self._settings
        rows = [
            ("network", "a small U-Net of plain residual blocks; half precision"),
            ("input", "N×3×H×W, sRGB, 0–1, any size"),
            ("output", "N×2×H×W: how likely each pixel is hidden by damage (scratches, dust, cracks, tears, holes) and "
             "by writing"),
            ("learnt from", f"{len(self.examples)} photos, {self._steps:,} steps of {settings.batch} squares of "
             f"{settings.size} px, damaged by chance"),
        ]  # fmt: skip
        if self._measured:
            words = "intersection over union {iou_damage:.2f} (damage), {iou_writing:.2f} (writing)"
            rows.append(("on photos it did not learn from", words.format(**self._measured)))
        return f"# Finds scratches\n\n{facts_table(rows)}\n\nWhose the photos are decides who may use it.\n"


def intersection_over_union(found: list[NDArray[np.bool_]], truth: list[NDArray[np.bool_]]) -> float:
    """Return |found ∩ truth| ÷ |found ∪ truth| over all pictures together; 1 where nothing is to be found and is not.

    Both lists hold H×W planes.
    """
    both = sum(int((one & other).sum()) for one, other in zip(found, truth, strict=True))
    either = sum(int((one | other).sum()) for one, other in zip(found, truth, strict=True))
    return both / either if either else 1.0


def open_task(plan: RunPlan, place: TaskContext) -> Job[ScratchesTask]:
    """Read the photos, and draw the first weights.

    Raises:
        StudioError: something cannot be read.

    """
    settings = ScratchesSettings.model_validate(dict(plan.settings))
    (slot,) = SCRATCHES.data
    found, kept = yield from opening_pictures(
        slot, plan.data, settings, place, side=_CACHED_SIDE, held_back=settings.held_back
    )
    photos = ScratchedPictures(found.pictures, found.chosen, found.variation, settings.from_afar)
    facts = NetworkFacts(SCRATCH_DETECTOR, scaled_widths(WIDTHS, settings.width))
    network = ScratchDetector(**facts.shape)
    network.initialise(torch.Generator().manual_seed(seed_of("weights", place.seed) % 2**63))
    # channels last: up to twice as fast on a processor, and no less exact
    network.to(place.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    looks = (kept or photos.chosen)[:_SHOWN]
    return ScratchesTask(
        network, facts, photos, _cases(photos, kept, _MEASURED_SIDE, place.seed),
        _cases(photos, looks, _SHOWN_SIDE, place.seed), settings,
    )  # fmt: skip


def _cases(photos: ScratchedPictures, numbers: tuple[int, ...], size: int, seed: int) -> list[Case]:
    """Damage the middles of some photos, always in the same way."""
    found = []
    for place, number in enumerate(numbers):
        pixels = photos.pictures[number]
        side = min(size, *pixels.shape[:2])
        top, left = ((length - side) // 2 for length in pixels.shape[:2])
        part = torch.from_numpy(np.array(pixels[top : top + side, left : left + side])).permute(2, 0, 1)
        found.append(case_of(part, seed_of("damage", seed, place)))
    return found


def _coloured(given: Tensor, hidden: Tensor) -> Tensor:
    """Lay red over damage and blue over writing: 1×3×H×W, 0–1."""
    ink = torch.tensor([[1.0, 0.15, 0.1], [0.15, 0.3, 1.0]])
    grey = given.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1) * 0.7
    for number, colour in enumerate(ink):
        grey = torch.lerp(grey, colour.view(1, 3, 1, 1).expand_as(grey), hidden[:, number : number + 1])
    return grey


def _bytes(picture: Tensor) -> NDArray[np.uint8]:
    return picture[0].clamp(0, 1).mul(255).round().to(torch.uint8).permute(1, 2, 0).numpy()
