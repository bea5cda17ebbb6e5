"""What training a fast style can be set to. Free of torch, so that the form shows first."""

from typing import Literal

from studio.core.picture_task import InputSlot
from studio.core.samples import sample_paintings
from studio.core.settings import inherited, setting
from studio.core.style_settings import DEFAULT_BACKBONE
from studio.training.data.sources import DataCount
from studio.training.data.variation import Variation
from studio.training.schedule import DATA, Phase, Ramp, Schedule
from studio.training.settings import TrainingSettings
from studio.training.task_kind import DataSlot, Suited, TaskKind, held_back_pictures

__all__ = ["FAST_STYLE", "FastStyleSettings", "default_schedule"]

_NETWORK = "Network"
_DATA = "Data"
_RATE = 2e-3


class FastStyleSettings(TrainingSettings, Variation):
    """The settings of a fast style, beside those that all runs have and how photos may vary."""

    style_weight: float = setting(
        1.0, label="Style", help="How strongly the painting's manner takes over.", term="style weight λs",
        low=0.0, high=20.0, step=0.05, effect="steer", scale="log")  # fmt: skip
    content_weight: float = setting(
        1.0, label="Content", help="How faithfully the photos' shapes are kept.", term="content weight λc",
        low=0.0, high=20.0, step=0.05, effect="steer", scale="log")  # fmt: skip
    total_variation: float = setting(
        0.1, label="Smoothness", help="Calms grain and speckles; too much looks like plastic.",
        term="total variation weight λTV", low=0.0, high=4.0, step=0.05, effect="steer")  # fmt: skip
    ground: bool = setting(
        True, label="Keep plain ground", help="White paper stays white and night dark, as far as the painting can.",
        term="plain areas take the painting's colour of their tone; off: the network of version 0.1")  # fmt: skip
    lattice: float = setting(
        1.0, label="No nets", help="Keeps strokes from repeating as nets and combs.",
        term="weight of what the spectrum of small windows has more than the painting's", low=0.0, high=10.0, step=0.1,
        lowest="as it comes")  # fmt: skip
    stroke_side: int = setting(
        384, label="Painting seen at", help="Shorter side at which the painting is looked at: larger, larger strokes.",
        term="resolution of the style target", low=64, high=2048, step=16, unit="px")  # fmt: skip

    width: Literal["half", "full"] = setting(
        "half", label="Width", help="Full width paints more finely, learns four times as slowly, and is larger.",
        term="share of Johnson et al.'s channels", group=_NETWORK,
        choices={"half": "Half", "full": "Full"})  # fmt: skip
    blocks: int = setting(
        5, label="Depth", help="More layers that rework the picture.", term="residual blocks",
        low=1, high=16, step=1, group=_NETWORK)  # fmt: skip
    backbone: str = setting(
        DEFAULT_BACKBONE, label="Judge", help="The network that looks at photos and paintings while it learns.",
        term="perceptual backbone: a name or a weights file", group=_NETWORK,
        offers="backbone", choices={DEFAULT_BACKBONE: "Atelier"})  # fmt: skip
    full_strength: float = setting(
        0.6, label="At full strength", help="How often it practises at full strength; else at any below.",
        term="share of examples whose strength is 1; the others' is uniform in 0–1", low=0.0, high=1.0, step=0.05,
        group=_NETWORK)  # fmt: skip

    held_back: int = setting(
        4, label="Kept for checking", help="So many photos are never learnt from, only measured on and shown.",
        term="validation pictures, chosen by the seed", low=0, high=64, step=1, unit="photos", lowest="none",
        group=_DATA)  # fmt: skip

    plain: float = setting(
        0.25, label="On plain ground", help="How often a photo is shown as a drawing, a product on paper, or a logo.",
        term="share of views made into pictures with flat areas", low=0.0, high=1.0, step=0.05,
        group=_DATA)  # fmt: skip

    batch: int = inherited(TrainingSettings, "batch", 2)
    clip_norm: float = inherited(TrainingSettings, "clip_norm", 5.0)
    crop_smallest: float = inherited(Variation, "crop_smallest", 0.1)
    crop_stretch: float = inherited(Variation, "crop_stretch", 1.0)
    brightness: float = inherited(Variation, "brightness", 0.2)
    contrast: float = inherited(Variation, "contrast", 0.3)


def default_schedule(settings: TrainingSettings) -> Schedule:
    """Adam, warmed up, then falling as a cosine while the squares grow: strokes are learnt small, at little cost."""
    size = settings.size
    phases = (
        Phase(
            name="Warm up",
            duration=60,
            unit="steps",
            learning_rate=Ramp(start=_RATE / 60, end=_RATE, decay="linear"),
            size=_of(size, 0.8),
        ),
        Phase(
            name="Strokes",
            duration=3000,
            unit="steps",
            learning_rate=Ramp(start=_RATE, end=0.75 * _RATE, decay="cosine"),
            size=_of(size, 0.8),
        ),
        Phase(
            name="Pictures",
            duration=5000,
            unit="steps",
            learning_rate=Ramp(start=0.75 * _RATE, end=0.2 * _RATE, decay="cosine"),
            size=size,
        ),
        Phase(
            name="Finish",
            duration=2000,
            unit="steps",
            learning_rate=Ramp(start=0.2 * _RATE, end=0.01 * _RATE, decay="cosine"),
            size=_of(size, 1.4),
        ),
    )
    return Schedule(phases=phases)


def _suited_schedule(settings: TrainingSettings, count: DataCount) -> Suited:
    schedule = default_schedule(settings)
    steps = sum(int(phase.duration) for phase in schedule.phases)
    return Suited(schedule, f"{steps:,} steps, however many photos: it is the painting that is learnt.")


def _of(size: int, share: float) -> int:
    """A part of the size, as a multiple of 16."""
    return max(16, round(size * share / 16) * 16)


FAST_STYLE = TaskKind(
    name="fast-style",
    title="Fast style",
    summary="Learns one painting's manner by heart, and then paints any photo in an instant.",
    settings=FastStyleSettings,
    opener="studio.training.tasks.fast_style:open_task",
    data=(
        DataSlot(
            DATA,
            "Photos",
            "pictures",
            "Drop photos of the kind you want to paint: a few dozen will do, a few hundred are better.",
        ),
    ),
    inputs=(InputSlot("painting", "Painting", "The painting whose manner it learns.", samples=sample_paintings),),
    default_schedule=default_schedule,
    suited_schedule=_suited_schedule,
    held_back=held_back_pictures,
    product="fast_style",
    use="Paint at once with what it learnt: in the Style panel, as Instant",
)
