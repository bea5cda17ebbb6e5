"""The classifier task: learns to tell pictures apart by the folders they lie in, or digits by their labels.

Cross entropy with label smoothing (Szegedy et al. 2016, section 7). A part of every class is kept back: what the
network gets wrong there is what it shows.
"""

from collections.abc import Generator, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.classifier_files import ClassifierFacts, to_file
from models.classifiers import FAMILIES, Classifier, build_classifier
from studio.core.events import Job, Log, Picture, Progress, finish
from studio.core.failures import StudioError
from studio.core.settings import Settings
from studio.training.data.pictures import never_checked_on
from studio.training.data.sampler import seed_of, shuffled
from studio.training.run_folder import RunPlan
from studio.training.task import Batch, ExportedModel, LayerGroup, Objective, Objectives, TaskContext, TrainingTask
from studio.training.tasks.answer_sheet import Mistake, answer_sheet
from studio.training.tasks.answers import Answers, accuracy_of, balanced_accuracy_of
from studio.training.tasks.classifier_card import classifier_card, named
from studio.training.tasks.classifier_settings import CLASSIFIER, ClassifierSettings, variation_for
from studio.training.tasks.labelled_pictures import (
    Collection,
    LabelledPictures,
    opening_collection,
    shows_grey,
)

if TYPE_CHECKING:
    from studio.training.schedule import StepConfig

__all__ = ["ClassifierTask", "open_task"]

_SHOWN = 400
"""So many of the pictures kept for checking are looked at for a sample."""
_MISTAKES = 24
_CACHE_ROOM = 1.5
"""Pictures are kept so much larger than they are looked at, so that close views stay sharp."""
_PIXELS_TOGETHER = 100_000
"""So many are looked at together where nothing is learnt: enough to keep a processor busy."""
_POINT = 16
"""Side of a picture of which the last layer, at 1/16, sees one point."""
_BREATH_S = 0.03
"""After so long a breath is taken between two layers. When that is changes nothing of the numbers."""


