"""What training a generator can be set to. Free of torch, so that the form shows first."""

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any, Literal, Self

from pydantic import field_validator, model_validator

from studio.core.settings import inherited, setting
from studio.core.style_settings import DEFAULT_BACKBONE
from studio.core.trained_models import TrainedModel, TrainedModels
from studio.training.data.sources import DataCount
from studio.training.data.variation import Variation
from studio.training.schedule import DATA, Phase, Ramp, Schedule
from studio.training.schedule_presets import warmed_cosine
from studio.training.settings import Coursed, TrainingSettings
from studio.training.task_kind import DataSlot, Suited, TaskKind, held_back_pictures

__all__ = ["AUTOMATIC", "GAN", "GanSettings", "begins_as", "calms_for", "default_schedule"]

AUTOMATIC = -0.1
"""A γ below 0: three are tried."""

_NETWORK, _DATA, _CRITIC = "Network", "Data", "Critic"
_PRODUCT = "generator"
_LESSON: Mapping[str, Any] = {
    "network": "dcgan", "critic": "dcgan", "latent": 100, "batch": 128, "augment": "none", "gamma": 0.0,
    "norm": "batch",
}  # fmt: skip
_FEW: Mapping[str, Any] = {
    "critic": "trained", "gamma": 0.0, "augment": "always", "augment_most": 1.0, "held_back": 50, "norm": "batch",
    "batch": 16, "loss": "hinge",
}  # fmt: skip
_COURSES: Mapping[str, Mapping[str, Any]] = {
    "few-pictures": {**_FEW, "reconstruction": 3.0, "latent": 32, "blocks": 1},
    "fine-tune": {**_FEW, "held_back": 12},
    "wgan": {**_LESSON, "loss": "wgan", "generator_share": 0.5},
    "wgan-gp": {**_LESSON, "loss": "wgan-gp", "critic_norm": "none", "batch": 64},
    "dcgan": {**_LESSON, "loss": "vanilla", "batch": 64},
}
"""What a course sets where nobody else does."""
_STEPS = {"default": 20_000, "few-pictures": 6_000, "fine-tune": 1_000, "wgan": 4_000, "wgan-gp": 4_000,
          "dcgan": 10_000}  # fmt: skip
"""Where nobody says how many."""
_FEW_PICTURES = 200
"""Out of no more than so many a new generator learns little but to copy them: one that is here is taught further."""
_WARM_UP = 100
_GIVES_BACK = 0.25
"""Share of the run in which a generator of few pictures learns to give them back, before a critic comes in."""
_CALM, _CALM_SIDE, _CALM_APART = 1.4, 64, 7.0
"""The middle one of the γ that are tried, at pictures of so many px a side, and by which factor the others differ."""
_TRIALS, _TRIAL_SHARE, _TRIAL_STEPS = 3, 0.02, (300, 400)
"""Each γ is tried for so large a part of the run, but for no more steps than the last of these; nor for fewer than the
first: until then what is made is noise, whatever the γ."""
_CRITIC_STEPS, _AHEAD, _AHEAD_STEPS, _AHEAD_EVERY = 5, 100, 25, 500
"""Of the lesson's WGAN: so often the critic learns in a step; and in each of the first ones, and every so many."""


