"""What training a scratch detector can be set to. Free of torch, so that the form shows first."""

from models.weight_headers import SCRATCH_DETECTOR
from studio.core.settings import inherited, setting
from studio.training.data.sources import DataCount
from studio.training.schedule import DATA, Schedule
from studio.training.schedule_presets import warmed_cosine
from studio.training.settings import TrainingSettings
from studio.training.task_kind import DataSlot, Suited, TaskKind, held_back_pictures

__all__ = ["SCRATCHES", "ScratchesSettings"]

_DATA = "Data"
_RATE, _WARM_UP, _STEPS = 1e-3, 100, 6_000


class ScratchesSettings(TrainingSettings):
    """The settings of a scratch detector, beside those that all runs have."""

    width: int = setting(
        0, label="Width", help="Wider networks can do more, and take longer.", term="channels; automatic: 24", low=0,
        high=128, step=8, lowest="automatic", group="Network")  # fmt: skip
    bce_weight: float = setting(
        1.0, label="Every pixel", help="How much it counts that every pixel is judged rightly.",
        term="weight of the binary cross entropy", low=0.0, high=10.0, step=0.1, effect="steer",
        scale="log")  # fmt: skip
    dice_weight: float = setting(
        1.0, label="Overlap", help="How much it counts that what is found lies on what is there, however small it is.",
        term="weight of the Dice loss (Milletari et al. 2016)", low=0.0, high=10.0, step=0.1, effect="steer",
        scale="log")  # fmt: skip
    from_afar: bool = setting(
        True, label="Also from afar", help="Shows some photos reduced: sharper than they are, without their grain.",
        term="half of the pictures are scaled down by a factor in 0.5–1", group=_DATA)  # fmt: skip
    held_back: int = setting(
        16, label="Kept for checking", help="So many photos are never learnt from, only measured on and shown.",
        term="validation pictures, chosen by the seed", low=0, high=1000, step=1, unit="photos", lowest="none",
        group=_DATA)  # fmt: skip

    size: int = inherited(TrainingSettings, "size", 192)
    clip_norm: float = inherited(TrainingSettings, "clip_norm", 1.0)


def _default_schedule(settings: TrainingSettings) -> Schedule:
    return warmed_cosine(settings.steps or _STEPS, _RATE, _WARM_UP)


def _suited_schedule(settings: TrainingSettings, count: DataCount) -> Suited:
    return Suited(
        _default_schedule(settings), f"{settings.steps or _STEPS:,} steps, however many photos: damage is drawn anew."
    )


SCRATCHES = TaskKind(
    name="scratches",
    title="Scratch detector",
    summary="Learns to find scratches, dust, cracks and writing, on photos that are damaged on purpose.",
    settings=ScratchesSettings,
    opener="studio.training.tasks.scratches:open_task",
    data=(
        DataSlot(
            DATA, "Photos", "pictures",
            "Drop good photos without scratches: a few hundred, of any size. The damage is drawn on them.",
        ),
    ),
    default_schedule=_default_schedule,
    suited_schedule=_suited_schedule,
    held_back=held_back_pictures,
    product=SCRATCH_DETECTOR,
    use="Find scratches with it: in the Restore panel, Scratches",
)  # fmt: skip
