"""What distilling atelier-slim from its teachers can be set to. Free of torch, so that `--help` shows at once."""

from studio.core.picture_task import InputSlot
from studio.core.settings import inherited, setting
from studio.training.data.variation import Variation
from studio.training.schedule import DATA, Phase, Ramp, Schedule
from studio.training.settings import TrainingSettings
from studio.training.task_kind import DataSlot, TaskKind

__all__ = ["DISTILL", "DistillSettings"]

_RATE = 7e-4
_STEPS = 8000


class DistillSettings(TrainingSettings, Variation):
    """The settings of a distillation, beside those that all runs have and how pictures may vary."""

    gram_weight: float = setting(
        0.2, label="Style", help="How much what a style loss compares counts beside the features themselves.",
        term="weight of the Gram matrices' error", low=0.0, high=10.0, step=0.05, effect="steer")  # fmt: skip
    painted: int = setting(
        1, label="Painted pictures", help="So many pictures of a step are being painted by the network itself.",
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


def default_schedule(_: TrainingSettings) -> Schedule:
    """Adam, warmed up, then falling as a cosine to a hundredth (Loshchilov & Hutter 2017, eq. 5)."""
    rising = Ramp(start=_RATE / 50, end=_RATE, decay="linear")
    falling = Ramp(start=_RATE, end=_RATE / 100, decay="cosine")
    return Schedule(
        phases=(
            Phase(name="Warm up", duration=50, unit="steps", learning_rate=rising),
            Phase(name="Learn", duration=_STEPS - 50, unit="steps", learning_rate=falling),
        )
    )


DISTILL = TaskKind(
    name="distill",
    title="Slim network",
    summary="Teaches the small network that looks at pictures to see what VGG-19 and SqueezeNet see.",
    settings=DistillSettings,
    opener="studio.training.tasks.distill:open_task",
    data=(DataSlot(DATA, "Pictures", "pictures", "Photos and paintings of every kind."),),
    inputs=(
        InputSlot("vgg19", "VGG-19", "Its weights to relu3_1, normalised (vgg_normalised_conv3_1.pth)."),
        InputSlot("squeezenet", "SqueezeNet", "Torchvision's weights of SqueezeNet 1.1 (squeezenet1_1.pth)."),
    ),
    default_schedule=default_schedule,
    product="backbone",
    use="Let it look at the pictures in the Style panel",
    in_window=False,
)
