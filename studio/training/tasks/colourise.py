"""The colourising task: photos lose their colours, and a network learns to guess them, and to follow hints."""

import math
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.cielab import chroma_within_gamut, grey_of, lab_from_rgb, rgb_from_lab
from models.colour_bins import bin_centres, rarity, soft_bins
from models.colouriser import SCALE, Colouring, Colouriser, ColouriserFacts, load_colouriser, to_file
from models.pixels import to_picture
from models.unet_encoders import SLIM
from models.weight_files import WeightsError, read_tensors
from studio.core.events import Job, Log, Picture, Progress
from studio.core.failures import StudioError
from studio.core.settings import Settings
from studio.core.trained_models import TrainedModels
from studio.core.weights import resolve_backbone
from studio.training.data.augment import centred
from studio.training.data.pictures import PictureExamples, opening_pictures
from studio.training.data.sampler import seed_of
from studio.training.run_folder import RunPlan
from studio.training.sample_sheet import sample_sheet
from studio.training.task import Batch, ExportedModel, Objective, Objectives, TaskContext, TrainingTask
from studio.training.tasks.colourise_card import colouriser_card
from studio.training.tasks.colourise_pictures import ColouredPictures, HintRule, Look, looks_of
from studio.training.tasks.colourise_settings import COLOURISE, ColouriserSettings

if TYPE_CHECKING:
    from studio.training.schedule import StepConfig

__all__ = ["ColouriseTask", "ab_psnr", "open_task"]

_CACHED_SIDE = 512
"""Shorter side at which photos are kept: colours are learnt from small ones."""
_MEASURED_SIDE = 160
_SHOWN, _SHOWN_SIDE = 6, 192
_COUNTED_SIDE = 32
_BETA = 0.02
"""Where the loss bends from square to straight: 2 units of a and b."""
_PEAK = 255.0
"""Of a and b, for PSNR: 8 bits, as OpenCV keeps them."""


