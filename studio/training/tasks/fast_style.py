"""The fast-style task: one painting learnt by heart, on photos (Johnson, Alahi & Fei-Fei 2016).

Every example is painted at a strength of its own, mostly in full, and judged by the network that looks: does it keep
the photo's content, and has it the painting's style, as far as the strength asks for it?
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from models.backbones import Backbone, load_backbone
from models.fast_style import FastStyleNetwork
from models.fast_style_files import FastStyleFacts, to_file
from models.fast_style_loss import FastStyleLoss
from models.painting_init import fitted, resize, size_of
from models.pixels import to_picture, to_tensor
from models.plain_ground import Palette
from models.style_transfer import LossWeights
from models.weight_files import WeightsError
from studio.core.events import Job, Picture, Progress
from studio.core.failures import StudioError
from studio.core.images import LoadedPicture, load_picture
from studio.core.recipes import name_in_recipes
from studio.core.settings import Settings
from studio.core.weights import ResolvedWeights, resolve_backbone
from studio.training.data.augment import centred, uniform
from studio.training.data.pictures import PictureExamples, never_checked_on, opening_pictures
from studio.training.data.plain_ground import on_plain_ground
from studio.training.data.sampler import seed_of
from studio.training.run_folder import RunPlan
from studio.training.sample_sheet import sample_sheet
from studio.training.task import Batch, ExportedModel, Objective, Objectives, TaskContext, TrainingTask
from studio.training.tasks.fast_style_card import fast_style_card
from studio.training.tasks.fast_style_settings import FAST_STYLE, FastStyleSettings

if TYPE_CHECKING:
    from studio.training.schedule import StepConfig

__all__ = ["FastStyleTask", "open_task"]

WIDTHS = {"half": 0.5, "full": 1.0}
STYLE_AT_ONE = 0.25
"""The style weight of style transfer that a slider at 1 stands for: what a single pass can keep up with."""
CONTENT_LAYERS = (0.0, 0.0, 1.0, 0.0, 0.0)
STYLE_LAYERS = (1.0, 1.0, 1.0, 1.0, 0.25)
"""Finest first. The textures of a photo are kept, from which a network of this size can tell a face; of the painting's
masses, which no crop of a photo can have in full, it asks for less."""
_LEAST_SIDE = 32
_SHOWN = 4
_MEASURED_SIDE = 256
_FLAT_SPAN = 2.5 / 255
_TRIES_OF_ITS_OWN, _TRIES_OF_OTHERS = 10, 100
_CACHE_ROOM = 4
"""Photos are kept so much larger than they are painted, so that close views of them stay sharp."""


@dataclass(frozen=True, slots=True, eq=False)
class Painting:
    """The painting to learn, and the network that looks at it."""

    picture: LoadedPicture
    weights: ResolvedWeights
    backbone: Backbone


@dataclass(frozen=True, slots=True)
class Views(PictureExamples):
    """Random views of photos, of which none is of one colour.

    From such a view nothing is learnt: each instance norm takes all of it away, and divides by nothing but its epsilon.
    What rounding leaves of its gradient grows by 1/√ε ≈ 300 a layer, and is infinite after fifteen of them: one flat
    view spoils the step of a whole batch.
    """

    plain: float = 0.0
    """How often a view is laid on plain ground."""

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return a view of picture `index`, or, where that is flat wherever one looks, of another one."""
        view = self._draw_unflat(index, generator, size)
        if self.plain and uniform(generator) < self.plain:
            made = on_plain_ground(view, generator)
            view = view if is_flat(made) else made
        return (view,)

    def _draw_unflat(self, index: int, generator: torch.Generator, size: int) -> Tensor:
        for again in range(_TRIES_OF_ITS_OWN + _TRIES_OF_OTHERS):
            if again >= _TRIES_OF_ITS_OWN:
                index = int(torch.randint(len(self), (), generator=generator))
            (view,) = PictureExamples.draw(self, index, generator, size)
            if not is_flat(view):
                return view
        raise StudioError(
            "Whichever photo is looked at is of one colour: there is nothing to learn from.",
            "Add photos that show something, or look at larger parts of them (Variety: Closest view).",
        )


def is_flat(view: Tensor) -> bool:
    """Tell whether 3×H×W, 0–1, is of one colour: no channel spans more than a rounding error of JPEG."""
    low, high = view.flatten(1).aminmax(dim=1)
    return bool((high - low).max() <= _FLAT_SPAN)


