"""What the studio knows of a kind of training before any network is loaded: its words, its settings, its needs."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.core.picture_task import InputSlot
from studio.training.data.sources import DataCount, Holds, Reading
from studio.training.schedule import DATA, Schedule
from studio.training.settings import TrainingSettings

__all__ = ["DataSlot", "Suited", "TaskKind", "held_back_pictures"]


@dataclass(frozen=True, slots=True)
class Suited:
    """A schedule that suits the data, and why it is as long as it is, in one sentence."""

    schedule: Schedule
    why: str


@dataclass(frozen=True, slots=True)
class DataSlot:
    """One of the things that a task learns from: a place to drop folders, files and lists.

    Args:
        name: in run.json and on the command line (`--data-NAME`); the only slot of a task is `DATA`, and `--data`.
        title: over its place in the window.
        holds: what its folders are looked through for.
        help: what to drop, in the artist's words.
        deepest: of classes: whether these settings make every folder that holds pictures one.
        paired: whether these settings ask for pairs in place of what it holds.

    """

    name: str
    title: str
    holds: Holds
    help: str
    deepest: Callable[[TrainingSettings], bool] = lambda settings: False
    paired: Callable[[TrainingSettings], bool] = lambda settings: False

    @property
    def flag(self) -> str:
        """On the command line."""
        return "--data" if self.name == DATA else f"--data-{self.name.replace('_', '-')}"

    def sources(self, data: Mapping[str, Sequence[str]]) -> list[Path]:
        """Return what a plan's data says of it; [] where it says nothing."""
        return [Path(source) for source in data.get(self.name, ())]

    def reading(self, settings: TrainingSettings) -> Reading:
        """Return how its sources are understood under these settings."""
        seed = settings.seed if settings.share < 100 else 0  # all is all, whatever the seed
        side = self.name if self.name in ("a", "b") else ""
        holds: Holds = "pairs" if self.paired(settings) else self.holds
        return Reading(holds, self.deepest(settings), settings.split, settings.share / 100, seed, side)


@dataclass(frozen=True, slots=True)
class TaskKind:
    """One kind of training.

    Args:
        name: on the command line and in run.json.
        title: in the window.
        summary: one sentence: what comes of it.
        settings: its settings; `describe` makes form and flags of them.
        opener: `module:function`, `(plan, place) -> Job[TrainingTask]`; imported only where it runs: it needs torch.
        data: what it learns from.
        default_schedule: how it learns where nobody drew anything else, and nothing is known of the data.
        inputs: other files it asks for, such as the painting of a fast style.
        product: what kind of network comes of it, such as "fast_style" or "backbone"; panels say which they work with.
        use: what can be done with that at once, in the artist's words.
        trial: what can be done with what it has learnt so far, likewise.
        classifies: whether what comes of it can be asked what pictures show.
        in_window: whether the window offers it; by the command line all can be trained.
        suited_schedule: how it learns by default from data of which it is known how much there is; None: the same
            schedule suits any.
        courses: values of its setting `course`, which the command line's --preset takes as well.
        suited_course: which of them suits so much data, where networks for these products are here, as long as nobody
            has set anything by hand; None: the default suits any.
        held_back: how many pictures the task keeps for checking of those that there are.
        worlds: whether its two data slots are looked at together as well: as two worlds, or as pairs under some
            settings.
        contested: numbers that rise and fall as networks contend with one another: they say nothing about quality.

    """

    name: str
    title: str
    summary: str
    settings: type[TrainingSettings]
    opener: str
    data: tuple[DataSlot, ...]
    default_schedule: Callable[[TrainingSettings], Schedule]
    inputs: tuple[InputSlot, ...] = ()
    product: str = ""
    use: str = ""
    trial: str = ""
    classifies: bool = False
    in_window: bool = True
    suited_schedule: Callable[[TrainingSettings, DataCount], Suited] | None = None
    courses: tuple[str, ...] = ()
    suited_course: Callable[[DataCount, Collection[str]], str] | None = None
    held_back: Callable[[TrainingSettings, DataCount], int] = lambda settings, count: 0
    contested: frozenset[str] = frozenset()
    worlds: Callable[[TrainingSettings], Literal["worlds", "pairs"]] | None = None

    def learnt_from(self, settings: TrainingSettings, count: DataCount) -> int:
        """Return how many pictures make an epoch."""
        return max(1, count.pictures - self.held_back(settings, count))

    def schedule_for(self, settings: TrainingSettings, count: DataCount | None) -> Suited:
        """Return how it learns where nobody drew anything else; None: nobody has counted the data yet."""
        if self.suited_schedule is None or count is None:
            return Suited(self.default_schedule(settings), "")
        return self.suited_schedule(settings, count)


def held_back_pictures(settings: TrainingSettings, count: DataCount) -> int:
    """Return how many pictures are kept where the settings say `held_back`, as `PictureCache.divided` chooses."""
    asked: int = getattr(settings, "held_back", 0)
    return 0 if count.divided else min(asked, count.pictures // 4)
