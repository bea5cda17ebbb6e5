"""What training a restorer can be set to. Free of torch, so that the form shows first."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import field_validator

from models.degradations import DegradationRecipe
from studio.core.degrade_settings import PRESET_WORDS, PRESETS
from studio.core.settings import inherited, setting
from studio.training.data.sources import DataCount
from studio.training.emphasis import Emphasis
from studio.training.schedule import DATA, Phase, Ramp, Schedule
from studio.training.schedule_presets import fit_one_cycle, warmed_cosine
from studio.training.settings import Coursed, TrainingSettings
from studio.training.task_kind import DataSlot, Suited, TaskKind, held_back_pictures

__all__ = [
    "DAMAGES_OFFERED", "GRADED", "OWN", "RESTORE", "RestorerSettings", "damages_with", "default_schedule",
]  # fmt: skip

GRADED, OWN, PAIRS = "mend", "own", "pairs"
"""Of `damage`: noise and JPEG, as strong as the network is told; the recipe of the settings; what the data shows."""
_DAMAGES = {
    "auto": "As the network suits", "none": "None", GRADED: "Noise and JPEG, of all strengths",
    **{name: title for name, (title, _) in PRESET_WORDS.items()}, OWN: "A recipe of one's own",
    PAIRS: "Pairs of one's own, before and after",
}  # fmt: skip

DAMAGES_OFFERED = "degradation"
"""What `offers` calls the damages that there are: see `damages_with`."""


def damages_with(own: Mapping[str, DegradationRecipe]) -> dict[str, str]:
    """Return what a form offers as damage, value → words: what comes along, and recipes of one's own as JSON."""
    recipes = {recipe.model_dump_json(): f"{name} (your own)" for name, recipe in own.items()}
    return {**_DAMAGES, OWN: "A recipe of one's own: save one in Degrade" if not own else _DAMAGES[OWN], **recipes}


_LESSON: Mapping[str, Any] = {
    "network": "unet", "damage": "lesson7-sr", "size": 128, "batch": 32, "clip_norm": 0.0, "charbonnier_weight": 0.0,
}  # fmt: skip
_COURSES: Mapping[str, Mapping[str, Any]] = {
    "mse": {**_LESSON, "mse_weight": 1.0},
    "feature": {**_LESSON, "feature_weight": 1.0},
    "critic": {
        **_LESSON, "damage": "lesson7-critic", "mse_weight": 50.0, "critic_weight": 1.0, "critic": "lesson",
        "critic_threshold": 0.65, "validate_every": 100, "stop_after_stale": 6,
    },
    "crisp": {
        # the look has pixels of its own, which at this weight count as much as they did before the finish
        "charbonnier_weight": 0.0, "feature_weight": 0.25, "texture": 0.05, "critic_weight": 0.01, "grid_weight": 8.0,
        "ema_decay": 0.99, "stop_after_stale": 4,
    },
}  # fmt: skip
"""What a course sets where nobody else does."""

_NETWORK, _DATA, _CRITIC = "Network", "Data", "Critic"
_RATE, _WARM_UP = 5e-4, 200
_CRISP_RATE, _CRITIC_ALONE = 1e-4, 50
_STEPS = {"small": 20_000, "mse": 1_200, "feature": 4_000, "critic": 6_000, "crisp": 1_000}
"""Where nobody says how many."""


