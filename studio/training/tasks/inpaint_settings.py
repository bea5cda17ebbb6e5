"""What training a network that fills holes can be set to. Free of torch, so that the form shows first."""

from collections.abc import Mapping
from typing import Any, Literal

from models.weight_headers import INPAINTER
from studio.core.settings import inherited, setting
from studio.training.data.sources import DataCount
from studio.training.schedule import DATA, Schedule
from studio.training.schedule_presets import warmed_cosine
from studio.training.settings import Coursed, TrainingSettings
from studio.training.task_kind import DataSlot, Suited, TaskKind, held_back_pictures

__all__ = ["INPAINT", "InpaintSettings"]

_NETWORK, _DATA = "Network", "Data"
_COURSES: Mapping[str, Mapping[str, Any]] = {
    "pixels": {"feature_weight": 0.0, "critic_weight": 0.0},
    "look": {"feature_weight": 0.1, "critic_weight": 0.0},
    "critic": {"feature_weight": 0.1, "critic_weight": 0.01},
}
"""What a course sets where nobody else does."""
_RATE, _WARM_UP, _STEPS = 3e-4, 100, 20_000


class InpaintSettings(Coursed):
    """The settings of a network that fills holes, beside those that all runs have."""

    courses = _COURSES

    course: Literal["pixels", "look", "critic"] = setting(
        "look", label="Course", help="What it is held to: pixels alone, what it looks like, or a critic as well.",
        term="which losses count", choices={
            "pixels": "Pixels alone", "look": "What it looks like", "critic": "Look and critic"})  # fmt: skip
    width: int = setting(
        0, label="Width", help="Wider networks can do more, and take longer.", term="channels; automatic: 32", low=0,
        high=128, step=8, lowest="automatic", group=_NETWORK)  # fmt: skip
    start: str = setting(
        "", label="Begin with", help="A network to be taught further; empty begins with a new one.",
        term="a name, a weights file or a finished run", group=_NETWORK, offers=INPAINTER,
        choices={"": "Nothing: a new network"})  # fmt: skip
    pixel_weight: float = setting(
        1.0, label="Pixels", help="How much it counts that every pixel in the hole is right.",
        term="weight of the mean absolute error in the hole", low=0.0, high=10.0, step=0.1, effect="steer",
        scale="log")  # fmt: skip
    feature_weight: float = setting(
        0.1, label="Look", help="How much it counts that a network that sees finds both pictures alike.",
        term="weight of the feature loss through atelier-slim (Johnson et al. 2016)", low=0.0, high=10.0, step=0.1,
        scale="log")  # fmt: skip
    critic_weight: float = setting(
        0.0, label="Critic counts", help="How much it counts that a critic takes it for a photo.",
        term="weight of the adversarial loss, of heads on atelier-slim's features", low=0.0, high=10.0, step=0.01,
        scale="log")  # fmt: skip
    from_afar: bool = setting(
        True, label="Also from afar", help="Shows some photos reduced: sharper than they are, without their grain.",
        term="half of the pictures are scaled down by a factor in 0.5–1", group=_DATA)  # fmt: skip
    held_back: int = setting(
        16, label="Kept for checking", help="So many photos are never learnt from, only measured on and shown.",
        term="validation pictures, chosen by the seed", low=0, high=1000, step=1, unit="photos", lowest="none",
        group=_DATA)  # fmt: skip

    size: int = inherited(TrainingSettings, "size", 128)
    batch: int = inherited(TrainingSettings, "batch", 8)
    clip_norm: float = inherited(TrainingSettings, "clip_norm", 1.0)


def _default_schedule(settings: TrainingSettings) -> Schedule:
    return warmed_cosine(settings.steps or _STEPS, _RATE, _WARM_UP)


def _suited_schedule(settings: TrainingSettings, count: DataCount) -> Suited:
    return Suited(
        _default_schedule(settings), f"{settings.steps or _STEPS:,} steps, however many photos: holes are drawn anew."
    )


INPAINT = TaskKind(
    name="inpaint",
    title="Filler",
    summary="Learns to fill holes: scratches, strokes and squares that are cut out of photos.",
    settings=InpaintSettings,
    opener="studio.training.tasks.inpaint:open_task",
    data=(
        DataSlot(
            DATA, "Photos", "pictures",
            "Drop good photos of the kind you want to mend: a few hundred, of any size. The holes are cut by chance.",
        ),
    ),
    default_schedule=_default_schedule,
    suited_schedule=_suited_schedule,
    held_back=held_back_pictures,
    contested=frozenset({"inpainter.critic", "critic.loss", "critic.photos", "critic.results"}),
    courses=("pixels", "look", "critic"),
    product=INPAINTER,
    use="Fill holes with it: in the Restore panel, Fill",
)  # fmt: skip