class ColouriseTask(TrainingTask):
    """A colouriser in training.

    Args:
        network: on the device.
        photos: what it learns from.
        counts: how many pixels of them lie in each bin, Q.
        kept: what it is measured on; may be empty.
        looks: what it shows.
        settings: of the run.

    """

    shown = "colouriser"

    def __init__(
        self, network: Colouriser, photos: ColouredPictures, counts: Tensor, kept: list[Look], looks: list[Look],
        settings: ColouriserSettings,
    ) -> None:  # fmt: skip
        self.networks: Mapping[str, nn.Module] = {"colouriser": network}
        self.examples = photos
        self._kept, self._looks, self._settings = kept, looks, settings
        self._device = network.guess.weight.device
        self._rarity = rarity(counts, 1.0 - settings.rebalance).to(self._device)
        self.best = ("psnr_hints", "max") if kept else None
        self._steps = 0
        self._measured: dict[str, float] = {}

    def objectives(self, batch: Batch, config: "StepConfig") -> Objectives:
        """Colour the pictures, and compare: a and b by a smooth L1, and how likely each colour was held to be."""
        lab, hints = batch
        self._steps = config.step + 1
        made: Colouring = self.networks["colouriser"](lab[:, :1], hints)
        yield None
        terms = {"colour": self._colour_loss(made.ab.float(), F.avg_pool2d(lab[:, 1:], 2))}
        if self._settings.palette_weight:
            terms["palette"] = self._settings.palette_weight * palette_loss(made.bins.float(), lab[:, 1:])
        yield Objective(
            "colouriser", sum(terms.values(), made.ab.new_zeros(())), {n: t.detach() for n, t in terms.items()}
        )

    def _colour_loss(self, made: Tensor, wanted: Tensor) -> Tensor:
        """Return the smooth L1 (Zhang et al. 2017, eq. 1), rare colours counting more: both N×2×H×W."""
        nearest, share = soft_bins(wanted)
        weight = (self._rarity[nearest] * share).sum(dim=1, keepdim=True)  # N×1×H×W
        return (weight * F.smooth_l1_loss(made, wanted / SCALE, beta=_BETA, reduction="none")).mean()

    def adopt(self, settings: Settings) -> None:  # noqa: D102
        assert isinstance(settings, ColouriserSettings)
        self._settings = settings

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {"steps": self._steps, "measured": dict(self._measured)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:  # noqa: D102
        self._steps, self._measured = int(state["steps"]), dict(state["measured"])

    def validate(self, shown: nn.Module) -> Generator[None, None, dict[str, float]]:
        """Measure the "psnr" of a and b (dB) without hints and with ten, how colourful it is, and what one hint does.

        "vividness" is the mean chroma as a share of the photo's, without hints. "removed" is the share of the colour
        error in a region that one hint in its middle takes away.
        """
        if not self._kept:
            return {}
        sums = dict.fromkeys(("psnr", "psnr_hints"), 0.0)
        vivid, errors = [0.0, 0.0], [0.0, 0.0]
        for look in self._kept:
            wanted = look.lab[1:]
            none, ten, one = (
                self._coloured(shown, look.lab, hints) for hints in (None, look.hints, look.region.hints)
            )  # fmt: skip
            yield
            sums["psnr"] += ab_psnr(none, wanted) / len(self._kept)
            sums["psnr_hints"] += ab_psnr(ten, wanted) / len(self._kept)
            for place, ab in enumerate((none, wanted)):
                vivid[place] += float(ab.norm(dim=0).mean())
            for place, ab in enumerate((none, one)):
                errors[place] += float(((ab - wanted).norm(dim=0) * look.region.where).sum())
        gain = sums["psnr_hints"] - sums["psnr"]
        self._measured = {
            **sums, "gain": gain, "vividness": vivid[0] / max(vivid[1], 1e-6),
            "removed": 1.0 - errors[1] / max(errors[0], 1e-6),
        }  # fmt: skip
        return self._measured

    def sample(self, shown: nn.Module) -> Generator[None, None, Picture | None]:
        """Show a few photos: grey with the hints on them, coloured without and with hints, and as they were."""
        rows: dict[str, list[Tensor]] = {"Given": [], "Without hints": [], "Ten hints": [], "Photo": []}
        for look in self._looks:
            made = [self._coloured(shown, look.lab, hints) for hints in (None, look.hints)]
            rows["Given"].append(_dotted(look))
            for name, ab in zip(("Without hints", "Ten hints", "Photo"), (*made, look.lab[1:]), strict=True):
                lab = torch.cat([look.lab[:1], ab])[None]
                rows[name].append(rgb_from_lab(chroma_within_gamut(lab)))
            yield
        return sample_sheet({name: to_picture(torch.cat(row, dim=3)) for name, row in rows.items()})

    @torch.no_grad()
    def _coloured(self, shown: nn.Module, lab: Tensor, hints: Tensor | None) -> Tensor:
        """Return a and b at the size of the picture, 2×H×W, on the CPU."""
        hints = lab.new_zeros(3, lab.shape[1] // 2, lab.shape[2] // 2) if hints is None else hints
        made: Colouring = shown(lab[None, :1].to(self._device), hints[None].to(self._device))
        return F.interpolate(made.ab.float(), scale_factor=2.0, mode="bilinear")[0].cpu() * SCALE

    def export(self, shown: nn.Module) -> ExportedModel:
        """Return the network in half precision, and how well it does."""
        facts = ColouriserFacts(self._steps, about={"settings": self._settings.to_metadata()})
        card = colouriser_card(facts, self._settings, photos=len(self.examples), measured=self._measured)
        return ExportedModel(to_file(shown), facts.to_metadata(), card)


def palette_loss(logits: Tensor, ab: Tensor) -> Tensor:
    """Return the cross-entropy of a distribution over bins, N×Q×H/8×W/8, for colours, N×2×H×W.

    What is likely there are the colours of the whole square, not their mean: a quarter as finely.
    """
    side = ab.shape[2] // logits.shape[2]
    nearest, share = soft_bins(ab[:, :, side // 4 :: side // 2, side // 4 :: side // 2])  # four colours of a square
    chances = F.log_softmax(logits, dim=1).repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    return -(chances.gather(1, nearest) * share).sum(dim=1).mean()


def ab_psnr(made: Tensor, wanted: Tensor) -> float:
    """Return the PSNR of a and b, both 2×H×W, in dB of 8 bits."""
    return 10.0 * math.log10(_PEAK**2 / max(1e-6, float((made - wanted).square().mean())))


def _dotted(look: Look) -> Tensor:
    """Return the grey picture with its hints on it, 1×3×H×W."""
    lab = torch.cat([look.lab[:1], torch.zeros_like(look.lab[1:])])[None]
    dots = F.max_pool2d(look.hints[None, 2:], 3, stride=1, padding=1)
    ab = F.avg_pool2d(look.hints[None, :2], 3, stride=1, padding=1, divisor_override=1) * SCALE
    colours = rgb_from_lab(chroma_within_gamut(torch.cat([torch.full_like(dots, 65.0), ab], dim=1)))
    dots, colours = (F.interpolate(x, scale_factor=2.0, mode="nearest") for x in (dots, colours))
    return grey_of(lab[:, :1]) * (1.0 - dots) + colours * dots


def open_task(plan: RunPlan, place: TaskContext) -> Job[ColouriseTask]:
    """Read the photos, leave out what has no colours, and begin with the network that comes along.

    Raises:
        StudioError: something cannot be read, there are no colours to learn, or `start` is no colouriser.

    """
    settings = ColouriserSettings.model_validate(dict(plan.settings))
    (slot,) = COLOURISE.data
    found, kept = yield from opening_pictures(
        slot, plan.data, settings, place, side=_CACHED_SIDE, held_back=settings.held_back
    )
    colours = yield from _colours_of(found, (*found.chosen, *kept))
    chosen, kept = (
        tuple(number for number in numbers if colours[number].norm(dim=1).mean() >= settings.least_colour)
        for numbers in (found.chosen, kept)
    )
    if not chosen:
        raise StudioError(
            "There are no colours to learn: every picture is grey.", "Add colour photos, or lower Least colourful."
        )
    if grey := len(found.chosen) - len(chosen):
        yield Log(
            "1 picture is left out: it has hardly any colour."
            if grey == 1
            else f"{grey} pictures are left out: they have hardly any colour."
        )
    rule = HintRule(settings.hints, settings.regions, settings.repaint)
    photos = ColouredPictures(found.pictures, chosen, found.variation, rule)
    nearest, share = soft_bins(torch.cat([colours[number] for number in chosen]).T[None, :, :, None])
    counts = torch.zeros(len(bin_centres())).index_add_(0, nearest.flatten(), share.flatten())
    yield Progress("Loading the network to begin with")
    network = Colouriser()
    if settings.start:
        network.load_state_dict(_trained(settings.start).state_dict())
    else:
        network.initialise(_slim(), torch.Generator().manual_seed(seed_of("weights", place.seed) % 2**63))
    network.to(place.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return ColouriseTask(
        network, photos, counts, looks_of(photos, kept, _MEASURED_SIDE, place.seed),
        looks_of(photos, _some_of(kept or chosen), _SHOWN_SIDE, place.seed), settings,
    )  # fmt: skip


def _colours_of(examples: PictureExamples, numbers: tuple[int, ...]) -> Job[dict[int, Tensor]]:
    """Return a and b of a small version of each picture, P×2."""
    found = {}
    for place, number in enumerate(numbers):
        if place % 50 == 0:
            yield Progress("Counting colours", place, len(numbers), place / len(numbers))
        small = centred(examples.pictures[number], _COUNTED_SIDE)
        found[number] = lab_from_rgb(small[None])[0, 1:].flatten(1).T
    return found


def _some_of(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Return a few, from all over: files lie beside others of their kind."""
    return numbers[:: max(1, len(numbers) // _SHOWN)][:_SHOWN]


def _slim() -> dict[str, Tensor]:
    """Return the weights of the features of the network that comes along."""
    weights = resolve_backbone(SLIM)
    assert weights.path is not None
    features = read_tensors(weights.path, prefix="features.")
    return {name.removeprefix("features."): value.float() for name, value in features.items()}


def _trained(name: str) -> Colouriser:
    try:
        return load_colouriser(Path(TrainedModels.standard("colouriser").find(name).path))[0]
    except (WeightsError, OSError) as error:
        raise StudioError(str(error), "Begin with another network, or with none.") from error
