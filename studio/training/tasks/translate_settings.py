"""What training a pair of worlds can be set to. Free of torch, so that the form shows first."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from models.weight_headers import TRANSLATOR
from studio.core.settings import inherited, setting
from studio.training.data.sources import DataCount
from studio.training.data.variation import Variation
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.settings import Coursed, TrainingSettings
from studio.training.task_kind import DataSlot, Suited, TaskKind, held_back_pictures

__all__ = ["CYCLEGAN", "TranslatorSettings", "default_schedule", "world_names"]

_PAPER: Mapping[str, Any] = {
    "network": "resnet", "width": 64, "critic": "places", "critic_width": 64, "adversarial": "lsgan",
    "augment": "none",
}  # fmt: skip
_COURSES: Mapping[str, Mapping[str, Any]] = {
    "fast": {},
    "cyclegan": {
        **_PAPER, "size": 256, "epochs": 100, "decay_epochs": 100, "identity_until": 1.0, "average": "none",
    },
    "fastcut": {
        **_PAPER, "size": 256, "epochs": 150, "decay_epochs": 50, "nce_weight": 10.0, "nce_identity": 0.0,
        "pool": 0, "mirrored_twice": True,
    },
    "cut": {
        **_PAPER, "size": 256, "epochs": 200, "decay_epochs": 200, "nce_weight": 1.0, "nce_identity": 1.0, "pool": 0,
    },
    "pix2pix": {**_PAPER, "network": "unet", "size": 256, "epochs": 100, "decay_epochs": 100, "pool": 0},
}  # fmt: skip
"""What a course sets where nobody else does."""

_NETWORK, _LOSS, _CRITIC, _DATA, _LENGTH = "Network", "Loss", "Critic", "Data", "Length"
_RATE, _BETA = 2e-4, 0.5
_STEPS = 12_000
"""Of the fast course, where nobody says how many: half of them at the full rate."""
_SMALLEST = 32
"""A critic of 70 pixels has a place left to judge in so many."""


class TranslatorSettings(Coursed, Variation):
    """The settings of a pair of worlds, beside those that all runs have."""

    courses: ClassVar[Mapping[str, Mapping[str, Any]]] = _COURSES
    leading: ClassVar[tuple[str, ...]] = (*TrainingSettings.leading[:3], _LOSS, _CRITIC, *TrainingSettings.leading[3:])

    course: Literal["fast", "cyclegan", "fastcut", "cut", "pix2pix"] = setting(
        "fast", label="Course", help="How it learns: both ways from two folders, one way only, or from pairs.",
        term="recipe: CycleGAN (Zhu et al. 2017), CUT and FastCUT (Park et al. 2020), pix2pix (Isola et al. 2017)",
        choices={
            "fast": "Both ways, small and quick", "cyclegan": "CycleGAN, the lesson", "fastcut": "One way: FastCUT",
            "cut": "One way: CUT", "pix2pix": "From pairs: pix2pix"})  # fmt: skip

    network: Literal["separable", "resnet", "unet"] = setting(
        "separable", label="Network", help="The small one paints as fast as one draws; the others are the papers'.",
        term="generator", group=_NETWORK,
        choices={"separable": "Small, separable", "resnet": "ResNet", "unet": "U-Net"})  # fmt: skip
    width: int = setting(
        32, label="Width", help="Wider networks can do more, and take longer.", term="ngf: channels at full size",
        low=4, high=256, step=4, group=_NETWORK)  # fmt: skip
    blocks: int = setting(
        0, label="Blocks", help="More blocks change more; automatic: 9, or 6 for the papers' ResNet below 200 px.",
        term="residual blocks", low=0, high=32, step=1, lowest="automatic", group=_NETWORK)  # fmt: skip
    noise: bool = setting(
        False, label="Chance", help="Lets it see noise beside the picture, which says where a stroke lies when nothing "
        "in the picture does; without, even skies become a lattice. The small network alone.",
        term="noise input (Karras et al. 2019)", group=_NETWORK)  # fmt: skip
    dropout: bool = setting(
        True, label="Dropout", help="Leaves things out by chance while a U-Net learns; other networks have none.",
        term="dropout of the U-Net's first doublings", group=_NETWORK)  # fmt: skip

    cycle_weight: float = setting(
        10.0, label="Way back", help="How much it counts that a picture comes back as it was.",
        term="λ of the cycle loss", low=0.0, high=100.0, step=0.5, effect="steer", scale="log",
        group=_LOSS)  # fmt: skip
    identity_weight: float = setting(
        0.5, label="Keep its own", help="How much it counts, beside the way back, that a world's own pictures stay as "
        "they are: keeps colours.", term="identity loss, as a share of λ", low=0.0, high=5.0, step=0.1,
        effect="steer", group=_LOSS)  # fmt: skip
    identity_until: float = setting(
        0.5, label="Keep its own until", help="From which part of the run on that counts no more.",
        term="schedule of the identity loss, share of all steps", low=0.0, high=1.0, step=0.05,
        group=_LOSS)  # fmt: skip
    look_weight: float = setting(
        0.0, label="Surfaces", help="Both ways: how much it counts that surfaces, such as brushwork, are those of the "
        "other world's pictures that are most alike in colour.",
        term="sliced Wasserstein distance of atelier-slim's features (Heitz et al. 2021)", low=0.0, high=100.0,
        step=0.5, effect="steer", scale="log", group=_LOSS)  # fmt: skip
    nce_weight: float = setting(
        10.0, label="Stay in place", help="One way: how much it counts that each place stays recognisable.",
        term="λ_X of PatchNCE", low=0.0, high=100.0, step=0.5, effect="steer", scale="log", group=_LOSS)  # fmt: skip
    nce_identity: float = setting(
        0.0, label="Stay in place, own", help="One way: the same for pictures that are of that world already.",
        term="λ_Y of PatchNCE", low=0.0, high=100.0, step=0.5, scale="log", group=_LOSS)  # fmt: skip
    mirrored_twice: bool = setting(
        False, label="Mirror and back", help="One way: what is mirrored shall be painted mirrored.",
        term="flip equivariance (FastCUT)", group=_LOSS)  # fmt: skip
    l1_weight: float = setting(
        100.0, label="Pixels", help="From pairs: how much it counts that every pixel is right.", term="λ of L1",
        low=0.0, high=1000.0, step=1.0, effect="steer", scale="log", group=_LOSS)  # fmt: skip
    answers: int = setting(
        0, label="Many answers", help="Experimental, one way or from pairs: a code of so many numbers chooses among "
        "translations of the same picture; 8 will do.", term="length of a style code (after BicycleGAN, FiLM)",
        low=0, high=32, step=1, lowest="one", group=_LOSS)  # fmt: skip
    answer_weight: float = setting(
        0.5, label="Answers differ", help="How much it counts that the code can be told from what was made by it.",
        term="λ of latent regression", low=0.0, high=10.0, step=0.1, effect="steer", group=_LOSS)  # fmt: skip

    adversarial: Literal["lsgan", "hinge"] = setting(
        "hinge", label="Judgement", help="How the critics' verdicts count.", term="adversarial loss", group=_CRITIC,
        choices={"lsgan": "Least squares", "hinge": "Hinge"})  # fmt: skip
    critic: Literal["aided", "places"] = setting(
        "aided", label="Critics", help="Who tells worlds apart: critics that learn to see, or beside each one that "
        "sees already and knows brush strokes from the first step. Not from pairs.",
        term="PatchGAN (Isola et al. 2017), with heads on atelier-slim's features (Kumari et al. 2022)", group=_CRITIC,
        choices={"aided": "Aided by atelier-slim", "places": "Learn to see"})  # fmt: skip
    critic_width: int = setting(
        32, label="Critic's width", help="A wider critic sees more, and takes longer.", term="ndf", low=4, high=256,
        step=4, group=_CRITIC)  # fmt: skip
    critic_depth: int = setting(
        3, label="Critic's view", help="How large the places are that it judges: 16, 34 or 70 pixels.",
        term="layers of the PatchGAN that halve", low=1, high=3, step=1, group=_CRITIC)  # fmt: skip
    pool: int = setting(
        50, label="Memory", help="So many earlier results are shown to the critics again.",
        term="image pool (Shrivastava et al. 2017)", low=0, high=500, step=5, lowest="none", group=_CRITIC)  # fmt: skip
    r1_weight: float = setting(
        0.0, label="Calm critics", help="Keeps critics from changing their mind abruptly; 0 lets them.",
        term="γ of R1 (Mescheder et al. 2018), at every 8th step", low=0.0, high=100.0, step=0.1, effect="steer",
        scale="log", group=_CRITIC)  # fmt: skip
    augment: Literal["none", "geometry", "all"] = setting(
        "geometry", label="Few pictures", help="Shows critics every picture a little differently, so that few suffice; "
        "colours, too, only where they mean nothing.", term="DiffAugment (Zhao et al. 2020): translation, cutout, "
        "colour", group=_CRITIC,
        choices={"none": "As they are", "geometry": "Moved and covered", "all": "Recoloured, too"})  # fmt: skip

    held_back: int = setting(
        16, label="Kept for checking", help="So many pictures of each world are never learnt from, only measured on.",
        term="validation pictures, chosen by the seed", low=0, high=1000, step=1, unit="pictures", lowest="none",
        group=_DATA)  # fmt: skip
    kid_crops: int = setting(
        500, label="Parts compared", help="So many parts of them tell how much its pictures look like real ones.",
        term="crops a side for the kernel distance (KID)", low=0, high=5000, step=100, lowest="none",
        group=_DATA)  # fmt: skip

    epochs: int = setting(
        0, label="Rounds", help="How often it sees all pictures at the full rate.", term="n epochs", low=0, high=10_000,
        step=10, lowest="automatic", group=_LENGTH)  # fmt: skip
    decay_epochs: int = setting(
        0, label="Rounds, slowing", help="How often once more, while the rate falls to nothing.", term="n_decay epochs",
        low=0, high=10_000, step=10, lowest="automatic", group=_LENGTH)  # fmt: skip

    size: int = inherited(TrainingSettings, "size", 128)
    batch: int = inherited(TrainingSettings, "batch", 1)
    crop_smallest: float = inherited(Variation, "crop_smallest", 0.8)
    crop_stretch: float = inherited(Variation, "crop_stretch", 1.0)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.size < _SMALLEST:
            raise ValueError(f"a critic sees nothing in squares of less than {_SMALLEST} px")
        if self.network == "unet" and self.course in ("cut", "fastcut"):
            raise ValueError("CUT looks through the first half of its generator, which a U-Net has not")
        if self.critic == "aided" and self.course == "pix2pix":
            raise ValueError("a critic of pairs sees two pictures at once, which atelier-slim cannot")
        return self

    @property
    def is_two_way(self) -> bool:
        """Whether the way back is learnt, too."""
        return self.course in ("fast", "cyclegan")

    @property
    def ways(self) -> tuple[str, ...]:
        """What is learnt: "ab", "ba"."""
        return ("ab", "ba") if self.is_two_way else ("ab",)

    @property
    def code(self) -> int:
        """How many numbers of a code are heard; both ways are learnt without."""
        return 0 if self.is_two_way else self.answers

    @property
    def shape(self) -> dict[str, Any]:
        """What the generators are built with."""
        return self._plain_shape | ({"code": self.code} if self.code else {})

    @property
    def _plain_shape(self) -> dict[str, Any]:
        match self.network:
            case "unet":
                depth = min(8, self.size.bit_length() - 1)  # down to a pixel or two
                return {"width": self.width, "depth": depth, "dropout": self.dropout}
            case "resnet":
                return {"width": self.width, "blocks": self.blocks or (9 if self.size >= 200 else 6)}
            case "separable":
                return {"width": self.width, "blocks": self.blocks or 9} | ({"noise": True} if self.noise else {})


def world_names(data: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """Return what to call both worlds: as their folders are called, A and B where that says nothing."""

    def name(side: str) -> str:
        called = Path(data[side][0]).stem if data.get(side) else ""
        return "" if called.casefold() in {f"{part}{side}" for part in ("", "train", "test")} else called

    return name("a") or "A", name("b") or "B"


def default_schedule(settings: TrainingSettings) -> Schedule:
    """Return the papers' schedule: at the full rate, then falling to nothing (Zhu et al. 2017, appendix 7.1).

    So many steps as are asked for are divided as the epochs would be.
    """
    assert isinstance(settings, TranslatorSettings)
    first, second = settings.epochs, settings.decay_epochs
    phases: list[Phase] = []
    if settings.steps or not first + second:
        steps = settings.steps or _STEPS
        full = round(steps * (first / (first + second) if first + second else 0.5))
        lengths, unit = (full, steps - full), "steps"
    else:
        lengths, unit = (first, second), "epochs"
    falling = Ramp(start=_RATE, end=0.0, decay="linear")
    for name, length, rate in zip(("Learn", "Slow down"), lengths, (Ramp.level(_RATE), falling), strict=True):
        if length:
            phases.append(Phase.model_validate(
                {"name": name, "duration": length, "unit": unit, "learning_rate": rate, "momentum": Ramp.level(_BETA)}
            ))  # fmt: skip
    return Schedule(phases=tuple(phases))


def _suited_schedule(settings: TrainingSettings, count: DataCount) -> Suited:
    assert isinstance(settings, TranslatorSettings)
    schedule = default_schedule(settings)
    if schedule.phases[0].unit == "steps":
        steps = sum(int(phase.duration) for phase in schedule.phases)
        return Suited(schedule, f"{steps:,} steps, half of them while the rate falls.")
    return Suited(schedule, f"{settings.epochs} + {settings.decay_epochs} rounds, as its paper has them.")


CYCLEGAN = TaskKind(
    name="cyclegan",
    title="Translator",
    summary="Learns to translate pictures of one world into another, from two folders; or from pairs.",
    settings=TranslatorSettings,
    opener="studio.training.tasks.translate:open_task",
    data=(
        DataSlot(
            "a", "Pictures of world A", "pictures",
            "Drop pictures of one world, such as landscape photos: fifty or more, of any size. From pairs: the "
            "pictures that are given.",
        ),
        DataSlot(
            "b", "Pictures of world B", "pictures",
            "Drop pictures of the other, such as Monet's paintings. They need not belong to those of A. From pairs: "
            "what shall become of them, by the same names; or the same folder, where each picture shows both side by "
            "side.",
        ),
    ),
    default_schedule=default_schedule,
    suited_schedule=_suited_schedule,
    held_back=held_back_pictures,
    contested=frozenset(
        {"generators.loss", "generators.adversarial_a", "generators.adversarial_b"}
        | {f"critic_{side}.{name}" for side in "ab" for name in ("loss", "real", "fake", "accuracy")}
    ),
    courses=tuple(_COURSES),
    product=TRANSLATOR,
    worlds=lambda settings: "pairs" if getattr(settings, "course", "") == "pix2pix" else "worlds",
    use="Translate pictures with it, or draw and have them painted",
    trial="Draw, and see how it paints by now: better by the minute",
)  # fmt: skip