class RestorerSettings(Coursed):
    """The settings of a restorer, beside those that all runs have."""

    courses = _COURSES

    course: Literal["small", "mse", "feature", "critic", "crisp"] = setting(
        "small", label="Course", help="How it learns, and by default which network from which damage.",
        term="schedule: one cosine; or those of fast.ai's lesson 7", choices={
            "small": "Small network", "mse": "Lesson 7, pixels", "feature": "Lesson 7, look",
            "critic": "Lesson 7, critic", "crisp": "Crisp finish of a small network"})  # fmt: skip
    network: Literal["enlarger", "enhancer", "unet"] = setting(
        "enlarger", label="Network", help="Enlarge and Enhance are small and quick; a U-Net looks at all of a picture.",
        term="after SPAN (Wan et al. 2024), NAFNet (Chen et al. 2022), fast.ai's Dynamic U-Net", group=_NETWORK,
        choices={"enlarger": "Enlarge", "enhancer": "Enhance", "unet": "U-Net"})  # fmt: skip
    encoder: str = setting(
        "atelier-slim", label="Encoder", help="The trained network that a U-Net is built around.",
        term="atelier-slim, or the name of one of torchvision's models", group=_NETWORK)  # fmt: skip
    encoder_file: str = setting(
        "", label="Encoder's weights", help="A file of one of torchvision's encoders; without, it begins untrained.",
        term="weights in torchvision's layout", group=_NETWORK)  # fmt: skip
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

    damage: str = setting(
        "auto", label="Damage", help="What happens to the photos, and is to be undone.",
        term="degradation; automatic: none before enlarging, noise and JPEG otherwise", group=_DATA,
        offers=DAMAGES_OFFERED, choices=_DAMAGES)  # fmt: skip
    recipe: DegradationRecipe = setting(
        DegradationRecipe(), label="Recipe", help="The damage of one's own: a recipe in a JSON file.",
        term="degradation stack", group=_DATA)  # fmt: skip

    charbonnier_weight: float = setting(
        1.0, label="Pixels", help="How much it counts that every pixel is right.",
        term="weight of the Charbonnier loss", low=0.0, high=10.0, step=0.1, effect="steer", scale="log")  # fmt: skip
    mse_weight: float = setting(
        0.0, label="Large errors", help="Counts large errors much more than small ones; softer pictures.",
        term="weight of the mean squared error; beside a critic of weight 1 the lesson tries 50 to 200",
        low=0.0, high=200.0, step=0.1, effect="steer", scale="log")  # fmt: skip
    ssim_weight: float = setting(
        0.0, label="Structure", help="How much it counts that edges and textures run alike.",
        term="weight of 1 − SSIM (Wang et al. 2004)", low=0.0, high=10.0, step=0.1, effect="steer",
        scale="log")  # fmt: skip

    coarse_weight: float = setting(
        0.0, label="No blotches", help="How much it counts that smooth places have the right colour all over.",
        term="weight of the L1 of means over patches of 4 and of 16 px", low=0.0, high=10.0, step=0.1, effect="steer",
        scale="log")  # fmt: skip
    grid_weight: float = setting(
        0.0, label="No grid", help="How much it counts that nothing is drawn on every few pixels; a look tempts to.",
        term="weight of the error through a comb of 8 px", low=0.0, high=10.0, step=0.1, effect="steer",
        scale="log")  # fmt: skip

    feature_weight: float = setting(
        0.0, label="Look", help="How much it counts that a network that sees finds both pictures alike.",
        term="weight of the feature loss: pixels, features and Gram matrices through atelier-slim, as in lesson 7",
        low=0.0, high=10.0, step=0.1, scale="log")  # fmt: skip
    texture: float = setting(
        1.0, label="Texture", help="How much of the look is texture, wherever it is; more draws more, and errs more.",
        term="factor of the feature loss's Gram terms", low=0.0, high=1.0, step=0.05, effect="steer")  # fmt: skip

    emphasis: Emphasis = setting(
        Emphasis(), label="What matters", help="Where errors count more: painted over the pictures in the run's view.",
        term="weight maps of the loss, by the pictures' checksums", effect="steer")  # fmt: skip
    painted_weight: float = setting(
        8.0, label="Painted counts", help="How much more an error counts where you have painted.",
        term="what is added to the loss's weight of 1", low=0.0, high=50.0, step=0.5, effect="steer",
        scale="log")  # fmt: skip

    critic: Literal["trained", "lesson"] = setting(
        "trained", label="Critic", help="Who tells photos from results: one that sees already, or one that learns to.",
        term="heads on atelier-slim's features, or the lesson's gan_critic", group=_CRITIC,
        choices={"trained": "Through atelier-slim", "lesson": "Lesson 7's"})  # fmt: skip
    critic_width: int = setting(
        0, label="Critic's width", help="A wider critic sees more, and takes longer.",
        term="channels of its first layer; automatic: 64, the lesson's 128", low=0, high=256, step=8,
        lowest="automatic", group=_CRITIC)  # fmt: skip
    critic_weight: float = setting(
        0.0, label="Critic counts", help="How much it counts that the critic takes it for a photo.",
        term="weight of the adversarial loss", low=0.0, high=10.0, step=0.01, effect="steer", scale="log",
        group=_CRITIC)  # fmt: skip
    critic_threshold: float = setting(
        0.0, label="Waits for the critic", help="It learns only while the critic is this sure; 0: both at every step.",
        term="adaptive switching: the critic's loss below which the restorer takes its turn; the lesson's is 0.65",
        low=0.0, high=2.0, step=0.05, effect="steer", lowest="never", group=_CRITIC)  # fmt: skip

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

    def moved(self, name: str, value: Any) -> Self:
        """Let a damage be a recipe."""
        if name == "damage" and value.startswith("{"):
            recipe = DegradationRecipe.model_validate_json(value)
            return type(self).model_validate({**self.model_dump(), name: OWN, "recipe": recipe})
        return super().moved(name, value)

    @field_validator("damage")
    @classmethod
    def _is_known(cls, damage: str) -> str:
        if damage not in _DAMAGES:
            raise ValueError(f"there is no damage “{damage}”; choose from {', '.join(_DAMAGES)}")
        return damage

    @property
    def damage_recipe(self) -> DegradationRecipe | None:
        """What happens to photos; None nothing, or noise and JPEG of all strengths (`is_graded`)."""
        return self.recipe if self.damage == OWN else PRESETS.get(self.damage)

    @property
    def damage_name(self) -> str:
        """What a network's file says of the damage that it mends; "" none but reduction."""
        if self.damage == PAIRS:
            return PAIRS
        return GRADED if self.is_graded else self.damage_recipe.name if self.damage_recipe else ""

    @property
    def has_critic(self) -> bool:
        """Whether a critic learns beside the restorer."""
        return self.course == "critic" or (self.course == "crisp" and self.critic_weight > 0)

    @property
    def is_finish(self) -> bool:
        """Whether its end is found by what the pictures look like: a critic's numbers do not tell."""
        return self.course in ("critic", "crisp")

    @property
    def is_graded(self) -> bool:
        """Whether photos are damaged as strongly as the network is told."""
        return self.damage == GRADED or (self.damage == "auto" and self.network == "enhancer")


