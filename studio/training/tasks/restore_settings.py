"""What training a restorer can be set to. Free of torch, so that the form shows first."""

from typing import Literal

from studio.core.settings import inherited, setting
from studio.training.data.sources import DataCount
from studio.training.schedule import DATA, Phase, Ramp, Schedule
from studio.training.settings import TrainingSettings
from studio.training.task_kind import DataSlot, Suited, TaskKind

__all__ = ["RESTORE", "RestorerSettings", "default_schedule"]

_NETWORK, _DATA = "Network", "Data"
_RATE, _STEPS, _WARM_UP = 5e-4, 20_000, 200


class RestorerSettings(TrainingSettings):
    """The settings of a restorer, beside those that all runs have."""

    network: Literal["enlarger", "enhancer"] = setting(
        "enlarger", label="Network", help="What it learns: to enlarge, or to mend at the same size.",
        term="after SPAN (Wan et al. 2024), after NAFNet (Chen et al. 2022)", group=_NETWORK,
        choices={"enlarger": "Enlarge", "enhancer": "Enhance"})  # fmt: skip
    scale: Literal["2", "3", "4"] = setting(
        "2", label="Enlarges", help="How many times as wide its pictures become.", term="scale s", group=_NETWORK,
        choices={"2": "2 ×", "3": "3 ×", "4": "4 ×"})  # fmt: skip
    width: int = setting(
        0, label="Width", help="Wider networks can do more, and take longer.", term="channels; automatic: 48 or 32",
        low=0, high=256, step=8, lowest="automatic", group=_NETWORK)  # fmt: skip
    start: str = setting(
        "", label="Begin with", help="A network to be taught further, or another scale; empty begins with a new one.",
        term="a name, a weights file or a finished run", group=_NETWORK, offers="restorer",
        choices={"": "Nothing: a new network"})  # fmt: skip

    charbonnier_weight: float = setting(
        1.0, label="Pixels", help="How much it counts that every pixel is right.",
        term="weight of the Charbonnier loss", low=0.0, high=10.0, step=0.1, effect="steer", scale="log")  # fmt: skip
    mse_weight: float = setting(
        0.0, label="Large errors", help="Counts large errors much more than small ones; softer pictures.",
        term="weight of the mean squared error", low=0.0, high=10.0, step=0.1, effect="steer", scale="log")  # fmt: skip
    ssim_weight: float = setting(
        0.0, label="Structure", help="How much it counts that edges and textures run alike.",
        term="weight of 1 − SSIM (Wang et al. 2004)", low=0.0, high=10.0, step=0.1, effect="steer",
        scale="log")  # fmt: skip

    from_afar: bool = setting(
        True, label="Also from afar", help="Shows some photos reduced: sharper than they are, without their grain.",
        term="half of the pictures are scaled down by a factor in 0.5–1", group=_DATA)  # fmt: skip
    turned: bool = setting(
        True, label="Turn and mirror", help="Shows photos turned by quarters and mirrored; not where writing matters.",
        term="the eight symmetries of a square", group=_DATA)  # fmt: skip
    held_back: int = setting(
        16, label="Kept for checking", help="So many photos are never learnt from, only measured on and shown.",
        term="validation pictures, chosen by the seed", low=0, high=1000, step=1, unit="photos", lowest="none",
        group=_DATA)  # fmt: skip

    size: int = inherited(TrainingSettings, "size", 96)
    batch: int = inherited(TrainingSettings, "batch", 16)
    clip_norm: float = inherited(TrainingSettings, "clip_norm", 1.0)


def default_schedule(settings: TrainingSettings) -> Schedule:
    """Adam, warmed up, then falling as a cosine over the steps that are asked for."""
    steps = settings.steps or _STEPS
    warm_up = min(_WARM_UP, max(1, steps // 10))
    rising = Ramp(start=_RATE / 20, end=_RATE, decay="linear")
    falling = Ramp(start=_RATE, end=_RATE / 500, decay="cosine")
    phases = (
        Phase(name="Warm up", duration=warm_up, unit="steps", learning_rate=rising),
        Phase(name="Learn", duration=max(1, steps - warm_up), unit="steps", learning_rate=falling),
    )
    return Schedule(phases=phases)


def _suited_schedule(settings: TrainingSettings, count: DataCount) -> Suited:
    steps = settings.steps or _STEPS
    return Suited(default_schedule(settings), f"{steps:,} steps of small parts, of which a photo has thousands.")


def _held_back(settings: TrainingSettings, count: DataCount) -> int:
    """As `PictureCache.divided` chooses."""
    assert isinstance(settings, RestorerSettings)
    return 0 if count.divided else min(settings.held_back, count.pictures // 4)


RESTORE = TaskKind(
    name="restore",
    title="Restorer",
    summary="Learns to mend or to enlarge pictures, from photos that are damaged on purpose.",
    settings=RestorerSettings,
    opener="studio.training.tasks.restore:open_task",
    data=(
        DataSlot(
            DATA,
            "Photos",
            "pictures",
            "Drop good, sharp photos of the kind you want to restore: a few hundred, of any size.",
        ),
    ),
    default_schedule=default_schedule,
    suited_schedule=_suited_schedule,
    held_back=_held_back,
    product="restorer",
)