class GanSettings(Coursed, Variation):
    """The settings of a generator, beside those that all runs have and how pictures may vary."""

    courses = _COURSES

    course: Literal["default", "few-pictures", "fine-tune", "wgan", "wgan-gp", "dcgan"] = setting(
        "default", label="Course", help="How it learns, and by default which networks from which loss.",
        term="preset: R3GAN's; Projected GAN's; or those of fast.ai's lesson 12 (2018)", choices={
            "default": "Generator", "few-pictures": "Few pictures", "fine-tune": "Teach one further",
            "wgan": "Lesson 12, WGAN", "wgan-gp": "WGAN with a penalty", "dcgan": "DCGAN"})  # fmt: skip
    network: Literal["styled", "dcgan"] = setting(
        "styled", label="Network", help="Atelier's can be mixed, stage by stage; the lesson's is the classic.",
        term="residual generator with a mapping z → w and FiLM, or DCGAN (Radford et al. 2016)", group=_NETWORK,
        choices={"styled": "Atelier's", "dcgan": "The lesson's"})  # fmt: skip
    width: int = setting(
        100, label="Width", help="Wider networks can do more, and take longer.",
        term="share of 256, 256, 192, 128, 64 channels, or of the lesson's 64", low=5, high=200, step=5, unit="%",
        group=_NETWORK)  # fmt: skip
    latent: int = setting(
        64, label="Numbers of a seed", help="Out of so many numbers a picture is made.", term="size of z",
        low=2, high=512, step=1, group=_NETWORK)  # fmt: skip
    style: int = setting(
        256, label="Numbers of a style", help="So many numbers tell each stage what to do.", term="size of w",
        low=8, high=512, step=8, group=_NETWORK)  # fmt: skip
    blocks: int = setting(
        2, label="Depth", help="More layers at every size.", term="residual blocks a stage; extra layers of DCGAN: 1",
        low=1, high=4, step=1, group=_NETWORK)  # fmt: skip
    upsampling: Literal["transposed", "resize"] = setting(
        "transposed", label="Doubled by", help="How the lesson's generator doubles; the first draws checkerboards.",
        term="transposed convolution, or nearest neighbour and a convolution (Odena et al. 2016)", group=_NETWORK,
        choices={"transposed": "Transposed convolutions", "resize": "Repeated pixels"})  # fmt: skip
    norm: Literal["batch", "instance", "none"] = setting(
        "none", label="Norm", help="What keeps the generator in bounds.", term="normalisation",
        group=_NETWORK, choices={"batch": "Batch", "instance": "Instance", "none": "None"})  # fmt: skip
    start: str = setting(
        "", label="Begin with", help="A generator to be taught further; empty takes a new one, or the first here.",
        term="a name, a weights file or a finished run", group=_NETWORK, offers=_PRODUCT,
        choices={"": "Automatic"})  # fmt: skip

    loss: Literal["relativistic", "hinge", "vanilla", "wgan", "wgan-gp"] = setting(
        "relativistic", label="Loss", help="What critic and generator contend for.", group=_CRITIC,
        term="relativistic pairs (Jolicoeur-Martineau 2019), hinge, Goodfellow's, Wasserstein by clamping or a penalty",
        choices={"relativistic": "Pairs", "hinge": "Hinge", "vanilla": "Classic", "wgan": "Wasserstein, clamped",
                 "wgan-gp": "Wasserstein, penalty"})  # fmt: skip
    critic: Literal["residual", "trained", "dcgan"] = setting(
        "residual", label="Critic", help="Who tells pictures from dreams: one that learns to see, or sees already.",
        term="as the generator; heads on atelier-slim's features (Sauer et al. 2021); DCGAN's", group=_CRITIC,
        choices={"residual": "As the generator", "trained": "Through atelier-slim",
                 "dcgan": "The lesson's"})  # fmt: skip
    critic_norm: Literal["batch", "instance", "none"] = setting(
        "batch", label="Critic's norm", help="What keeps the lesson's critic in bounds.", term="normalisation",
        group=_CRITIC, choices={"batch": "Batch", "instance": "Instance", "none": "None"})  # fmt: skip
    critic_end: Literal["convolution", "pool"] = setting(
        "convolution", label="Critic's end", help="How the lesson's critic comes to one number.",
        term="last layer: a 4×4 convolution, or average pooling first", group=_CRITIC,
        choices={"convolution": "A convolution", "pool": "An average"})  # fmt: skip
    gamma: float = setting(
        AUTOMATIC, label="Calm", help="Too little and the two break away from each other, too much and all is soft. "
        "Automatic: a long run first tries three, and learns with the best.",
        term="γ of the penalties R1 and R2; falls to a tenth by a cosine", low=AUTOMATIC, high=200.0, step=0.1,
        effect="steer", scale="log", lowest="automatic", group=_CRITIC)  # fmt: skip
    penalty_every: int = setting(
        1, label="Calmed every", help="Rarer penalties save up to a third of the time.",
        term="lazy regularisation (Karras et al. 2020, section 3.1)", low=1, high=32, step=1, unit="steps",
        group=_CRITIC)  # fmt: skip
    generator_share: float = setting(
        1.0, label="Share of the generator", help="Of how large a part of the critic's batch the generator learns.",
        term="generator's batch ÷ critic's; the lesson's WGAN: 64 of 128", low=0.1, high=1.0, step=0.1,
        group=_CRITIC)  # fmt: skip

    reconstruction: float = setting(
        0.0, label="Gives back", help="Learns from every single picture, too: to give back what an encoder has made of "
        "it. So it knows all of them before a critic asks for more; 0 leaves that to the critic.",
        term="weight of an autoencoder's loss (VAE/GAN, Larsen et al. 2016; codes on a sphere, mixed with noise)",
        low=0.0, high=100.0, step=0.1, scale="log", group=_CRITIC)  # fmt: skip

    augment: Literal["none", "rising", "always", "adaptive"] = setting(
        "rising", label="Shown varied", help="Shows the critic everything varied, so that it does not learn by heart.",
        term="DiffAugment (Zhao et al. 2020): constant, by a cosine, or by how sure the critic is (ADA)", group=_DATA,
        choices={"none": "Never", "rising": "More and more", "always": "Always",
                 "adaptive": "As is needed"})  # fmt: skip
    augment_most: float = setting(
        0.3, label="Varied at most", help="How often, in the end.", term="probability of augmentation, a picture",
        low=0.0, high=1.0, step=0.05, effect="steer", group=_DATA)  # fmt: skip
    judge: str = setting(
        DEFAULT_BACKBONE, label="Judge", help="The network through which dreams and pictures are compared.",
        term="features of KID: a name or a weights file", group=_DATA, offers="backbone",
        choices={DEFAULT_BACKBONE: "Atelier"})  # fmt: skip
    held_back: int = setting(
        500, label="Kept for checking", help="So many, or a quarter, are never learnt from, only compared with.",
        term="validation pictures, chosen by the seed", low=0, high=5000, step=1, unit="pictures", lowest="none",
        group=_DATA)  # fmt: skip

    size: int = inherited(TrainingSettings, "size", 64)
    batch: int = inherited(TrainingSettings, "batch", 32)
    crop_smallest: float = inherited(Variation, "crop_smallest", 1.0)
    crop_stretch: float = inherited(Variation, "crop_stretch", 1.0)

    @property
    def calm(self) -> float:
        """The γ in force: where nothing could be tried, the middle one of those that would be."""
        if self.reconstruction:
            return 0.0
        return self.gamma if self.gamma >= 0 else calms_for(self.size)[1]

    def tries(self, steps: int) -> tuple[int, int]:
        """Three, where γ is automatic and the run long enough."""
        least, most = _TRIAL_STEPS
        each = min(round(_TRIAL_SHARE * steps), most)
        wanted = self.gamma < 0 and not self.reconstruction  # whoever gives back as well has no penalties
        return (_TRIALS, each) if wanted and each >= least else (0, 0)

    @field_validator("size")
    @classmethod
    def _is_a_power_of_two(cls, size: int) -> int:
        if size & (size - 1) or size > 256:
            raise ValueError(f"pictures are doubled from 4 px on: 16, 32, 64, 128 or 256 px, not {size}")
        return size

    @model_validator(mode="after")
    def _can_give_back(self) -> Self:
        if not self.reconstruction:
            return self
        if self.network != "styled":
            raise ValueError("the lesson's network cannot learn to give back: its z are of any length")
        if self.loss not in ("hinge", "vanilla") or self.augment == "adaptive":
            raise ValueError(
                "what gives back learns from the hinge or the classic loss, varied always or more and more"
            )
        return self

    @model_validator(mode="after")
    def _can_adapt(self) -> Self:
        if self.augment == "adaptive" and self.loss not in ("hinge", "vanilla"):
            raise ValueError("only the hinge and the classic loss tell how sure a critic is: choose another variation")
        return self