def default_schedule(settings: TrainingSettings) -> Schedule:
    """Return the course that the settings name, over the steps that they ask for."""
    assert isinstance(settings, RestorerSettings)
    steps = settings.steps or _STEPS[settings.course]
    match settings.course:
        case "small":
            return warmed_cosine(steps, _RATE, _WARM_UP, end=_RATE / 500)
        case "mse":
            return Schedule(phases=_mse_course(steps))
        case "feature":
            return Schedule(phases=_feature_course(steps, settings))
        case "critic":
            return Schedule(phases=_critic_course(steps, settings))
        case "crisp":
            return Schedule(phases=_crisp_course(steps, settings))


def _mse_course(steps: int) -> tuple[Phase, ...]:
    """Lesson 7's generator: two epochs with the encoder frozen, three with all of it."""
    return (
        *_cycle("Decoder", steps, 0.4, 3e-3, pct_start=0.8, frozen=True),
        *_cycle("All", steps, 0.6, 1e-3, pct_start=0.3, least=1e-6),
    )


def _feature_course(steps: int, settings: RestorerSettings) -> tuple[Phase, ...]:
    """Lesson 7's super-resolution: four cycles, of which the last two see twice the size."""
    large: dict[str, Any] = {"size": 2 * settings.size, "batch": max(1, round(settings.batch * 12 / 32))}
    return (
        *_cycle("Decoder", steps, 0.25, 1e-2, pct_start=0.9, frozen=True),
        *_cycle("All", steps, 0.25, 1e-3, pct_start=0.9, least=1e-5),
        *_cycle("Decoder, larger", steps, 0.25, 1e-3, pct_start=0.9, frozen=True, **large),
        *_cycle("All, larger", steps, 0.25, 1e-4, pct_start=0.3, least=1e-6, **large),
    )