class ClassifierTask(TrainingTask):
    """One classifier in training.

    Args:
        network: on the device.
        taught: what it learns from.
        kept: what it is measured on; may be empty.
        settings: of the run.
        size: side of the pictures at the end of the schedule, px.
        others: what it learns from in phases with data of their own.

    """

    shown = "classifier"

    def __init__(
        self, network: Classifier, taught: LabelledPictures, kept: LabelledPictures, settings: ClassifierSettings,
        size: int, others: Sequence[LabelledPictures] = (),
    ) -> None:  # fmt: skip
        self.networks: Mapping[str, nn.Module] = {"classifier": network}
        self.examples = self._taught = taught
        self.other_examples = tuple(others)
        self.best = ("accuracy", "max") if len(kept) else None
        self._kept = kept
        self._settings = settings
        self._size = min(size, kept.collection.largest_side)
        self._device = next(network.parameters()).device
        self._always_shown = sorted(shuffled(len(kept), "shown", settings.seed)[:_SHOWN].tolist())
        self._answers: Answers | None = None
        """Of the shown network as it is, on everything that is kept; None once it has learnt more."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes."""
        return self._taught.collection.names

    # -- learning ----------------------------------------------------------------------------------------------------

    def objectives(self, batch: Batch, config: "StepConfig") -> Objectives:
        """Cross entropy with the label smoothed over all classes."""
        pictures, labels = batch
        if len(pictures) == 1 and max(pictures.shape[-2:]) <= _POINT:
            raise StudioError(
                f"One picture of {pictures.shape[-1]} px at a time says too little: its features are a single point, "
                "and a network with batch norm learns from how they vary.",
                "Choose 2 pictures a step or more (for each part and process), or larger ones.",
            )
        self._answers = None
        logits = yield from _passed(self.networks["classifier"], pictures)
        yield None
        loss = F.cross_entropy(logits, labels, label_smoothing=self._settings.smoothing)
        right = (logits.detach().argmax(dim=1) == labels).float().mean()
        yield Objective("classifier", loss, {"accuracy": right})

    def adopt(self, settings: Settings) -> None:  # noqa: D102
        assert isinstance(settings, ClassifierSettings)
        self._settings = settings

    def load_state_dict(self, state: Mapping[str, Any]) -> None:  # noqa: D102
        self._answers = None  # they were those of other weights

    def layer_groups(self, network: str) -> Sequence[LayerGroup]:
        """Return one group for each scale of the features, named like what style transfer listens to, and the head."""
        classifier = self.networks[network]
        assert isinstance(classifier, Classifier)
        kind = FAMILIES[self._settings.family]
        groups: list[LayerGroup] = []
        begin = 0
        for tap in kind.scales:
            layers = list(classifier.features)[begin : kind.taps[tap] + 1]
            groups.append((tap, [weight for layer in layers for weight in layer.parameters()]))
            begin = kind.taps[tap] + 1
        return [*groups, ("head", list(classifier.head.parameters()))]

    # -- being measured ----------------------------------------------------------------------------------------------

    def validate(self, shown: nn.Module) -> Generator[None, None, dict[str, float]]:
        """Measure on everything that is kept: "accuracy", "balanced_accuracy" (mean over the classes), "loss"."""
        if not len(self._kept):
            return {}
        self._answers = yield from self._ask(shown, range(len(self._kept)))
        confusion = self._answers.confusion
        return {
            "accuracy": accuracy_of(confusion),
            "balanced_accuracy": balanced_accuracy_of(confusion),
            "loss": self._answers.loss,
        }

    def sample(self, shown: nn.Module) -> Generator[None, None, Picture | None]:
        """Draw what it mixes up among the same few hundred pictures each time, and its worst mistakes with them."""
        if not len(self._kept):
            return None
        if self._answers is not None and len(self._kept) == len(self._always_shown):
            answers = self._answers
        else:
            answers = yield from self._ask(shown, self._always_shown)
        mistakes = [
            Mistake(
                picture=self._picture(self._always_shown[index]),
                truth=self.names[int(answers.truths[index])],
                said=self.names[int(answers.said[index])],
                sureness=float(answers.probabilities[index].max()),
            )
            for index in answers.worst(_MISTAKES)
        ]
        return answer_sheet(answers.confusion, self.names, mistakes)

    def _ask(self, network: nn.Module, indices: Sequence[int]) -> Generator[None, None, Answers]:
        """Ask for an answer on each of these kept pictures, some at a time."""
        together = max(1, _PIXELS_TOGETHER // self._size**2)
        logits = []
        for begin in range(0, len(indices), together):
            some = indices[begin : begin + together]
            pictures = torch.stack([self._kept.plain(index, self._size) for index in some])
            yield
            answered = yield from _passed(network, pictures.to(self._device))
            logits.append(answered.float().cpu())
            yield
        return Answers.of(torch.cat(logits), self._kept.labels[list(indices)])

    def _picture(self, index: int) -> Picture:
        seen = (self._kept.plain(index, self._size) * 255).round().to(torch.uint8)
        return np.ascontiguousarray(seen.expand(3, -1, -1).permute(1, 2, 0).numpy())

    # -- being kept --------------------------------------------------------------------------------------------------

    def export(self, shown: nn.Module) -> ExportedModel:
        """Return the weights, what is needed to use them again, and how well they do."""
        assert isinstance(shown, Classifier)
        if self._answers is None and len(self._kept):  # stopped between two checks
            with torch.no_grad():
                self._answers = finish(self._ask(shown, range(len(self._kept))))
        facts = ClassifierFacts(
            self._settings.family, self._settings.width, shown.channels, self.names, self._size
        )  # fmt: skip
        return ExportedModel(to_file(shown), facts.to_metadata(), self._card(shown))

    def _card(self, shown: Classifier) -> str:
        return classifier_card(
            title=f"{FAMILIES[self._settings.family].title}, {self._settings.width}",
            names=self.names,
            taught=torch.bincount(self._taught.labels, minlength=len(self.names)).tolist(),
            answers=self._answers,
            mistaken=self._kept.name_of,
            size=self._size,
            channels=shown.channels,
            weights=sum(weight.numel() for weight in shown.parameters()),
        )


def open_task(plan: RunPlan, place: TaskContext) -> Job[ClassifierTask]:
    """Read the pictures and draw the network's first weights.

    Raises:
        StudioError: there are no classes to tell apart, or a phase's own data shows others.

    """
    settings = ClassifierSettings.model_validate(dict(plan.settings))
    sizes = [phase.size or settings.size for phase in plan.schedule.phases]
    (slot,) = CLASSIFIER.data
    collections: list[Collection] = []
    for data in plan.schedule.data_sets:
        yield Progress("Looking through the classes")
        sources, side = slot.sources({**plan.data, **data}), round(max(sizes) * _CACHE_ROOM)
        opened = yield from opening_collection(sources, place.cache, side=side, reading=slot.reading(settings))
        collections.append(opened.relabelled(collections[0].names) if collections else opened)
    collection = collections[0]
    grey = settings.colour == "grey" or (settings.colour == "auto" and shows_grey(collection.pictures))
    channels = 1 if grey else 3
    variation = variation_for(settings, "signs" if collection.signs else "photos")
    divided: list[tuple[list[int], list[int]]] = []
    for one in collections:
        parts = yield from one.dividing(settings.held_back, settings.seed, fair=settings.fair_check)
        divided.append(parts)
    yield from _telling_unasked(collection, divided[0][1], wanted=settings.held_back > 0)
    yield Log(_summary(collection, len(divided[0][0]), len(divided[0][1]), channels))
    if collection.largest_side < max(sizes):
        yield Log(f"No picture is larger than {collection.largest_side} px: they are looked at in that size.")
    network = build_classifier(
        settings.family, settings.width, channels=channels, classes=len(collection.names),
        generator=torch.Generator().manual_seed(seed_of("weights", place.seed)),
    )  # fmt: skip
    taught, kept = (LabelledPictures(collection, part, channels, variation) for part in divided[0])
    checked = {collection.pictures.content_of(index) for index in kept.chosen}
    others = [
        LabelledPictures(one, never_checked_on(checked, own, one.pictures.content_of), channels, variation)
        for one, (own, _) in zip(collections[1:], divided[1:], strict=True)
    ]
    return ClassifierTask(network.to(place.device), taught, kept, settings, sizes[-1], others)


def _passed(network: nn.Module, pictures: Tensor) -> Generator[None, None, Tensor]:
    """Return the logits of pictures, with a breath whenever the last is some time ago."""
    assert isinstance(network, Classifier)
    steps, breath = network.in_steps(pictures), monotonic()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            logits: Tensor = end.value
            return logits
        if monotonic() - breath > _BREATH_S:
            yield
            breath = monotonic()


def _telling_unasked(collection: Collection, kept: Sequence[int], *, wanted: bool) -> Job[None]:
    """Name the classes of which no picture is kept, where others are checked on; or say that there are none at all."""
    if wanted and not kept:
        yield Log(
            "Nothing can be kept for checking, for no class has two different pictures: how well they are recognised "
            "will stay unknown.",
            "warning",
        )
    asked = {collection.labels[index] for index in kept}
    if unasked := [name for label, name in enumerate(collection.names) if kept and label not in asked]:
        why = (
            "there are none among the pictures that the data keeps for checking."
            if collection.kept
            else "all pictures that are not lookalikes are learnt from. Two different ones of each at least let its "
            "recognition be checked."
        )
        yield Log(f"{named(unasked)} will never be asked for: {why}", "warning")


def _summary(collection: Collection, taught: int, kept: int, channels: int) -> str:
    colour = "in colour" if channels == 3 else "in grey"
    return (
        f"{len(collection.names)} classes, {taught + kept} pictures {colour}: "
        f"{taught} to learn from, {kept} kept for checking."
    )