def calms_for(size: int) -> tuple[float, float, float]:
    """Return the γ that are tried for pictures of `size` px a side: 0.2, 1.4 and 9.8 at 64 px.

    Where a picture is doubled and the critic sees the same in it, there are four times as many pixels, and the gradient
    of each is a quarter: ‖∇D‖² falls to a quarter, so γ grows with the pixels. Brought to 64 px like that, the settings
    published with R3GAN (Huang et al. 2024) are 0.2 (CIFAR-10: 0.05 at 32 px), 1 (ImageNet-64), 2 (FFHQ-64; also
    ImageNet-32: 0.5) and 9.4 (FFHQ-256: 150): three powers of 7 around 1.4 reach from one end to the other.
    """
    middle = _CALM * (size / _CALM_SIDE) ** 2
    low, mid, high = (float(f"{middle * _CALM_APART**power:.2g}") for power in (-1, 0, 1))
    return low, mid, high


def default_schedule(settings: TrainingSettings) -> Schedule:
    """Return the course that the settings name, over the steps that they ask for."""
    assert isinstance(settings, GanSettings)
    steps = settings.steps or _STEPS[settings.course]
    match settings.course:
        case "wgan":
            return Schedule(phases=tuple(_lesson_phases(steps)))
        case "wgan-gp":  # Gulrajani et al. 2017, algorithm 1
            return Schedule(phases=(_phase("Learn", steps, Ramp.level(1e-4), batches=_CRITIC_STEPS),))
        case "dcgan":  # Radford et al. 2016, section 4
            return Schedule(phases=(_phase("Learn", steps, Ramp.level(2e-4), momentum=Ramp.level(0.5)),))
        case "fine-tune":
            return warmed_cosine(steps, 1e-4, _WARM_UP, end=2e-5, momentum=Ramp.level(0.0))
        case "few-pictures" if settings.reconstruction:
            return _given_back_first(max(2, steps))
        case "default" | "few-pictures":
            return warmed_cosine(steps, 2e-4, _WARM_UP, end=5e-5, momentum=Ramp.level(0.0))