def _critic_course(steps: int, settings: RestorerSettings) -> tuple[Phase, ...]:
    """Lesson 7's NoGAN: the generator alone, the critic alone, then in turns, at last on larger pictures."""
    both: dict[str, Any] = {"unit": "steps", "momentum": Ramp.level(0.0), "weight_decay": 1e-3}
    larger: dict[str, Any] = {"size": settings.size * 3 // 2, "batch": max(1, settings.batch // 2)}
    return (
        *_cycle("Decoder alone", steps, 0.08, 3e-3, pct_start=0.8, frozen=True, trains=("restorer",)),
        *_cycle("Restorer alone", steps, 0.12, 1e-3, pct_start=0.3, least=1e-6, trains=("restorer",)),
        # the critic learns five times as fast as a phase says: this is the lesson's 1e-3
        *_cycle("Critic alone", steps, 0.15, 2e-4, pct_start=0.3, trains=("critic",)),
        Phase(name="In turns", duration=max(1, round(0.5 * steps)), learning_rate=Ramp.level(1e-4), **both),
        Phase(name="In turns, larger", duration=max(1, round(0.15 * steps)), learning_rate=Ramp.level(5e-5), **both,
              **larger),
    )  # fmt: skip


def _crisp_course(steps: int, settings: RestorerSettings) -> tuple[Phase, ...]:
    """A short finish of a faithful network, with a critic that has seen what it is about."""
    alone = min(_CRITIC_ALONE, max(1, steps // 10)) if settings.has_critic else 0
    warm_up = min(_WARM_UP // 4, max(1, steps // 10))
    rising = Ramp(start=_CRISP_RATE / 20, end=_CRISP_RATE, decay="linear")
    falling = Ramp(start=_CRISP_RATE, end=_CRISP_RATE / 50, decay="cosine")
    critic = Phase(name="Critic alone", duration=max(1, alone), unit="steps", learning_rate=Ramp.level(_CRISP_RATE),
                   trains=("critic",))  # fmt: skip
    return (
        *((critic,) if alone else ()),
        Phase(name="Warm up", duration=warm_up, unit="steps", learning_rate=rising),
        Phase(name="Finish", duration=max(1, steps - alone - warm_up), unit="steps", learning_rate=falling),
    )


def _cycle(
    name: str, steps: int, share: float, rate: float, *, pct_start: float, frozen: bool = False,
    least: float | None = None, **changes: Any,
) -> tuple[Phase, ...]:  # fmt: skip
    """Return one of fastai's cycles: AdamW, the encoder frozen but for its norms, or learning at `least`."""
    cycle = fit_one_cycle(
        duration=max(2, round(steps * share)), rate=rate, pct_start=pct_start, unit="steps", optimiser="adamw"
    )
    changes |= {"weight_decay": 1e-3, "frozen": ("encoder",) if frozen else (), "train_norms": frozen}
    if least is not None:
        changes["layer_rates"] = (least / rate, 1.0)
    return tuple(phase.model_copy(update=changes | {"name": f"{name}: {phase.name.lower()}"}) for phase in cycle.phases)


def _suited_schedule(settings: TrainingSettings, count: DataCount) -> Suited:
    schedule = default_schedule(settings)
    steps = sum(int(phase.duration) for phase in schedule.phases)
    return Suited(schedule, f"{steps:,} steps, however many photos: each has thousands of parts.")


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
            "Drop good, sharp photos of the kind you want to restore: a few hundred, of any size. Of pairs, two "
            "folders called “before” and “after”, in which both pictures of a pair have the same name.",
            paired=lambda settings: getattr(settings, "damage", "") == PAIRS,
        ),
    ),
    default_schedule=default_schedule,
    suited_schedule=_suited_schedule,
    held_back=held_back_pictures,
    contested=frozenset({"restorer.loss", "restorer.critic", "critic.loss", "critic.photos", "critic.results"}),
    courses=("small", "mse", "feature", "critic", "crisp"),
    product="restorer",
    use="Mend or enlarge photos with it: in the Restore panel",
)