class FastStyleTask(TrainingTask):
    """One fast style in training.

    Args:
        network: on the device.
        painting: what it learns.
        photos: what it learns from.
        kept: photos that it is measured on, 3×S×S each; may be empty.
        looks: photos that it shows, 3×S×S each: of those that are kept, where there are any.
        settings: of the run.
        others: what it learns from in phases with data of their own.

    """

    shown = "painter"
    judged_by = frozenset({"style_weight", "content_weight", "total_variation"})

    def __init__(
        self,
        network: FastStyleNetwork,
        painting: Painting,
        photos: PictureExamples,
        kept: tuple[Tensor, ...],
        looks: tuple[Tensor, ...],
        settings: FastStyleSettings,
        others: tuple[PictureExamples, ...] = (),
    ) -> None:
        self.networks: Mapping[str, nn.Module] = {"painter": network}
        self.examples, self.other_examples = photos, others
        self.best = ("loss", "min") if kept else None
        self._painting = painting
        self._kept, self._looks = kept, looks
        self._settings = settings
        self._device = next(network.parameters()).device
        self._loss = FastStyleLoss(
            painting.backbone, self._seen_painting(), loss_weights(settings), lattice=settings.lattice
        )
        if network.ground is not None:
            network.ground.learn(Palette(self._seen_painting()))
        self._measured: dict[str, float] = {}
        self._steps = 0

    def _seen_painting(self) -> Tensor:
        image = to_tensor(self._painting.picture.pixels)
        side = max(_LEAST_SIDE, self._settings.stroke_side)
        return resize(image, *fitted(*size_of(image), 1, shorter_at_least=side)).to(self._device)

    # -- learning ----------------------------------------------------------------------------------------------------

    def objectives(self, batch: Batch, config: "StepConfig") -> Objectives:
        """Paint the photos, each at a strength of its own, and judge what came of them."""
        (photos,) = batch
        strength = self._draw_strengths(len(photos))
        painted = self.networks["painter"](photos, strength)
        yield None
        content = self._loss.content_of(photos)
        yield None
        terms = self._loss(painted, content, strength, photos if self._settings.ground else None)
        self._steps = config.step + 1
        yield Objective(
            "painter",
            terms.total,
            {
                "content": terms.content.detach().mean(),
                "style": terms.style.detach().mean(),
                "total_variation": terms.variation.detach(),
                **({"lattice": terms.lattice.detach().mean()} if self._settings.lattice else {}),
            },
        )

    def _draw_strengths(self, count: int) -> Tensor:
        full = torch.rand(count) < self._settings.full_strength
        return torch.where(full, torch.ones(count), torch.rand(count)).to(self._device)

    def adopt(self, settings: Settings) -> None:  # noqa: D102
        assert isinstance(settings, FastStyleSettings)
        self._settings = settings
        self._loss.weights = loss_weights(settings)

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {"steps": self._steps, "measured": dict(self._measured)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was taken; the card then tells the numbers of those weights, not of later ones."""
        self._steps = int(state["steps"])
        self._measured = dict(state.get("measured", {}))

    # -- being measured ----------------------------------------------------------------------------------------------

    def validate(self, shown: nn.Module) -> Generator[None, None, dict[str, float]]:
        """Measure at full strength on the photos that are kept for it: "content", "style" and their weighted "loss"."""
        if not self._kept:
            return {}
        sums = {"content": 0.0, "style": 0.0, "loss": 0.0}
        full = torch.ones(1, device=self._device)
        for photo in self._kept:
            image = photo.unsqueeze(0).to(self._device)
            painted = shown(image, full)
            yield
            terms = self._loss(painted, self._loss.content_of(image), full, image if self._settings.ground else None)
            for name, value in (("content", terms.content), ("style", terms.style), ("loss", terms.total)):
                sums[name] += float(value.mean()) / len(self._kept)
            yield
        self._measured = sums
        return sums

    def sample(self, shown: nn.Module) -> Generator[None, None, Picture | None]:
        """Show a few photos side by side: in the first row as they are, below at half strength and in full."""
        rows: dict[str, list[Tensor]] = {"Photo": [], "Half strength": [], "Full strength": []}
        for photo in self._looks:
            image = photo.unsqueeze(0).to(self._device)
            for row, strength in zip(rows.values(), (0.0, 0.5, 1.0), strict=True):
                row.append(shown(image, torch.full((1,), strength, device=self._device)).float() if strength else image)
                yield
        return sample_sheet({name: to_picture(torch.cat(row, dim=3)) for name, row in rows.items()})

    # -- being kept --------------------------------------------------------------------------------------------------

    def export(self, shown: nn.Module) -> ExportedModel:
        """Return the weights in half precision, what is needed to paint with them, and how well they do."""
        assert isinstance(shown, FastStyleNetwork)
        settings, painting = self._settings, self._painting
        facts = FastStyleFacts(
            width=shown.width,
            blocks=len(shown.body),
            painting=painting.picture.name,
            painting_sha256=painting.picture.sha256,
            backbone=name_in_recipes(painting.weights.name),
            steps=self._steps,
            keeps_ground=shown.keeps_ground,
            about={
                "stroke_side": str(settings.stroke_side),
                "style_weight": repr(settings.style_weight),
                "content_weight": repr(settings.content_weight),
                "total_variation": repr(settings.total_variation),
                **({"lattice": repr(settings.lattice)} if settings.lattice else {}),
            },
        )
        card = fast_style_card(facts, settings, photos=len(self.examples), measured=self._measured)
        return ExportedModel(to_file(shown), facts.to_metadata(), card)


def open_task(plan: RunPlan, place: TaskContext) -> Job[FastStyleTask]:
    """Read the painting and the photos, load the network that looks, and draw the first weights.

    Raises:
        StudioError: no painting is named, something cannot be read, or the network that looks is untrained.

    """
    settings = FastStyleSettings.model_validate(dict(plan.settings))
    painting = yield from _opening_painting(plan, settings, place)
    (slot,) = FAST_STYLE.data
    largest = max(phase.size or settings.size for phase in plan.schedule.phases)
    opened: list[tuple[PictureExamples, tuple[int, ...]]] = []
    for data in plan.schedule.data_sets:
        side, sources = largest * _CACHE_ROOM, {**plan.data, **data}
        found = yield from opening_pictures(slot, sources, settings, place, side=side, held_back=settings.held_back)
        opened.append(found)
    (photos, kept), *others = [
        (Views(own.pictures, own.chosen, own.variation, settings.plain), checked) for own, checked in opened
    ]
    checked = {photos.pictures.content_of(index) for index in kept}
    looks = (kept or photos.chosen)[:_SHOWN]
    network = FastStyleNetwork(WIDTHS[settings.width], settings.blocks, keeps_ground=settings.ground)
    network.initialise(torch.Generator().manual_seed(seed_of("weights", place.seed) % 2**63))
    side = min(_MEASURED_SIDE, max(_LEAST_SIDE, largest))
    return FastStyleTask(
        network.to(place.device),
        replace(painting, backbone=painting.backbone.to(place.device)),
        photos,
        tuple(centred(photos.pictures[index], side) for index in kept),
        tuple(centred(photos.pictures[index], side) for index in looks),
        settings,
        tuple(replace(own, chosen=never_checked_on(checked, own.chosen, own.pictures.content_of)) for own, _ in others),
    )


def loss_weights(settings: FastStyleSettings) -> LossWeights:
    """Translate the sliders into the weights of the loss."""
    return LossWeights(
        content=settings.content_weight,
        style=settings.style_weight * STYLE_AT_ONE,
        total_variation=settings.total_variation,
        content_layers=CONTENT_LAYERS,
        style_layers=STYLE_LAYERS,
    )


def _opening_painting(plan: RunPlan, settings: FastStyleSettings, place: TaskContext) -> Job[Painting]:
    if not plan.inputs.get("painting"):
        raise StudioError("There is no painting to learn.", "Choose the painting whose manner it shall learn.")
    yield Progress("Loading the painting and the network that looks")
    picture = load_picture(Path(plan.inputs["painting"]))
    weights = resolve_backbone(settings.backbone)
    if weights.path is None:
        raise StudioError(f"The weights of {weights.label} are random: nothing can be learnt through them.",
                          "Choose a network whose weights are here.")  # fmt: skip
    yield Progress("Loading the painting and the network that looks")
    try:
        return Painting(picture, weights, load_backbone(weights.path, weights.architecture, pooling="average"))
    except WeightsError as error:
        raise StudioError(str(error), "Choose another network, or get its file again.") from error