def _given_back_first(steps: int) -> Schedule:
    """Pictures are given back, fast; then a critic comes in."""
    first = round(_GIVES_BACK * steps)
    contend = warmed_cosine(steps - first, 5e-4, _WARM_UP, end=5e-5, momentum=Ramp.level(0.0))
    if first < 2:
        return contend
    back = warmed_cosine(first, 2e-3, _WARM_UP, end=5e-4, momentum=Ramp.level(0.9), trains=("generator",))
    names = ("Warm up", "Give back", "Critic comes in", "Contend")
    phases = (*back.phases, *contend.phases)
    return Schedule(phases=tuple(
        phase.model_copy(update={"name": name}) for phase, name in zip(phases, names, strict=True)
    ))  # fmt: skip


def _lesson_phases(steps: int) -> list[Phase]:
    """Lesson 12's WGAN: RMSprop; the critic learns 100 times in each of the first steps and every 500th, else 5 times.

    Three quarters of the steps learn at 1e-4, the others at 1e-5.
    """
    phases: list[Phase] = []
    begins = [0, min(_AHEAD_STEPS, steps)]
    for first in range(_AHEAD_EVERY, steps, _AHEAD_EVERY):
        begins += [first, first + 1]
    borders = sorted({*begins, round(0.75 * steps), steps})
    for first, after in pairwise(borders):
        ahead = first < _AHEAD_STEPS or first % _AHEAD_EVERY == 0
        rate = Ramp.level(1e-4 if first < round(0.75 * steps) else 1e-5)
        name, batches = ("Critic ahead", _AHEAD) if ahead else ("Learn", _CRITIC_STEPS)
        phases.append(_phase(name, after - first, rate, optimiser="rmsprop", batches=batches))
    return phases


def _phase(name: str, steps: int, rate: Ramp, **changes: Any) -> Phase:
    given: dict[str, Any] = {"unit": "steps", "momentum": Ramp.level(0.0), **changes}
    return Phase(name=name, duration=steps, learning_rate=rate, **given)


def _suited_schedule(settings: TrainingSettings, count: DataCount) -> Suited:
    schedule = default_schedule(settings)
    steps = sum(int(phase.duration) for phase in schedule.phases)
    words = f"{steps:,} steps: keep what looks best; few pictures are soon learnt by heart."
    if getattr(settings, "course", "") == "fine-tune" and count.pictures <= _FEW_PICTURES:
        words = f"{count.pictures} pictures are few for a new generator, so one that is here is taught further. {words}"
    values, each = settings.tries(steps)
    before = f" First it tries {values} ways to be calm, {each} steps each." if values else ""
    return Suited(schedule, words + before)


def _suited_course(count: DataCount, products: Collection[str]) -> str:
    return "fine-tune" if count.pictures <= _FEW_PICTURES and _PRODUCT in products else "default"


def begins_as(settings: GanSettings) -> TrainedModel | None:
    """Return the generator that is taught further: the one that is named, or the first here of the size that is set.

    Raises:
        StudioError: the one that is named is not here.

    """
    models = TrainedModels.standard("generator")
    if settings.start:
        return models.find(settings.start)
    return next((model for model in models.all() if model.facts.get("size") == str(settings.size)), None)


GAN = TaskKind(
    name="gan",
    title="Generator",
    summary="Learns to make up pictures like those of a folder, even a small one.",
    settings=GanSettings,
    opener="studio.training.tasks.gan:open_task",
    data=(
        DataSlot(
            DATA,
            "Pictures",
            "pictures",
            "Drop pictures of one kind of thing, such as faces or flowers, seen from alike: a few thousand for a new "
            "generator, fifty to teach one further.",
        ),
    ),
    default_schedule=default_schedule,
    suited_schedule=_suited_schedule,
    held_back=held_back_pictures,
    contested=frozenset({
        "generator.loss", "critic.loss", "critic.real", "critic.made", "critic.distance", "critic.penalty",
    }),
    courses=("default", "few-pictures", "fine-tune", "wgan", "wgan-gp", "dcgan"),
    suited_course=_suited_course,
    product=_PRODUCT,
    use="Let it dream: walk through what it knows",
    trial="See what it dreams by now: better by the minute",
)  # fmt: skip
