"""What the studio knows of a kind of training before any network is loaded: its words, its settings, its needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from studio.training.schedule import Schedule
from studio.training.settings import TrainingSettings

__all__ = ["InputKind", "TaskKind"]


@dataclass(frozen=True, slots=True)
class InputKind:
    """A file that a task asks for beside its data, such as the painting of a fast style."""

    name: str
    title: str
    help: str


@dataclass(frozen=True, slots=True)
class TaskKind:
    """One kind of training.

    Args:
        name: on the command line and in run.json.
        title: in the window.
        summary: one sentence: what comes of it.
        settings: its settings; `describe` makes form and flags of them.
        opener: `module:function`, `(plan, place) -> Job[TrainingTask]`; imported only where it runs: it needs torch.
        data: what it learns from: any pictures, or pictures in one folder a class (or MNIST-like idx files).
        data_help: what to drop, in the artist's words.
        inputs: other files it asks for.
        default_schedule: how it learns where nobody drew anything else.
        product: what the finished network is to the Style panel: a fast style, a backbone, or nothing.

    """

    name: str
    title: str
    summary: str
    settings: type[TrainingSettings]
    opener: str
    data: Literal["pictures", "classes"]
    data_help: str
    default_schedule: Callable[[TrainingSettings], Schedule]
    inputs: tuple[InputKind, ...] = ()
    product: Literal["fast_style", "backbone", ""] = ""
