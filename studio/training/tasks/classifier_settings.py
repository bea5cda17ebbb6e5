"""What training a classifier can be set to. Free of torch, so that the form shows first."""

from math import ceil
from typing import Literal, TypeAlias

from studio.core.settings import inherited, setting
from studio.training.data.division import kept_of
from studio.training.data.sources import DataCount
from studio.training.data.variation import Variation
from studio.training.schedule import DATA, Schedule
from studio.training.schedule_presets import one_cycle
from studio.training.settings import TrainingSettings
from studio.training.task_kind import DataSlot, Suited, TaskKind

__all__ = ["CLASSIFIER", "ClassifierSettings", "Subject", "default_schedule", "variation_for"]

Subject: TypeAlias = Literal["photos", "signs"]
"""What pictures show, as far as it decides how they may be varied: a mirrored horse is a horse, a mirrored 3 is not."""

_NETWORK = "Network"

_EPOCHS, _MOST_EPOCHS = 10.0, 200.0
_STEPS = 150
"""So many steps tell two classes apart, as measured (docs/classifiers.md); more classes want more, as their root."""

_VARIETY: dict[Subject, Variation] = {
    "photos": Variation(crop_smallest=0.35, mirror=True, brightness=0.2, contrast=0.2, saturation=0.2),
    "signs": Variation(
        crop_smallest=1.0, crop_stretch=1.0, mirror=False, turn=10.0, shift=0.07, zoom=0.1, slant=5.0),
}  # fmt: skip


class ClassifierSettings(TrainingSettings, Variation):
    """The settings of a classifier, beside those that all runs have and how pictures may vary."""

    size: int = inherited(TrainingSettings, "size", 96)
    batch: int = inherited(TrainingSettings, "batch", 64)

    family: Literal["resnet", "darknet", "densenet"] = setting(
        "resnet", label="Network", help="Small ResNet learns fast, Darknet goes deeper, DenseNet needs little space.",
        term="architecture: He et al. 2016, Redmon & Farhadi 2018, Huang et al. 2017", group=_NETWORK,
        choices={"resnet": "Small ResNet", "darknet": "Darknet", "densenet": "DenseNet"})  # fmt: skip
    width: Literal["narrow", "half", "full"] = setting(
        "narrow", label="Width", help="Wider networks see more, and take about four times as long with each step.",
        term="channels, or growth rate", group=_NETWORK,
        choices={"narrow": "Narrow", "half": "Half", "full": "Full"})  # fmt: skip
    colour: Literal["auto", "colour", "grey"] = setting(
        "auto", label="Colour", help="Whether it sees colour; only those that do can paint in the Style panel.",
        term="input channels: 3 or 1; automatic: what the pictures have", group=_NETWORK,
        choices={"auto": "As the pictures", "colour": "Colour", "grey": "Grey"})  # fmt: skip

    classes: Literal["top", "deepest"] = setting(
        "top", label="A class is", help="Which folders tell the classes apart.",
        term="class per top folder, or per folder that holds pictures", group="Data",
        choices={"top": "Each folder in the data", "deepest": "Each folder with pictures in it"})  # fmt: skip
    held_back: float = setting(
        0.2, label="Kept for checking", help="This part of every class is only measured on, unless folders divide it.",
        term="validation split, stratified, chosen by the seed", low=0.0, high=0.5, step=0.05,
        group="Data")  # fmt: skip
    variety: Literal["auto", "photos", "signs", "own"] = setting(
        "auto", label="Pictures vary like", help="How pictures are changed while it learns, so that it never tires.",
        term="augmentation; automatic: signs for idx files, photos for folders", group="Data",
        choices={"auto": "Automatic", "photos": "Photos", "signs": "Letters and digits", "own": "As set in Variety"},
    )  # fmt: skip
    smoothing: float = setting(
        0.1, label="Doubt", help="Keeps it from being surer than it should be; 0 asks for certainty.",
        term="label smoothing (Szegedy et al. 2016)", low=0.0, high=0.5, step=0.05, effect="steer",
        group="Averaging and care")  # fmt: skip


def variation_for(settings: ClassifierSettings, subject: Subject) -> Variation:
    """Return how pictures vary while they are learnt from.

    Args:
        settings: of the run.
        subject: what the pictures show, where the settings leave that to the data.

    """
    if settings.variety == "own":
        return Variation(**{name: getattr(settings, name) for name in Variation.model_fields})
    return _VARIETY[subject if settings.variety == "auto" else settings.variety]


def default_schedule(_: TrainingSettings, epochs: float = _EPOCHS) -> Schedule:
    """One cycle with AdamW."""
    cycle = one_cycle(duration=epochs, rate=1e-2, optimiser="adamw")
    return Schedule(phases=tuple(phase.model_copy(update={"weight_decay": 0.01}) for phase in cycle.phases))


def _suited_schedule(settings: TrainingSettings, count: DataCount) -> Suited:
    """Return ten epochs, or as many more as small folders need."""
    classes, pictures = len(count.classes), CLASSIFIER.learnt_from(settings, count)
    wanted = round(_STEPS * (max(2, classes) / 2) ** 0.5, -1)
    epochs = min(max(_EPOCHS, ceil(wanted * settings.batch / pictures)), _MOST_EPOCHS)
    if epochs > _EPOCHS:
        why = (
            f"{epochs:g} epochs, because {pictures:,} pictures are few: "
            f"{classes} classes want about {wanted:,.0f} steps to be told apart."
        )
    else:
        why = f"{epochs:g} epochs: {pictures:,} pictures make enough steps of them to tell {classes} classes apart."
    return Suited(default_schedule(settings, epochs), why)


def _held_back(settings: TrainingSettings, count: DataCount) -> int:
    """As `divided` chooses, where none look alike."""
    assert isinstance(settings, ClassifierSettings)
    if count.divided:
        return 0
    share, fair = settings.held_back, settings.fair_check
    return sum(kept_of(number, share, ask_every=fair) for number in count.classes)


def _deepest(settings: TrainingSettings) -> bool:
    return isinstance(settings, ClassifierSettings) and settings.classes == "deepest"


CLASSIFIER = TaskKind(
    name="classifier",
    title="Classifier",
    summary="Learns to tell your pictures apart by the folders they lie in.",
    settings=ClassifierSettings,
    opener="studio.training.tasks.classifier:open_task",
    data=(
        DataSlot(
            DATA,
            "Pictures",
            "classes",
            "A folder that holds a folder of pictures for each class, or MNIST-like idx files.",
            _deepest,
        ),
    ),
    default_schedule=default_schedule,
    suited_schedule=_suited_schedule,
    held_back=_held_back,
    product="backbone",
    use="Let it look at the pictures in the Style panel",
    classifies=True,
)
