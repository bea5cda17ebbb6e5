"""What distilling atelier-slim from its teachers can be set to. Free of torch, so that `--help` shows at once."""

from studio.core.settings import inherited, setting
from studio.training.data.variation import Variation
from studio.training.schedule import DATA, Phase, Ramp, Schedule
from studio.training.settings import TrainingSettings
from studio.training.task_kind import DataSlot, TaskKind

__all__ = ["DISTILL", "DistillSettings"]

_RATE = 7e-4
_STEPS = 8000
_RATE_OF_MORE = 4e-4
_STEPS_OF_MORE = 800
"""Of a network that is taught further."""


class DistillSettings(TrainingSettings, Variation):
    """The settings of a distillation, beside those that all runs have and how pictures may vary."""

    gram_weight: float = setting(
        0.2, label="Style", help="How much what a style loss compares counts beside the features themselves.",
        term="weight of the Gram matrices' error", low=0.0, high=10.0, step=0.05, effect="steer")  # fmt: skip
    gradient_weight: float = setting(
        0.5, label="Gradients", help="How much it counts that the network moves a picture as its teachers would.",
        term="weight of the error of one layer's style gradient, another layer each step", low=0.0, high=10.0,
        step=0.05, effect="steer")  # fmt: skip

    teacher: str = setting(
        "vgg19", label="Teacher", help="The network that it learns to see like.",
        term="perceptual backbone: a name or a weights file", group="Network", offers="backbone")  # fmt: skip
    second_teacher: str = setting(
        "squeezenet1_1", label="Second teacher", help="Another one, for what the first does not see.",
        term="perceptual backbone: a name or a weights file", group="Network", offers="backbone")  # fmt: skip
    start: str = setting(
        "", label="Begin with", help="A slim network to be taught further; empty begins with a new one.",
        term="a name or a weights file", group="Network")  # fmt: skip
    painted: int = setting(
        1, label="Painted pictures", help="To a step so many come on the average that the network itself is painting.",
        term="examples from the pool of pictures in the making", low=0, high=64, group="Network")  # fmt: skip
    fit_batches: int = setting(
        64, label="Start", help="From so many batches every layer is fitted in closed form before it learns.",
        term="batches of 8 of the layer-wise least-squares fit", low=1, high=1000, group="Network")  # fmt: skip
    held_back: int = setting(
        20, label="Kept for checking", help="So many pictures are never learnt from, only measured on.",
        term="validation pictures, chosen by the seed", low=0, high=64, group="Data")  # fmt: skip

    size: int = inherited(TrainingSettings, "size", 112)
    ema_decay: float = inherited(TrainingSettings, "ema_decay", 0.995)
    clip_norm: float = inherited(TrainingSettings, "clip_norm", 2.0)
    crop_smallest: float = inherited(Variation, "crop_smallest", 0.05)
    crop_stretch: float = inherited(Variation, "crop_stretch", 1.0)
    contrast: float = inherited(Variation, "contrast", 0.4)
    saturation: float = inherited(Variation, "saturation", 0.8)


def default_schedule(settings: TrainingSettings) -> Schedule:
    """Adam, warmed up, then falling as a cosine to a hundredth (Loshchilov & Hutter 2017, eq. 5)."""
    assert isinstance(settings, DistillSettings)
    rate, steps = (_RATE_OF_MORE, _STEPS_OF_MORE) if settings.start else (_RATE, _STEPS)
    rising = Ramp(start=rate / 40, end=rate, decay="linear")
    falling = Ramp(start=rate, end=rate / 100, decay="cosine")
    return Schedule(
        phases=(
            Phase(name="Warm up", duration=40, unit="steps", learning_rate=rising),
            Phase(name="Learn", duration=steps - 40, unit="steps", learning_rate=falling),
        )
    )


DISTILL = TaskKind(
    name="distill",
    title="Slim network",
    summary="Teaches a small, fast network to see pictures as large ones do.",
    settings=DistillSettings,
    opener="studio.training.tasks.distill:open_task",
    data=(DataSlot(DATA, "Pictures", "pictures", "Photos and paintings of every kind."),),
    default_schedule=default_schedule,
    product="backbone",
    use="Let it look at the pictures in the Style panel",
    in_window=False,
)
