"""What training a colouriser can be set to. Free of torch, so that the form shows first."""

from collections.abc import Mapping
from typing import Any, Literal

from studio.core.settings import inherited, setting
from studio.training.data.sources import DataCount
from studio.training.data.variation import Variation
from studio.training.schedule import DATA, Phase, Ramp, Schedule
from studio.training.settings import Coursed, TrainingSettings
from studio.training.task_kind import DataSlot, Suited, TaskKind, held_back_pictures

__all__ = ["COLOURISE", "ColouriserSettings", "default_schedule"]

_NETWORK, _DATA, _HINTS = "Network", "Data", "Hints"
_STEPS = {"whole": 6_000, "finish": 1_000}
"""Where nobody says how many."""
_RATE, _FINISH_RATE, _WARM_UP = 1e-3, 2e-4, 100
_ALONE = 0.4
"""The share of the steps in which what comes along stays as it is: the rest has to learn what to ask of it."""
_COURSES: Mapping[str, Mapping[str, Any]] = {"finish": {"size": 160, "batch": 8}}
"""What a course sets where nobody else does."""


class ColouriserSettings(Coursed, Variation):
    """The settings of a colouriser, beside those that all runs have and how pictures may vary."""

    courses = _COURSES

    course: Literal["whole", "finish"] = setting(
        "whole", label="Course", help="From the beginning; or a network of yours a little further, on larger pictures.",
        term="schedule: decoder alone, then all of it; or all of it at a fifth of the rate",
        choices={"whole": "From the beginning", "finish": "A finish"})  # fmt: skip
    start: str = setting(
        "", label="Begin with", help="A network to be taught further; empty begins with a new one.",
        term="a name, a weights file or a finished run", group=_NETWORK, offers="colouriser",
        choices={"": "Nothing: a new network"})  # fmt: skip

    palette_weight: float = setting(
        0.05, label="Palette", help="How much it counts that it knows which colours are likely.",
        term="weight of the cross-entropy over bins of a and b", low=0.0, high=1.0, step=0.01, effect="steer",
        scale="log")  # fmt: skip
    rebalance: float = setting(
        0.5, label="Rare colours", help="Counts errors in rare colours more: else grey and brown win by their number.",
        term="class rebalancing, 1 − λ (Zhang et al. 2016, eq. 4)", low=0.0, high=0.95, step=0.05)  # fmt: skip

    hints: float = setting(
        0.125, label="Few hints", help="How soon no more hints come; nearer to 1 shows it fewer.",
        term="p of the geometric distribution of their number", low=0.02, high=1.0, step=0.005,
        group=_HINTS)  # fmt: skip
    regions: float = setting(
        0.5, label="Colours of regions", help="How many hints tell the colour of the region around them, not of a dot.",
        term="share of hints that are means over a flood-filled region", low=0.0, high=1.0, step=0.05,
        group=_HINTS)  # fmt: skip
    repaint: float = setting(
        0.4, label="Other colours", help="How often regions get a colour that they never had, which a hint tells: so "
        "it learns that a hint counts more than what it would guess.",
        term="share of the pictures with hints in which regions are recoloured", low=0.0, high=1.0, step=0.05,
        group=_HINTS)  # fmt: skip

    least_colour: float = setting(
        5.0, label="Least colourful", help="Leaves out pictures that are greyer than this: they would teach it grey.",
        term="mean chroma in CIELAB", low=0.0, high=50.0, step=1.0, group=_DATA)  # fmt: skip
    held_back: int = setting(
        16, label="Kept for checking", help="So many photos are never learnt from, only measured on and shown.",
        term="validation pictures, chosen by the seed", low=0, high=1000, step=1, unit="photos", lowest="none",
        group=_DATA)  # fmt: skip

    size: int = inherited(TrainingSettings, "size", 96)
    batch: int = inherited(TrainingSettings, "batch", 16)
    clip_norm: float = inherited(TrainingSettings, "clip_norm", 1.0)
    brightness: float = inherited(Variation, "brightness", 0.2)
    contrast: float = inherited(Variation, "contrast", 0.2)


def default_schedule(settings: TrainingSettings) -> Schedule:
    """Return the course that the settings name, over the steps that they ask for; every part of it ends on a cosine."""
    assert isinstance(settings, ColouriserSettings)
    steps = settings.steps or _STEPS[settings.course]
    warm_up = min(_WARM_UP, max(1, steps // 10))
    shared: dict[str, Any] = {"unit": "steps", "optimiser": "adamw", "weight_decay": 0.01}

    def phase(name: str, duration: int, rate: Ramp, **more: Any) -> Phase:
        return Phase(name=name, duration=max(1, duration), learning_rate=rate, **shared, **more)

    if settings.course == "finish":
        return Schedule(phases=(
            phase("Warm up", warm_up, Ramp(start=_FINISH_RATE / 20, end=_FINISH_RATE, decay="linear")),
            phase("Finish", steps - warm_up, Ramp(start=_FINISH_RATE, end=_FINISH_RATE / 50, decay="cosine")),
        ))  # fmt: skip
    alone = round(_ALONE * steps)
    return Schedule(phases=(
        phase("Warm up", warm_up, Ramp(start=_RATE / 20, end=_RATE, decay="linear"), frozen=("encoder",)),
        phase("Decoder", alone - warm_up, Ramp.level(_RATE), frozen=("encoder",)),
        phase("All", steps - max(alone, warm_up + 1), Ramp(start=_RATE, end=_RATE / 100, decay="cosine"),
              layer_rates=(0.2, 1.0)),
    ))  # fmt: skip


def _suited_schedule(settings: TrainingSettings, count: DataCount) -> Suited:
    schedule = default_schedule(settings)
    steps = sum(int(phase.duration) for phase in schedule.phases)
    return Suited(schedule, f"{steps:,} steps, however many photos: their hints are others each time.")


COLOURISE = TaskKind(
    name="colourise",
    title="Colouriser",
    summary="Learns to give grey photos colours, and to follow hints of where which colour belongs.",
    settings=ColouriserSettings,
    opener="studio.training.tasks.colourise:open_task",
    data=(
        DataSlot(
            DATA,
            "Photos",
            "pictures",
            "Drop colour photos of the kind that you want to colour: a few hundred or more, of any size. Those without "
            "colours are left out.",
        ),
    ),
    default_schedule=default_schedule,
    suited_schedule=_suited_schedule,
    held_back=held_back_pictures,
    courses=("whole", "finish"),
    product="colouriser",
    use="Colour photos with it: in the Restore panel",
)
